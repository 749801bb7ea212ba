"""math: one operation on a signal and a number, or on two signals."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param

OPERATIONS = (
    "add", "subtract", "multiply", "divide", "power", "modulo", "least", "most", "average", "negate", "invert", "size",
    "sign", "root", "square", "floor", "round", "ceiling", "fraction", "clip", "fold", "wrap", "scale", "scale_bipolar",
    "less", "greater", "equal", "and", "or", "xor", "not", "semitones_to_hz", "hz_to_semitones", "db_to_level",
    "level_to_db", "sine", "tanh", "exponential", "logarithm",
)  # fmt: skip


class Math(Node, tags=("control", "math")):
    """Calculate with signals: the source and `b`, which is a number, a signal wired into it, or their sum.

    Comparisons and logic give 0 or 1 and take what is above 0.5 as true. Clip, fold and wrap keep the source between
    `lo` and `hi`; scale maps 0 to 1, scale_bipolar -1 to 1, onto that range. Power and root keep the source's sign,
    modulo that of `b`; sine takes turns. Semitones are those of MIDI, 69 for 440 Hz. What has no result, such as a
    division by 0, is 0.
    """

    in_ = In()
    out = Out()
    operation = Choice(OPERATIONS, help="What is done; some leave out `b`.")
    b = Param(0.0, lo=-100_000.0, hi=100_000.0, help="The second number; also an inlet, for a second signal.")
    lo = Param(0.0, lo=-100_000.0, hi=100_000.0, help="Lower end of the range, of clip, fold, wrap and scale.")
    hi = Param(1.0, lo=-100_000.0, hi=100_000.0, help="Upper end of the range.")
