"""A document as a song: its tracks with their clips, the mixer as far as it is made of strips, known automation.

What a track of notes feeds is said by name; what its notes pass on the way, and what else is wired up in other ways
than strips are, is said and left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphdaw.graph import strips
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, NoteClip
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import GROUP, Document, Node, Wire, settings
from graphdaw.graph.ports import targets_of
from graphdaw.graph.song import (
    A4,
    MASTER,
    Automation,
    Device,
    Instrument,
    Report,
    Send,
    Song,
    SongTrack,
    Target,
    changed,
    decibels,
    level,
)
from graphdaw.graph.strips import MAIN, Strip
from graphdaw.host.songs.document import programs
from graphdaw.host.songs.document.instruments import DRUM_BANK, OWN
from graphdaw.host.songs.document.moving import CURVE_OF
from graphdaw.nodes.base import registry

NOTES, RECORDINGS, AUTOMATION, CROSSFADE = "notes", "audio_clips", "automation", "crossfade"
_PARTS = {"return": "return", "trim": "gain", "eq": "eq", "compressor": "compressor", "pan": "pan", "fader": "gain"}
_TOLD = ("program", "cc0", "cc32")  # lanes that tell a program, where they have one point
_CHANGES = ("quantise", "humanise_ms", "humanise_velocity")  # what a `notes` node does to what is written


def song_of(document: Document, title: str = "") -> Song:
    """The song that a document holds; what it holds beside is in the report.

    >>> import graphdaw as gd
    >>> graph = gd.Graph()
    >>> track = graph.add_track("Bass", instrument="saw")
    >>> clip = graph.write(track.clips, [(0, 1, "C2")])
    >>> song = song_of(graph.document)
    >>> [(track.name, len(track.clips)) for track in song.tracks], song.note_count
    ([('Bass', 1), ('Master', 0)], 1)
    """
    return _Reader(document).song(title)


class _Reader:
    """One reading."""

    def __init__(self, document: Document) -> None:
        self.document, self.report = document, Report()
        found = {strip.group.id: strip for strip in strips.strips(Graph(document=document))}
        self.parts = {id: _parts(strips.members(document, id)) for id in found}
        self.strips = {id: strip for id, strip in found.items() if {"trim", "fader"} <= self.parts[id].keys()}
        self.targets: dict[tuple[str, str], Target] = {}  # by node and parameter
        self.factors: dict[tuple[str, str], float] = {}
        self.buses = {
            str(settings(self.parts[id]["return"])["bus"]): id for id in self.strips if "return" in self.parts[id]
        }
        self.used: set[str] = set()  # strips that a track has taken

    def song(self, title: str) -> Song:
        """All of it."""
        document = self.document
        holders = sorted(
            (node for node in document.nodes.values() if node.type in (NOTES, RECORDINGS)),
            key=lambda node: (node.order, node.id),
        )
        tracks = [self._track(node) for node in holders]
        for id, strip in sorted(self.strips.items(), key=lambda item: item[0] == self.buses.get(MAIN)):
            if id not in self.used and "return" in self.parts[id]:
                tracks.append(self._bus(strip))
            elif id not in self.used:
                self.report.say(f"The strip {_called(document.nodes[id])} has no track in front of it: left out.")
        if MASTER not in {track.id for track in tracks}:
            tracks.append(SongTrack(MASTER, "Master", "master", bus=""))
        automation = tuple(self._automation())
        return Song(title, document.timeline, tuple(tracks), automation, report=self.report.all())

    # Tracks

    def _track(self, node: Node) -> SongTrack:
        name = _called(node)
        if node.type == RECORDINGS:
            track = SongTrack(node.id, name, "audio", tuple(c for c in node.clips if isinstance(c, AudioClip)))
            return self._mixed(track, self._strip_after(node.id))
        clips = tuple(clip for clip in node.clips if isinstance(clip, NoteClip))
        values = settings(node)
        if any(values[name] not in ("off", 0.0) for name in _CHANGES) or values["swing"] != 0.5:
            self.report.say(f"{name}: its notes are played off where they are written, and were carried as written.")
        player = self._player(node, name)
        program, bank, kept = _told(clips)
        instrument = self._instrument(player, program, bank, A4 - float(values["transpose"]))
        kit = player is not None and self._is_kit(player)
        track = SongTrack(node.id, name, "drums" if kit else "notes", kept, instrument)
        return self._mixed(track, self._strip_after(player.id) if player is not None else None)

    def _player(self, node: Node, name: str) -> Node | None:
        """The first node or group behind a track that gives sound; nodes of notes on the way are passed."""
        document = self.document
        waiting, seen = [node.id], {node.id}
        while waiting:
            for wire in document.wires_from(waiting.pop(0)):
                target = document.nodes[wire.target]
                if target.id in seen:
                    continue
                seen.add(target.id)
                kind = registry.get(target.type)
                if target.type == GROUP or kind is None or any(o.type == "audio" for o in kind.outputs.values()):
                    return target
                if target.type == "voices":
                    return document.nodes[target.parent] if target.parent else target
                if any(out.type == "event" for out in kind.outputs.values()):
                    self.report.say(f"{name}: what {_called(target)} makes of its notes was left out.")
                    waiting.append(target.id)
        return None

    def _instrument(
        self, player: Node | None, program: int | None, bank: int | None, root_key: float
    ) -> Instrument | None:
        """What plays a track, by its name: with a program it is one of MIDI's."""
        if player is None:
            return Instrument("midi", program=program, bank=bank, root_key=root_key) if program is not None else None
        zones = [node for node in self._inside(player) if node.type == "zones"]
        if zones:
            found = _bank_and_program(str(settings(zones[0])["preset"]))
            own_bank, own_program = found if found is not None else (bank, program)
            if own_bank == DRUM_BANK:
                own_bank = None
            return Instrument(
                "midi", _called(player), program=own_program if program is None else program,
                bank=(own_bank or None) if bank is None else bank, root_key=root_key,
            )  # fmt: skip
        name = _called(player)
        if name in programs.KITS:
            return Instrument("midi", name, program=program, bank=bank, root_key=root_key)
        near = programs.program_of_preset(name) if program is None else program
        return Instrument(OWN, name, program=near, bank=bank, root_key=root_key)

    def _inside(self, node: Node) -> list[Node]:
        return list(self.document.below(node.id)) if node.type == GROUP else [node]

    def _is_kit(self, player: Node) -> bool:
        zones = (str(settings(node)["preset"]) for node in self._inside(player) if node.type == "zones")
        return _called(player) in programs.KITS or any(text.startswith(f"{DRUM_BANK}:") for text in zones)

    def _strip_after(self, id: str) -> str | None:
        """The strip that something leads to; what lies between is said."""
        document = self.document
        waiting, seen = [id], {id}
        while waiting:
            for wire in document.wires_from(waiting.pop(0)):
                if wire.target in self.strips:
                    return wire.target
                target = document.nodes[wire.target]
                kind = registry.get(target.type)
                if target.id not in seen and (kind is None or "in" in kind.inputs) and target.type != "output":
                    seen.add(target.id)
                    waiting.append(target.id)
                    self.report.say(
                        f"{_called(document.nodes[id])}: {_called(target)} in front of its strip: left out."
                    )
        return None

    def _bus(self, strip: Strip) -> SongTrack:
        id = strip.group.id
        name = _called(self.document.nodes[id])
        if self.buses.get(MAIN) == id:
            return self._mixed(SongTrack(MASTER, name, "master", bus=""), id)
        return self._mixed(SongTrack(id, name, "bus"), id)

    def _mixed(self, track: SongTrack, strip: str | None) -> SongTrack:
        """The track with what its strip does."""
        if strip is None:
            return track
        if "return" in self.parts[strip] and track.kind not in ("bus", "master"):  # wired into a bus by itself
            return changed(track, bus=MASTER if self.buses.get(MAIN) == strip else strip)
        if strip in self.used:
            self.report.say(f"{track.name}: it shares a strip with another track, which alone kept its settings.")
            return track
        self.used.add(strip)
        parts, group = self.parts[strip], self.document.nodes[strip]
        fader, pan, trim = settings(parts["fader"]), parts.get("pan"), settings(parts["trim"])
        factor = float(fader["level"]) * level(float(fader["gain_db"])) * float(trim["level"])
        gain_db = decibels(abs(factor)) + float(trim["gain_db"])
        beside = level(float(fader["gain_db"])) * float(trim["level"]) * level(float(trim["gain_db"]))
        self._moved(parts["fader"].id, "level", Target("mixer", "level", track.id), beside)
        if pan is not None:
            self._moved(pan.id, "pan", Target("mixer", "pan", track.id))
        effects = tuple(self._effects(track, parts))
        return changed(
            track,
            gain_db=gain_db,
            pan=float(settings(pan)["pan"]) if pan is not None else 0.0,
            muted=group.muted,
            soloed=group.soloed,
            bus=track.bus and self._bus_of(strip),
            sends=tuple(self._sends(track, strip)),
            effects=effects,
        )

    def _moved(self, node: str, parameter: str, target: Target, factor: float = 1.0) -> None:
        self.targets[node, parameter] = target
        self.factors[node, parameter] = factor

    def _bus_of(self, strip: str) -> str:
        """What a strip feeds: another strip's track, or the master's."""
        for wire in self.document.wires_from(strip):
            if wire.target in self.strips:
                return MASTER if self.buses.get(MAIN) == wire.target else wire.target
            if self.document.nodes[wire.target].type == "output":
                return MASTER
        return ""

    def _sends(self, track: SongTrack, strip: str) -> Iterator[Send]:
        document = self.document
        count = 0
        for node in strips.members(document, strip):
            if node.type != "send":
                continue
            bus = self.buses.get(str(settings(node)["bus"]))
            if bus is None:
                self.report.say(f"{track.name}: the bus {settings(node)['bus']!r} is none of strips: left out.")
                continue
            source = next((document.nodes[wire.source] for wire in document.wires_into(node.id, "in")), None)
            factor = level(float(settings(node)["level_db"]))
            if source is not None and source.type == "gain" and source.label != "fader":
                self._moved(source.id, "level", Target("send", "level", track.id, count), factor)
                factor *= float(settings(source)["level"]) * level(float(settings(source)["gain_db"]))
                source = next((document.nodes[wire.source] for wire in document.wires_into(source.id, "in")), None)
            before = source is not None and source.label != "fader"
            yield Send(MASTER if self.buses.get(MAIN) == bus else bus, decibels(factor), before)
            count += 1

    def _effects(self, track: SongTrack, parts: dict[str, Node]) -> Iterator[Device]:
        """What a strip's sound goes through on its way to pan and fader, one behind the other."""
        chain = [node for node in self._chain(track, parts) if not _does_nothing(node)]
        index = 0
        for k, node in enumerate(chain):
            if node.type == CROSSFADE:
                continue
            kind = registry.get(node.type)
            own = {name: value for name, value in node.values.items() if isinstance(value, float | str)}
            mixed = chain[k + 1] if chain[k + 1 :] and chain[k + 1].type == CROSSFADE else None
            if mixed is not None and self._is_mix_of(mixed, node):
                own["wet"] = float(settings(mixed)["position"])
                self._moved(mixed.id, "position", Target("effect", "wet", track.id, index))
            elif mixed is not None:
                self.report.say(f"{track.name}: the mix behind {_called(node)} was left out.")
            name = node.label if node.label not in strips.PARTS else ""
            yield Device(f"{OWN}/{node.type}", name or node.type, not node.bypassed, own)
            for parameter in kind.params if kind is not None else ():
                self._moved(node.id, parameter, Target("effect", parameter, track.id, index))
            index += 1

    def _is_mix_of(self, mix: Node, effect: Node) -> bool:
        """Whether a cross-fade goes from what comes into an effect to what comes out of it."""
        dry = {(wire.source, wire.source_port) for wire in self.document.wires_into(mix.id, "a")}
        into = {(wire.source, wire.source_port) for wire in self.document.wires_into(effect.id, "in")}
        return dry == into

    def _chain(self, track: SongTrack, parts: dict[str, Node]) -> Iterator[Node]:
        document = self.document
        id, seen = parts["trim"].id, set[str]()
        end = parts["pan"].id if "pan" in parts else parts["fader"].id
        while True:
            following = {wire.target for wire in document.wires_from(id) if self._goes_on(wire)}
            if following == {end}:
                return
            if len(following) != 1 or not following.isdisjoint(seen):
                self.report.say(f"{track.name}: some of its effects are not one behind the other: left out.")
                return
            id = following.pop()
            seen.add(id)
            yield document.nodes[id]

    def _goes_on(self, wire: Wire) -> bool:
        """Whether a wire carries the sound of a strip on, and not to a bus, a knob or the dry side of a mix."""
        document = self.document
        target = document.nodes[wire.target]
        to_bus = target.type == "gain" and any(
            document.nodes[on.target].type == "send" for on in document.wires_from(target.id)
        )
        return target.type != "send" and not to_bus and wire.target_port in ("in", "b")

    # Automation

    def _automation(self) -> Iterator[Automation]:
        document = self.document
        nodes = [node for node in document.nodes.values() if node.type == AUTOMATION]
        for node in sorted(nodes, key=lambda node: (node.order, node.id)):
            clips = tuple(clip for clip in node.clips if isinstance(clip, CurveClip))
            ends = [
                (end, wire.depth)
                for wire in document.wires_from(node.id)
                for end in targets_of(document, wire.target, wire.target_port)
            ]
            known = [(self.targets[end], self.factors[end] * depth) for end, depth in ends if end in self.targets]
            for target, factor in known:
                scaled = tuple(_times(clip, factor) for clip in clips)
                if scaled:
                    yield Automation(target, scaled, node.label.removeprefix(CURVE_OF))
            if clips and not known:
                self.report.say(f"The automation {_called(node)} moves what is none of a song's: left out.")


