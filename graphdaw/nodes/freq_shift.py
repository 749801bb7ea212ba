"""freq_shift: every partial moved by the same number of hertz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param, Prepared, Recording


class FreqShift(Node, tags=("modulation", "pitch", "spectral")):
    """Move every partial of the source by the same number of hertz, so that harmony turns into bells and clangs.

    A few hertz make a phaser that rises or falls for ever (with `mix` at a half or feedback), tens beat and blur,
    hundreds ring. Unlike a ring modulator it makes one sideband only: from 20 Hz to 20 Hz below half the rate, the
    other one is weaker by more than 75 dB at 48 kHz, 65 dB at 192 kHz. Partials moved below zero come up again.

    Single-sideband modulation with two chains of allpass sections a quarter turn apart; sections from the elliptic
    half-band design of R. Valenzuela and A. Constantinides, Digital Signal Processing Schemes for Efficient
    Interpolation and Decimation, IEE Proc. 130, 1983; modulator after H. Bode and R. Moog, A High-Accuracy Frequency
    Shifter, 1972.
    """

    in_ = In()
    out = Out(help="The source moved up by `shift_hz`, mixed with the source.")
    down = Out(help="Moved as far the other way, alone.")
    shift_hz = Param(100.0, lo=-5000.0, hi=5000.0, unit="Hz", help="How far partials move up; below 0 they move down.")
    feedback = Param(0.0, lo=-0.9, hi=0.9, help="Part of what came out that is moved again, and again.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the moved sound alone.")

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """Coefficients of the allpass sections at this rate."""
        from graphdaw.nodes.prepare.hilbert import quarter_turn

        return Prepared(quarter_turn(14, 20.0, sample_rate_hz)[None, :], float(sample_rate_hz))
