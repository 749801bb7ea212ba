"""velocity: how hard notes are struck."""

from __future__ import annotations

from graphdaw.nodes.base import Node, Param
from graphdaw.nodes.events import events_in, events_out


class Velocity(Node, tags=("event", "level")):
    """Bend, scale, fix or scatter the velocities of notes, for a keyboard that is too hard or a track that is too even.

    The curve is a power, v^(4^-curve); then comes the scale, the offset, how far it is fixed, the scatter, and the
    range that all of it is held in.
    """

    in_ = events_in()
    out = events_out()
    curve = Param(0.0, lo=-1.0, hi=1.0, ramp_s=0.0, help="Above 0 soft notes become louder, below 0 softer.")
    scale = Param(1.0, lo=0.0, hi=2.0, ramp_s=0.0, help="Factor on velocities.")
    offset = Param(0.0, lo=-1.0, hi=1.0, ramp_s=0.0, help="Added to velocities.")
    fix = Param(0.0, lo=0.0, hi=1.0, ramp_s=0.0, help="How far all velocities become `fixed`; 1 is all the way.")
    fixed = Param(0.8, lo=0.0, hi=1.0, ramp_s=0.0, help="What `fix` draws velocities to.")
    random = Param(0.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Velocities are up to this much off, by chance.")
    seed = Param(0.0, lo=0.0, hi=9999.0, ramp_s=0.0, help="The same seed scatters alike; 0 goes by the node's name.")
    low = Param(0.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Softest velocity that comes out.")
    high = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Hardest velocity that comes out.")
