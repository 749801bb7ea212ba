"""audio_file: a recording of any length, streamed from disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, Media, Node, Out, Param


class AudioFile(Node, tags=("source", "player")):
    """Plays a recording while it is read from disk, so its length costs no memory; faster and slower like a tape.

    At a speed of 1 every sample comes out as it is. Other speeds read a sinc of sixteen taps in a Kaiser window (James
    Kaiser, 1974), which is made wider as the tape goes faster, so that treble is lost and does not fold back: what lies
    below 0.29 of the sample rate is kept, and images and aliases stay below -65 dB there. Below a speed of 0.02 the
    sound fades. What moves the speed must be mono, or the channels drift apart. It begins when it is added; a locate
    takes it to where it would be had it begun with the piece, at the speed that is set.
    """

    out = Out()
    file = Media(streamed=True, help="The recording; any format the library reads, converted to the graph's rate.")
    loop = Choice(("off", "on"), help="On: begins again at the end.")
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves the recording as it is.")
    speed = Param(1.0, lo=0.0, hi=4.0, ramp_s=0.05, help="Of the tape: 2 is an octave up, 0.5 one down, 0 at rest.")
    start_s = Param(
        0.0, lo=0.0, hi=86_400.0, unit="s", fixed=True, help="Where in the recording it begins; a change goes there."
    )

    @staticmethod
    def placed(values: Mapping[str, Any]) -> bool:
        """It plays with the piece."""
        return True
