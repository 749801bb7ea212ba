"""random: a number that wanders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.tempo import sync, tempo_bpm


class Random(Node, tags=("control", "modulation")):
    """Wander between two bounds, in steps, on lines or smoothly: drifting pitches, restless filters, generative notes.

    Each number lies up to twice `stride` from the last one and is reflected at the bounds: a small stride strolls, 1
    leads anywhere with equal chance. Smooth is the cubic B-spline of the numbers, which never leaves their range.
    """

    trigger = In(type="control", help="Takes the next number when it rises above 0.5, if the clock is the trigger.")
    out = Out(type="control", help="Offset plus amount times a number from -1 to 1.")
    shape = Choice(("smooth", "linear", "stepped"), help="How it comes from one number to the next.")
    clock = Choice(("rate", "trigger"), help="When it takes the next number; a trigger's way there goes at the rate.")
    sync = sync("one number; free goes by `rate_hz`")
    rate_hz = Param(2.0, lo=0.001, hi=1000.0, unit="Hz", curve="log", help="Numbers a second.")
    amount = Param(1.0, lo=0.0, hi=1.0, help="Largest distance from the centre.")
    offset = Param(0.0, lo=-1.0, hi=1.0, help="Centre of the swing.")
    stride = Param(0.3, lo=0.0, hi=1.0, help="How far from each other neighbouring numbers may lie.")
    seed = Param(
        0.0, lo=0.0, hi=9999.0, ramp_s=0.0, help="The same seed walks the same way; 0 goes by the node's name."
    )
    tempo_bpm = tempo_bpm()

    @staticmethod
    def placed(values: Mapping[str, Any]) -> bool:
        """In time with the tempo it steps with the piece."""
        return (values["clock"], values["sync"] == "free") == ("rate", False)
