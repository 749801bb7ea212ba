"""dc_block: takes a constant offset away."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class DcBlock(Node, tags=("filter", "utility")):
    """Take a constant offset out of the source and leave all else.

    A high-pass of first order (bilinear transform of s / (s + 1)): at 10 Hz, a tone of 40 Hz loses 0.26 dB. The offset
    is gone to below -140 dB, because the integrator keeps what rounding would lose (Kahan's compensated summation).
    """

    in_ = In()
    out = Out()
    cutoff_hz = Param(10.0, lo=1.0, hi=200.0, unit="Hz", curve="log", help="Where the source is 3 dB down.")
