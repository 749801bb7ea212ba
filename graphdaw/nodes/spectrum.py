"""spectrum: how loud every frequency is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param, Prepared, Recording

OVERLAP = 4


class Spectrum(Node, tags=("analysis", "spectral")):
    """Pass the source on unchanged and publish its spectrum, linear, four times a window.

    Readings per channel, for N the chosen size: N/2 averaged amplitudes, then N/2 peaks that fall. Reading k belongs to
    (k + 1/2) / N of the sample rate; a full-scale sine there reads 1.
    """

    in_ = In()
    out = Out()
    average_s = Param(
        0.1,
        lo=0.0,
        hi=10.0,
        unit="s",
        ramp_s=0.0,
        help="Time constant of the averaged powers; 0 shows each window alone.",
    )
    fall_db = Param(12.0, lo=0.0, hi=120.0, unit="dB/s", ramp_s=0.0, help="How fast peaks fall; 0 holds them for ever.")
    size = Choice(
        ("1024", "2048", "4096", "8192", "16384"),
        default="4096",
        help="Frames of a window: longer ones tell closer frequencies apart, shorter ones show faster changes.",
    )
    window = Choice(
        ("hann", "blackman_harris", "flat_top"),
        help="Hann for looking, Blackman-Harris for what lies 90 dB below, flat top for levels right to 0.01 dB.",
    )

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """The window, and readings, spectra and a ring."""
        from graphdaw.nodes.prepare.spectra import spectral_memory, window_of

        size, window = int(values["size"]), str(values["window"])
        full = 2 / window_of(window, size).sum()
        return spectral_memory(
            size, OVERLAP, rings=1, rows=8, extra=(full,), window=window, rate_hz=float(sample_rate_hz)
        )
