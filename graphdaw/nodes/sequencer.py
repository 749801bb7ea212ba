"""sequencer: a melody of up to 16 steps."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param

VALUE_HELP, GATE_HELP = "Value of step {}.", "Gate of step {}: 0 rests, 1 ties into the next step."


def number_of(step: int) -> Param:
    """A step's value."""
    return Param(0.0, lo=-100.0, hi=100.0, ramp_s=0.0, help=VALUE_HELP.format(step))


def share_of(step: int) -> Param:
    """A step's gate."""
    return Param(0.5, lo=0.0, hi=1.0, ramp_s=0.0, help=GATE_HELP.format(step))


class Sequencer(Node, tags=("control", "time", "sequencing")):
    """Go one step on at each trigger and send the step's value and gate: melodies, rhythms, stepped filters.

    Values may be semitones, which `math` turns into hertz, or anything else. A gate is open for its part of a step's
    time, as long as the last step took; during the first one it is open for as long as the trigger. The first trigger
    plays step 1 (backwards, the last one), and a trigger in the frame of a reset plays it too. A locate resets it: to
    stay in step with the bars wherever it goes, wire a clock's `bar` into `reset`.
    """

    trigger = In(type="control", help="Goes one step on when it rises above 0.5.")
    reset = In(type="control", help="Before the first step again, with a closed gate, when it rises above 0.5.")
    value = Out(type="control")
    gate = Out(type="control")
    step = Out(type="control", help="Number of the step, from 1; 0 before the first trigger.")
    direction = Choice(("forward", "backward", "pendulum", "random"), help="A pendulum plays its ends once.")
    value1 = number_of(1)
    value2 = number_of(2)
    value3 = number_of(3)
    value4 = number_of(4)
    value5 = number_of(5)
    value6 = number_of(6)
    value7 = number_of(7)
    value8 = number_of(8)
    value9 = number_of(9)
    value10 = number_of(10)
    value11 = number_of(11)
    value12 = number_of(12)
    value13 = number_of(13)
    value14 = number_of(14)
    value15 = number_of(15)
    value16 = number_of(16)
    gate1 = share_of(1)
    gate2 = share_of(2)
    gate3 = share_of(3)
    gate4 = share_of(4)
    gate5 = share_of(5)
    gate6 = share_of(6)
    gate7 = share_of(7)
    gate8 = share_of(8)
    gate9 = share_of(9)
    gate10 = share_of(10)
    gate11 = share_of(11)
    gate12 = share_of(12)
    gate13 = share_of(13)
    gate14 = share_of(14)
    gate15 = share_of(15)
    gate16 = share_of(16)
    length = Param(8.0, lo=1.0, hi=16.0, ramp_s=0.0, help="How many of the steps are played; whole numbers.")
    glide_s = Param(0.0, lo=0.0, hi=5.0, unit="s", help="Time constant of gliding from value to value; 0 jumps.")
