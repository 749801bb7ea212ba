"""lfo: a slow oscillator for control."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, Node, Out, Param


class Lfo(Node, tags=("control", "modulation")):
    """A slow wave that moves parameters: offset plus amount times a shape from -1 to 1."""

    out = Out(type="control")
    rate = Choice(("frame", "block"), help="How often it has a new value: every frame, or every 128 for less work.")
    shape = Choice(("sine", "triangle", "saw", "square", "random"), help="Random holds a new number for each turn.")
    rate_hz = Param(1.0, lo=0.001, hi=100.0, unit="Hz", curve="log", help="Turns a second.")
    amount = Param(1.0, lo=0.0, hi=1.0, help="Size of the swing.")
    offset = Param(0.0, lo=-1.0, hi=1.0, help="Centre of the swing.")
    phase = Param(0.0, lo=0.0, hi=1.0, unit="turns", help="Where in its turn the wave starts.")
