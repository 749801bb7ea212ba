"""rotary: a rotating speaker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param


class Rotary(Node, linked=True, tags=("modulation", "stereo", "space")):
    """Play the source through a horn and a drum that turn before two microphones, as organs do.

    A crossover (Linkwitz and Riley, 12 dB an octave) parts highs for the horn from lows for the drum. Each mouth goes
    round its circle (19 and 14 cm) and is heard later, softer and duller as it looks away: the delay is the way to the
    microphone at 343 m/s, so that at 6.7 Hz and 0.5 m the horn's pitch swings by 40 cents. The drum turns at 0.86 of
    the horn's rate, and takes longer to get there. A stereo source is made mono. In silence the rotors turn on.

    After J. Smith, S. Serafin, J. Abel and D. Berners, "Doppler simulation and the Leslie" (2002), and C. Henricksen,
    "Unearthing the mysteries of the Leslie cabinet" (1981).
    """

    in_ = In(channels=2, help="Both channels are heard as one.")
    out = Out(channels=2)
    speed = Param(0.0, lo=-1.0, hi=1.0, ramp_s=0.0, help="-1 stands still, 0 is slow (chorale), 1 fast (tremolo).")
    slow_hz = Param(0.8, lo=0.1, hi=3.0, unit="Hz", curve="log", help="Turns of the horn a second when slow.")
    fast_hz = Param(6.7, lo=2.0, hi=12.0, unit="Hz", curve="log", help="Turns of the horn a second when fast.")
    horn_ramp_s = Param(1.0, lo=0.05, hi=20.0, unit="s", curve="log", help="Time to nine tenths of a new rate.")
    drum_ramp_s = Param(4.5, lo=0.05, hi=20.0, unit="s", curve="log", help="The same for the drum, which is heavier.")
    crossover_hz = Param(800.0, lo=100.0, hi=4000.0, unit="Hz", curve="log", help="Between drum and horn.")
    depth = Param(
        0.7, lo=0.0, hi=1.0, help="How much softer and duller a mouth is that looks away; pitch swings anyway."
    )
    distance_m = Param(0.5, lo=0.25, hi=3.0, unit="m", curve="log", help="From the microphones to the rotors' axes.")
    angle = Param(0.35, lo=0.0, hi=0.5, unit="turns", help="Between the microphones, seen from the rotors: 0 is mono.")
    balance = Param(0.5, lo=0.0, hi=1.0, help="0 is the drum alone, 1 the horn alone.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the rotors alone.")

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Two lines, each a power of two of frames, for the ways across the circles and a cell."""
        return 2 * max(256, 1 << (int(0.002 * sample_rate_hz) + 140).bit_length())
