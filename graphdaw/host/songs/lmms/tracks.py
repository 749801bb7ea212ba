"""LMMS' tracks: instruments with patterns, samples, and beats, whose patterns other tracks place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree.ElementTree import Element

from graphdaw.graph.clips import AudioClip, Lane, Note, NoteClip, Point
from graphdaw.graph.song import Instrument, SongTrack, Target, decibels
from graphdaw.host.songs.lmms.curves import points_of
from graphdaw.host.songs.lmms.mixer import bus_id, effects
from graphdaw.host.songs.lmms.values import MOST_TICKS, TICK, Project, children, flag, number, ticks

INSTRUMENT, BEAT, SAMPLE, AUTOMATION, HIDDEN_AUTOMATION = 0, 1, 2, 5, 6
STEP_TICKS = TICK * 12  # a sixteenth: how long a note of a beat is written, which rings as long as its sound does
_USUAL_KEY = 57  # their A4, up to version 1.2
_OCTAVE_LOWER = ("zynaddsubfx", "vestige", "lv2instrument", "carlapatchbay", "carlarack")  # before keys were MIDI's
_SHAPERS = ("eldata", "arpeggiator", "chordcreator", "midiport")


@dataclass
class Found:
    """What the tracks of a project gave: tracks, and automation patterns with the ids they move and their places."""

    tracks: list[SongTrack] = field(default_factory=list)
    automation: list[tuple[Element, int, int, int]] = field(default_factory=list)  # pattern, at, length, loop


@dataclass(frozen=True)
class _Placed:
    """Where a beat is played: `loop` ticks of it, over and over."""

    at: int
    length: int
    loop: int
    muted: bool


def tracks_of(project: Project, buses: set[str]) -> Found:
    """All tracks, those of the beats in the place of the first beat."""
    found = Found()
    song = project.root.find("song")
    container = song.find("trackcontainer") if song is not None else None
    beats = [track for track in children(container, "track") if _type(track) == BEAT]
    first = True
    for track in children(container, "track"):
        if _type(track) != BEAT:
            _one(project, found, track, f"t{len(found.tracks) + 1}", buses, None)
        elif first:
            first = False
            _beats(project, found, beats, buses)
    for track in children(song, "track"):
        _one(project, found, track, "", buses, None)
    return found


def _type(track: Element) -> int:
    return round(number(track, "type", -1.0))


def _one(
    project: Project, found: Found, track: Element, id: str, buses: set[str], beats: list[list[_Placed]] | None
) -> None:
    """A track; with `beats` it is one of a beat's, and its patterns are placed where those say."""
    kind, name = _type(track), track.get("name", "")
    if kind == INSTRUMENT:
        found.tracks.append(_Notes(project, track, id, buses, beats).track())
    elif kind == SAMPLE:
        found.tracks.append(_samples(project, track, id, buses, beats))
    elif kind in (AUTOMATION, HIDDEN_AUTOMATION):
        if flag(track, "muted"):
            project.report.say(f"{name}: this automation track is muted and was left out.")
            return
        for k, pattern in enumerate(children(track, "automationpattern")):
            if not beats:
                found.automation.append((pattern, ticks(pattern, "pos"), 0, 0))
            for place in beats[k] if beats and k < len(beats) else ():
                project.spend_clip()
                if not place.muted:
                    found.automation.append((pattern, place.at, place.length, place.loop))
    else:
        project.report.say(f"{name}: tracks of the type {kind} are not known, so it was left out.")


