"""adsr: an envelope that follows a gate."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param

CURVE = "1 is as a capacitor charges, fast at first; 0 a straight line, -1 the mirror image, slow at first."


class Adsr(Node, tags=("control", "envelope", "synth")):
    """Rises when the gate opens, settles at the sustain level, falls to silence when the gate closes.

    Segments are exponentials, each with its own curve. With curves of 1 the attack aims at 1.2, the decay comes within
    60 dB of the sustain level in its time and the release reaches exactly 0; any other decay ends at the sustain level,
    and any other release takes its time from wherever it begins.
    """

    gate = In(type="control", help="Open above 0.5; each opening starts the attack.")
    trigger = In(type="control", help="Starts the attack again when it rises above 0.5 while the gate is open.")
    out = Out(type="control", help="0 at rest, 1 at the peak.")
    retrigger = Choice(
        ("present", "zero", "legato"),
        help="An attack starts from the present level, or from 0 at once; legato attacks only from silence.",
    )
    attack_s = Param(0.005, lo=0.0, hi=20.0, unit="s", curve="log", help="Time from silence to the peak.")
    decay_s = Param(0.2, lo=0.0, hi=20.0, unit="s", curve="log", help="Time to come within 60 dB of the sustain level.")
    sustain = Param(0.7, lo=0.0, hi=1.0, help="Level held while the gate stays open.")
    release_s = Param(0.3, lo=0.0, hi=20.0, unit="s", curve="log", help="Time from the peak to silence.")
    attack_curve = Param(1.0, lo=-3.0, hi=3.0, help=f"Shape of the attack: {CURVE}")
    decay_curve = Param(1.0, lo=-1.0, hi=1.0, help=f"Shape of the decay: {CURVE}")
    release_curve = Param(1.0, lo=-1.0, hi=1.0, help=f"Shape of the release: {CURVE}")
