"""The clips of a Song as a DAWproject file has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from graphdaw.graph.clips import TICKS_PER_QUARTER, AudioClip, Lane, Note, NoteClip, Point, WarpMark
from graphdaw.graph.song import A4, Report, SongTrack, level, straight
from graphdaw.graph.timeline import Timeline
from graphdaw.host.songs.dawproject.write_structure import Ids

_DRUM_CHANNEL = 9
_EXPRESSIONS = {"pressure": "channelPressure", "bend": "pitchBend", "timbre": "timbre", "program": "programChange"}
_OF_NOTES = {"pressure": "pressure", "bend": "transpose", "timbre": "timbre", "cc10": "pan"}


class Recording(NamedTuple):
    """A recording in the archive."""

    name: str
    channels: int
    rate_hz: int
    seconds: float


class Clips:
    """Makes the element Clips of each track."""

    def __init__(self, timeline: Timeline, ids: Ids, found: Callable[[str], Recording | None], report: Report) -> None:
        self._timeline, self._ids, self._found, self._report = timeline, ids, found, report

    def element(self, track: SongTrack) -> Element:
        """All clips of a track."""
        clips = self._ids.given(Element("Clips"))
        for clip in track.clips:
            element = SubElement(clips, "Clip", time=_beats(clip.at_ticks), duration=_beats(clip.length_ticks))
            if clip.name:
                element.set("name", clip.name)
            if clip.muted:
                element.set("enable", "false")
            if isinstance(clip, NoteClip):
                self._notes(track, clip, element)
            else:
                self._audio(track, clip, element)
        return clips

    def _notes(self, track: SongTrack, clip: NoteClip, element: Element) -> None:
        element.set("playStart", _beats(clip.offset_ticks))
        if clip.loop_ticks:
            element.set("loopStart", "0.0")
            element.set("loopEnd", _beats(clip.loop_ticks))
        holder = element
        lanes = []
        for lane in clip.lanes:
            target = _target(lane.kind)
            if target is None:
                self._report.say(f"{track.name}: its lane {lane.kind!r} was left out.")
            else:
                lanes.append((lane, target))
        if lanes:
            holder = self._ids.given(SubElement(element, "Lanes"))
        notes = self._ids.given(SubElement(holder, "Notes"))
        instrument = track.instrument
        channel = instrument.channel if instrument and instrument.channel is not None else None
        if channel is None or (track.kind == "drums") != (channel == _DRUM_CHANNEL):
            channel = _DRUM_CHANNEL if track.kind == "drums" else 0
        shift = A4 - instrument.root_key if instrument else 0.0
        for note in clip.notes:
            self._note(track, note, note.key + shift, channel, notes)
        for lane, target in lanes:
            points_to(holder, self._ids, target, _unit(lane.kind), tuple(straight(lane.points)))

    def _note(self, track: SongTrack, note: Note, key: float, channel: int, notes: Element) -> None:
        nearest = round(key)
        if not 0 <= nearest <= 127:
            self._report.say(f"{track.name}: notes beyond the 128 keys, such as {nearest}, were left out.")
            return
        if note.probability < 1.0:
            self._report.say(f"{track.name}: notes that sound only sometimes will always sound.")
        element = SubElement(
            notes,
            "Note",
            time=_beats(note.at_ticks),
            duration=_beats(note.length_ticks),
            channel=str(channel),
            key=str(nearest),
            vel=repr(note.velocity),
            rel=repr(note.release),
        )
        told = []
        for lane in _tuned(note.lanes, key - nearest):
            expression = _OF_NOTES.get(lane.kind)
            if expression is None:
                self._report.say(f"{track.name}: what happens to single notes ({lane.kind!r}) was left out.")
            else:
                told.append((lane, expression))
        holder = element if len(told) < 2 else self._ids.given(SubElement(element, "Lanes"))
        for lane, expression in told:
            unit = "semitones" if expression == "transpose" else "normalized"
            points_to(holder, self._ids, {"expression": expression}, unit, tuple(straight(lane.points)))

    def _audio(self, track: SongTrack, clip: AudioClip, element: Element) -> None:
        if clip.reversed:
            self._report.say(f"{track.name}: the recording {clip.media!r} is played backwards, which was left out.")
        if clip.fade_in_s or clip.fade_out_s:
            element.set("fadeTimeUnit", "seconds")
            element.set("fadeInTime", repr(clip.fade_in_s))
            element.set("fadeOutTime", repr(clip.fade_out_s))
        warp = clip.warp
        if clip.follows_tempo and not warp and clip.media_bpm:
            length = max(clip.loop_ticks, clip.offset_ticks + clip.length_ticks)
            seconds = length / TICKS_PER_QUARTER * 60 / clip.media_bpm
            warp = (WarpMark(0, clip.start_s), WarpMark(length, clip.start_s + seconds))
        elif clip.follows_tempo and not warp:
            self._report.say(f"{track.name}: the tempo of {clip.media!r} is not known, so it follows none.")
        start, loop, zero = self._inside(clip, bool(warp))
        element.set("contentTimeUnit", "beats" if warp else "seconds")
        element.set("playStart", repr(start))
        if clip.loop_ticks:
            element.set("loopStart", repr(zero))
            element.set("loopEnd", repr(zero + loop))
        holder = element
        if clip.gain_db or clip.pitch_semitones:
            holder = self._ids.given(SubElement(element, "Lanes"))
        inner = holder
        if warp or clip.speed != 1.0:
            inner = self._ids.given(SubElement(holder, "Warps", contentTimeUnit="seconds"))
            inner.set("timeUnit", "beats" if warp else "seconds")
        recording = self._recording(clip, inner, bool(warp))
        if warp:
            for mark in warp:
                SubElement(inner, "Warp", time=_beats(mark.at_ticks), contentTime=repr(mark.media_s))
        elif clip.speed != 1.0:
            SubElement(inner, "Warp", time="0.0", contentTime="0.0")
            SubElement(inner, "Warp", time=repr(recording / clip.speed), contentTime=repr(recording))
        for value, expression, unit in (
            (level(clip.gain_db) if clip.gain_db else None, "gain", "linear"),
            (clip.pitch_semitones or None, "transpose", "semitones"),
        ):
            if value is not None:
                points_to(holder, self._ids, {"expression": expression}, unit, (Point(0, value, "hold"),))

    def _inside(self, clip: AudioClip, warped: bool) -> tuple[float, float, float]:
        """Where a clip begins in its content, the length of its loop, and where that begins; in beats or seconds."""
        if warped:
            return clip.offset_ticks / TICKS_PER_QUARTER, clip.loop_ticks / TICKS_PER_QUARTER, 0.0
        at_s = self._timeline.seconds(clip.at_ticks)
        offset_s = self._timeline.seconds(clip.at_ticks + clip.offset_ticks) - at_s
        loop_s = self._timeline.seconds(clip.at_ticks + clip.loop_ticks) - at_s
        zero = clip.start_s / clip.speed
        return zero + offset_s, loop_s, zero

    def _recording(self, clip: AudioClip, holder: Element, warped: bool) -> float:
        """The element of the recording; returns how long it is."""
        found = self._found(clip.media)
        seconds = found.seconds if found else self._timeline.seconds(clip.length_ticks) + clip.start_s
        audio = self._ids.given(
            SubElement(
                holder,
                "Audio",
                channels=str(found.channels if found else 2),
                sampleRate=str(found.rate_hz if found else 48_000),
                duration=repr(seconds),
            )
        )
        if holder.tag == "Warps":
            audio.set("algorithm", "stretch" if warped else "repitch")
        file = SubElement(audio, "File", path=found.name if found else clip.media)
        if found is None:
            file.set("external", "true")
        return seconds


def points_to(
    parent: Element,
    ids: Ids,
    target: dict[str, str],
    unit: str,
    points: Sequence[Point],
    scale: Callable[[float], float] = float,
) -> Element:
    """A curve of lines and steps as points for a target."""
    element = ids.given(SubElement(parent, "Points", timeUnit="beats", unit=unit))
    SubElement(element, "Target", target)
    for point in points:
        shape = "hold" if point.shape == "hold" else "linear"
        value = repr(scale(point.value))
        SubElement(element, "RealPoint", time=_beats(point.at_ticks), value=value, interpolation=shape)
    return element


def _target(kind: str) -> dict[str, str] | None:
    """What points for a lane of a clip are for."""
    if kind in _EXPRESSIONS:
        return {"expression": _EXPRESSIONS[kind], "channel": "0"}
    if kind[:2] == "cc" and kind[2:].isdigit() and int(kind[2:]) < 128:
        return {"expression": "channelController", "channel": "0", "controller": kind[2:]}
    return None


def _unit(kind: str) -> str:
    return {"bend": "semitones", "program": "linear"}.get(kind, "normalized")


def _tuned(lanes: tuple[Lane, ...], semitones: float) -> tuple[Lane, ...]:
    """The lanes of a note that lies between the keys: its bend counts from the nearest."""
    if not semitones:
        return lanes
    bend = next((lane for lane in lanes if lane.kind == "bend"), None)
    points = bend.points if bend is not None and bend.points else (Point(0, 0.0, "hold"),)
    tuned = tuple(Point(one.at_ticks, one.value + semitones, one.shape, one.curve) for one in points)
    return (*(lane for lane in lanes if lane is not bend), Lane("bend", tuned))


def _beats(ticks: int) -> str:
    return repr(ticks / TICKS_PER_QUARTER)
