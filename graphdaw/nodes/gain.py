"""gain: a level in decibels, and a factor for envelopes."""

from graphdaw.nodes.base import In, Node, Out, Param


class Gain(Node, tags=("level", "mix")):
    """Multiply the source by a level; changes ramp, so they never click.

    To shape a sound by an envelope, set `level` to 0 and wire the envelope into it.
    """

    in_ = In()
    out = Out()
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves the source as it is.")
    level = Param(1.0, lo=-16.0, hi=16.0, help="Factor on top of the decibels; below 0 turns the wave upside down.")
