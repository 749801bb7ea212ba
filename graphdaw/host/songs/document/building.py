"""A song as a document: one undo step for all of it.

A track of notes is a `notes` node, an instrument and a strip; one of recordings `audio_clips` and a strip. Effects
stand in the strip, before its pan and its fader. Buses are strips with a `return`; the master is the bus "main", and a
limiter behind it keeps what is too loud from being cut off: below its ceiling it does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from graphdaw.graph import strips
from graphdaw.graph.clip_checks import KEYS, LANE_RANGES
from graphdaw.graph.clips import AudioClip, Lane, Note, NoteClip, Point
from graphdaw.graph.field_checks import MAX_NAME
from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import NodeHandle
from graphdaw.graph.song import A4, MASTER, Report, Song, SongTrack, Target, changed, decibels, level
from graphdaw.graph.strips import MAIN, Strip
from graphdaw.graph.timeline import Marker, Signature, Timeline
from graphdaw.graph.timeline_checks import MAX_BEATS, UNITS
from graphdaw.graph.vocabulary import AddNode
from graphdaw.host.songs.document.effects import effects_of
from graphdaw.host.songs.document.instruments import instrument_of, is_kit
from graphdaw.host.songs.document.moving import automate
from graphdaw.host.songs.document.workshop import Move, Workshop, in_range, name_of

SOUNDFONTS = (  # where Debian puts General MIDI's sounds, the best first
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
)
MOST_TRANSPOSED = 48.0
MOST_LEVEL = 16.0  # of a gain's factor


def document_of(
    song: Song,
    *,
    sample_rate: int = 48_000,
    soundfont: str | os.PathLike[str] = "",
    folders: Sequence[str | os.PathLike[str]] = (),
) -> tuple[Graph, tuple[str, ...]]:
    """A graph that plays a song, and what of the song could not be carried over.

    With a `soundfont` the tracks that name a program of General MIDI play its sounds, else instruments of the library
    do. Recordings are played if they lie in one of `folders`, or among those that LMMS brings.

    >>> from graphdaw.graph.clips import Note, NoteClip
    >>> track = SongTrack("a", "Bass", "notes", (NoteClip("a", 0, 3840, notes=(Note(1, 0, 960, 40.0),)),))
    >>> graph, _ = document_of(Song("One note", Timeline(), (track,)))
    >>> [node.type for node in graph.document.inside() if node.type != "group"]
    ['output', 'limiter', 'notes']
    """
    report = Report()
    graph = Graph(sample_rate)
    shop = Workshop(graph, report, folders, os.fspath(soundfont), {one.target for one in song.automation})
    with graph.transaction(name_of(f"convert {song.title}")):
        graph.set_timeline(_timeline(song.timeline, report))
        mixer = _Mixer(shop, song)
        for track in song.tracks:
            if track.kind not in ("bus", "master"):
                mixer.add(track, _source(shop, track, song.timeline))
        mixer.wire()
        automate(shop, song)
    graph.history.past.clear()  # what it is made from is no step to be undone
    return graph, report.all()


def system_soundfont() -> str | None:
    """A SoundFont of General MIDI that the system has, if it has one."""
    return next((path for path in SOUNDFONTS if os.path.isfile(path)), None)


def _timeline(timeline: Timeline, report: Report) -> Timeline:
    """The timeline, without signatures that begin within a bar or are none of ours, and with short names."""
    kept: list[Signature] = []
    for one in timeline.signatures:
        if one.unit not in UNITS or not 1 <= one.beats <= MAX_BEATS:
            report.say(f"The time signature {one.beats}/{one.unit} is not possible here and was left out.")
        elif kept and (one.at_ticks - kept[-1].at_ticks) % kept[-1].bar_ticks:
            report.say(f"The time signature {one.beats}/{one.unit} begins within a bar and was left out.")
        else:
            kept.append(one)
    if not kept or kept[0].at_ticks:
        kept.insert(0, Signature(0, 4, 4))
    markers = sorted(timeline.markers, key=lambda marker: marker.at_ticks)
    named = tuple(Marker(one.at_ticks, one.name[:MAX_NAME], one.length_ticks) for one in markers)
    return changed(timeline, signatures=tuple(kept), markers=named)


# What sounds


def _source(shop: Workshop, track: SongTrack, timeline: Timeline) -> NodeHandle:
    """The node that a track's sound comes out of."""
    recordings = [clip for clip in track.clips if isinstance(clip, AudioClip)]
    notes = [clip for clip in track.clips if isinstance(clip, NoteClip)]
    if track.kind == "audio" or (recordings and not notes):
        if notes:
            shop.say(track.name, "it is a track of recordings, and the notes in it were left out")
        return _recordings(shop, track, recordings)
    if recordings:
        shop.say(track.name, "it is a track of notes, and the recordings in it were left out")
    return _notes(shop, track, notes, timeline)


