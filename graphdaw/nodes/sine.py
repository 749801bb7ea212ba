"""sine: a sine oscillator with phase modulation."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class Sine(Node, tags=("source", "oscillator", "synth")):
    """A sine wave; `pm` shifts its phase, which makes FM sounds."""

    pm = In(help="Phase modulation in turns: 1 is a full circle.")
    out = Out()
    frequency_hz = Param(
        440.0, lo=0.0, hi=24_000.0, unit="Hz", curve="log", help="Pitch; held below half the sample rate."
    )
