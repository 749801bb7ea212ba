"""transient: snap and body."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param


class Transient(Node, linked=True, tags=("dynamics", "level")):
    """Give a drum more snap or less, and its tail more body or less, at any level: there is no threshold.

    Followers of the level in decibels are compared: a quick one with one that rises in `attack_s` says how much a sound
    begins, one that falls in `sustain_s` with the quick one how much it lasts. Where they are 12 dB apart, all of
    `attack_db` or `sustain_db` is given. What lies below -70 dBFS is left alone. No latency.

    After the differential envelopes of SPL's Transient Designer (Ruben Tilgner, 1998).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    attack_db = Param(6.0, lo=-24.0, hi=24.0, unit="dB", help="How much louder a sound begins.")
    sustain_db = Param(0.0, lo=-24.0, hi=24.0, unit="dB", help="How much louder a sound dies away.")
    attack_s = Param(0.02, lo=0.002, hi=0.2, unit="s", curve="log", help="How long the beginning lasts.")
    sustain_s = Param(0.3, lo=0.05, hi=3.0, unit="s", curve="log", help="How far back the tail is measured.")
    gain_db = Param(0.0, lo=-24.0, hi=24.0, unit="dB", help="Level of it all.")
