"""adsr: an envelope that follows a gate."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class Adsr(Node, tags=("control", "envelope", "synth")):
    """Rises when the gate opens, settles at the sustain level, falls to silence when the gate closes."""

    gate = In(type="control", help="Open above 0.5; each opening starts the attack from where the envelope is.")
    out = Out(type="control", help="0 at rest, 1 at the peak.")
    attack_s = Param(0.005, lo=0.0, hi=20.0, unit="s", curve="log", help="Time from silence to the peak.")
    decay_s = Param(0.2, lo=0.0, hi=20.0, unit="s", curve="log", help="Time to come within 60 dB of the sustain level.")
    sustain = Param(0.7, lo=0.0, hi=1.0, help="Level held while the gate stays open.")
    release_s = Param(0.3, lo=0.0, hi=20.0, unit="s", curve="log", help="Time from the peak to silence.")
