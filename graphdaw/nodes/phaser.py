"""phaser: notches that sweep."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


class Phaser(Node, linked=True, tags=("modulation", "filter", "stereo")):
    """Add the source to itself through a chain of allpasses whose corner swings: every two of them make a notch.

    The response is the bilinear transform of the circuit's, ((w - s) / (w + s))^n, also with feedback, which comes back
    in the same frame. Sweep by hand with `depth_octaves` at 0 and `center_hz`, or wire anything into that inlet. A
    corner above a 49 hundredth of the sample rate is held there.

    The integrators follow Vadim Zavalishin, "The Art of VA Filter Design" (2018), and the circuit Julius O. Smith, "An
    allpass approach to digital phasing and flanging" (1984).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    stages = Choice(("2", "4", "6", "8", "10", "12"), default="4", help="Allpasses in the chain; two make a notch.")
    shape = Choice(("sine", "triangle"), help="Of the swing, along octaves.")
    rate_hz = Param(0.4, lo=0.01, hi=20.0, unit="Hz", curve="log", help="Turns of the slow oscillator a second.")
    depth_octaves = Param(1.5, lo=0.0, hi=4.0, unit="octaves", help="How far the corner swings either way.")
    center_hz = Param(700.0, lo=20.0, hi=10_000.0, unit="Hz", curve="log", help="Corner in the middle of the swing.")
    feedback = Param(
        0.3, lo=-0.95, hi=0.95, help="Part of the chain's end that enters it again: peaks between notches."
    )
    spread = Param(0.25, lo=0.0, hi=0.5, unit="turns", help="How much later the right side is in its turn.")
    mix = Param(
        0.5,
        lo=-1.0,
        hi=1.0,
        help="0 is the source alone, 1 the chain alone, 0.5 the deepest notches; below 0 turned over.",
    )
