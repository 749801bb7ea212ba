"""filter: a resonant filter of second order."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Filter(Node, tags=("filter", "tone")):
    """Filter the source with a state-variable filter (trapezoidal integration, after Andrew Simper), 12 dB per octave.

    The cutoff may be modulated at audio rate. Below a 49 hundredth of the sample rate the response equals the bilinear
    transform of the analogue prototype; a higher cutoff is held there.
    """

    in_ = In()
    out = Out()
    mode = Choice(
        ("lowpass", "highpass", "bandpass", "notch", "peak", "allpass"),
        help="What is left of the source; bandpass is 0 dB at the cutoff, peak is lowpass minus highpass.",
    )
    cutoff_hz = Param(
        1000.0, lo=10.0, hi=20_000.0, unit="Hz", curve="log", help="Frequency at which the filter bends or resonates."
    )
    q = Param(0.7071, lo=0.3, hi=40.0, curve="log", help="Resonance; 0.7071 is the flattest (Butterworth) response.")
