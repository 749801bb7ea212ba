"""reverb: halls, chambers, plates and rooms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Reverb(Node, linked=True, tags=("reverb", "space", "stereo")):
    """Put the source into a room: early reflections, then a dense tail with its own decay for lows, mids and highs.

    On a send, set `mix` to 1. `kind`, `size` and `predelay_s` cross-fade in 4,096 frames, so they can be played; what
    else shapes the tail is read once in 128 frames and moves on straight lines between. In octaves from 125 Hz to a
    twelfth of the sample rate the measured decay (Schroeder's backward integration) is within 10 % of the one asked
    for; above that, the interpolation of swaying lines may shorten long decays of small rooms by a fifth. `freeze` at 1
    lets nothing in and nothing die away. What has fallen below -200 dB is dropped, so that tails end.

    A feedback delay network of sixteen lines around a Hadamard matrix, each line with a low and a high shelf in
    proportion to its length (J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial
    reverberators", 1991; J.-M. Jot, "Proportional parametric equalizers", 2015), read by cubics that sway by parts of a
    millisecond, behind four allpasses a side (M. R. Schroeder, "Natural sounding artificial reverberation", 1962).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    kind = Choice(
        ("hall", "chamber", "plate", "room"),
        help="Lengths of the lines and places of the reflections, from the largest to the smallest.",
    )
    mix = Param(0.3, lo=0.0, hi=1.0, help="0 is the source alone, 1 the reverb alone, as on a send.")
    decay_s = Param(
        2.2,
        lo=0.1,
        hi=60.0,
        unit="s",
        curve="log",
        ramp_s=0.05,
        help="Time in which the middle of the spectrum falls by 60 dB.",
    )
    size = Param(
        1.0, lo=0.2, hi=2.0, curve="log", ramp_s=0.0, help="Scales every distance; smaller is denser and more coloured."
    )
    predelay_s = Param(0.015, lo=0.0, hi=0.5, unit="s", ramp_s=0.0, help="Silence before the first reflection.")
    low_ratio = Param(
        1.2, lo=0.1, hi=4.0, curve="log", ramp_s=0.05, help="Decay of the lows as a multiple of `decay_s`."
    )
    low_hz = Param(
        250.0, lo=40.0, hi=1000.0, unit="Hz", curve="log", ramp_s=0.05, help="Crossover between lows and mids."
    )
    high_ratio = Param(
        0.45, lo=0.05, hi=2.0, curve="log", ramp_s=0.05, help="Decay of the highs as a multiple of `decay_s`."
    )
    high_hz = Param(
        4500.0, lo=1000.0, hi=16_000.0, unit="Hz", curve="log", ramp_s=0.05, help="Crossover between mids and highs."
    )
    diffusion = Param(
        0.8,
        lo=0.0,
        hi=1.0,
        ramp_s=0.05,
        help="How much the allpasses smear what enters: 0 leaves single echoes, 1 is a soft onset.",
    )
    modulation = Param(
        0.3,
        lo=0.0,
        hi=1.0,
        ramp_s=0.05,
        help="Sway of the lines, up to 0.5 ms: loosens resonances; much of it is a chorus.",
    )
    early_late = Param(0.6, lo=0.0, hi=1.0, help="0 is early reflections alone, 1 the tail alone.")
    width = Param(1.0, lo=0.0, hi=1.0, help="Stereo width of the reverb: 0 is mono.")
    low_cut_hz = Param(
        60.0,
        lo=10.0,
        hi=2000.0,
        unit="Hz",
        curve="log",
        help="Keeps what lies below out of the reverb, 12 dB an octave.",
    )
    high_cut_hz = Param(
        12_000.0, lo=500.0, hi=20_000.0, unit="Hz", curve="log", help="Keeps what lies above out, 12 dB an octave."
    )
    freeze = Param(0.0, lo=0.0, hi=1.0, ramp_s=0.05, help="1 holds the sound that is in the tail for ever.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """28 rings, as long as the longest line, a power of two, and guards of 256 frames; 0.9 MiB at 48 kHz."""
        longest = int(0.162 * sample_rate_hz) + 300
        return 28 * ((1 << (longest - 1).bit_length()) + 256)
