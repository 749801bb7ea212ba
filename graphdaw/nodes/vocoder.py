"""vocoder: one sound speaks through another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param, Prepared, Recording


class Vocoder(Node, tags=("spectral", "voice", "filter")):
    """Lay the colours of a source, most often a voice, on a carrier: a rich synth speaks, drums play a chord.

    Source and carrier pass the same bands, two band-passes in a row each, evenly spaced in pitch; the level of each
    band of the source sets the level of that band of the carrier. Where the source hisses, as in s and t, noise takes
    the carrier's place. After H. Dudley, Remaking Speech, J. Acoust. Soc. Am. 11, 1939; filters after Andrew Simper,
    Linear Trapezoidal Integrated SVF, 2013.
    """

    in_ = In(help="The source whose colours are taken: the voice.")
    carrier = In(help="What is heard in those colours; the richer, the clearer the speech.")
    out = Out()
    attack_s = Param(0.004, lo=0.0005, hi=0.5, unit="s", curve="log", help="How fast bands open.")
    release_s = Param(
        0.04, lo=0.005, hi=2.0, unit="s", curve="log", help="How fast bands close; long ones smear words."
    )
    formant_semitones = Param(
        0.0,
        lo=-24.0,
        hi=24.0,
        unit="semitones",
        ramp_s=0.05,
        help="Moves the colours up for a small head, down for a large one.",
    )
    unvoiced = Param(0.7, lo=0.0, hi=1.0, help="How far noise replaces the carrier in hisses; 0 leaves it alone.")
    gain_db = Param(0.0, lo=-24.0, hi=24.0, unit="dB", help="Level of the vocoded sound.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the vocoded sound alone.")
    bands = Choice(("16", "8", "24", "32"), help="More bands are clearer, fewer are more of a robot.")
    low_hz = Param(90.0, lo=40.0, hi=500.0, unit="Hz", curve="log", fixed=True, help="Middle of the lowest band.")
    high_hz = Param(
        9000.0, lo=2000.0, hi=16_000.0, unit="Hz", curve="log", fixed=True, help="Middle of the highest band."
    )

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """Coefficients of the bands, and room for their state."""
        from graphdaw.nodes.prepare.bands import vocoder_memory

        low, high = float(values["low_hz"]), float(values["high_hz"])
        return vocoder_memory(int(values["bands"]), low, high, sample_rate_hz)
