"""noise: white, pink, brown or velvet."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, Node, Out, Param


class Noise(Node, tags=("source", "synth")):
    """Random samples: white has the same power at every frequency, pink in every octave, brown falls twice as fast.

    Velvet noise is one click of 1 or -1 in each period of `density_hz`, at a random place (Matti Karjalainen and Hanna
    Jarvelainen, "Reverberation Modeling Using Velvet Noise", 2007): smooth from 2,000 on, rain and crackle below. Every
    channel has its own noise, and a render has always the same.
    """

    out = Out()
    color = Choice(
        ("white", "pink", "brown", "velvet"),
        help="White is uniform from -1 to 1; pink and brown have an RMS of 0.25, brown is flat below 10 Hz.",
    )
    density_hz = Param(2_000.0, lo=1.0, hi=20_000.0, unit="Hz", curve="log", help="Clicks a second of velvet noise.")
