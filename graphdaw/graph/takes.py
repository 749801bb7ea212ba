"""Takes of the same passage in one track, and the comp that is made of their best parts.

A take is the clips whose name is the same and begins with "take ", such as "take 2". A comp is clips of its own, called
"comp take 2" and so on, each a part of a take; the takes stay whole, muted, and any part can be chosen anew. Where two
parts of recordings meet they are cross-faded in the moment before, so that what begins on the line begins as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike, fspath
from typing import NamedTuple, Protocol

import msgspec

from graphdaw.errors import OutOfRangeError, UnknownClipError, suggestion
from graphdaw.graph.arranging import end_of, fresh_id, trim_clip
from graphdaw.graph.clips import AudioClip, Clip
from graphdaw.graph.timeline import Timeline
from graphdaw.graph.vocabulary import Edit, PutClip, TakeClip

TAKE, COMP = "take ", "comp "
FADE_S = 0.01

replace = msgspec.structs.replace


class Region(NamedTuple):
    """A part of the piece in which a take sounds; "" for none."""

    start_ticks: int
    end_ticks: int
    take: str


class Recorded(Protocol):
    """A finished recording: its file, where in the piece its first sample belongs, and how long it is."""

    @property
    def path(self) -> str | PathLike[str]:
        """The file."""

    @property
    def start_frame(self) -> int:
        """In frames of the piece at the recording's rate."""

    @property
    def frames(self) -> int:
        """Its length."""

    @property
    def sample_rate_hz(self) -> int:
        """Of the file and of both counts."""


def takes_of(clips: Iterable[Clip]) -> dict[str, list[Clip]]:
    """The clips of each take, by its name, in the order of time."""
    found: dict[str, list[Clip]] = {}
    for clip in clips:
        if clip.name.startswith(TAKE):
            found.setdefault(clip.name, []).append(clip)
    return found


def regions_of(clips: Iterable[Clip]) -> list[Region]:
    """What the comp plays: a part begins where the one before it ends, as its fade is not counted."""
    found: list[Region] = []
    for clip in sorted((clip for clip in clips if clip.name.startswith(COMP)), key=end_of):
        before = found[-1].end_ticks if found else 0
        found.append(Region(max(before, clip.at_ticks), end_of(clip), clip.name.removeprefix(COMP)))
    return found


def choose(
    clips: Sequence[Clip], region: Region, timeline: Timeline, sample_rate: int, *, fade_s: float = FADE_S
) -> list[Clip]:
    """The clips of a track when a take sounds in a region; all takes are muted then, and the rest of the comp stays.

    Raises `UnknownClipError` where there is no such take.
    """
    takes = takes_of(clips)
    if region.take and region.take not in takes:
        raise UnknownClipError(
            f"There is no take {region.take!r} in this track; {suggestion(region.take, takes, 'takes')}", allowed=takes
        )
    if not 0 <= region.start_ticks < region.end_ticks:
        raise OutOfRangeError(f"A take cannot sound from tick {region.start_ticks} to {region.end_ticks}; let it last.")
    regions = _with(regions_of(clips), region)
    old = [clip for clip in clips if clip.name.startswith(COMP)]
    kept = [replace(c, muted=True) if c.name.startswith(TAKE) else c for c in clips if not c.name.startswith(COMP)]
    parts = list(_parts(takes, regions, timeline, sample_rate, fade_s))
    return kept + _named(parts, old, [clip.id for clip in clips])


def _with(regions: Iterable[Region], new: Region) -> list[Region]:
    """Regions with another one over them; neighbours of one take become one."""
    cut = [new] if new.take else []
    for old in regions:
        before = old._replace(end_ticks=min(old.end_ticks, new.start_ticks))
        after = old._replace(start_ticks=max(old.start_ticks, new.end_ticks))
        cut += [part for part in (before, after) if part.start_ticks < part.end_ticks]
    joined: list[Region] = []
    for region in sorted(cut):
        if joined and joined[-1].take == region.take and joined[-1].end_ticks == region.start_ticks:
            joined[-1] = joined[-1]._replace(end_ticks=region.end_ticks)
        else:
            joined.append(region)
    return joined


