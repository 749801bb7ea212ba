"""Recordings of an engine's nodes: found, unpacked from the project, and held in memory or streamed. Control side."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any

from graphdaw.graph.model import Document
from graphdaw.graph.project import media_path
from graphdaw.host.audio_tracks import AudioTracks
from graphdaw.host.prepared import PreparedMedia
from graphdaw.host.streams import Streams
from graphdaw.nodes.base import find


class Recordings:
    """What the nodes of a core graph play."""

    def __init__(self, graph: Any, sample_rate_hz: int) -> None:
        self.streams = Streams(graph, sample_rate_hz)
        self._sample_rate_hz = sample_rate_hz
        self.prepared = PreparedMedia(graph, sample_rate_hz)
        self.tracks = AudioTracks(self.prepared, sample_rate_hz, self._folder)
        self._unpacked: tempfile.TemporaryDirectory[str] | None = None

    def fill(
        self, document: Document, type: str, value: str, settings: Mapping[str, Any], index: int, position_frames: int
    ) -> None:
        """Give a new node its recording, a path or the hash of one in the project; "" is none.

        A streamed one begins where it is at that position. Raises `MediaError`.
        """
        kind = find(type)
        if kind is None:
            return
        path = str(media_path(document, value, self._folder())) if value else ""
        if kind.media_memory is not None:
            label = document.media[value].name if value in document.media else value
            self.prepared.lend(index, kind, dict(settings), path, label)
        elif path:
            start = round(float(settings.get("start_s", 0.0)) * self._sample_rate_hz)
            start += round(position_frames * float(settings.get("speed", 1.0)))
            self.streams.open(index, path, loop=settings.get("loop") == "on", start_frames=start)

    def _folder(self) -> str:
        """Where recordings from inside the project file are unpacked while they play."""
        if self._unpacked is None:
            self._unpacked = tempfile.TemporaryDirectory(prefix="graphdaw-")
        return self._unpacked.name

    def close(self) -> None:
        """Let go of all of them."""
        self.streams.close()
        self.prepared.close()
        if self._unpacked is not None:
            self._unpacked.cleanup()
