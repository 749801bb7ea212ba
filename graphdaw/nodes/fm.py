"""fm: four sine operators in eight algorithms."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


def _ratio(number: int, default: float = 1.0) -> Param:
    return Param(default, lo=0.0, hi=32.0, help=f"Pitch of operator {number} as a multiple of the frequency.")


def _detune(number: int) -> Param:
    return Param(0.0, lo=-100.0, hi=100.0, unit="cents", help=f"How far operator {number} is out of tune.")


def _level(number: int, default: float) -> Param:
    return Param(default, lo=0.0, hi=1.0, help=f"Level of operator {number}, or its depth: wire an envelope into it.")


class Fm(Node, tags=("source", "oscillator", "synth")):
    """Four sines that modulate each other's phase: electric pianos, bells, basses, brass.

    A carrier at level 1 peaks at 1; a modulator at level 1 shifts a phase by 2 turns, an index of 4 pi, and at level L
    the n-th pair of side bands has the height of the Bessel function J_n(4 pi L). The algorithms are the eight of the
    four-operator DX synthesisers, ">" for "modulates". It runs at twice the sample rate; side bands beyond that come
    back, as they do on the originals. What is wired in is heard 12 frames later. John Chowning, "The Synthesis of
    Complex Audio Spectra by Means of Frequency Modulation", 1973.
    """

    trigger = In(
        type="control", help="Where it rises to 0.5 all phases begin anew, so that every note starts the same."
    )
    pm = In(help="Phase modulation of all four in turns: 1 is a full circle.")
    out = Out()
    algorithm = Choice(
        ("4>3>2>1", "(4+3)>2>1", "(4+(3>2))>1", "((4>3)+2)>1", "(4>3)+(2>1)", "4>(3+2+1)", "(4>3)+2+1", "4+3+2+1"),
        default="(4>3)+(2>1)",
        help="Who modulates whom; operators that modulate none are heard, and operator 4 feeds back into itself.",
    )
    frequency_hz = Param(220.0, lo=0.0, hi=20_000.0, unit="Hz", curve="log", help="Pitch at ratio 1.")
    ratio1 = _ratio(1)
    ratio2 = _ratio(2)
    ratio3 = _ratio(3)
    ratio4 = _ratio(4)
    detune1_cents = _detune(1)
    detune2_cents = _detune(2)
    detune3_cents = _detune(3)
    detune4_cents = _detune(4)
    level1 = _level(1, 0.4)
    level2 = _level(2, 0.1)
    level3 = _level(3, 0.4)
    level4 = _level(4, 0.05)
    feedback = Param(0.0, lo=0.0, hi=1.0, help="Operator 4 into its own phase: towards a saw, and noise beyond 0.6.")
