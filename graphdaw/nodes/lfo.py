"""lfo: a slow oscillator for control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.tempo import sync, tempo_bpm


class Lfo(Node, tags=("control", "modulation")):
    """A slow wave that moves parameters: offset plus amount times a shape from -1 to 1.

    Phase is counted in 2^-64 turns, so a rate keeps its period for hours. A trigger begins the turn anew; as a one-shot
    the wave waits for it where its turn starts, and rests there again after one turn. `slew_s` rounds the corners of
    squares and steps with a one-pole low-pass. With `sync` it is where it would be had it run from the start of the
    piece.
    """

    trigger = In(type="control", help="Begins the turn anew when it rises above 0.5.")
    out = Out(type="control")
    rate = Choice(("frame", "block"), help="How often it has a new value: every frame, or every 128 for less work.")
    shape = Choice(
        ("sine", "triangle", "saw", "square", "random", "smooth"),
        help="Random holds a new number for each turn, smooth glides from one to the next.",
    )
    sync = sync("a turn; free goes by `rate_hz`")
    mode = Choice(("loop", "one_shot"), help="Go on for ever, or for one turn each time it is triggered.")
    rate_hz = Param(1.0, lo=0.001, hi=100.0, unit="Hz", curve="log", help="Turns a second.")
    amount = Param(1.0, lo=0.0, hi=1.0, help="Size of the swing.")
    offset = Param(0.0, lo=-1.0, hi=1.0, help="Centre of the swing.")
    phase = Param(0.0, lo=0.0, hi=1.0, unit="turns", help="Where in its turn the wave starts.")
    tempo_bpm = tempo_bpm()
    skew = Param(0.5, lo=0.0, hi=1.0, help="Part of the turn in which a sine or triangle rises, or a square is high.")
    slew_s = Param(0.0, lo=0.0, hi=10.0, unit="s", help="Time constant that rounds the corners; 0 leaves them sharp.")

    @staticmethod
    def placed(values: Mapping[str, Any]) -> bool:
        """In time with the tempo it turns with the piece."""
        return (values["mode"], values["sync"] == "free") == ("loop", False)
