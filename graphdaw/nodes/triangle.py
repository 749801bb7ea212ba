"""triangle: a band-limited triangle wave."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class Triangle(Node, tags=("source", "oscillator", "synth")):
    """A triangle wave, soft and free of aliases: odd harmonics that fall by 12 dB an octave.

    It rises through 0 where a turn begins, as the sine does.
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
