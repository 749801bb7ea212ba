"""expander: more distance between soft and loud."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.lookahead import ahead_frames, ahead_memory_frames


class Expander(Node, linked=True, tags=("dynamics", "level")):
    """Make what lies below a threshold softer, gently where a gate would shut; or what lies above it louder.

    Downwards, a decibel below the threshold becomes `ratio` of them; upwards, a decibel above becomes `ratio`; never
    more than `range_db` in all. `change` is the change in decibels, below 0 downwards, and the one reading. Attack is
    the time constant with which it answers a sound that begins, release to one that ends.

    Gain computer and detector after Giannoulis, Massberg and Reiss, JAES 60 (2012), turned round.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    sidechain = In(channels=2, help="What is listened to where `key` is `sidechain`.")
    out = Out(channels=2)
    change = Out(type="control", channels=1, help="Decibels of change: below 0 softer, above 0 louder.")
    direction = Choice(("down", "up"), help="Soft passages softer, or loud ones louder.")
    detector = Choice(("peak", "rms"), help="Hear every peak, or the mean over about `rms_s`.")
    key = Choice(("in", "sidechain"), help="Which inlet is listened to.")
    threshold_db = Param(-40.0, lo=-90.0, hi=0.0, unit="dB", help="Level beyond which it acts.")
    ratio = Param(2.0, lo=1.0, hi=20.0, curve="log", help="Decibels that each decibel beyond the threshold becomes.")
    knee_db = Param(6.0, lo=0.0, hi=40.0, unit="dB", help="Width of the rounding about the threshold; 0 is a corner.")
    attack_s = Param(0.002, lo=0.00001, hi=1.0, unit="s", curve="log", help="Time constant when a sound begins.")
    release_s = Param(0.15, lo=0.001, hi=5.0, unit="s", curve="log", help="Time constant when a sound ends.")
    rms_s = Param(0.01, lo=0.0005, hi=1.0, unit="s", curve="log", help="Time constant of the mean of `rms`.")
    range_db = Param(40.0, lo=0.0, hi=100.0, unit="dB", help="Most that is changed.")
    highpass_hz = Param(
        0.0,
        lo=0.0,
        hi=2000.0,
        unit="Hz",
        curve="log",
        help="The detector hears less below; 0 is off. 12 dB per octave.",
    )
    lookahead_s = Param(
        0.0, lo=0.0, hi=0.05, unit="s", fixed=True, help="How far it acts before the sound; adds latency."
    )

    memory_frames = staticmethod(ahead_memory_frames)
    latency_frames = staticmethod(ahead_frames)
