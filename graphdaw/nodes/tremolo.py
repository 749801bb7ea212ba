"""tremolo: a level that comes and goes."""

from __future__ import annotations

from graphdaw.nodes import tempo
from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Tremolo(Node, linked=True, tags=("modulation", "level")):
    """Let the level come and go, at a rate of its own or in time with a tempo.

    With `spread` at half a turn a stereo source wanders from side to side. Harmonic, as in brown-panel amplifiers
    of 1960, moves lows and highs against each other instead, half tremolo and half phaser: the two parts of a
    crossover of first order, which add up to the source. `smooth_s` takes the clicks off a square.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    shape = Choice(("sine", "triangle", "square", "rising", "falling"), help="How the level moves in a turn.")
    mode = Choice(("level", "harmonic"), help="All at once, or lows and highs in turn.")
    sync = tempo.sync("a turn, or free: `rate_hz`")
    rate_hz = Param(5.0, lo=0.01, hi=100.0, unit="Hz", curve="log", help="Turns a second.")
    depth = Param(0.7, lo=0.0, hi=1.0, help="How far down the level goes; 1 is to silence.")
    spread = Param(0.0, lo=0.0, hi=1.0, unit="turns", help="How far the right channel is ahead.")
    smooth_s = Param(0.003, lo=0.0001, hi=0.1, unit="s", curve="log", help="Time constant that rounds corners.")
    crossover_hz = Param(800.0, lo=50.0, hi=5000.0, unit="Hz", curve="log", help="Harmonic: where lows become highs.")
    tempo_bpm = tempo.tempo_bpm()
