"""What a recording becomes when it is stretched: which piece of it goes where, in frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from graphdaw.errors import MediaError

MOST_MARKS = 10_000
SLOPES = (1 / 8, 8.0)  # of time that comes out, by time that goes in
MOST_SEMITONES = 24.0
LONGEST_S = 86_400.0
SAME = 1e-9  # slopes no further apart than this are one


class Piece(NamedTuple):
    """Frames `begin` to `end` of a recording, with fractions, which become `frames` frames."""

    begin: float
    end: float
    frames: int


def marks_of(
    marks: Sequence[tuple[float, float]] | None, ratio: float | None, length_s: float, where: str
) -> tuple[tuple[float, float], ...]:
    """Marks in order, from a ratio for all of a recording or from marks; raises MediaError.

    >>> marks_of(None, 2.0, 3.0, "a.wav")
    ((0.0, 0.0), (3.0, 6.0))
    """
    if (marks is None) == (ratio is None):
        raise MediaError(f"{where} is stretched by a ratio or by marks: give one of them.")
    given = tuple((float(a), float(b)) for a, b in marks) if marks is not None else ((0.0, 0.0), (length_s, 0.0))
    if ratio is not None:
        given = ((0.0, 0.0), (length_s, length_s * ratio)) if math.isfinite(ratio) else ()
    if not 2 <= len(given) <= MOST_MARKS:
        raise MediaError(f"{where} cannot be stretched so: 2 to {MOST_MARKS} marks are needed, at finite times.")
    if not all(0.0 <= time_s <= LONGEST_S for mark in given for time_s in mark):
        raise MediaError(f"{where} cannot be stretched so: marks lie between 0 and {LONGEST_S:g} s.")
    for (media, out), (next_media, next_out) in pairwise(given):
        if not (next_media > media and next_out > out):
            raise MediaError(
                f"{where} cannot be stretched so: the marks at {next_media:g} s do not come after the last."
            )
        slope = (next_out - out) / (next_media - media)
        if not SLOPES[0] - SAME <= slope <= SLOPES[1] + SAME:
            raise MediaError(
                f"{where} cannot be stretched {slope:.3g} times at {media:g} s: "
                f"{SLOPES[0]:g} to {SLOPES[1]:g} is possible."
            )
    return given


def pieces_of(marks: Sequence[tuple[float, float]], rate_hz: float) -> list[Piece]:
    """The pieces between marks; neighbours that are stretched alike are one.

    >>> pieces_of(((0.0, 0.0), (1.0, 2.0), (2.0, 4.0)), 100.0)
    [Piece(begin=0.0, end=200.0, frames=400)]
    """
    kept = [marks[0]]
    for mark, after in zip(marks[1:], [*marks[2:], None], strict=True):
        if after is None or abs(_slope(kept[-1], mark) - _slope(mark, after)) > SAME:
            kept.append(mark)
    first = kept[0][1]
    places = [round((out - first) * rate_hz) for _, out in kept]
    return [
        Piece(kept[k][0] * rate_hz, kept[k + 1][0] * rate_hz, places[k + 1] - places[k]) for k in range(len(kept) - 1)
    ]


def _slope(mark: tuple[float, float], after: tuple[float, float]) -> float:
    return (after[1] - mark[1]) / (after[0] - mark[0])
