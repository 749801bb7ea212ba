"""Arranging: cutting, trimming, copying and joining clips, as functions from clips to clips.

They change no document; `graph.apply` makes edits of what they give. Where a recording is cut, its parts together sound
as the whole does, to the bit at the sample rate that is given.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, cast

import msgspec

from graphdaw.errors import ClipKindError, OutOfRangeError
from graphdaw.graph.clips import (
    TICKS_PER_QUARTER,
    AudioClip,
    Clip,
    CurveClip,
    Lane,
    Note,
    NoteClip,
    Point,
)
from graphdaw.graph.timeline import Timeline
from graphdaw.graph.warping import is_warped
from graphdaw.nodes.prepare.turns import turns

replace = msgspec.structs.replace
AnyClip = TypeVar("AnyClip", bound=Clip)


def end_of(clip: Clip) -> int:
    """The tick at which a clip ends."""
    return clip.at_ticks + clip.length_ticks


def fresh_id(taken: Iterable[str], stem: str = "clip") -> str:
    """An id like `stem` that is not taken.

    >>> fresh_id(["clip1", "clip2"]), fresh_id(["verse"], "verse"), fresh_id(["a_2"], "a_2")
    ('clip3', 'verse1', 'a_1')
    """
    used = set(taken)
    stem = stem.rstrip("0123456789") or "clip"
    return next(id for number in range(1, len(used) + 2) if (id := f"{stem}{number}") not in used)


def split_clip(
    clip: AnyClip, at_ticks: int, right_id: str, timeline: Timeline, sample_rate: int
) -> tuple[AnyClip, AnyClip]:
    """The part of a clip before a tick and the part from it on, which is called `right_id`.

    Nothing of what it holds is lost: trimming a part brings back the rest. A note that is cut ends at the cut. Raises
    `OutOfRangeError` where the tick is not inside.

    >>> left, right = split_clip(NoteClip("a", 960, 960), 1200, "b", Timeline(), 48_000)
    >>> left.length_ticks, right.at_ticks, right.length_ticks, right.offset_ticks
    (240, 1200, 720, 240)
    """
    if not clip.at_ticks < at_ticks < end_of(clip):
        raise OutOfRangeError(
            f"Clip {clip.id!r} cannot be split at tick {at_ticks}; it lies between {clip.at_ticks} and {end_of(clip)}."
        )
    left = trim_clip(clip, clip.at_ticks, at_ticks, timeline, sample_rate)
    right = replace(trim_clip(clip, at_ticks, end_of(clip), timeline, sample_rate), id=right_id)
    if isinstance(clip, AudioClip):
        return replace(left, fade_out_s=0.0), replace(right, fade_in_s=0.0)
    return left, right


def trim_clip(clip: AnyClip, start_ticks: int, end_ticks: int, timeline: Timeline, sample_rate: int) -> AnyClip:
    """A clip that begins and ends elsewhere, with what it holds where it was.

    A recording cannot begin before its own beginning: then the clip begins there. Fades are no longer than the clip.
    Raises `OutOfRangeError` where nothing would be left.
    """
    if not 0 <= start_ticks < end_ticks:
        raise OutOfRangeError(f"Clip {clip.id!r} cannot go from tick {start_ticks} to {end_ticks}; let it last.")
    if isinstance(clip, AudioClip) and not clip.loop_ticks and not is_warped(clip):
        return cast(AnyClip, _trim_recording(clip, start_ticks, end_ticks, timeline, sample_rate))
    offset = clip.offset_ticks + start_ticks - clip.at_ticks
    if clip.loop_ticks:
        offset %= clip.loop_ticks
    elif offset < 0 and isinstance(clip, AudioClip):
        start_ticks, offset = start_ticks - offset, 0
    elif offset < 0:
        clip, offset = _later(clip, -offset), 0
    if start_ticks >= end_ticks:
        raise _nothing_left(clip, end_ticks)
    trimmed = replace(clip, at_ticks=start_ticks, length_ticks=end_ticks - start_ticks, offset_ticks=offset)
    return cast(AnyClip, _short_fades(trimmed, timeline)) if isinstance(trimmed, AudioClip) else trimmed


def _trim_recording(clip: AudioClip, start_ticks: int, end_ticks: int, timeline: Timeline, rate: int) -> AudioClip:
    """Its place in the recording moves by as many frames as its beginning, so that every sample stays where it is."""
    begun = frame_of(timeline, clip.at_ticks - clip.offset_ticks, rate)
    first = clip.start_s * rate
    first = round(first) if clip.speed == 1.0 else first

    def start_s(ticks: int) -> float:
        return (first + (timeline.frame(ticks, rate) - begun) * clip.speed) / rate

    if start_s(start_ticks) < 0.0:
        start_ticks += bisect_left(range(start_ticks, max(start_ticks, clip.at_ticks)), 0.0, key=start_s)
    if start_ticks >= end_ticks:
        raise _nothing_left(clip, end_ticks)
    place = {"at_ticks": start_ticks, "length_ticks": end_ticks - start_ticks, "offset_ticks": 0}
    return _short_fades(replace(clip, **place, start_s=max(0.0, start_s(start_ticks))), timeline)


def frame_of(timeline: Timeline, tick: int, sample_rate: int) -> int:
    """The frame of a tick; before the piece the first tempo holds, as it does in the core."""
    if tick >= 0:
        return timeline.frame(tick, sample_rate)
    return math.floor(tick * 60.0 * sample_rate / (TICKS_PER_QUARTER * timeline.tempos[0].bpm) + 0.5)


def _nothing_left(clip: Clip, end_ticks: int) -> OutOfRangeError:
    return OutOfRangeError(f"Nothing of clip {clip.id!r} lies before tick {end_ticks}; let it end later.")


def _short_fades(clip: AudioClip, timeline: Timeline) -> AudioClip:
    length_s = timeline.seconds(end_of(clip)) - timeline.seconds(clip.at_ticks)
    return replace(clip, fade_in_s=min(clip.fade_in_s, length_s), fade_out_s=min(clip.fade_out_s, length_s))


def _later(clip: AnyClip, ticks: int) -> AnyClip:
    """A clip whose content begins later, as its beginning is moved to before all that it holds."""
    if isinstance(clip, NoteClip):
        notes = tuple(replace(note, at_ticks=note.at_ticks + ticks) for note in clip.notes)
        lanes = tuple(replace(lane, points=_moved(lane.points, ticks)) for lane in clip.lanes)
        return replace(clip, notes=notes, lanes=lanes)
    if isinstance(clip, CurveClip):
        return replace(clip, points=_moved(clip.points, ticks))
    return clip


def _moved(points: Iterable[Point], ticks: int) -> tuple[Point, ...]:
    return tuple(replace(point, at_ticks=point.at_ticks + ticks) for point in points)


def duplicate_clip(clip: AnyClip, id: str, at_ticks: int | None = None) -> AnyClip:
    """The same clip once more, where it ends or at a tick."""
    return replace(clip, id=id, at_ticks=end_of(clip) if at_ticks is None else at_ticks)


def reverse_clip(clip: AudioClip, timeline: Timeline, sample_rate: int, recording_s: float) -> AudioClip:
    """The same part of a recording of that length, turned round, or turned back again.

    Places in a reversed clip are counted from the end of its recording.
    """
    begin, end = (timeline.frame(tick, sample_rate) for tick in (clip.at_ticks, end_of(clip)))
    last_s = clip.start_s + (end - begin) * clip.speed / sample_rate
    return replace(clip, reversed=not clip.reversed, start_s=max(0.0, recording_s - last_s))


# Joining


def join_clips(clips: Sequence[AnyClip], timeline: Timeline, sample_rate: int) -> AnyClip:
    """One clip in place of several of one kind, under the id of the first, which sounds as they do.

    Notes and curves may have anything between them. Recordings can only be joined where each part goes on where the one
    before ends, as after a split. Raises `ClipKindError`.
    """
    parts = sorted(clips, key=lambda clip: (clip.at_ticks, clip.id))
    kinds = {type(clip) for clip in parts}
    if len(kinds) != 1:
        raise ClipKindError("Clips of different kinds cannot be joined; choose notes, curves or parts of a recording.")
    whole, *rest = parts
    if isinstance(whole, AudioClip):
        joined: AudioClip = whole
        for part in cast(list[AudioClip], rest):
            joined = _joined(joined, part, timeline, sample_rate)
        return cast(AnyClip, joined)
    begin, end = whole.at_ticks, max(end_of(clip) for clip in parts)
    place = {"at_ticks": begin, "length_ticks": end - begin, "offset_ticks": 0, "loop_ticks": 0}
    if isinstance(whole, NoteClip):
        of_notes = cast(list[NoteClip], parts)
        notes = _by_time(note for clip in of_notes for note in heard_notes(clip))
        numbered = [replace(note, id=k, at_ticks=note.at_ticks - begin) for k, note in enumerate(notes, 1)]
        return replace(whole, **place, notes=tuple(numbered), lanes=_heard_lanes(of_notes, begin))
    if isinstance(whole, CurveClip):
        return replace(
            whole, **place, points=_heard_points([(c, c.points) for c in cast(list[CurveClip], parts)], begin)
        )
    raise ClipKindError(f"Clip {whole.id!r} is of a kind that only a newer version can join; update GraphDAW.")


def _joined(left: AudioClip, right: AudioClip, timeline: Timeline, sample_rate: int) -> AudioClip:
    """A recording whose second part goes on where the first one ends."""
    longer = trim_clip(left, left.at_ticks, max(end_of(left), end_of(right)), timeline, sample_rate)
    goes_on = end_of(left) == right.at_ticks and left.fade_out_s == right.fade_in_s == 0.0
    if goes_on:
        expected = trim_clip(longer, right.at_ticks, end_of(right), timeline, sample_rate)
        near = abs(expected.start_s - right.start_s) * sample_rate < 1e-3
        same = {"id": right.id, "name": right.name, "fade_out_s": right.fade_out_s, "start_s": right.start_s}
        goes_on = near and replace(expected, **same) == right
    if not goes_on:
        raise ClipKindError(
            f"Clips {left.id!r} and {right.id!r} are no parts of one recording that go on into each other; "
            "join parts of a split, or bounce them to a new recording."
        )
    return replace(longer, fade_out_s=right.fade_out_s)


def heard_notes(clip: NoteClip) -> list[Note]:
    """The notes that a clip plays, in ticks of the piece: each turn of what is repeated, cut where the clip ends."""
    found = []
    for shift, begin, end in turns(clip):
        for note in clip.notes:
            if begin <= note.at_ticks < end:
                at = clip.at_ticks + shift + note.at_ticks
                found.append(replace(note, at_ticks=at, length_ticks=min(note.length_ticks, end - note.at_ticks)))
    return found


def _by_time(notes: Iterable[Note]) -> list[Note]:
    return sorted(notes, key=lambda note: (note.at_ticks, note.id))


def _heard_lanes(clips: Sequence[NoteClip], begin: int) -> tuple[Lane, ...]:
    kinds = dict.fromkeys(lane.kind for clip in clips for lane in clip.lanes)
    found = []
    for kind in kinds:
        parts = [(clip, lane.points) for clip in clips for lane in clip.lanes if lane.kind == kind]
        found.append(Lane(kind, _heard_points(parts, begin)))
    return tuple(found)


def _heard_points(parts: Iterable[tuple[Clip, Sequence[Point]]], begin: int) -> tuple[Point, ...]:
    """Points of clips one after the other, a tick apart where one clip ends and the next begins."""
    found: dict[int, Point] = {}
    for clip, points in parts:
        for shift, first, last in turns(clip):
            origin = clip.at_ticks + shift - begin
            for point in _part(points, first, last):
                at = max(0, origin + point.at_ticks)
                if at in found:
                    found[at - 1] = replace(found[at], at_ticks=at - 1, shape="hold")
                found[at] = replace(point, at_ticks=at)
    return tuple(found[at] for at in sorted(found) if at >= 0)


def _part(points: Sequence[Point], first: int, last: int) -> list[Point]:
    """Points between two ticks, with the values at both, of which the second holds."""
    from graphdaw.nodes.prepare.curve import at as value_at

    if not points:
        return []
    inside = [point for point in points if first < point.at_ticks < last]
    before = [point for point in points if point.at_ticks <= first]
    shape = before[-1].shape if before else "hold"
    curve = before[-1].curve if before else 0.0
    head = Point(first, value_at(points, first), shape, curve)
    return [head, *inside, Point(last, value_at(points, last), "hold")]


# Notes


def quantise_notes(
    clip: NoteClip, grid_ticks: int, *, strength: float = 1.0, ends: bool = False, only: Iterable[int] = ()
) -> NoteClip:
    """Notes moved to the nearest line of a grid, as far as `strength` says; with `ends` their ends too.

    `only` names the notes by their numbers; none are all. Lengths stay, but what ends on a line with its beginning is
    one line long.

    >>> clip = NoteClip("a", 0, 960, notes=(Note(1, 250, 100, 60.0), Note(2, 470, 100, 62.0)))
    >>> [note.at_ticks for note in quantise_notes(clip, 240).notes]
    [240, 480]
    """
    if grid_ticks < 1:
        raise OutOfRangeError(f"Notes cannot be moved to a grid of {grid_ticks} ticks; give 1 or more.")

    def moved(tick: int) -> int:
        nearest = grid_ticks * ((2 * tick + grid_ticks) // (2 * grid_ticks))
        return round(tick + (nearest - tick) * strength)

    def quantised(note: Note) -> Note:
        begin = moved(note.at_ticks)
        end = moved(note.at_ticks + note.length_ticks) if ends else begin + note.length_ticks
        return replace(note, at_ticks=begin, length_ticks=end - begin if end > begin else grid_ticks)

    return _with_notes(clip, quantised, only)


def transpose_notes(clip: NoteClip, semitones: float, *, only: Iterable[int] = ()) -> NoteClip:
    """Notes so many semitones higher."""
    return _with_notes(clip, lambda note: replace(note, key=note.key + semitones), only)


def scale_velocities(clip: NoteClip, factor: float, *, offset: float = 0.0, only: Iterable[int] = ()) -> NoteClip:
    """Notes struck harder or softer, from 0 to 1 at most."""
    return _with_notes(
        clip, lambda note: replace(note, velocity=min(1.0, max(0.0, note.velocity * factor + offset))), only
    )


def legato(clip: NoteClip, *, gap_ticks: int = 0, only: Iterable[int] = ()) -> NoteClip:
    """Notes that last until the next one begins, less a gap; notes of a chord until the next chord.

    The last ones keep their lengths.

    >>> clip = NoteClip("a", 0, 960, notes=(Note(1, 0, 10, 60.0), Note(2, 0, 10, 64.0), Note(3, 480, 10, 62.0)))
    >>> [note.length_ticks for note in legato(clip).notes]
    [480, 480, 10]
    """
    begins = sorted({note.at_ticks for note in clip.notes})

    def bound(note: Note) -> Note:
        next_ = bisect_left(begins, note.at_ticks + 1)
        if next_ == len(begins):
            return note
        return replace(note, length_ticks=max(1, begins[next_] - note.at_ticks - gap_ticks))

    return _with_notes(clip, bound, only)


def stretch_notes(clip: NoteClip, factor: float) -> NoteClip:
    """A clip in which everything is so many times as long: at 2, half as fast."""
    if not 1 / 64 <= factor <= 64:
        raise OutOfRangeError(f"Clip {clip.id!r} cannot be made {factor:g} times as long; give 1/64 to 64.")

    def long(ticks: int) -> int:
        return round(ticks * factor)

    notes = tuple(
        replace(
            note,
            at_ticks=long(note.at_ticks),
            length_ticks=max(1, long(note.length_ticks)),
            lanes=_stretched(note.lanes, factor),
        )
        for note in clip.notes
    )
    place = {"length_ticks": max(1, long(clip.length_ticks)), "loop_ticks": long(clip.loop_ticks)}
    return replace(
        clip, **place, offset_ticks=long(clip.offset_ticks), notes=notes, lanes=_stretched(clip.lanes, factor)
    )


def _stretched(lanes: Iterable[Lane], factor: float) -> tuple[Lane, ...]:
    return tuple(
        replace(lane, points=tuple(replace(p, at_ticks=round(p.at_ticks * factor)) for p in lane.points))
        for lane in lanes
    )


def _with_notes(clip: NoteClip, change: Callable[[Note], Note], only: Iterable[int]) -> NoteClip:
    chosen = set(only)
    notes = [change(note) if not chosen or note.id in chosen else note for note in clip.notes]
    return replace(clip, notes=tuple(_by_time(notes)))
