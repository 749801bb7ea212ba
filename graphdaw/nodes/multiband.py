"""multiband: a compressor for each part of the spectrum."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


def _threshold(band: int) -> Param:
    return Param(-24.0, lo=-80.0, hi=12.0, unit="dB", help=f"Peak level of band {band} above which it is lowered.")


def _ratio(band: int) -> Param:
    about = f"Decibels in for one out above the threshold of band {band}; below 1 lifts, by 24 dB at most."
    return Param(2.5, lo=0.5, hi=100.0, curve="log", help=about)


def _attack(band: int, default: float) -> Param:
    about = f"Time in which band {band} comes 63 % of its way down."
    return Param(default, lo=0.0001, hi=1.0, unit="s", curve="log", help=about)


def _release(band: int, default: float) -> Param:
    about = f"Time in which band {band} comes 63 % of its way back."
    return Param(default, lo=0.001, hi=5.0, unit="s", curve="log", help=about)


def _gain(band: int) -> Param:
    return Param(0.0, lo=-96.0, hi=24.0, unit="dB", help=f"Level of band {band} behind its compressor; -96 mutes it.")


def _split(number: int, default: float) -> Param:
    about = f"Where band {number} ends and band {number + 1} begins."
    if number > 1:
        about += f" Never below split {number - 1}."
    return Param(default, lo=20.0, hi=20_000.0, unit="Hz", curve="log", help=about)


class Multiband(Node, linked=True, tags=("dynamics", "mix")):
    """Compress two to four bands of the source each on its own, and add them up again.

    Bands are those of `split_bands` (Linkwitz-Riley, 24 dB per octave), so that with ratios at 1 the magnitude is flat.
    A band's louder channel counts for both; there is no look-ahead, and no latency. Curve and speeds are those of
    `compressor`: Giannoulis, Massberg and Reiss, "Digital Dynamic Range Compressor Design" (2012).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    bands = Choice(("2", "3", "4"), default="3", help="How many bands there are.")
    threshold1_db = _threshold(1)
    ratio1 = _ratio(1)
    attack1_s = _attack(1, 0.03)
    release1_s = _release(1, 0.25)
    gain1_db = _gain(1)
    threshold2_db = _threshold(2)
    ratio2 = _ratio(2)
    attack2_s = _attack(2, 0.012)
    release2_s = _release(2, 0.15)
    gain2_db = _gain(2)
    threshold3_db = _threshold(3)
    ratio3 = _ratio(3)
    attack3_s = _attack(3, 0.006)
    release3_s = _release(3, 0.1)
    gain3_db = _gain(3)
    threshold4_db = _threshold(4)
    ratio4 = _ratio(4)
    attack4_s = _attack(4, 0.003)
    release4_s = _release(4, 0.08)
    gain4_db = _gain(4)
    knee_db = Param(6.0, lo=0.0, hi=36.0, unit="dB", help="Width of the bend around each threshold.")
    split1_hz = _split(1, 150.0)
    split2_hz = _split(2, 2500.0)
    split3_hz = _split(3, 8000.0)
