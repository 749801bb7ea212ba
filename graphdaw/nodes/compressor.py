"""compressor: evens out loud and soft."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.lookahead import ahead_frames, ahead_memory_frames


class Compressor(Node, linked=True, tags=("dynamics", "level")):
    """Lower what is louder than a threshold, so that the rest can come up.

    Above the knee, `ratio` decibels more at the source are one more at the outlet; with `feedback` the level is taken
    behind the gain, as in many old units, which makes both speeds `ratio` times faster and the knee rounder. Attack
    and release are the time in which 63 % of a change is made, in decibels. RMS hears loudness rather than peaks.
    Wire a bass drum into `sidechain` and set `key` to it, and the bass makes room for each beat. `highpass_hz` keeps
    low notes from pumping everything else. `reduction` is how many decibels are taken away, 0 or more, to modulate
    other things with; it is also the one reading. What looks ahead is late by as much, which is compensated.

    Gain computer and smooth branching detector after Giannoulis, Massberg and Reiss, "Digital Dynamic Range Compressor
    Design - A Tutorial and Analysis", JAES 60 (2012); static curve and gain are within 0.001 dB of its formulas.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    sidechain = In(channels=2, help="What is listened to where `key` is `sidechain`.")
    out = Out(channels=2)
    reduction = Out(type="control", channels=1, help="Decibels taken away, 0 or more.")
    detector = Choice(("peak", "rms"), help="Hear every peak, or the mean over about `rms_s`.")
    topology = Choice(
        ("forward", "feedback"), help="Where the level is taken: at the source, or behind the gain (source only)."
    )
    key = Choice(("in", "sidechain"), help="Which inlet is listened to.")
    threshold_db = Param(-18.0, lo=-80.0, hi=12.0, unit="dB", help="Level above which the source is lowered.")
    ratio = Param(4.0, lo=1.0, hi=100.0, curve="log", help="Decibels above the threshold that become one.")
    knee_db = Param(6.0, lo=0.0, hi=40.0, unit="dB", help="Width of the rounding about the threshold; 0 is a corner.")
    attack_s = Param(0.01, lo=0.00001, hi=1.0, unit="s", curve="log", help="Time constant of a rising reduction.")
    release_s = Param(0.15, lo=0.001, hi=5.0, unit="s", curve="log", help="Time constant of a falling reduction.")
    rms_s = Param(0.01, lo=0.0005, hi=1.0, unit="s", curve="log", help="Time constant of the mean of `rms`.")
    highpass_hz = Param(
        0.0,
        lo=0.0,
        hi=2000.0,
        unit="Hz",
        curve="log",
        help="Below this the detector hears less, 12 dB per octave; 0 is off. The sound itself is not filtered.",
    )
    link = Param(1.0, lo=0.0, hi=1.0, help="1 lowers both channels alike, so that nothing wanders; 0 each on its own.")
    makeup_db = Param(0.0, lo=-24.0, hi=48.0, unit="dB", help="Level added after the reduction.")
    auto_makeup = Param(
        0.0, lo=0.0, hi=1.0, help="Part of the reduction at 0 dBFS that is added back; 0.5 sounds about as loud."
    )
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the compressed one; between is parallel.")
    lookahead_s = Param(
        0.0, lo=0.0, hi=0.05, unit="s", fixed=True, help="How far the reduction comes before the peak; adds latency."
    )

    memory_frames = staticmethod(ahead_memory_frames)
    latency_frames = staticmethod(ahead_frames)
