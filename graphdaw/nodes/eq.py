"""eq: eight bands of tone control."""

from __future__ import annotations

from graphdaw.nodes.base import In, Node, Out, Param

BAND_TYPES = (
    "off",
    "bell",
    "low shelf",
    "high shelf",
    "low cut 12 dB/oct",
    "low cut 24 dB/oct",
    "high cut 12 dB/oct",
    "high cut 24 dB/oct",
    "notch",
)
_NAMES = ", ".join(f"{number} {name}" for number, name in enumerate(BAND_TYPES))


def _type(band: int, default: int) -> Param:
    return Param(float(default), lo=0.0, hi=8.0, ramp_s=0.0, help=f"What band {band} is: {_NAMES}.")


def _frequency(band: int, default: float) -> Param:
    about = f"Middle of bell {band}, corner of a cut, half-gain point of a shelf; held at 0.45 of the sample rate."
    return Param(default, lo=10.0, hi=20_000.0, unit="Hz", curve="log", help=about)


def _gain(band: int) -> Param:
    return Param(0.0, lo=-24.0, hi=24.0, unit="dB", help=f"Gain of band {band} if it is a bell or a shelf.")


def _q(band: int) -> Param:
    about = f"Sharpness of band {band}; shelves take 0.3 to 1.4 and cuts 0.3 upwards, both flattest at 0.7071."
    return Param(0.7071, lo=0.1, hi=40.0, curve="log", help=about)


class Eq(Node, tags=("filter", "tone", "mix")):
    """Shape the tone with eight bands in series, each a bell, shelf, cut or notch.

    As long as all gains are 0, nothing happens and nothing is computed. Bands do not cramp: to 0.45 of the sample rate
    the magnitude follows the analogue prototype (the filters of Robert Bristow-Johnson's "Audio EQ Cookbook"; cuts are
    Butterworth at q 0.7071, and q bends only the sharper half of a 24 dB cut). The worst deviations of all places: bell
    0.13 dB at 6 dB of gain, 0.24 dB at 12 dB and 0.31 dB at 18 dB (0.75 dB at 24 dB); shelf 0.15 dB at 12 dB and q
    up to 1; high cut 0.3 dB down to -60 dB (0.6 dB with 24 dB per octave); low cut 0.3 dB at q up to 1.31, and below
    0.1 dB for corners to a tenth of the rate; notch 0.41 dB at q 0.7071. Bands below a fiftieth of the rate are right
    to 0.05 dB but for high cuts. Matching squared magnitudes is Martin Vicanek's idea, "Matched Second Order Digital
    Filters" (2016). A wired or gliding parameter acts every 8 frames, with straight lines between; a new type is
    reached in 512 frames.
    """

    in_ = In()
    out = Out()
    type1 = _type(1, 2)
    frequency1_hz = _frequency(1, 80.0)
    gain1_db = _gain(1)
    q1 = _q(1)
    type2 = _type(2, 1)
    frequency2_hz = _frequency(2, 180.0)
    gain2_db = _gain(2)
    q2 = _q(2)
    type3 = _type(3, 1)
    frequency3_hz = _frequency(3, 400.0)
    gain3_db = _gain(3)
    q3 = _q(3)
    type4 = _type(4, 1)
    frequency4_hz = _frequency(4, 900.0)
    gain4_db = _gain(4)
    q4 = _q(4)
    type5 = _type(5, 1)
    frequency5_hz = _frequency(5, 2000.0)
    gain5_db = _gain(5)
    q5 = _q(5)
    type6 = _type(6, 1)
    frequency6_hz = _frequency(6, 4000.0)
    gain6_db = _gain(6)
    q6 = _q(6)
    type7 = _type(7, 1)
    frequency7_hz = _frequency(7, 7000.0)
    gain7_db = _gain(7)
    q7 = _q(7)
    type8 = _type(8, 3)
    frequency8_hz = _frequency(8, 10_000.0)
    gain8_db = _gain(8)
    q8 = _q(8)
    gain_db = Param(0.0, lo=-24.0, hi=24.0, unit="dB", help="Level after all bands.")