def _parts(members: Sequence[Node]) -> dict[str, Node]:
    """The parts of a strip by their names, of two that are called alike the older one; others may be called so too."""
    return {node.label: node for node in reversed(members) if _PARTS.get(node.label) == node.type}


def _does_nothing(node: Node) -> bool:
    """Whether a part that every strip has is as it was made."""
    if node.type != _PARTS.get(node.label):
        return False
    if node.label == "eq":
        return not any(settings(node)[f"gain{band}_db"] for band in range(1, 9)) and not node.values.get("gain_db")
    return node.label == "compressor" and settings(node)["ratio"] == 1.0


def _times(clip: CurveClip, factor: float) -> CurveClip:
    if factor == 1.0:
        return clip
    return changed(clip, points=tuple(changed(point, value=point.value * factor) for point in clip.points))


def _called(node: Node) -> str:
    return node.label or node.id


def _told(clips: Sequence[NoteClip]) -> tuple[int | None, int | None, tuple[NoteClip, ...]]:
    """The program and bank that a track's first clip tells before all notes, and its clips without them."""
    if not clips:
        return None, None, ()
    first = clips[0]
    begin = min((note.at_ticks for note in first.notes), default=first.offset_ticks)
    told: dict[str, float] = {}
    left: list[Lane] = []
    for lane in first.lanes:
        if lane.kind in _TOLD and len(lane.points) == 1 and lane.points[0].at_ticks <= max(begin, first.offset_ticks):
            told[lane.kind] = lane.points[0].value
        else:
            left.append(lane)
    if "program" not in told:
        return None, None, tuple(clips)
    bank = None
    if "cc0" in told or "cc32" in told:
        bank = (round(told.get("cc0", 0.0) * 127) << 7) + round(told.get("cc32", 0.0) * 127)
    return round(told["program"]), bank, (changed(first, lanes=tuple(left)), *clips[1:])


def _bank_and_program(preset: str) -> tuple[int, int] | None:
    """What a preset of a SoundFont says in numbers."""
    bank, _, program = preset.rpartition(":")
    if not program.isdecimal() or not (bank or "0").isdecimal() or len(preset) > 16:
        return None
    return int(bank or 0), min(int(program), 127)
