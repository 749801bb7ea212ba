"""supersaw: seven detuned saws in one."""

from __future__ import annotations

from graphdaw.nodes.base import Node, Out, Param


class Supersaw(Node, linked=True, tags=("source", "oscillator", "synth", "stereo")):
    """Seven saws around one pitch, spread between left and right: the sound of trance leads and wide strings.

    Detune and mix follow the curves measured on Roland's JP-8000 (Adam Szabo, "How to Emulate the Super Saw", 2010), so
    the knobs feel as on the original: the lower half of detune is fine, the upper quarter wild. Each node starts its
    saws at random phases of its own. Unlike the original it has no aliases: below -80 dB up to 18 kHz, as of `saw`.
    """

    out = Out(channels=2)
    frequency_hz = Param(110.0, lo=0.0, hi=20_000.0, unit="Hz", curve="log", help="Pitch of the saw in the middle.")
    detune = Param(0.4, lo=0.0, hi=1.0, help="How far the others lie from it: 190 cents either way at 1, 18 at 0.5.")
    mix = Param(0.6, lo=0.0, hi=1.0, help="Level of the six others against the middle, which they cover from 0.5 on.")
    spread = Param(0.8, lo=0.0, hi=1.0, help="How far apart they are placed; 0 is the same on both sides.")
