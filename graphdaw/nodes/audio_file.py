"""audio_file: a recording of any length, streamed from disk."""

from __future__ import annotations

from graphdaw.nodes.base import Choice, Media, Node, Out, Param


class AudioFile(Node, tags=("source", "player")):
    """Plays a recording from its start while it is read from disk, so its length costs no memory."""

    out = Out()
    file = Media(streamed=True, help="The recording; any format the library reads, converted to the graph's rate.")
    loop = Choice(("off", "on"), help="On: begins again at the end.")
    gain_db = Param(0.0, lo=-96.0, hi=24.0, unit="dB", help="Level in decibels; 0 leaves the recording as it is.")
