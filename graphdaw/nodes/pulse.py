"""pulse: a band-limited pulse of any width."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class Pulse(Node, tags=("source", "oscillator", "synth")):
    """A pulse wave whose width may be modulated at audio rate, with a square an octave below it.

    It is high in the first part of each turn; its mean is twice the width less 1.
    At 44.1 kHz its harmonics are right to 0.15 dB up to 16 kHz, and aliases stay below -80 dB up to 18 kHz for pitches
    up to 5 kHz, hard sync by straight ramps included. What is wired in is heard 8 frames later, because edges are
    smoothed ahead of time (linear-phase BLEP; Eli Brandt, "Hard Sync Without Aliasing", 2001).
    """

    sync = In(
        help="Hard sync: the phase begins anew where this rises through 0, also between two frames; a saw does it best."
    )
    pm = In(help="Phase modulation in turns: 1 is a full circle; the phase may run backwards.")
    out = Out()
    frequency_hz = Param(
        110.0, lo=0.0, hi=24_000.0, unit="Hz", curve="log", help="Pitch; held below half the sample rate."
    )
    width = Param(0.25, lo=0.01, hi=0.99, help="Part of a turn in which the wave is high; 0.5 is a square.")
    sub = Param(0.0, lo=0.0, hi=1.0, help="Level of the square an octave below, which is added.")
