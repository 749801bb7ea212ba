"""denoise: hiss, hum and hum's relatives taken out of a sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param, Prepared, Recording

WINDOW, OVERLAP = 2048, 4


class Denoise(Node, tags=("repair", "spectral", "dynamics")):
    """Take a steady noise out of the source: hiss, hum, fans; 53 ms late at 48 kHz.

    Open `learn` while the noise alone is heard, for a second or so, and shut it again: that is the profile, until the
    gate opens anew. Without one, nothing is taken out. With the adaptive profile nothing need be learnt: the level that
    each frequency falls back to within a second and a half is taken for noise. A Wiener filter on the decision-directed
    signal-to-noise ratio keeps what is left from twittering.

    Y. Ephraim and D. Malah, Speech Enhancement Using a Minimum Mean-Square Error Short-Time Spectral Amplitude
    Estimator, 1984; R. Martin, Noise Power Spectral Density Estimation Based on Optimal Smoothing and Minimum
    Statistics, 2001.
    """

    in_ = In()
    out = Out(help="The source without its noise.")
    noise = Out(help="What was taken out: if you hear the source in it, reduce less.")
    learn = Param(0.0, lo=0.0, hi=1.0, ramp_s=0.0, help="From 0.5 on, what is heard is learnt as noise, and passes.")
    reduction_db = Param(18.0, lo=0.0, hi=60.0, unit="dB", help="How far noise is turned down at most.")
    sensitivity_db = Param(
        3.0, lo=-12.0, hi=18.0, unit="dB", help="Takes noise to be so much louder than it was learnt; more takes more."
    )
    smoothing = Param(
        0.9,
        lo=0.0,
        hi=1.0,
        help="How far a frequency keeps what it was: high is free of twitter, low is quick to open.",
    )
    profile = Choice(("learnt", "adaptive"), help="Learnt while `learn` is open, or found by itself all the time.")

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """The window, rings of source and sound, spectra and the profile."""
        from graphdaw.nodes.prepare.spectra import spectral_memory, window_frames

        size = window_frames(WINDOW, sample_rate_hz)
        return spectral_memory(size, OVERLAP, rings=2, rows=10, rate_hz=float(sample_rate_hz))

    @staticmethod
    def latency_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """A window and a hop."""
        from graphdaw.nodes.prepare.spectra import window_frames

        return window_frames(WINDOW, sample_rate_hz) * (OVERLAP + 1) // OVERLAP