def _beats(project: Project, found: Found, beats: list[Element], buses: set[str]) -> None:
    """The tracks of the beat editor, with a clip wherever a beat track places their pattern."""
    inner: list[Element] = []
    for beat in beats:
        for holder in children(beat, "bbtrack"):
            for container in holder:
                inner += children(container, "track")
    patterns = [
        [child for child in track if child.tag in ("pattern", "automationpattern", "sampletco")] for track in inner
    ]
    places = []
    for k, beat in enumerate(beats):
        lengths = [_pattern_length(project, own[k]) for own in patterns if k < len(own)]
        bars = -(-max(lengths, default=0) // project.bar) or 1
        places.append(list(_placed(beat, TICK * bars * project.bar)))
    for k, track in enumerate(inner, 1):
        _one(project, found, track, f"b{k}", buses, places)


def _placed(beat: Element, loop: int) -> Iterator[_Placed]:
    """The places of a beat: of those that overlap, the one that began last is heard."""
    places = sorted(children(beat, "bbtco"), key=lambda place: ticks(place, "pos"))
    heard = [place for place in places if not flag(place, "muted")]
    ends = {id(place): ticks(after, "pos") for place, after in pairwise(heard)}
    for place in places:
        at, length = ticks(place, "pos"), ticks(place, "len") or loop
        length = min(length, ends.get(id(place), at + length) - at)
        if length > 0:
            yield _Placed(at, length, loop, flag(place, "muted") or flag(beat, "muted"))


def _pattern_length(project: Project, pattern: Element) -> int:
    """How long a pattern is, in their ticks; what has no length ends with the bar of its last note."""
    length = round(number(pattern, "len", 0.0, 0, MOST_TICKS))
    if length > 0:
        return length
    ends = [number(note, "pos", 0.0, 0, MOST_TICKS) + max(1.0, number(note, "len", 0.0)) for note in pattern]
    steps = number(pattern, "steps", 16.0, 1, 4096) / 16 * project.bar if pattern.get("type") == "0" else 0.0
    return -(-int(max([*ends, steps, 1.0])) // project.bar) * project.bar


class _Notes:
    """An instrument's track on its way to a SongTrack."""

    def __init__(
        self, project: Project, track: Element, id: str, buses: set[str], beats: list[list[_Placed]] | None
    ) -> None:
        self._project, self._of, self._id, self._buses, self._beats = project, track, id, buses, beats
        self.name = track.get("name", "")
        settings = track.find("instrumenttrack")
        self._settings = settings if settings is not None else Element("instrumenttrack")
        self._steps = self._held = False

    def track(self) -> SongTrack:
        """The track, its instrument described."""
        settings, project = self._settings, self._project
        clips = tuple(self._clips())
        instrument = self._instrument()
        if self._steps and self._held:
            project.report.say(f"{self.name}: some notes have a length and some ring out; all of them will ring out.")
        project.model(settings, "vol", Target("mixer", "level", self._id), 0.01)
        project.model(settings, "pan", Target("mixer", "pan", self._id), 0.01)
        project.model(settings, "pitch", Target("instrument", "pitch", self._id))
        for connection in children(settings, "connection"):
            for child in connection:
                project.report.say(f"{self.name}: {child.tag!r} is moved by a controller, which was left out.")
        return SongTrack(
            self._id,
            self.name,
            "drums" if self._beats is not None and self._steps else "notes",
            clips,
            instrument,
            gain_db=decibels(number(settings, "vol", 100.0, 0, 200) / 100),
            pan=number(settings, "pan", 0.0, -100, 100) / 100,
            muted=flag(self._of, "muted"),
            soloed=flag(self._of, "solo"),
            bus=_bus(project, settings, self.name, self._buses),
            effects=effects(project, settings, self._id, self.name),
            color=self._of.get("color", ""),
        )

    def _clips(self) -> Iterator[NoteClip]:
        for k, pattern in enumerate(children(self._of, "pattern")):
            notes = tuple(self._notes(pattern))
            length = TICK * _pattern_length(self._project, pattern)
            name, muted = pattern.get("name", ""), flag(pattern, "muted")
            if self._beats is None:
                self._project.spend_clip()
                yield NoteClip(
                    f"{self._id}p{k + 1}", ticks(pattern, "pos"), length, name=name, muted=muted, notes=notes
                )
            elif notes and k < len(self._beats):
                for j, place in enumerate(self._beats[k], 1):
                    self._project.spend_clip()
                    yield NoteClip(
                        f"{self._id}p{k + 1}.{j}",
                        place.at,
                        place.length,
                        loop_ticks=place.loop,
                        name=name,
                        muted=muted or place.muted,
                        notes=notes,
                    )

    def _notes(self, pattern: Element) -> Iterator[Note]:
        elements = sorted(children(pattern, "note"), key=lambda note: number(note, "pos", 0.0))
        for id, note in enumerate(elements, 1):
            length = TICK * round(number(note, "len", 0.0, -MOST_TICKS, MOST_TICKS))
            if length <= 0 or note.get("type") == "1":
                length, self._steps = STEP_TICKS, True
            else:
                self._held = True
            pan = number(note, "pan", 0.0, -100, 100)
            lanes: tuple[Lane, ...] = (Lane("cc10", (Point(0, (pan + 100) / 200, "hold"),)),) if pan else ()
            for detuning in note.iter("detuning"):
                points = points_of(detuning)
                if any(point.value for point in points):
                    lanes += (Lane("bend", points),)
            key = number(note, "key", float(_USUAL_KEY), 0, 127) + self._project.key_offset
            yield Note(id, ticks(note, "pos"), length, key, number(note, "vol", 100.0, 0, 200) / 200, lanes=lanes)

    def _instrument(self) -> Instrument:
        settings, project = self._settings, self._project
        holder = settings.find("instrument")
        kind = holder.get("name", "") if holder is not None else ""
        target = Target("instrument", self.name, self._id)
        parameters: dict[str, float | str] = {}
        state = b""
        own = next((child for child in holder if child.tag == kind), None) if holder is not None else None
        if own is not None:
            parameters, state = project.parameters(own, target)
        for shaper in settings:
            if shaper.tag in _SHAPERS:
                parameters |= project.parameters(shaper, target, shaper.tag + ".")[0]
        for name in ("pitch", "pitchrange"):
            parameters[name] = number(settings, name, 0.0)
        for part, word in (("arpeggiator.arp-enabled", "arpeggiator is"), ("chordcreator.chord-enabled", "chords are")):
            if parameters.get(part):
                project.report.say(f"{self.name}: its {word} on, and only what is written was carried over.")
        base = number(settings, "basenote", _USUAL_KEY + 12.0 - project.key_offset, 0, 127) + project.key_offset
        if flag(settings, "usemasterpitch", True):
            base -= round(number(project.head, "masterpitch", 0.0, -60, 60))
        if project.key_offset and kind in _OCTAVE_LOWER:
            base += 12
        sample = parameters.get("src") or (parameters.get("plugin") if kind == "vestige" else None)
        if str(sample).endswith(".ds"):
            project.report.say(f"{self.name}: {sample} is a recipe for a sound and not a recording.")
        is_font = kind == "sf2player"
        return Instrument(
            f"lmms/{kind}",
            kind,
            parameters=parameters,
            state=state,
            samples=(str(sample),) if sample else (),
            program=round(number(own, "patch", 0.0, 0, 127)) if is_font and own is not None else None,
            bank=round(number(own, "bank", 0.0, 0, 16_383)) if is_font and own is not None else None,
            root_key=base,
            one_shot=self._steps,
        )


def _bus(project: Project, settings: Element, name: str, buses: set[str]) -> str:
    """The bus of a track; the master for a channel that is not there."""
    channel = round(number(settings, "fxch", number(settings, "mixch", 0.0)))
    if bus_id(channel) not in buses:
        project.report.say(f"{name}: it feeds the mixer channel {channel}, which is not there: it feeds the master.")
        channel = 0
    return bus_id(channel)


def _samples(
    project: Project, track: Element, id: str, buses: set[str], beats: list[list[_Placed]] | None
) -> SongTrack:
    """A track of recordings."""
    name = track.get("name", "")
    found = track.find("sampletrack")
    settings = found if found is not None else Element("sampletrack")
    clips = []
    for k, element in enumerate(children(track, "sampletco")):
        media = element.get("src", "")
        if not media:
            if element.get("data"):
                project.report.say(f"{name}: a recording that the project holds within its text was left out.")
            continue
        late = round(number(element, "off", 0.0, -MOST_TICKS, MOST_TICKS)) * TICK
        own = [_Placed(ticks(element, "pos"), ticks(element, "len") or TICK, 0, False)]
        for j, place in enumerate(own if beats is None else beats[k] if k < len(beats) else [], 1):
            project.spend_clip()
            clip = AudioClip(
                f"{id}s{k + 1}.{j}",
                place.at + max(0, late),
                max(1, place.length - max(0, late)),
                offset_ticks=max(0, -late),
                loop_ticks=place.loop,
                name=element.get("name", ""),
                muted=flag(element, "muted") or place.muted,
                media=media,
                reversed=element.get("reversed") == "true",
            )
            clips.append(clip)
    project.model(settings, "vol", Target("mixer", "level", id), 0.01)
    project.model(settings, "pan", Target("mixer", "pan", id), 0.01)
    return SongTrack(
        id,
        name,
        "audio",
        tuple(clips),
        gain_db=decibels(number(settings, "vol", 100.0, 0, 200) / 100),
        pan=number(settings, "pan", 0.0, -100, 100) / 100,
        muted=flag(track, "muted"),
        soloed=flag(track, "solo"),
        bus=_bus(project, settings, name, buses),
        effects=effects(project, settings, id, name),
        color=track.get("color", ""),
    )
