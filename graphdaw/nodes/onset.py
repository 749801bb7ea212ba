"""onset: a trigger where a sound begins."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Onset(Node, tags=("control", "analysis")):
    """Send a trigger at each beginning in the source: drum hits start envelopes, plucked notes step sequences.

    The energy of the last 3 ms is compared with a background that follows it, up in 120 ms, down in 20; an onset is
    where their ratio passes the threshold, and the next may come once it has fallen to half as many decibels.
    Brightness compares the energy of the wave's slope, which weighs high frequencies, as in Paul Masri, Computer
    Modelling of Sound (1996): better for plucks over a bass.
    """

    in_ = In()
    out = Out(type="control", help="1 for a millisecond at each onset.")
    rise = Out(type="control", help="The ratio in decibels, from 0: for finding a threshold.")
    method = Choice(("energy", "brightness"), help="What leaps: the sound's energy, or that of its high frequencies.")
    threshold_db = Param(7.0, lo=1.0, hi=15.0, unit="dB", help="How far the short energy must exceed the long one.")
    floor_db = Param(-50.0, lo=-100.0, hi=0.0, unit="dB", help="Sounds below this level are no onsets.")
    hold_s = Param(0.05, lo=0.001, hi=2.0, unit="s", help="Shortest time between two onsets.")