def _parts(
    takes: dict[str, list[Clip]], regions: Sequence[Region], timeline: Timeline, sample_rate: int, fade_s: float
) -> Iterator[Clip]:
    for k, region in enumerate(regions):
        joins = k > 0 and regions[k - 1].end_ticks == region.start_ticks
        for clip in takes.get(region.take, ()):
            begin, end = max(region.start_ticks, clip.at_ticks), min(region.end_ticks, end_of(clip))
            if begin >= end:
                continue
            if isinstance(clip, AudioClip):
                yield _faded_part(clip, begin, end, joins, timeline, sample_rate, fade_s)
            else:
                yield trim_clip(clip, begin, end, timeline, sample_rate)


def _faded_part(
    clip: AudioClip, begin: int, end: int, joins: bool, timeline: Timeline, sample_rate: int, fade_s: float
) -> AudioClip:
    """A part of a recording. Where it joins another one its fade lies before it, and else within it."""
    early = max(clip.at_ticks, _earlier(timeline, begin, fade_s)) if joins else begin
    part = trim_clip(clip, early, end, timeline, sample_rate)
    if begin > clip.at_ticks:
        faded = timeline.seconds(begin) - timeline.seconds(part.at_ticks) if joins else fade_s
        part = replace(part, fade_in_s=faded)
    if end < end_of(clip):
        part = replace(part, fade_out_s=timeline.seconds(end) - timeline.seconds(_earlier(timeline, end, fade_s)))
    return part


def _earlier(timeline: Timeline, tick: int, seconds: float) -> int:
    return max(0, round(timeline.ticks(max(0.0, timeline.seconds(tick) - seconds))))


def _named(parts: Iterable[Clip], old: Sequence[Clip], taken: Sequence[str]) -> list[Clip]:
    """Parts of a comp with their names; one that is there already keeps its id."""
    used, found = list(taken), []
    for part in parts:
        named = replace(part, name=COMP + part.name, muted=False)
        same = next((clip for clip in old if replace(named, id=clip.id) == clip), None)
        id = same.id if same is not None else fresh_id(used, "comp")
        used.append(id)
        found.append(replace(named, id=id))
    return found


def edits_between(node: str, old: Sequence[Clip], new: Sequence[Clip]) -> list[Edit]:
    """What makes clips of a node others."""
    had, has = ({clip.id: clip for clip in clips} for clips in (old, new))
    gone: list[Edit] = [TakeClip(node, id) for id in had if id not in has]
    return gone + [PutClip(node, clip) for id, clip in has.items() if had.get(id) != clip]


# Takes that were recorded


def clips_of_take(recorded: Recorded, timeline: Timeline, taken: Sequence[Clip] = ()) -> list[AudioClip]:
    """A recording as clips of a track whose clips are `taken`: one a turn of the loop, each a take of its own.

    The last one sounds, and the others are muted. Every sample lies where it was heard.
    """
    rate, media = recorded.sample_rate_hz, fspath(recorded.path)
    ids, number = [clip.id for clip in taken], _next_number(taken)
    found: list[AudioClip] = []
    for first, position, frames in _passes(recorded, timeline):
        at = math.ceil(timeline.ticks(position / rate) - 1e-6)
        end = round(timeline.ticks((position + frames) / rate))
        if end <= at:
            continue
        late = timeline.frame(at, rate) - position
        id = fresh_id(ids, "take")
        ids.append(id)
        start_s = max(0.0, (first + late) / rate)
        found.append(AudioClip(id, at, end - at, name=f"{TAKE}{number}", muted=True, media=media, start_s=start_s))
        number += 1
    return [*found[:-1], *(replace(clip, muted=False) for clip in found[-1:])]


def _next_number(clips: Iterable[Clip]) -> int:
    numbers = [name.removeprefix(TAKE) for name in takes_of(clips)]
    return max((int(number) for number in numbers if number.isdecimal()), default=0) + 1


def _passes(recorded: Recorded, timeline: Timeline) -> Iterator[tuple[int, int, int]]:
    """Each turn of the loop: where in the file, where in the piece, and how many frames."""
    rate, loop = recorded.sample_rate_hz, timeline.loop
    ends = timeline.frame(loop.end_ticks, rate) if loop is not None and loop.on else 0
    done, position = max(0, -recorded.start_frame), max(0, recorded.start_frame)  # without what was counted in
    while done < recorded.frames:
        length = recorded.frames - done
        if loop is not None and position < ends:
            length = min(length, ends - position)
        yield done, position, length
        done += length
        position = timeline.frame(loop.start_ticks, rate) if loop is not None else position
