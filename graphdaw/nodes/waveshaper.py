"""waveshaper: harmonics to order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param
from graphdaw.nodes.drive import LATENCY


class Waveshaper(Node, tags=("distortion", "harmonics")):
    """Bend a wave on a curve of your own, so that new harmonics appear as it gets louder.

    Chebyshev: a sine at full scale becomes the harmonics `h1` to `h8`, exactly; a softer one has fewer high ones,
    so an envelope on `drive_db` opens the sound like a filter. Fold turns what goes beyond 1 back, again and
    again, as in a wave folder of the west coast; sine does so roundly; asym saturates harder above than below.
    `symmetry` moves the wave along the curve. Silence stays silent, and no constant is left over.

    Chebyshev polynomials after D. Arfib, JAES 27 (1979); oversampling, its latency and the mean that softens the
    corners of fold as in `drive`. The loudest alias below 19.5 kHz of a full-scale sine of 1245 Hz at 44.1 kHz
    with 12 dB of drive (Chebyshev: 0 dB, all harmonics at 0.5), without oversampling, at 2x, 4x and 8x: chebyshev
    -125, -102, -96, -100 dB; fold -31, -54, -78, -101; sine -127 each; asym -47, -77, -106, -127.
    """

    in_ = In()
    out = Out()
    shape = Choice(("chebyshev", "fold", "sine", "asym"), help="The kind of curve.")
    oversampling = Choice(
        ("1x", "2x", "4x", "8x"),
        default="4x",
        help="How many times the sample rate the curve works at: cleaner, dearer.",
    )
    drive_db = Param(0.0, lo=-24.0, hi=36.0, unit="dB", help="Level before the curve.")
    symmetry = Param(0.0, lo=-1.0, hi=1.0, help="Where on the curve the wave rests.")
    h1 = Param(1.0, lo=-1.0, hi=1.0, help="Chebyshev: the fundamental.")
    h2 = Param(0.3, lo=-1.0, hi=1.0, help="Chebyshev: the octave.")
    h3 = Param(0.2, lo=-1.0, hi=1.0, help="Chebyshev: the twelfth.")
    h4 = Param(0.0, lo=-1.0, hi=1.0, help="Chebyshev: two octaves.")
    h5 = Param(0.0, lo=-1.0, hi=1.0, help="Chebyshev: two octaves and a third.")
    h6 = Param(0.0, lo=-1.0, hi=1.0, help="Chebyshev: two octaves and a fifth.")
    h7 = Param(0.0, lo=-1.0, hi=1.0, help="Chebyshev: almost two octaves and a seventh.")
    h8 = Param(0.0, lo=-1.0, hi=1.0, help="Chebyshev: three octaves.")
    gain_db = Param(0.0, lo=-48.0, hi=24.0, unit="dB", help="Level of what was shaped.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the shaped one; both are in time.")

    @staticmethod
    def latency_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """That of the filters up and down."""
        return LATENCY[values["oversampling"]]
