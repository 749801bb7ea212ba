"""How a stretched clip's recording lies in time: places in the recording, and when each is to be heard."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from graphdaw.graph.clips import TICKS_PER_QUARTER, AudioClip
from graphdaw.graph.timeline import Tempo, Timeline

MOST_MARKS = 20_000
LAST_TICK = 1 << 40


class StretchMark(NamedTuple):
    """A place in a recording, and when it is heard, in seconds from the beginning of the clip's content."""

    media_s: float
    out_s: float


def is_warped(clip: AudioClip) -> bool:
    """Whether its length changes: it has warp marks, or a tempo to follow that is known."""
    return bool(clip.warp) or (clip.follows_tempo and clip.media_bpm > 0.0)


def is_stretched(clip: AudioClip) -> bool:
    """Whether it plays a copy that was stretched or transposed beforehand."""
    return is_warped(clip) or clip.pitch_semitones != 0.0


def marks_of(clip: AudioClip, timeline: Timeline, length_s: float) -> tuple[StretchMark, ...]:
    """Where the content of a warped clip lies, from its beginning to the end of a recording of that length.

    That does not depend on how much of it is heard, so that the parts of a clip that was cut play one copy. A clip that
    repeats is looked at as if its content began where the clip does, and up to where it begins again. Between two marks
    the recording runs evenly. In a ramp of the tempo there is one on every sixteenth.

    >>> song = AudioClip("c1", 960, 1920, media_bpm=60.0, follows_tempo=True)
    >>> marks_of(song, Timeline(), 2.0)
    (StretchMark(media_s=0.0, out_s=0.0), StretchMark(media_s=2.0, out_s=1.0))
    """
    origin = clip.at_ticks - clip.offset_ticks
    begin = _time(timeline, origin)
    place = _place_in(clip, lambda tick: _time(timeline, origin + tick) - begin)
    content = clip.loop_ticks or _first_tick(place, length_s)
    ticks = {0, content, *(mark.at_ticks for mark in clip.warp if mark.at_ticks < content)}
    ticks.update(_bends(timeline.tempos, origin, content))
    marks = [StretchMark(place(tick), _time(timeline, origin + tick) - begin) for tick in sorted(ticks)]
    return tuple(marks[:MOST_MARKS])


def _time(timeline: Timeline, tick: int) -> float:
    """Seconds of a tick; before the piece the first tempo holds."""
    return timeline.seconds(tick) if tick >= 0 else tick * 60.0 / (TICKS_PER_QUARTER * timeline.tempos[0].bpm)


def _first_tick(place: Callable[[int], float], media_s: float) -> int:
    """Where a place of the recording is reached, to the tick."""
    lo, hi = 0, 1
    while place(hi) < media_s and hi < LAST_TICK:
        lo, hi = hi, 2 * hi
    while hi - lo > 1:
        middle = (lo + hi) // 2
        lo, hi = (middle, hi) if place(middle) < media_s else (lo, middle)
    return hi


def _bends(tempos: tuple[Tempo, ...], origin: int, content: int) -> set[int]:
    """Ticks of the content at which the tempo is another one."""
    found = {tempo.at_ticks - origin for tempo in tempos}
    for tempo, after in pairwise(tempos):
        if tempo.ramp and tempo.bpm != after.bpm:
            first, end = max(origin, tempo.at_ticks), min(origin + content, after.at_ticks)
            steps = range(first - origin, end - origin, TICKS_PER_QUARTER // 4)
            found.update(steps[:MOST_MARKS])
    return {tick for tick in found if 0 < tick < content}


def _place_in(clip: AudioClip, time: Callable[[int], float]) -> Callable[[int], float]:
    """Which place of the recording belongs to a tick of the content."""
    if not clip.warp:
        seconds_per_tick = 60.0 / (TICKS_PER_QUARTER * clip.media_bpm)
        return lambda tick: clip.start_s + tick * seconds_per_tick
    if len(clip.warp) == 1:
        only = clip.warp[0]
        if clip.media_bpm > 0.0:
            return lambda tick: only.media_s + (tick - only.at_ticks) * 60.0 / (TICKS_PER_QUARTER * clip.media_bpm)
        return lambda tick: only.media_s + time(tick) - time(only.at_ticks)

    def place(tick: int) -> float:
        after = next((k for k, mark in enumerate(clip.warp) if mark.at_ticks > tick), len(clip.warp) - 1)
        a, b = clip.warp[max(0, after - 1)], clip.warp[max(1, after)]
        return a.media_s + (tick - a.at_ticks) * (b.media_s - a.media_s) / (b.at_ticks - a.at_ticks)

    return place
