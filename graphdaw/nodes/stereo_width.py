"""stereo_width: narrower or wider."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class StereoWidth(Node, linked=True, tags=("stereo", "mix")):
    """Make a stereo signal narrower or wider, and its bass mono if you like.

    The side signal, (left - right) / 2, is multiplied by the width and goes through a high-pass (Butterworth, 12 dB per
    octave) at `mono_below_hz`. The middle is left alone, so nothing changes in mono. At a width of 1 and 0 Hz the
    source passes bit for bit.
    """

    in_ = In(channels=2, help="A mono source has no sides, and passes as it is.")
    out = Out(channels=2)
    width = Param(1.0, lo=0.0, hi=4.0, help="0 is mono, 1 leaves the source as it is, 2 doubles the sides.")
    mono_below_hz = Param(0.0, lo=0.0, hi=500.0, unit="Hz", help="Bass below this is mono; 0 is off, 120 is usual.")
