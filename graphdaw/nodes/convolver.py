"""convolver: rooms, halls, cabinets and anything else that was recorded as an impulse response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Media, Node, Out, Param, Prepared, Recording


class Convolver(Node, linked=True, tags=("reverb", "space", "filter", "stereo")):
    """Lay a recorded space on the source: its convolution with an impulse response, without any latency.

    A response of one channel serves both, one of two left and right; four or more channels are true stereo, in the
    order left to left, left to right, right to left, right to right. Responses of any rate are converted. Without a
    file, a plain hall of 2 s is heard. Another file, cut or turn is faded in. The result equals direct convolution to
    1e-5.

    The first 128 taps are summed directly, the rest in partitions of growing size whose transforms are spread evenly
    over time (W. G. Gardner, Efficient Convolution without Input-Output Delay, J. Audio Eng. Soc. 43, 1995).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    file = Media(help="The impulse response: any sound file of 1, 2 or 4 channels.")
    mix = Param(0.3, lo=0.0, hi=1.0, help="0 is the source alone, 1 the convolved sound alone.")
    wet_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level of the convolved sound.")
    dry_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level of the source.")
    predelay_s = Param(
        0.0,
        lo=0.0,
        hi=0.5,
        unit="s",
        ramp_s=0.05,
        help="Lets the convolved sound come later, which keeps a voice in front of its room.",
    )
    reverse = Choice(("off", "on"), help="On: the response runs backwards, so that sounds swell before they stop.")
    normalise = Choice(
        ("on", "off"),
        help="On: noise comes out as loud as it goes in; off: the response's own level, as cabinets need.",
    )
    start_s = Param(
        0.0,
        lo=0.0,
        hi=60.0,
        unit="s",
        fixed=True,
        help="Cuts so much off the beginning of the response.",
    )
    length_s = Param(0.0, lo=0.0, hi=60.0, unit="s", fixed=True, help="Keeps so much of the response; 0 keeps all.")
    fade_s = Param(
        0.01,
        lo=0.0,
        hi=60.0,
        unit="s",
        fixed=True,
        help="Fades the last part of what is kept out, before it is turned.",
    )

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """Taps and spectra of the response, and room for the convolution's own."""
        from graphdaw.nodes.prepare.impulse import convolver_memory

        return convolver_memory(recording, values, sample_rate_hz)