def _notes(shop: Workshop, track: SongTrack, clips: list[NoteClip], timeline: Timeline) -> NodeHandle:
    graph, document = shop.graph, shop.graph.document
    made = tuple(_note_clip(shop, track, clip, f"clip{k}", first=k == 1) for k, clip in enumerate(clips, 1))
    values: dict[str, float | str] = {}
    shift = A4 - track.instrument.root_key if track.instrument is not None else 0.0
    if shift and not is_kit(track):
        if abs(shift) > MOST_TRANSPOSED:
            shop.say(track.name, f"it sounds {shift:g} semitones higher than written, of which 48 were kept")
        values["transpose"] = shift
    id = document.issue("notes")
    values = in_range("notes", values)
    graph.apply([AddNode(id, "notes", dict(values), label=name_of(track.name), clips=made)])
    player = instrument_of(shop, track, timeline)
    graph.connect(f"{id}.events", player["events"])
    return player


def _note_clip(shop: Workshop, track: SongTrack, clip: NoteClip, id: str, *, first: bool) -> NoteClip:
    """A clip as a node takes it; the first tells the program, for what else may listen to the node."""
    lanes = list(_lanes(shop, track, clip.lanes))
    if first and track.instrument is not None and not any(lane.kind == "program" for lane in lanes):
        if track.instrument.bank:
            bank = track.instrument.bank
            for kind, part in (("cc0", bank >> 7 & 127), ("cc32", bank & 127)):
                if not any(lane.kind == kind for lane in lanes):
                    lanes.append(Lane(kind, (Point(clip.offset_ticks, part / 127, "hold"),)))
        if track.instrument.program is not None:
            program = float(min(max(track.instrument.program, 0), 127))
            lanes.append(Lane("program", (Point(clip.offset_ticks, program, "hold"),)))
    elif any(lane.kind == "program" for lane in lanes):
        shop.say(track.name, "its program changes on the way, and its first one plays all of it")
    notes = tuple(_note(shop, track, note) for note in clip.notes if note.at_ticks >= 0)
    return changed(clip, id=id, name=clip.name[:MAX_NAME], notes=notes, lanes=tuple(lanes))


def _note(shop: Workshop, track: SongTrack, note: Note) -> Note:
    return changed(
        note,
        length_ticks=max(1, note.length_ticks),
        key=min(max(note.key, KEYS[0]), KEYS[1]),
        velocity=min(max(note.velocity, 0.0), 1.0),
        lanes=tuple(_lanes(shop, track, note.lanes)),
    )


def _lanes(shop: Workshop, track: SongTrack, lanes: Iterable[Lane]) -> Iterator[Lane]:
    taken: set[str] = set()
    for lane in lanes:
        reach = LANE_RANGES.get(lane.kind)
        if reach is None or lane.kind in taken:
            shop.say(track.name, f"its lane {lane.kind!r} was left out")
            continue
        taken.add(lane.kind)
        points = (changed(point, value=min(max(point.value, reach[0]), reach[1])) for point in lane.points)
        yield changed(lane, points=tuple(points))


def _recordings(shop: Workshop, track: SongTrack, clips: list[AudioClip]) -> NodeHandle:
    graph, document = shop.graph, shop.graph.document
    made = []
    for number, clip in enumerate(clips, 1):
        path = shop.recording(clip.media)
        if path is None:
            shop.say(track.name, f"the recording {clip.media} is not in the folder of the song, so it was left out")
            continue
        if shop.length_s(path) is None:
            continue
        made.append(changed(clip, id=f"clip{number}", name=clip.name[:MAX_NAME], media=path))
    id = document.issue("audio_clips")
    graph.apply([AddNode(id, "audio_clips", {}, label=name_of(track.name), clips=tuple(made))])
    return graph[id]


# The mixer


