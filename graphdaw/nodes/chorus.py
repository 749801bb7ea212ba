"""chorus: one source sounds like several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Chorus(Node, linked=True, tags=("modulation", "delay", "stereo")):
    """Add voices that are late by a delay that swings, so that each is a little out of tune with the source.

    `voices` lie evenly over the turn of one slow oscillator; at a `spread` of 1 those of the right side lie half-way
    between those of the left. A voice is out of tune by at most 2 pi times rate times depth: 13 cents at 0.6 Hz and
    2 ms. Together they are as loud as one. Between frames lines are read by the cubic of Catmull and Rom. What is fed
    back below -400 dB is dropped, and so is anything beyond 120 dB.

    After Jon Dattorro, "Effect design, part 2: delay-line modulation and chorus" (1997).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    voices = Choice(("1", "2", "3", "4"), default="2", help="Voices on each side.")
    shape = Choice(("sine", "triangle"), help="Triangle keeps each voice at one distance in pitch, up, then down.")
    rate_hz = Param(0.6, lo=0.01, hi=20.0, unit="Hz", curve="log", help="Turns of the slow oscillator a second.")
    depth_s = Param(0.002, lo=0.0, hi=0.02, unit="s", ramp_s=0.05, help="How far a voice's delay swings either way.")
    delay_s = Param(
        0.012, lo=0.0005, hi=0.05, unit="s", curve="log", ramp_s=0.05, help="Delay in the middle of the swing."
    )
    feedback = Param(0.0, lo=-0.9, hi=0.9, help="Part of the voices that is delayed again: thicker, then ringing.")
    spread = Param(1.0, lo=0.0, hi=1.0, help="How differently the two sides move: 0 is the same, 1 the widest.")
    mix = Param(0.5, lo=0.0, hi=1.0, help="0 is the source alone, 1 the voices alone.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Two lines, each a power of two of frames, for a delay of 70 ms."""
        return 2 * max(256, 1 << (int(0.07 * sample_rate_hz) + 8).bit_length())
