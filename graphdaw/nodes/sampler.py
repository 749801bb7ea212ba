"""sampler: a recording in memory, at any pitch."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, In, Media, Node, Out, Param


class Sampler(Node, tags=("source", "sample", "player")):
    """Plays a recording when triggered, once or in a loop, higher or lower; new starts and loop ends cross-fade."""

    trigger = In(type="control", help="Starts when it rises above 0.5; the gated modes stop when it falls again.")
    out = Out()
    file = Media(help="The recording, held in memory.")
    mode = Choice(("one_shot", "loop", "gated", "gated_loop"), help="Gated modes sound only while the trigger is open.")
    auto_start = Choice(("off", "on"), help="On: also starts by itself when the graph does.")
    pitch_semitones = Param(
        0.0, lo=-48.0, hi=48.0, unit="semitones", help="Transposes by changing speed; 0 is the recording's own pitch."
    )
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves the recording as it is.")
    start_s = Param(0.0, lo=0.0, hi=3600.0, unit="s", ramp_s=0.0, help="Where in the recording a start begins.")
