"""ladder: the four-pole filter of the Moog synthesisers."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Ladder(Node, tags=("filter", "tone", "synth")):
    """Filter the source with a transistor ladder: four poles in a row, and around them a loop that saturates.

    The loop has no delay in it (trapezoidal integration; the loop's equation with its tanh is solved by one step of
    Newton's method each frame), so the cutoff stays in tune and may move at audio rate. From a resonance of 1 it sings
    at its cutoff, within a cent up to 0.4 of the sample rate; a silent source keeps it silent until something
    sets it off. Below, it is the bilinear transform of Moog's ladder, 1 / ((1 + s)^4 + k) with k = 4.2 resonance.
    The saturation is not oversampled: at 44.1 kHz a tone of 1 kHz and -6 dBFS aliases below -120 dB at 12 dB of drive
    and below -55 dB at 24 dB, one of 5 kHz below -70 dB at 0 dB; for more on high notes, put a `drive` before it.
    Sources: Vadim Zavalishin, "The Art of VA Filter Design" (2018), chapters 5 and 6; Robert Moog's patent (1966).
    """

    in_ = In()
    out = Out()
    mode = Choice(
        ("lowpass24", "lowpass12", "bandpass", "highpass"),
        help="Heard at the fourth or second pole, or a sum of all: bandpass 12 dB an octave either side, highpass 24.",
    )
    cutoff_hz = Param(
        800.0, lo=10.0, hi=20_000.0, unit="Hz", curve="log", help="Frequency at which the filter bends and sings."
    )
    resonance = Param(0.4, lo=0.0, hi=1.5, help="How much is fed back; from 1 the filter sings by itself.")
    drive_db = Param(
        0.0, lo=-24.0, hi=48.0, unit="dB", help="Level into the saturation; half of it is taken back behind the filter."
    )
    bass = Param(
        0.3, lo=0.0, hi=1.0, help="How much of the bass that resonance takes away is given back; 1 is all of it."
    )
