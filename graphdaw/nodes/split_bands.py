"""split_bands: a source in two to five bands."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


def _split(number: int, default: float) -> Param:
    about = f"Where band {number} ends and band {number + 1} begins, both at -6 dB there."
    if number > 1:
        about += f" Never below split {number - 1}."
    return Param(default, lo=20.0, hi=20_000.0, unit="Hz", curve="log", help=about)


class SplitBands(Node, tags=("filter", "routing", "mix")):
    """Split the source into two to five bands that add up to it again, 24 dB per octave (Linkwitz-Riley).

    The sum of all bands is the source through allpasses: its magnitude is flat within 0.01 dB, wherever the splits are
    and while they move slowly. Bands beyond the number chosen are silent. Source: Siegfried Linkwitz, "Active Crossover
    Networks for Noncoincident Drivers", Journal of the AES 24 (1976).
    """

    in_ = In()
    band1 = Out(help="The lowest band.")
    band2 = Out()
    band3 = Out()
    band4 = Out()
    band5 = Out()
    bands = Choice(("2", "3", "4", "5"), default="3", help="How many bands there are.")
    split1_hz = _split(1, 150.0)
    split2_hz = _split(2, 1200.0)
    split3_hz = _split(3, 4500.0)
    split4_hz = _split(4, 9000.0)
