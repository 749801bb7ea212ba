"""humanize: unevenness."""

from __future__ import annotations

from graphdaw.nodes.base import Node, Param
from graphdaw.nodes.events import events_in, events_out


class Humanize(Node, tags=("event", "time")):
    """Play notes a little late, uneven in loudness and out of tune, by chance: what machines lack.

    Each note keeps its length. Nothing can come early; where that is wanted, delay everything else by half of
    `late_ms`. A seed scatters a piece in the same way every time.
    """

    in_ = events_in()
    out = events_out()
    late_ms = Param(15.0, lo=0.0, hi=100.0, unit="ms", ramp_s=0.0, help="Notes come up to this much late.")
    velocity = Param(0.08, lo=0.0, hi=0.5, ramp_s=0.0, help="Velocities are up to this much off.")
    detune_cents = Param(0.0, lo=0.0, hi=50.0, unit="cents", ramp_s=0.0, help="Pitches are up to this much off.")
    seed = Param(0.0, lo=0.0, hi=9999.0, ramp_s=0.0, help="The same seed scatters alike; 0 goes by the node's name.")
