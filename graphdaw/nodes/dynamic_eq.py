"""dynamic_eq: an equaliser that only acts when there is something to act on."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Node, Out, Param


def _frequency(band: int, default: float) -> Param:
    return Param(default, lo=20.0, hi=20_000.0, unit="Hz", curve="log", help=f"Middle of band {band}.")


def _q(band: int) -> Param:
    return Param(1.0, lo=0.3, hi=12.0, curve="log", help=f"Sharpness of band {band}: its middle over its width.")


def _gain(band: int) -> Param:
    return Param(0.0, lo=-24.0, hi=24.0, unit="dB", help=f"Gain of band {band} while it is below its threshold.")


def _threshold(band: int) -> Param:
    about = f"Peak level inside band {band} above which it acts, with a knee of 6 dB."
    return Param(-24.0, lo=-80.0, hi=12.0, unit="dB", help=about)


def _ratio(band: int) -> Param:
    about = f"Decibels in for one out above the threshold of band {band}; 1 does nothing, below 1 lifts instead."
    return Param(1.0, lo=0.25, hi=20.0, curve="log", ramp_s=0.2, help=about)


def _range(band: int) -> Param:
    about = f"The most that band {band} is lowered or lifted; with its gain it never lifts by more than 24 dB."
    return Param(18.0, lo=0.0, hi=36.0, unit="dB", help=about)


def _attack(band: int) -> Param:
    about = f"Time in which band {band} comes 63 % of its way when it gets louder."
    return Param(0.01, lo=0.0001, hi=1.0, unit="s", curve="log", help=about)


def _release(band: int) -> Param:
    about = f"Time in which band {band} comes 63 % of its way back."
    return Param(0.12, lo=0.001, hi=5.0, unit="s", curve="log", help=about)


class DynamicEq(Node, linked=True, tags=("dynamics", "filter", "mix")):
    """Shape the tone by four bells in series whose gain follows the level inside each: tame what sticks out.

    A band adds what its band-pass lets through again, times its gain less one: (s^2 + G k s + 1) / (s^2 + k s + 1) with
    k = 1 / q, by the bilinear transform; at its middle the gain is exactly G. The louder channel counts for both. Curve
    and speeds are those of `compressor`: Giannoulis, Massberg and Reiss, "Digital Dynamic Range Compressor Design"
    (2012). A band with a ratio of 1 and no gain costs nothing.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    sidechain = In(channels=2, help="Listened to instead of the source, if `key` says so.")
    out = Out(channels=2)
    key = Choice(("self", "sidechain"), help="Whose level moves the bands.")
    frequency1_hz = _frequency(1, 120.0)
    q1 = _q(1)
    gain1_db = _gain(1)
    threshold1_db = _threshold(1)
    ratio1 = _ratio(1)
    range1_db = _range(1)
    attack1_s = _attack(1)
    release1_s = _release(1)
    frequency2_hz = _frequency(2, 400.0)
    q2 = _q(2)
    gain2_db = _gain(2)
    threshold2_db = _threshold(2)
    ratio2 = _ratio(2)
    range2_db = _range(2)
    attack2_s = _attack(2)
    release2_s = _release(2)
    frequency3_hz = _frequency(3, 2500.0)
    q3 = _q(3)
    gain3_db = _gain(3)
    threshold3_db = _threshold(3)
    ratio3 = _ratio(3)
    range3_db = _range(3)
    attack3_s = _attack(3)
    release3_s = _release(3)
    frequency4_hz = _frequency(4, 7000.0)
    q4 = _q(4)
    gain4_db = _gain(4)
    threshold4_db = _threshold(4)
    ratio4 = _ratio(4)
    range4_db = _range(4)
    attack4_s = _attack(4)
    release4_s = _release(4)
