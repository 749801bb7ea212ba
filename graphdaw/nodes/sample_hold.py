"""sample_hold: keeps a value until it is told to take another."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out


class SampleHold(Node, tags=("control", "modulation")):
    """Take the source's value at each trigger and hold it until the next; or follow the source while a gate is open.

    The noise of its own is even from -1 to 1 and depends on the node's name and channel, so that a render repeats.
    """

    in_ = In(help="What is sampled.")
    trigger = In(type="control", help="Takes a value when it rises above 0.5; follows while above, in the mode track.")
    out = Out(type="control", help="The value held; 0 before the first.")
    mode = Choice(("sample", "track"), help="One value a trigger, or all while the gate is open, then the last one.")
    source = Choice(("in", "noise"), help="The source that is wired, or a new random number each time.")
