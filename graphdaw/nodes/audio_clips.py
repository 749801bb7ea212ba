"""audio_clips: pieces of recordings on the timeline."""

from __future__ import annotations

from graphdaw.nodes.base import Node, Out


class AudioClips(Node, clips="audio", tags=("source", "time", "track", "player")):
    """A track of recordings: plays the clips that lie on its timeline, each sample on its frame at any tempo.

    It has as many channels as the widest of its recordings; a mono one is heard in all of them. Clips that overlap are
    added, up to 64 at once. Fades are a quarter of a sine, so that two clips that fade over the same stretch keep
    their power. At its own speed every sample comes out as it is; at another one it is resampled like a `sampler`'s.
    A clip that follows the tempo, is warped or transposed plays a stretched copy, and is silent until that is ready.

    A locate, the end of a loop and an edit are cross-faded over 5 ms, in which what begins just then, and not before,
    begins as it is; what an edit leaves alone goes on to the bit. Recordings are held in memory, converted to the
    graph's rate and shared by all tracks.
    """

    out = Out()
