"""wavetable: an oscillator that morphs through the cycles of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Media, Node, Out, Param, Prepared, Recording


class Wavetable(Node, tags=("source", "oscillator", "synth")):
    """Play a wavetable: single cycles, read at any pitch, of which `position` fades from one to the next.

    A wavetable is a WAV of cycles of 2048 samples one after the other, as most synthesizers write them, or whatever
    length the file (its `clm ` or `srge` chunk) or `frame_samples` says; a short file is one single cycle. Without a
    recording a built-in `table` plays. Cycles lose their DC, which would thump.

    Nothing aliases: each cycle is kept in twenty versions with fewer and fewer harmonics, half an octave apart, and the
    brightest that fits below half the sample rate is read. Within an eighth of an octave of that limit it fades into
    the next, so what a tone lacks lies above 0.65 of half the rate. Versions are read with a cubic B-spline, for which
    they are drawn (Michael Unser, "Splines: A Perfect Fit for Signal and Image Processing", 1999): at 44.1 kHz the
    aliases of a sawtooth stay below -95 dB up to 5 kHz; of a cycle of noise, which is the worst, below -80 dB from
    90 Hz on. What `pm` adds is not limited.
    """

    pm = In(help="Phase modulation in turns: 1 is a full circle.")
    out = Out()
    file = Media(own_rate=True, help="A wavetable; its first channel is used. Without one, `table` plays.")
    table = Choice(
        ("sine_to_saw", "basic", "pwm", "sync", "vowels", "harmonics", "fm"),
        help="The built-in wavetable; `basic` is sine, triangle, sawtooth and square.",
    )
    frequency_hz = Param(
        440.0, lo=0.0, hi=24_000.0, unit="Hz", curve="log", help="Pitch; held below half the sample rate."
    )
    position = Param(0.5, lo=0.0, hi=1.0, help="Place in the table: 0 is its first cycle, 1 its last.")
    frame_samples = Param(
        0.0,
        lo=0.0,
        hi=65_536.0,
        unit="samples",
        fixed=True,
        help="Length of a cycle in the file; 0 is what the file says, or else 2048.",
    )

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """All versions of all cycles; they do not depend on the sample rate."""
        from graphdaw.nodes.prepare.wavetable import prepare

        return prepare(recording, str(values["table"]), int(values["frame_samples"]))
