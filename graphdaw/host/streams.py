"""Recordings that are read from disk while they play: rings in the core, kept full by the control side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import MediaError
from graphdaw.host.media import MediaStream

RING_FRAMES = 1 << 16
FEED_FRAMES = 1 << 13


class Streams:
    """The recordings of a core graph's nodes, by the nodes' indices."""

    def __init__(self, graph: Any, sample_rate_hz: int) -> None:
        self._graph = graph
        self._sample_rate_hz = sample_rate_hz
        self._streams: dict[int, MediaStream] = {}

    def open(self, index: int, path: str, *, loop: bool, start_frames: int) -> None:
        """Let a new node play a recording from that frame of it on. Raises `MediaError`."""
        stream = MediaStream(path, self._sample_rate_hz, loop=loop)
        if start_frames > 0:
            stream.seek(start_frames)
        if not lib.gd_graph_stream(self._graph, index, stream.channels, RING_FRAMES):
            raise MemoryError(f"no memory for {path}")
        lib.gd_graph_channels(self._graph, index, stream.channels)
        old = self._streams.pop(index, None)
        if old is not None:
            old.close()
        self._streams[index] = stream
        self._feed_one(index, stream)

    def keep(self, indices: set[int]) -> None:
        """Close what other nodes played."""
        for index in self._streams.keys() - indices:
            self._streams.pop(index).close()

    def feed(self, failed: Callable[[int, MediaError], None]) -> None:
        """Fill every ring as far as it goes; one whose file cannot be read further plays what it has."""
        for index, stream in list(self._streams.items()):
            try:
                self._feed_one(index, stream)
            except MediaError as error:
                self._end(index, stream)
                failed(index, error)

    def underruns(self) -> int:
        """How often a ring ran dry."""
        return sum(lib.gd_stream_underruns(self._graph, index) for index in self._streams)

    def close(self) -> None:
        """Close every file."""
        self.keep(set())

    def __bool__(self) -> bool:
        return bool(self._streams)

    def _feed_one(self, index: int, stream: MediaStream) -> None:
        while (room := lib.gd_stream_room(self._graph, index)) >= FEED_FRAMES:
            block = stream.read(min(room, RING_FRAMES // 2))
            if block.shape[1] == 0:
                self._end(index, stream)
                return
            lib.gd_stream_write(self._graph, index, ffi.from_buffer("float[]", block), block.shape[1])

    def _end(self, index: int, stream: MediaStream) -> None:
        """Nothing more comes: what is in the rings is played, then silence."""
        lib.gd_stream_end(self._graph, index)
        stream.close()
        self._streams.pop(index, None)
