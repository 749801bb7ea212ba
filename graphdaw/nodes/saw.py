"""saw: a band-limited sawtooth oscillator."""

from __future__ import annotations

from graphdaw.nodes.base import Node, Out, Param


class Saw(Node, tags=("source", "oscillator", "synth")):
    """A rising sawtooth, bright and free of audible aliases."""

    out = Out()
    frequency_hz = Param(
        110.0, lo=0.0, hi=24_000.0, unit="Hz", curve="log", help="Pitch; held below half the sample rate."
    )
