"""limiter: nothing is louder than this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.lookahead import ahead_memory

BAND_FRAMES = 48
PEAK_FRAMES = 26
STEPS = 6


def ahead_frames(sample_rate_hz: int) -> int:
    """What the gain looks ahead: six steps, each the most frames within a 2700th of a second, a power of two, or 8."""
    step = 8
    while step * 2 * 2700 <= sample_rate_hz and step < 128:
        step *= 2
    return PEAK_FRAMES + STEPS * step


class Limiter(Node, linked=True, tags=("dynamics", "level", "mastering")):
    """Hold a source below a ceiling, peaks between its samples included, without a click or a crack.

    Peaks are read at eight times the sample rate. The gain falls within 2 ms before a peak, on a curve without
    corners (a cubic B-spline over the mean of the least gain needed), and comes back in `release_s`: at once after a
    lone peak, slower the more `adapt` and the denser the passage. With `band` limited (the default) what lies above
    0.4535 of the sample rate, 20 kHz at 44.1 kHz, is filtered out, and no converter, however good, gives a peak above
    the ceiling; with `full` nothing is filtered, what needs no limiting passes bit for bit, and on noise a converter
    may pass the ceiling by some tenths of a decibel. Peaks are held 0.15 dB below it, the margin for that promise.
    Latency: 3.5 ms; 2.5 with `full`.

    `reduction` and the one reading are the decibels taken away. True peaks as in ITU-R BS.1770-4, annex 2.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    reduction = Out(type="control", channels=1, help="Decibels taken away, 0 or more.")
    band = Choice(("limited", "full"), help="Whether what lies above 0.4535 of the sample rate is taken out first.")
    drive_db = Param(0.0, lo=-12.0, hi=36.0, unit="dB", help="Level added before; louder, and more to take away.")
    ceiling_db = Param(-1.0, lo=-30.0, hi=0.0, unit="dB", help="True peak that is never passed.")
    release_s = Param(0.06, lo=0.005, hi=2.0, unit="s", curve="log", help="Time constant of the gain's way back.")
    adapt = Param(
        0.5, lo=0.0, hi=1.0, help="Part of the average reduction, over ten releases, that stays until that falls too."
    )

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """A reading, and the rings of the look-ahead."""
        return ahead_memory(ahead_frames(sample_rate_hz))

    @staticmethod
    def latency_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """The look-ahead, and the filter's delay."""
        return ahead_frames(sample_rate_hz) + (BAND_FRAMES if values["band"] == "limited" else 0)
