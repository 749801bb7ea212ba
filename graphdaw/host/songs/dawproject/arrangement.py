"""What lies on the timeline of a DAWproject file: clips within clips, notes, recordings, points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from graphdaw.graph.clips import TICKS_PER_QUARTER, AudioClip, Clip, CurveClip, Lane, Note, NoteClip, WarpMark
from graphdaw.graph.song import Target, changed, decibels, passes
from graphdaw.host.songs.dawproject.curves import expression_of, lane_of, values_of
from graphdaw.host.songs.dawproject.values import (
    MAX_NESTED,
    MOST_BEATS,
    Project,
    Scale,
    factor,
    flag,
    number,
    time,
)


class Window(NamedTuple):
    """What of its content a clip shows, and where; the content begins `shift` ticks (or seconds) into itself."""

    at_ticks: int
    length_ticks: int
    offset_ticks: int = 0
    loop_ticks: int = 0
    shift: int = 0
    shift_s: float = 0.0


class Arrangement:
    """The clips of each track and the curves of each target, as they are found."""

    def __init__(self, project: Project, names: dict[str, str]) -> None:
        self._project, self._names = project, names  # of tracks, by their ids
        self.clips: dict[str, list[NoteClip | AudioClip]] = defaultdict(list)
        self.curves: dict[Target, list[CurveClip]] = defaultdict(list)
        self.drums: set[str] = set()
        self._count = 0
        self._moving: dict[str, Target] = {}  # id of a curve's clip -> what it moves
        self._read: dict[int, tuple[Note, ...]] = {}  # notes that several clips may show, by their element

    def read(self, element: Element, scale: Scale, track: str) -> None:
        """A timeline that lies on the arrangement itself, for a track once one is named."""
        named = element.get("track")
        track = track if named is None else self._project.track_ids.get(named, named)
        scale = scale.within(element, 0)
        if element.tag == "Lanes":
            for child in element:
                self.read(child, scale, track)
        elif element.tag == "Clips":
            for clip in element:
                self._place(track, self._clips(clip, scale, track, 0, 0))
        elif element.tag in ("Notes", "Audio", "Warps", "Points"):
            self._place(track, self._whole(element, scale, track))
        elif element.tag == "ClipSlot":
            self._say(track, "clips of its launcher were left out")
        elif element.tag == "Video":
            self._say(track, "its film was left out")

    def _say(self, track: str, what: str) -> None:
        name = self._names.get(track) or track or "A lane without a track"
        self._project.report.say(f"{name}: {what}.")

    def _place(self, track: str, clips: Iterator[Clip]) -> None:
        for clip in clips:
            if isinstance(clip, CurveClip):
                self.curves[self._moving[clip.id]].append(clip)
            elif isinstance(clip, NoteClip | AudioClip):
                self.clips[track].append(clip)

    def _new(self) -> str:
        self._project.spend_clip()
        self._count += 1
        return f"c{self._count}"

    def _whole(self, element: Element, scale: Scale, track: str) -> Iterator[Clip]:
        """Content that lies on the arrangement without a clip around it."""
        for clip in self._content(element, scale, track, 0, 0):
            yield changed(clip, length_ticks=self._natural(clip, element, scale))

    def _natural(self, clip: Clip, element: Element, scale: Scale) -> int:
        """How long content is that no clip says the length of."""
        ends = [clip.length_ticks, 1]
        if isinstance(clip, NoteClip):
            ends += [note.at_ticks + note.length_ticks for note in clip.notes]
            ends += [point.at_ticks + 1 for lane in clip.lanes for point in lane.points]
        elif isinstance(clip, CurveClip):
            ends += [point.at_ticks + 1 for point in clip.points]
        elif isinstance(clip, AudioClip):
            recording = next(element.iter("Audio"), element)
            own = Scale(scale.timeline, True, scale.origin_s).within(recording, 0)
            ends += [mark.at_ticks for mark in clip.warp] or [own.ticks(time(recording, "duration", 1.0))]
        return max(ends)

    def _clips(self, clip: Element, scale: Scale, track: str, base: int, depth: int) -> Iterator[Clip]:
        """A clip as one or more of ours; its own time counts in `scale` from tick `base` of the piece."""
        if clip.tag != "Clip":
            return
        self._project.spend_clip()
        content = next(iter(clip), None)
        if content is None:
            content = self._project.by_id.get(clip.get("reference", ""))
        if content is None or depth > MAX_NESTED:
            self._say(track, "a clip has no content that is there, so it was left out")
            return
        begin = time(clip, "time")
        at = base + scale.ticks(begin)
        inner = scale.within(clip, at, "contentTimeUnit")
        length = scale.ticks(begin + time(clip, "duration")) - scale.ticks(begin)
        if "duration" not in clip.attrib:
            natural = max(
                (self._natural(one, content, inner) for one in self._content(content, inner, track, at, depth)),
                default=0,
            )
            stop = inner.ticks(number(clip, "playStop", MOST_BEATS, 0.0, MOST_BEATS))
            length = min(natural, stop) - inner.ticks(time(clip, "playStart"))
        for window in _windows(clip, inner, at, length):
            for found in self._content(content, inner, track, window.at_ticks, depth):
                yield from self._windowed(found, window, clip)

    def _windowed(self, found: Clip, window: Window, clip: Element) -> Iterator[Clip]:
        """Content as a clip shows it: whole, or where the content is clips itself, what of them is in each pass."""
        own: dict[str, Any] = {"muted": found.muted or not flag(clip, "enable", True)}
        own["name"] = found.name or clip.get("name", "")
        if isinstance(found, AudioClip):
            own |= self._fades(clip, window.at_ticks, found)
        if found.length_ticks == 0:  # not a clip yet
            offset = window.offset_ticks
            if isinstance(found, AudioClip) and not found.warp:
                own["start_s"] = found.start_s + window.shift_s * found.speed
            else:
                found = self._shifted(found, window.shift)
            own |= {"at_ticks": window.at_ticks, "length_ticks": window.length_ticks}
            yield changed(found, offset_ticks=offset, loop_ticks=window.loop_ticks, **own)
            return
        begin = found.at_ticks - window.at_ticks - window.shift
        if window.loop_ticks and (begin >= window.loop_ticks or begin + found.length_ticks <= 0):
            return
        for one in passes(window):
            start = max(one.zero + begin, one.start)
            end = min(one.zero + begin + found.length_ticks, one.end)
            if start < end:
                id = self._new()
                if found.id in self._moving:
                    self._moving[id] = self._moving[found.id]
                offset = found.offset_ticks + start - one.zero - begin
                yield changed(found, id=id, at_ticks=start, length_ticks=end - start, offset_ticks=offset, **own)

    def _fades(self, clip: Element, at: int, found: AudioClip) -> dict[str, float]:
        scale = Scale(self._project.timeline).within(clip, at, "fadeTimeUnit")
        fades = {}
        for ours, theirs in (("fade_in_s", "fadeInTime"), ("fade_out_s", "fadeOutTime")):
            length = time(clip, theirs)
            if length and not scale.seconds:
                timeline = self._project.timeline
                length = timeline.seconds(at + length * TICKS_PER_QUARTER) - timeline.seconds(at)
            fades[ours] = length or getattr(found, ours)
        return fades

    def _content(self, element: Element, scale: Scale, track: str, at: int, depth: int) -> Iterator[Clip]:
        """What an element holds at tick `at` of the piece: clips, or clips of length 0 that are still to be placed."""
        scale = scale.within(element, at)
        if element.tag == "Notes":
            yield NoteClip(self._new(), 0, 0, notes=self._notes(element, scale, track))
        elif element.tag == "Audio":
            yield self._audio(element, ())
        elif element.tag == "Warps":
            yield from self._warps(element, scale, track)
        elif element.tag == "Clips":
            for clip in element:
                yield from self._clips(clip, scale, track, at, depth + 1)
        elif element.tag == "Lanes":
            yield from self._lanes(element, scale, track, at, depth)
        elif element.tag == "Points":
            yield from self._points(element, scale, track)
        else:
            self._say(track, f"a clip holds {element.tag}, which was left out")

    def _lanes(self, element: Element, scale: Scale, track: str, at: int, depth: int) -> Iterator[Clip]:
        """Notes or a recording, and what is told beside them."""
        notes = element.find("Notes")
        lanes: list[Lane] = []
        sound: dict[str, float] = {}
        found: list[Clip] = []
        for child in element:
            expression = expression_of(child) if child.tag == "Points" else ""
            if expression in ("gain", "transpose") and notes is None:
                point = next((one for one in child if one.tag == "RealPoint"), None)
                if expression == "gain":
                    sound["gain_db"] = decibels(factor(number(point, "value", 1.0), child.get("unit", "linear")))
                else:
                    sound["pitch_semitones"] = number(point, "value", 0.0)
            elif expression:
                lanes += self._lane(child, scale, track)
            else:
                found += self._content(child, scale, track, at, depth)
        if lanes and not any(isinstance(clip, NoteClip) for clip in found):
            found.append(NoteClip(self._new(), 0, 0))
        for clip in found:
            if isinstance(clip, NoteClip) and lanes:
                clip, lanes = changed(clip, lanes=(*clip.lanes, *lanes)), []
            elif isinstance(clip, AudioClip):
                clip = changed(clip, **sound)
            yield clip

    def _audio(self, element: Element, warp: tuple[WarpMark, ...]) -> AudioClip:
        file = element.find("File")
        path = file.get("path", "") if file is not None else ""
        return AudioClip(self._new(), 0, 0, media=path, follows_tempo=bool(warp), warp=warp)

    def _warps(self, element: Element, scale: Scale, track: str) -> Iterator[Clip]:
        """A recording whose moments are tied to beats, or played at another speed."""
        content = next((child for child in element if child.tag != "Warp"), None)
        marks = [(time(one, "time"), time(one, "contentTime")) for one in element if one.tag == "Warp"]
        marks.sort()
        self._project.spend_notes(len(marks))
        if content is None or content.tag != "Audio" or element.get("contentTimeUnit") != "seconds":
            self._say(track, "a clip warps what is no recording, so it was left out")
        elif scale.seconds and len(marks) == 2 and marks[0] == (0.0, 0.0) and 1e-3 < _slope(marks) < 1e3:
            yield changed(self._audio(content, ()), speed=_slope(marks))
        else:
            warp = {scale.ticks(tick): second for tick, second in marks}
            yield self._audio(content, tuple(WarpMark(tick, warp[tick]) for tick in sorted(warp)))

    def _notes(self, element: Element, scale: Scale, track: str) -> tuple[Note, ...]:
        known = None if scale.seconds else self._read.get(id(element))
        if known is None:
            elements = [one for one in element if one.tag == "Note"]
            self._project.spend_notes(len(elements))
            elements.sort(key=lambda one: time(one, "time"))
            if elements and all(one.get("channel") == "9" for one in elements):
                self.drums.add(track)
            known = tuple(self._note(id, one, scale, track) for id, one in enumerate(elements, 1))
        if not scale.seconds:
            self._read[id(element)] = known
        return known

    def _note(self, id: int, one: Element, scale: Scale, track: str) -> Note:
        begin = time(one, "time")
        at = scale.ticks(begin)
        length = max(1, scale.ticks(begin + time(one, "duration", 0.25)) - at)
        lanes: list[Lane] = []
        waiting = [*one]
        while waiting:  # what happens to this note, counted from its start
            child = waiting.pop(0)
            if child.tag == "Lanes":
                waiting = [*child, *waiting]
            elif child.tag == "Points":
                lanes += self._lane(child, scale, track)
        velocity, release = number(one, "vel", 0.8, 0, 1), number(one, "rel", 0.5, 0, 1)
        return Note(id, at, length, number(one, "key", 60.0, 0, 127), velocity, release, lanes=tuple(lanes))

    def _lane(self, points: Element, scale: Scale, track: str) -> list[Lane]:
        """Points for an expression as a lane; none, with a word, for one that is no lane of ours."""
        self._project.spend_notes(len(points))
        lane = lane_of(points, scale)
        if lane is None:
            self._say(track, f"the expression {expression_of(points)!r} was left out")
        return [lane] if lane is not None and lane.points else []

    def _points(self, element: Element, scale: Scale, track: str) -> Iterator[Clip]:
        """Automation of a parameter, or of what a track of notes is told."""
        if expression_of(element):
            for lane in self._lane(element, scale, track):
                yield NoteClip(self._new(), 0, 0, lanes=(lane,))
            return
        target = element.find("Target")
        moved = self._project.models.get(target.get("parameter", "")) if target is not None else None
        if moved is None:
            self._say(track, "automation of what is not in the file was left out")
            return
        self._project.spend_notes(len(element))
        clip = CurveClip(self._new(), 0, 0, points=values_of(element, scale, moved.ours(element.get("unit"))))
        if clip.points:
            self._moving[clip.id] = moved.target
            yield clip

    def _shifted(self, clip: Clip, ticks: int) -> Clip:
        """Content that begins so many ticks later, without what was before."""
        if not ticks:
            return clip
        if isinstance(clip, NoteClip):
            self._project.spend_notes(len(clip.notes) + sum(len(lane.points) for lane in clip.lanes))
            lanes = tuple(changed(lane, points=_later(lane.points, ticks)) for lane in clip.lanes)
            return changed(clip, notes=_later(clip.notes, ticks), lanes=lanes)
        if isinstance(clip, CurveClip):
            return changed(clip, points=_later(clip.points, ticks))
        if not isinstance(clip, AudioClip):
            return clip
        return changed(clip, warp=tuple(WarpMark(mark.at_ticks - ticks, mark.media_s) for mark in clip.warp))


def _later(things: tuple[Any, ...], ticks: int) -> tuple[Any, ...]:
    return tuple(changed(one, at_ticks=one.at_ticks - ticks) for one in things if one.at_ticks >= ticks)


def _slope(marks: list[tuple[float, float]]) -> float:
    (begin, from_s), (end, to_s) = marks[0], marks[-1]
    return (to_s - from_s) / (end - begin) if end > begin else 0.0


def _windows(clip: Element, inner: Scale, at: int, length: int) -> Iterator[Window]:
    """A clip's windows on its content: one, or two where a loop begins later than the clip does."""
    start, loop_start = time(clip, "playStart"), time(clip, "loopStart")
    from_tick, loop_from = inner.ticks(start), inner.ticks(loop_start)
    loop = inner.ticks(time(clip, "loopEnd")) - loop_from
    if length <= 0:
        return
    seconds = inner.seconds
    if loop <= 0 or from_tick + length <= loop_from + loop:
        yield Window(at, length, 0 if seconds else from_tick, 0, from_tick if seconds else 0, start if seconds else 0.0)
        return
    before = max(0, min(length, loop_from - from_tick))
    if before:
        yield Window(at, before, 0 if seconds else from_tick, 0, from_tick if seconds else 0, start if seconds else 0.0)
    if before < length:
        offset = max(0, from_tick - loop_from) % loop
        yield Window(at + before, length - before, offset, loop, loop_from, loop_start if seconds else 0.0)
