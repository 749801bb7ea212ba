"""noise: white or pink."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, Node, Out


class Noise(Node, tags=("source", "synth")):
    """Random samples: white has the same power at every frequency, pink in every octave."""

    out = Out()
    color = Choice(("white", "pink"), help="White is uniform from -1 to 1; pink has an RMS of 0.25.")
