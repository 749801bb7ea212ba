"""drive: warmth, grit and destruction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param

LATENCY = {"1x": 0, "2x": 47, "4x": 52, "8x": 54}


class Drive(Node, tags=("distortion", "tone")):
    """Overdrive a source on a chosen curve; a soft source passes as it is, a loud one is bent.

    Tape is tanh; tube is a tanh pushed to one side, with even harmonics; diode ends at half the level above than
    below and is sharper; soft is a cubic until it is full; hard cuts; fold is a sine, beyond whose top the wave
    comes back. `bias` pushes any of them to one side. `low_cut_hz` before the curve keeps a bass from tearing the
    rest, `tone_hz` behind it takes the edge off. With all `compensation` a source of -12 dBFS comes out about as
    loud as it came.

    Oversampling by half-band filters of linear phase (90 dB), flat to 19.5 kHz at 44.1 kHz, whose latency of 47,
    52 or 54 frames is compensated, in `mix` too. The loudest alias below 19.5 kHz of a sine of 1245 Hz at 0 dBFS
    with 24 dB of drive at 44.1 kHz, against the loudest harmonic, without oversampling, at 2x, 4x and 8x: tape
    -32, -63, -120, -120 dB; tube -34, -62, -122, -122; diode -31, -51, -77, -103; soft -30, -56, -76, -96; hard
    -29, -66, -79, -99; fold -31, -108, -113, -113.

    Where it is oversampled, hard gives its mean between two samples (J. Parker et al., DAFx-16, 2016), which
    costs 2.4 dB at 20 kHz and 44.1 kHz at 2x, 0.6 at 4x, 0.1 at 8x, and makes it half a sample of the high rate
    later.
    """

    in_ = In()
    out = Out()
    curve = Choice(("tape", "tube", "diode", "soft", "hard", "fold"), help="How the wave is bent.")
    oversampling = Choice(
        ("1x", "2x", "4x", "8x"),
        default="4x",
        help="How many times the sample rate the curve works at: cleaner, dearer.",
    )
    drive_db = Param(12.0, lo=0.0, hi=48.0, unit="dB", help="Level before the curve.")
    bias = Param(0.0, lo=-1.0, hi=1.0, help="Pushes the wave to one side of the curve: even harmonics.")
    low_cut_hz = Param(
        0.0, lo=0.0, hi=2000.0, unit="Hz", curve="log", help="High-pass before the curve, 12 dB per octave; 0 is off."
    )
    tone_hz = Param(
        20_000.0, lo=200.0, hi=20_000.0, unit="Hz", curve="log", help="Low-pass behind the curve; off at 20 kHz."
    )
    compensation = Param(1.0, lo=0.0, hi=1.0, help="Part of the added loudness that is taken back.")
    gain_db = Param(0.0, lo=-48.0, hi=24.0, unit="dB", help="Level of what was driven.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the driven one; both are in time.")

    @staticmethod
    def latency_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """That of the filters up and down."""
        return LATENCY[values["oversampling"]]
