"""mid_side: the middle and the sides of a stereo signal."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out


class MidSide(Node, linked=True, tags=("stereo", "routing")):
    """Turn left and right into middle and side, or back, so that any effect can treat them apart.

    Encoding gives mid = (left + right) / 2 and side = (left - right) / 2, decoding left = mid + side and
    right = mid - side: one after the other they change nothing but the last bit. The first channel is the middle.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels: all middle, no side.")
    out = Out(channels=2)
    mode = Choice(("encode", "decode"), help="Encode makes middle and side of left and right; decode the reverse.")
