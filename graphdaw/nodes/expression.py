"""expression: a formula as a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param, Prepared, Recording, Text
from graphdaw.nodes.prepare.formula import compiled


class Expression(Node, tags=("control", "math")):
    """Calculate each frame by a formula in a small language of its own.

    It knows the inlets `a b c d`, the parameters `x y`, the seconds since the start `t`, its own last value `prev`,
    `pi` and `e`; `+ - * / % ^`, comparisons, which give 1 or 0, `and or not`; and the functions if(c, then, else), min,
    max, clip(v, lo, hi), mix(v, w, part), abs, sign, floor, ceil, round, frac, sqrt, sin, cos, tan, tanh, exp, log,
    log2, log10, pow, mod, hz(semitones), db(decibels), noise(), phasor(hz), which turns from 0 to 1, last(v), the value
    one frame ago, smooth(v, seconds), a one-pole low-pass, and latch(v, gate), which holds v while the gate is closed.

    Angles are radians. True is what is above 0.5. What has no value, such as a division by 0, is 0. Formulas with
    `prev` run frame by frame and cost more. A new formula fades in.
    """

    a = In()
    b = In()
    c = In()
    d = In()
    out = Out()
    formula = Text("a * x", check=compiled, help="What is calculated, such as tanh(a * x) or sin(2*pi*phasor(x)) * b.")
    x = Param(1.0, lo=-100_000.0, hi=100_000.0, help="A number that the formula may use.")
    y = Param(0.0, lo=-100_000.0, hi=100_000.0, help="Another one.")

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """The formula's steps, which all lanes read."""
        return Prepared(planes=[compiled(str(values["formula"])).words()])
