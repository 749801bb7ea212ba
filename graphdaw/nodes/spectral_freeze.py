"""spectral_freeze: a moment of sound, held for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import In, Node, Out, Param, Prepared, Recording


class SpectralFreeze(Node, tags=("spectral", "texture", "time")):
    """Hold the moment of sound at which `freeze` opens for as long as it stays open, or blur moments into a cloud.

    Each frequency of the moment goes on turning as fast as it did, a little at random, so that nothing repeats. The
    source itself passes without delay and fades over into what is held; that is 4,096 frames long at 48 kHz and follows
    by half of them. After the phase vocoder of M. Dolson, The Phase Vocoder: A Tutorial, 1986.
    """

    in_ = In()
    out = Out()
    freeze = Param(0.0, lo=0.0, hi=1.0, ramp_s=0.0, help="From 0.5 on, what is heard now is held.")
    blur_s = Param(
        0.0,
        lo=0.0,
        hi=20.0,
        unit="s",
        ramp_s=0.0,
        help="Without freezing: the time over which moments run into each other; 0 leaves the source as it is.",
    )
    motion = Param(
        0.2, lo=0.0, hi=1.0, help="0 holds a standing tone, 1 the noise of a crowd: how far phases wander at random."
    )
    fade_s = Param(0.1, lo=0.01, hi=10.0, unit="s", curve="log", help="From the source to what is held, and back.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone; 1 lets what is held replace it.")

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """The window, rings of source, sound and share, and spectra."""
        from graphdaw.nodes.prepare.spectra import spectral_memory, window_frames

        size = window_frames(4096, sample_rate_hz)
        return spectral_memory(size, 4, rings=3, rows=11, rate_hz=float(sample_rate_hz))
