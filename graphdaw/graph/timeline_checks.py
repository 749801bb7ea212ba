"""Checks that a timeline passes before it is part of a document: tempos, signatures at bar lines, markers and loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from graphdaw.errors import TimelineError
from graphdaw.graph.field_checks import Item, check_fields, check_name, count, kept, real, switch, ticks
from graphdaw.graph.timeline import BPM, Loop, Marker, Signature, Tempo, Timeline

MAX_PLACES = 10_000  # tempos, signatures or markers
MAX_BEATS = 64
UNITS = (1, 2, 4, 8, 16, 32, 64)


def check_timeline(timeline: Timeline) -> Timeline:
    """All of a timeline."""
    where = "The timeline"
    check_fields(timeline, where, "")
    places: tuple[Tempo | Signature, ...]
    for places, what in ((timeline.tempos, "tempos"), (timeline.signatures, "signatures")):
        if not places or places[0].at_ticks != 0:
            raise TimelineError(f"The {what} of a timeline begin at tick 0; put one there.")
        count(places, MAX_PLACES, what, where, "")
    count(timeline.markers, MAX_PLACES, "markers", where, "")
    tempos = tuple(_checked(timeline.tempos, _tempo))
    signatures = tuple(_checked(timeline.signatures, _signature))
    markers = tuple(_checked(timeline.markers, _marker))
    _rise(tempos, "tempo")
    _rise(signatures, "signature")
    _on_bars(signatures)
    for before, after in pairwise(markers):
        if after.at_ticks < before.at_ticks:
            raise TimelineError(
                f"Marker {after.name!r} at tick {after.at_ticks} stands behind {before.name!r} at tick "
                f"{before.at_ticks}; put the markers in the order of their times."
            )
    loop = _loop(timeline.loop) if timeline.loop is not None else None
    return kept(timeline, tempos=tempos, signatures=signatures, markers=markers, loop=loop)


def _checked(items: Iterable[Item], check: Callable[[Item], Item]) -> Iterable[Item]:
    for item in items:
        check_fields(item, f"A {type(item).__name__.lower()} of the timeline", "")
        yield check(item)


def _tempo(tempo: Tempo) -> Tempo:
    where = f"The tempo at tick {tempo.at_ticks!r}"
    return kept(
        tempo,
        at_ticks=ticks(tempo.at_ticks, "begins at", where, ""),
        bpm=real(tempo.bpm, "bpm", *BPM, where, ""),
        ramp=switch(tempo.ramp, "ramp", where, ""),
    )


def _signature(signature: Signature) -> Signature:
    where = f"The signature at tick {signature.at_ticks!r}"
    at = ticks(signature.at_ticks, "begins at", where, "")
    beats, unit = signature.beats, signature.unit
    if type(beats) is not int or not 1 <= beats <= MAX_BEATS or type(unit) is not int or unit not in UNITS:
        raise TimelineError(
            f"{where} cannot be {beats!r}/{unit!r}; give 1 to {MAX_BEATS} beats of 1/{', 1/'.join(map(str, UNITS))}."
        )
    return kept(signature, at_ticks=at)


def _marker(marker: Marker) -> Marker:
    where = f"The marker at tick {marker.at_ticks!r}"
    return kept(
        marker,
        at_ticks=ticks(marker.at_ticks, "stands at", where, ""),
        name=check_name(marker.name, where, ""),
        length_ticks=ticks(marker.length_ticks, "has the length", where, ""),
    )


def _loop(loop: Loop) -> Loop:
    check_fields(loop, "The loop", "")
    start = ticks(loop.start_ticks, "begins at", "The loop", "")
    end = ticks(loop.end_ticks, "ends at", "The loop", "", lo=1)
    if start >= end:
        raise TimelineError(f"The loop ends at tick {end} and begins at tick {start}; let it end later.")
    return kept(loop, start_ticks=start, end_ticks=end, on=switch(loop.on, "on", "The loop", ""))


def _rise(places: Sequence[Tempo | Signature], what: str) -> None:
    for before, after in pairwise(places):
        if after.at_ticks <= before.at_ticks:
            raise TimelineError(
                f"The {what} at tick {after.at_ticks} comes after the one at tick {before.at_ticks}; "
                f"put the {what}s in the order of their times, one at each."
            )


def _on_bars(signatures: Sequence[Signature]) -> None:
    for before, after in pairwise(signatures):
        bars, rest = divmod(after.at_ticks - before.at_ticks, before.bar_ticks)
        if rest:
            earlier = before.at_ticks + bars * before.bar_ticks
            possible = [str(tick) for tick in (earlier, earlier + before.bar_ticks) if tick > before.at_ticks]
            raise TimelineError(
                f"The signature at tick {after.at_ticks} begins inside a bar of {before.beats}/{before.unit}; "
                f"bars begin at tick {' and '.join(possible)} there."
            )