class _Mixer:
    """Strips of tracks and buses; buses that nothing feeds are left away."""

    def __init__(self, shop: Workshop, song: Song) -> None:
        self._shop, self._song = shop, song
        self._tracks = {track.id: track for track in song.tracks}
        self._strips: dict[str, Strip] = {}
        self._names = _bus_names(song)
        output = strips.output_of(shop.graph)
        master = self._tracks.get(MASTER, SongTrack(MASTER, "Master", "master"))
        main = strips.add_strip(shop.graph, name_of(master.name), bus=MAIN)
        limiter = shop.add("limiter", "No louder than this", band="full")
        shop.graph.connect(main.group["out"], limiter["in"])
        shop.graph.connect(limiter["out"], output["in"])
        self._strips[MASTER] = main
        self._set(main, master)
        for track in song.tracks:
            if track.kind == "bus" and track.id in _fed(song):
                self._strips[track.id] = self._strip(track, self._names[track.id])

    def add(self, track: SongTrack, source: NodeHandle) -> None:
        """Put a track's sound into a strip."""
        strip = self._strip(track, "")
        self._shop.graph.connect(source["out"], strip.group["in"])
        self._strips[track.id] = strip

    def _strip(self, track: SongTrack, bus: str) -> Strip:
        strip = strips.add_strip(self._shop.graph, name_of(track.name), bus=bus)
        self._set(strip, track)
        return strip

    def _set(self, strip: Strip, track: SongTrack) -> None:
        """Level, pan, flags and effects, and what of them may be moved."""
        shop, graph = self._shop, self._shop.graph
        fader, pan, trim = strip.part("fader"), strip.part("pan"), strip.part("trim")
        gain_db = track.gain_db + (self._song.gain_db if track.id == MASTER else 0.0)
        _set_level(graph, fader, gain_db)
        if track.pan:
            graph.set(pan, pan=min(max(track.pan, -1.0), 1.0))
        if track.muted:
            graph.mute(strip.group)
        if track.soloed:
            graph.solo(strip.group)
        still = {"gain_db": 0.0, "level": min(level(gain_db), MOST_LEVEL)}
        beside = level(self._song.gain_db) if track.id == MASTER else 1.0
        shop.moves[Target("mixer", "level", track.id)] = Move(fader, "level", beside, settles=still)
        shop.moves[Target("mixer", "pan", track.id)] = Move(pan, "pan")
        shop.moves[Target("mixer", "muted", track.id)] = Move(trim, "level", -1.0, 1.0)
        if track.id == MASTER:
            own = level(track.gain_db)
            shop.moves[Target("song", "level")] = Move(fader, "level", own, settles=still)
        if track.effects:
            compressor = strip.part("compressor")
            graph.disconnect(compressor, pan)
            graph.connect(effects_of(shop, track, strip.group.id, compressor["out"]), pan["in"])

    def wire(self) -> None:
        """Lead every strip into its bus, and its sends into theirs, but for what would close a circle."""
        routes: dict[str, set[str]] = {}
        for track in self._song.tracks:
            strip = self._strips.get(track.id)
            if strip is None:
                continue
            if track.id != MASTER and track.bus:
                into = track.bus if track.bus in self._strips else MASTER
                if self._is_free(routes, track, into):
                    self._shop.graph.connect(strip.group["out"], self._strips[into].group["in"])
            for index, send in enumerate(track.sends):
                if send.bus in self._strips and self._names.get(send.bus) and self._is_free(routes, track, send.bus):
                    self._send(strip, track, index)
                elif send.bus not in self._names:
                    self._shop.say(track.name, "a send goes to a bus that is not there, so it was left out")

    def _is_free(self, routes: dict[str, set[str]], track: SongTrack, to: str) -> bool:
        seen: set[str] = set()
        waiting = [to]
        while waiting:
            one = waiting.pop()
            if one == track.id:
                self._shop.say(track.name, "it feeds a bus that feeds it, so that way was left out")
                return False
            if one not in seen:
                seen.add(one)
                waiting += routes.get(one, ())
        routes.setdefault(track.id, set()).add(to)
        return True

    def _send(self, strip: Strip, track: SongTrack, index: int) -> None:
        """A send; one whose level is moved has a gain in front, because curves of levels are factors."""
        send, graph = track.sends[index], self._shop.graph
        target = Target("send", "level", track.id, index)
        bus = self._names[send.bus]
        if target not in self._shop.wanted:
            strip.send(bus, min(max(send.gain_db, -96.0), 24.0), before_fader=send.pre)
            return
        gain = graph.add_inside(strip.group, "gain", level=min(level(send.gain_db), MOST_LEVEL))
        graph.connect(strip.part("pan" if send.pre else "fader")["out"], gain["in"])
        node = graph.add_inside(strip.group, "send", bus=bus)
        graph.look(node, label=name_of(f"to {bus}"))
        graph.connect(gain["out"], node["in"])
        self._shop.moves[target] = Move(gain, "level")


def _set_level(graph: Graph, fader: NodeHandle, gain_db: float) -> None:
    """Silence is a factor of 0, because decibels end at -96."""
    if gain_db <= decibels(0.0):
        graph.set(fader, level=0.0)
    elif gain_db:
        graph.set(fader, gain_db=min(gain_db, 24.0))


def _fed(song: Song) -> set[str]:
    """The ids of buses that something leads to, from a track on."""
    fed: set[str] = set()
    waiting = [track for track in song.tracks if track.kind not in ("bus", "master")]
    buses = {track.id: track for track in song.tracks if track.kind == "bus"}
    while waiting:
        track = waiting.pop()
        for id in (track.bus, *(send.bus for send in track.sends)):
            if id in buses and id not in fed:
                fed.add(id)
                waiting.append(buses[id])
    return fed


def _bus_names(song: Song) -> dict[str, str]:
    """A name of its own for each bus."""
    names: dict[str, str] = {MASTER: MAIN}
    for track in song.tracks:
        if track.kind == "bus":
            stem = name_of(track.name)[:56] or "bus"
            taken = set(names.values())
            tries = (f"{stem} {k}" if k > 1 else stem for k in range(1, len(taken) + 2))
            names[track.id] = next(name for name in tries if name not in taken)
    return names
