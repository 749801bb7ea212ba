"""sampler: a recording in memory, at any pitch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Media, Node, Out, Param, Prepared, Recording


class Sampler(Node, tags=("source", "sample", "player")):
    """Plays a recording when triggered, once or in a loop, higher or lower, forwards or backwards.

    A start cuts off what still sounds in 5 ms, and so does a gate that closes or an end before the recording's own. A
    loop closes with a cross-fade out of what lies before its start, as far as there is that much; where there is
    nothing before it, or with `crossfade_s` at 0, its end is spliced to its start. Without `loop_start_s` and
    `loop_end_s` the loop is the one that the file names, or all of it.

    Transposing is band-limited: between frames a sinc of sixteen taps in a Kaiser window is read (James Kaiser, 1974),
    and what would fold back when played higher is taken out beforehand, in copies of the recording half an octave
    apart: all below 0.31 of the sample rate is kept, and images and aliases stay below -70 dB. At a pitch of 0 every
    sample comes out as it is. It takes 4.4 times the memory of the recording.
    """

    trigger = In(type="control", help="Starts when it rises to 0.5; the gated modes stop when it falls again.")
    out = Out()
    file = Media(help="The recording, held in memory.")
    mode = Choice(("one_shot", "loop", "gated", "gated_loop"), help="Gated modes sound only while the trigger is open.")
    auto_start = Choice(("off", "on"), help="On: also starts by itself when the graph does.")
    direction = Choice(("forward", "backward"), help="Backward plays from the end to the start.")
    pitch_semitones = Param(
        0.0, lo=-48.0, hi=48.0, unit="semitones", help="Transposes by changing speed; 0 is the recording's own pitch."
    )
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves the recording as it is.")
    velocity = Param(
        1.0,
        lo=0.0,
        hi=1.0,
        ramp_s=0.0,
        help="How hard the next start is struck: its level is the square, so 0.5 is 12 dB softer.",
    )
    start_s = Param(0.0, lo=0.0, hi=3600.0, unit="s", ramp_s=0.0, help="Where in the recording a start begins.")
    end_s = Param(
        0.0, lo=0.0, hi=3600.0, unit="s", ramp_s=0.0, help="Where in the recording it ends; 0 is the recording's end."
    )
    loop_start_s = Param(0.0, lo=0.0, hi=3600.0, unit="s", ramp_s=0.0, help="Where the loop begins.")
    loop_end_s = Param(
        0.0, lo=0.0, hi=3600.0, unit="s", ramp_s=0.0, help="Where the loop closes; 0 is the end of what is played."
    )
    crossfade_s = Param(
        0.01, lo=0.0, hi=10.0, unit="s", ramp_s=0.0, help="Length of the cross-fade in which the loop closes."
    )

    @staticmethod
    def media_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
        """The recording and its copies for higher pitches."""
        from graphdaw.nodes.prepare.recording import prepare

        return prepare(recording)
