"""follower: the level of a sound as a control signal."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Follower(Node, tags=("control", "analysis", "level")):
    """Follow the loudness of the source: wire it into a cutoff for an auto-wah, into a level for ducking.

    Both times are time constants: after them an attack has covered 63 % of a step, a release has fallen to 37 %
    (of the power, for RMS). After Udo Zölzer, DAFX: Digital Audio Effects (2011), section 4.2.
    """

    in_ = In()
    out = Out(type="control")
    detector = Choice(("peak", "rms"), help="Of the wave's size, or of its power: smoother, and 3 dB less for a sine.")
    scale = Choice(("level", "decibels"), help="1 for full scale, or decibels from 0 down to -120.")
    attack_s = Param(0.005, lo=0.0, hi=1.0, unit="s", help="Time constant of rising.")
    release_s = Param(0.15, lo=0.0, hi=5.0, unit="s", help="Time constant of falling.")
