"""gate: silence between the notes."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.lookahead import ahead_frames, ahead_memory_frames


class Gate(Node, linked=True, tags=("dynamics", "level")):
    """Let through what is loud enough and shut out the rest: hum, bleed, the tail of a snare.

    It opens when a peak reaches the threshold, stays open while peaks reach `hysteresis_db` less, and `hold_s` longer,
    so that it never chatters. `range_db` is how much softer it is when shut. With `sense` ducking it does the opposite:
    shut while the key is loud. Wire a rhythm into `sidechain` and set `key` to it to chop a pad. `gate` is 1 while it
    is open, to start envelopes with; the one reading is how far open it is, 0 to 1. Speeds are 63 % times.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    sidechain = In(channels=2, help="What is listened to where `key` is `sidechain`.")
    out = Out(channels=2)
    gate = Out(type="control", channels=1, help="1 while open, else 0.")
    key = Choice(("in", "sidechain"), help="Which inlet is listened to.")
    sense = Choice(("gating", "ducking"), help="Open while the key is loud, or shut.")
    threshold_db = Param(-40.0, lo=-90.0, hi=0.0, unit="dB", help="Peak level at which it opens.")
    hysteresis_db = Param(6.0, lo=0.0, hi=30.0, unit="dB", help="How far below the threshold it stays open.")
    attack_s = Param(0.0005, lo=0.00001, hi=0.5, unit="s", curve="log", help="Time constant of opening.")
    hold_s = Param(0.03, lo=0.0, hi=2.0, unit="s", curve="log", help="How long it stays open after the last peak.")
    release_s = Param(0.08, lo=0.001, hi=5.0, unit="s", curve="log", help="Time constant of shutting.")
    range_db = Param(80.0, lo=0.0, hi=120.0, unit="dB", help="How much softer it is when shut.")
    highpass_hz = Param(
        0.0,
        lo=0.0,
        hi=2000.0,
        unit="Hz",
        curve="log",
        help="The detector hears less below; 0 is off. 12 dB per octave.",
    )
    lookahead_s = Param(
        0.0, lo=0.0, hi=0.05, unit="s", fixed=True, help="How far it opens before the peak; adds latency."
    )

    memory_frames = staticmethod(ahead_memory_frames)
    latency_frames = staticmethod(ahead_frames)
