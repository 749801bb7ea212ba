"""loudness: how loud it is to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out


class Loudness(Node, linked=True, tags=("level", "analysis", "mastering")):
    """Pass a stereo source on unchanged and publish its loudness as broadcasters and streaming services measure it.

    Readings, in this order: momentary (0.4 s), short-term (3 s) and integrated loudness in LUFS, loudness range in LU,
    highest true peak in dBTP, correlation of left and right (-1 to 1, over 0.3 s), highest momentary and highest
    short-term loudness, and a word in which a reader puts 1 to begin anew. Loudness is new ten times a second, the
    rest with every cell; silence reads -120.7 LUFS. Blocks are gated at -70 LUFS and 10 LU below their mean, in steps
    of 0.1 LU; true peaks are read at eight times the rate. Below 44.1 kHz the weighting departs: 0.2 LU at 8 kHz.

    ITU-R BS.1770-4 (2015), EBU R 128 (2020), EBU Tech 3341 and 3342 (2016).
    """

    in_ = In(channels=2, help="A mono source arrives on both channels, 3 dB louder than on one.")
    out = Out(channels=2)

    @staticmethod
    def memory_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """Sixteen words of readings, and two histograms of 900 counts and energies."""
        return 16 + 4 * 900
