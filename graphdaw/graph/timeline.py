"""The timeline of a piece: tempo, time signatures, markers and the loop; and from ticks to seconds and back.

Between two tempos of which the first is a ramp, the tempo is a straight line over ticks. With b0 and b1 beats a minute
at its ends, T ticks apart, and b(t) in between, the time from its start is 60 T / (P (b1 - b0)) ln(b(t) / b0) seconds
for P ticks a beat, the integral of 60 / (P b(t)); `csrc/timeline.h` works it out in the same way for the audio thread.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from graphdaw.graph.clips import TICKS_PER_QUARTER, Extra

BPM = (5.0, 999.0)


class Tempo(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Quarter notes a minute from a tick on; a `ramp` goes on in a straight line to the next tempo."""

    at_ticks: int
    bpm: float
    ramp: bool = False
    extra: Extra = None


class Signature(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A time signature from a tick on, which begins a bar: `beats` notes of 1/`unit` in each."""

    at_ticks: int
    beats: int
    unit: int
    extra: Extra = None

    @property
    def bar_ticks(self) -> int:
        """The length of its bars."""
        return self.beats * TICKS_PER_QUARTER * 4 // self.unit


class Marker(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A named place; with a length it is a section."""

    at_ticks: int
    name: str
    length_ticks: int = 0
    extra: Extra = None


class Loop(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What is played over and over while `on`: from the first tick up to, and without, the second."""

    start_ticks: int
    end_ticks: int
    on: bool = True
    extra: Extra = None


class Timeline(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """All of it; the first tempo and the first signature stand at tick 0.

    >>> song = Timeline((Tempo(0, 120.0), Tempo(3840, 60.0)))
    >>> song.seconds(4800), song.ticks(3.0)
    (3.0, 4800.0)
    >>> song.place(4800), song.tick_of(2, 2)
    (Place(bar=2, beat=2, ticks=0), 4800)
    """

    # made anew each time, so that they are always written and what is equal has equal bytes
    tempos: tuple[Tempo, ...] = msgspec.field(default_factory=lambda: (Tempo(0, 120.0),))
    signatures: tuple[Signature, ...] = msgspec.field(default_factory=lambda: (Signature(0, 4, 4),))
    markers: tuple[Marker, ...] = ()
    loop: Loop | None = None
    extra: Extra = None

    def seconds(self, tick: float) -> float:
        """When a tick comes, from the beginning of the piece."""
        return TempoMap(self.tempos).time(tick)

    def ticks(self, seconds: float) -> float:
        """Which tick comes then, with its fraction."""
        return TempoMap(self.tempos).tick(seconds)

    def bpm(self, tick: float) -> float:
        """The tempo at a tick."""
        span = TempoMap(self.tempos).span_at(tick)
        return span.bpm + span.slope * (tick - span.tick)

    def frame(self, tick: float, sample_rate: float) -> int:
        """The frame on which something at that tick sounds: the nearest one, the later of two.

        >>> Timeline((Tempo(0, 125.0),)).frame(960, 44_100)
        21168
        """
        return TempoMap(self.tempos, sample_rate).frame(tick)

    def tick_of(self, bar: int, beat: float = 1.0) -> int:
        """The tick of a beat of a bar, both counted from 1."""
        tick, number = 0, 1
        for signature, until in _signature_spans(self.signatures):
            bars = (until - tick + signature.bar_ticks - 1) // signature.bar_ticks if until is not None else 0
            if until is None or bar < number + bars:
                beat_ticks = TICKS_PER_QUARTER * 4 / signature.unit
                return tick + (bar - number) * signature.bar_ticks + round((beat - 1) * beat_ticks)
            number += bars
            tick = until
        raise AssertionError("the last signature has no end")

    def place(self, tick: int) -> Place:
        """The bar and the beat of a tick, both counted from 1, and the ticks after that beat."""
        number, begin = 1, 0
        for signature, until in _signature_spans(self.signatures):
            if until is None or tick < until:
                bars, rest = divmod(tick - begin, signature.bar_ticks)
                beat, ticks = divmod(rest, TICKS_PER_QUARTER * 4 // signature.unit)
                return Place(number + bars, beat + 1, ticks)
            number += (until - begin + signature.bar_ticks - 1) // signature.bar_ticks
            begin = until
        raise AssertionError("the last signature has no end")


class Place(NamedTuple):
    """Where a tick is, as musicians say it."""

    bar: int
    beat: int
    ticks: int


class TempoSpan(NamedTuple):
    """From one tempo to the next: where it begins in ticks and in time, its tempo there, and its change a tick."""

    tick: float
    time: float
    bpm: float
    slope: float


class TempoMap:
    """Tempos as a function from ticks to time and back, in units of which `rate` make a second: 1, or a sample rate.

    The audio thread has the same spans and the same formulas, in the same order of operations, so both agree to the
    frame (`csrc/timeline.h`).
    """

    def __init__(self, tempos: Sequence[Tempo], rate: float = 1.0) -> None:
        self.scale = 60.0 * rate / TICKS_PER_QUARTER  # units that a tick takes at one beat a minute
        self.spans: list[TempoSpan] = []
        time = 0.0
        for k, tempo in enumerate(tempos):
            length = tempos[k + 1].at_ticks - tempo.at_ticks if k + 1 < len(tempos) else 0
            slope = (tempos[k + 1].bpm - tempo.bpm) / length if tempo.ramp and length else 0.0
            self.spans.append(TempoSpan(float(tempo.at_ticks), time, tempo.bpm, slope))
            time += self.time_in(self.spans[-1], float(length))

    def time_in(self, span: TempoSpan, ticks: float) -> float:
        """How long so many ticks from a span's beginning take."""
        if span.slope == 0.0:
            return ticks * (self.scale / span.bpm)
        return self.scale / span.slope * math.log1p(span.slope * ticks / span.bpm)

    def _ticks_in(self, span: TempoSpan, time: float) -> float:
        if span.slope == 0.0:
            return time * (span.bpm / self.scale)
        return span.bpm / span.slope * math.expm1(span.slope / self.scale * time)

    def span_at(self, tick: float) -> TempoSpan:
        """The span in which a tick lies."""
        return self.spans[max(0, bisect_right(self.spans, tick, key=lambda span: span.tick) - 1)]

    def time(self, tick: float) -> float:
        """When a tick comes."""
        span = self.span_at(tick)
        return span.time + self.time_in(span, tick - span.tick)

    def tick(self, time: float) -> float:
        """Which tick comes then, with its fraction."""
        span = self.spans[max(0, bisect_right(self.spans, time, key=lambda span: span.time) - 1)]
        return span.tick + self._ticks_in(span, time - span.time)

    def frame(self, tick: float) -> int:
        """The whole unit nearest to a tick, the later of two."""
        return math.floor(self.time(tick) + 0.5)


def _signature_spans(signatures: Sequence[Signature]) -> list[tuple[Signature, int | None]]:
    """Each signature with the tick at which the next one takes over; None for the last."""
    return [
        (signature, signatures[k + 1].at_ticks if k + 1 < len(signatures) else None)
        for k, signature in enumerate(signatures)
    ]
