"""pan: a place between left and right."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Pan(Node, linked=True, tags=("stereo", "mix")):
    """Place a source between left and right; of a stereo source, weigh its two channels against each other."""

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    pan = Param(0.0, lo=-1.0, hi=1.0, help="-1 is left, 1 is right.")
    law = Choice(
        ("constant_power", "linear", "balance"),
        help="Level in the middle: -3 dB (sine and cosine, for mono sources), -6 dB, or 0 dB (for stereo sources).",
    )
