"""gain: a level in decibels."""

from graphdaw.nodes.base import In, Node, Out, Param


class Gain(Node, tags=("level", "mix")):
    """Multiply the source by a level; changes ramp, so they never click."""

    in_ = In()
    out = Out()
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves the source as it is.")
