"""ring_mod: bells, robots and sum tones."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class RingMod(Node, tags=("modulation", "harmonics")):
    """Multiply a source by a carrier: of each pair of tones, their sum and their difference are left.

    The carrier is a wave of its own, whose frequency may be modulated, or whatever is wired into `carrier`. With all
    `bias` the carrier swings between 0 and 1, not -1 and 1, which keeps the source: amplitude modulation.
    """

    in_ = In()
    carrier = In(help="What the source is multiplied by where `wave` is inlet.")
    out = Out()
    wave = Choice(("sine", "triangle", "square", "inlet"), help="The carrier: its own wave, or what is wired in.")
    frequency_hz = Param(
        440.0, lo=0.0, hi=20_000.0, unit="Hz", curve="log", help="Of the carrier; held below half the sample rate."
    )
    bias = Param(0.0, lo=0.0, hi=1.0, help="0 is ring modulation, 1 amplitude modulation.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the product.")
