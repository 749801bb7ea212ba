"""pitch_shift: higher or lower without being faster or slower."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, Out, Param, Prepared, Recording

OVERLAP = 8


def _window(sample_rate_hz: int) -> int:
    from graphdaw.nodes.prepare.spectra import window_frames

    return max(1024, window_frames(2048, sample_rate_hz))


class PitchShift(Node, linked=True, tags=("pitch", "spectral", "time")):
    """Move the pitch of the source by up to two octaves either way; its speed stays, and so does its stereo image.

    `spectral` moves each spectral peak with its surroundings and keeps phases locked around it: chords stay pure, 48 ms
    late at 48 kHz. `delay` reads a delay that grows or shrinks and jumps where the sound is like itself: attacks stay
    sharp, chords less so, and it is late by half of `window_s`. Both are right to a fifth of a cent. The source in
    `mix` is as late as the shifted sound.

    J. Laroche and M. Dolson, New Phase-Vocoder Techniques for Pitch-Shifting, Harmonizing and Other Exotic Effects,
    1999; S. Roucos and A. Wilgus, High Quality Time-Scale Modification for Speech, 1985.
    """

    in_ = In(channels=2, help="A mono source arrives on both channels.")
    out = Out(channels=2)
    pitch_semitones = Param(0.0, lo=-24.0, hi=24.0, unit="semitones", help="How far the pitch moves.")
    fine_cents = Param(0.0, lo=-100.0, hi=100.0, unit="cents", help="Hundredths of a semitone on top.")
    mix = Param(1.0, lo=0.0, hi=1.0, help="0 is the source alone, 1 the shifted sound alone.")
    mode = Choice(
        ("spectral", "delay"), help="Spectral for chords and mixes; delay for drums, voices and playing live."
    )
    formants = Choice(("move", "keep"), help="Keep: a voice keeps its size while its pitch moves (spectral mode only).")
    window_s = Param(
        0.04,
        lo=0.01,
        hi=0.1,
        unit="s",
        curve="log",
        fixed=True,
        help="How far the delay of that mode may wander; at least two cycles of the lowest note.",
    )

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """Windows, rings of either channel, and spectra."""
        from graphdaw.nodes.prepare.spectra import spectral_memory

        window = round(float(values["window_s"]) * sample_rate_hz)
        size = _window(sample_rate_hz)
        return spectral_memory(
            size, OVERLAP, rings=4, rows=17, longest=4 * window, extra=(window,), rate_hz=float(sample_rate_hz)
        )

    @staticmethod
    def latency_frames(values: Mapping[str, Any], sample_rate_hz: int) -> int:
        """A window and a hop of the spectral mode; half of what the delay may wander."""
        if values["mode"] == "spectral":
            return _window(sample_rate_hz) * (OVERLAP + 1) // OVERLAP
        return round(float(values["window_s"]) * sample_rate_hz) // 2
