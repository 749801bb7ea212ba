"""clock: pulses at a tempo."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.tempo import SYNC, tempo_bpm


class Clock(Node, tags=("control", "time", "sequencing")):
    """Send pulses at a tempo, with swing, and at multiples and divisions of their rate: what drives sequencers.

    All outlets come from one phase in 2^-64 turns, so they never drift apart: a beat that falls on a frame is sent on
    that frame, hours later too. It keeps the time of the piece: its pulses fall where its tempo has them, or, at a
    tempo of its own, where they would had it run from the start, so after a locate it jumps, and one that is added
    later is in step. Where the piece stands, it does. The first pulse of a clock that stood still comes when it is set
    running.
    """

    reset = In(type="control", help="Begins again, with the first pulse of a bar, when it rises above 0.5.")
    out = Out(type="control", help="Pulses at the rate chosen, every second one late by the swing.")
    twice = Out(type="control", help="Twice as many, straight.")
    fourfold = Out(type="control", help="Four times as many.")
    half = Out(type="control", help="Every second one.")
    quarter = Out(type="control", help="Every fourth one.")
    bar = Out(type="control", help="One pulse a bar.")
    phase = Out(type="control", help="From 0 to 1 between two pulses of the rate, straight.")
    rate = Choice(SYNC[1:], "1/16", help="Note length from pulse to pulse; a dot is half as long again, t a triplet.")
    tempo_bpm = tempo_bpm()
    swing = Param(0.5, lo=0.5, hi=0.75, help="Where in a pair the second pulse comes: 0.5 is straight, 0.667 triplets.")
    width = Param(0.5, lo=0.01, hi=0.99, help="Part of its time for which a pulse is on.")
    beats_per_bar = Param(4.0, lo=1.0, hi=16.0, ramp_s=0.0, help="Quarter notes in a bar; whole numbers.")
    run = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="Below 0.5 it stands still, silent, and then goes on from there.")
