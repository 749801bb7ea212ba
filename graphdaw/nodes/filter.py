"""filter: a resonant filter of second or fourth order."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Filter(Node, tags=("filter", "tone")):
    """Filter the source with a state-variable filter (trapezoidal, after Andrew Simper), 12 or 24 dB per octave.

    The cutoff may be modulated at audio rate. Below a 49 hundredth of the sample rate the response equals the bilinear
    transform of the analogue prototype; a higher cutoff is held there. For a response that keeps the prototype's shape
    up there, take `eq`. At 24 dB low and high-pass are Butterworth's of fourth order at q 0.7071, whose sharper section
    alone `q` bends; all other modes are two equal sections, of which shelves and bells take half the gain each.
    """

    in_ = In()
    out = Out()
    mode = Choice(
        (
            "lowpass",
            "highpass",
            "bandpass",
            "notch",
            "peak",
            "allpass",
            "low_shelf",
            "high_shelf",
            "bell",
        ),
        help="What is left of the source; bandpass is 0 dB at the cutoff, peak is lowpass minus highpass; shelves and "
        "bell take `gain_db`.",
    )
    slope = Choice(("12dB", "24dB"), help="Decibels per octave: one section, or two in a row.")
    cutoff_hz = Param(
        1000.0, lo=10.0, hi=20_000.0, unit="Hz", curve="log", help="Frequency at which the filter bends or resonates."
    )
    q = Param(0.7071, lo=0.3, hi=40.0, curve="log", help="Resonance; 0.7071 is the flattest (Butterworth) response.")
    gain_db = Param(6.0, lo=-24.0, hi=24.0, unit="dB", help="Gain of a shelf or bell; other modes take no notice.")
