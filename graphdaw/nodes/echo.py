"""echo: the big stereo delay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.tempo import sync, tempo_bpm


class Echo(Node, linked=True, tags=("delay", "time", "stereo")):
    """Repeat the source in time with the music, on both sides or from side to side, clean or as a tape does.

    Digital changes its time by a cross-fade of 2,048 frames. Tape reaches a new time with the inertia of motor and reel
    (60 ms each), which bends the pitch of what is on it; it saturates (tanh), wows and flutters. `feedback` may pass 1:
    what is written is limited softly, digitally straight to 12 dB over full scale and never beyond 18, so that echoes
    grow until they hold. Filters (6 dB an octave) act once a repeat, the first included. What has fallen below -400 dB
    is dropped. To close a loop of wires, use `delay`. Between frames lines are read by the cubic of Catmull and Rom.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    sync = sync("the delay, in place of `time_s`")
    route = Choice(
        ("stereo", "ping_pong", "cross"),
        help="Sides apart; the mono source left, then right, in turn; each side echoed by the other.",
    )
    style = Choice(("digital", "tape"), help="Clean, with cross-fades; or saturated, uneven, gliding in pitch.")
    mix = Param(0.35, lo=0.0, hi=1.0, help="0 is the source alone, 1 the echoes alone, as on a send.")
    time_s = Param(
        0.375,
        lo=0.001,
        hi=10.0,
        unit="s",
        curve="log",
        ramp_s=0.0,
        help="Delay when `sync` is free; held at the memory.",
    )
    tempo_bpm = tempo_bpm()
    right_ratio = Param(
        1.0, lo=0.25, hi=2.0, curve="log", ramp_s=0.0, help="Delay of the right side in that of the left."
    )
    feedback = Param(0.45, lo=0.0, hi=1.2, help="Part of each echo that is echoed again; above 1 echoes grow and hold.")
    low_cut_hz = Param(80.0, lo=10.0, hi=4000.0, unit="Hz", curve="log", help="Each repeat loses what lies below.")
    high_cut_hz = Param(
        6000.0, lo=200.0, hi=20_000.0, unit="Hz", curve="log", help="Each repeat loses what lies above."
    )
    drive = Param(0.3, lo=0.0, hi=1.0, help="Where tape saturates: from 12 dB over full scale down to 18 dB under it.")
    wow = Param(0.25, lo=0.0, hi=1.0, help="Slow wavering of a tape's pitch, up to 15 cents.")
    flutter = Param(0.25, lo=0.0, hi=1.0, help="Fast wavering of a tape's pitch, up to 12 cents.")
    duck_db = Param(0.0, lo=0.0, hi=36.0, unit="dB", help="How far a loud source presses the echoes down.")
    width = Param(1.0, lo=0.0, hi=1.0, help="Stereo width of the echoes: 0 is mono.")
    freeze = Param(
        0.0, lo=0.0, hi=1.0, ramp_s=0.02, help="1 repeats what is in the lines for ever and lets nothing in."
    )
    max_time_s = Param(
        4.0, lo=0.1, hi=20.0, unit="s", curve="log", fixed=True, help="Longest delay there is memory for, on each side."
    )

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Two lines, each a power of two of frames, with room for wow and flutter."""
        return 2 * max(256, 1 << (int((float(values["max_time_s"]) + 0.01) * sample_rate_hz) + 8).bit_length())
