"""Recordings as kernels read them: prepared once for all nodes that want the same, freed when the last one goes.

Control threads, under the engine's lock.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from graphdaw._core import ffi, lib
from graphdaw.errors import MediaError
from graphdaw.host.instruments import read_instrument
from graphdaw.host.media import MAX_LOADED_BYTES, read_recording
from graphdaw.nodes import NodeType
from graphdaw.nodes.base import Prepared, Recording, as_recorded
from graphdaw.nodes.prepare.zone_map import ZoneMap

Key = tuple[Any, ...]


class PreparedMedia:
    """What has been prepared for the nodes of one engine; `lend` gives it to a node."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._held: dict[Key, tuple[Any, Prepared]] = {}

    def lend(self, graph: Any, index: int, kind: NodeType, values: Mapping[str, Any], path: str, name: str) -> None:
        """Let a new node of the core's graph read what its type makes of the file at `path`, or of none where empty.

        `name` is what the user calls the file. Raises `MediaError`.
        """
        key = self._key(kind, values, path)
        if key not in self._held:
            self._forget_unused()
            self._held[key] = self._prepare(kind, values, path, name)
        media, prepared = self._held[key]
        if not lib.gd_graph_media(graph, index, media, prepared.work_frames):
            raise MemoryError(f"no memory for {name}")
        lib.gd_graph_channels(graph, index, max(1, len(prepared.planes)))

    def close(self) -> None:
        """Let go of everything; nodes keep what they use."""
        for media, _ in self._held.values():
            lib.gd_media_release(media)
        self._held.clear()

    def _key(self, kind: NodeType, values: Mapping[str, Any], path: str) -> Key:
        """All that a preparation depends on: the file as it is now, and what shapes the memory."""
        state = os.stat(path) if path else None
        file = (path, state.st_mtime_ns, state.st_size) if state is not None else ()
        if kind.media_memory is as_recorded:
            return file
        shaping = [name for name, param in kind.params.items() if param.fixed]
        return (*file, kind.name, *((name, values[name]) for name in [*shaping, *kind.choices, *kind.texts]))

    def _prepare(self, kind: NodeType, values: Mapping[str, Any], path: str, name: str) -> tuple[Any, Prepared]:
        assert kind.media_memory is not None
        prepared = kind.media_memory(self._read(kind, values, path, name), values, self._sample_rate_hz)
        planes = np.ascontiguousarray(prepared.planes if len(prepared.planes) else np.zeros((0, 0)), np.float32)
        if planes.nbytes > MAX_LOADED_BYTES:
            raise MediaError(f"{name} would take {planes.nbytes >> 20} MiB of memory; choose a shorter recording.")
        count, frames = planes.shape
        data, (begin, end) = ffi.from_buffer("float[]", planes), prepared.loop
        media = lib.gd_media_new(data, count, frames, float(prepared.rate_hz), begin, end)
        if media == ffi.NULL:
            raise MemoryError(f"no memory for {name}")
        return media, Prepared(planes[:, :0], prepared.rate_hz, prepared.loop, prepared.work_frames)

    def _read(self, kind: NodeType, values: Mapping[str, Any], path: str, name: str) -> Recording | ZoneMap | None:
        """What a type is handed of a file: the recording, or the zones of an instrument."""
        if not path:
            return None
        if any(media.instrument for media in kind.media.values()):
            return read_instrument(path, str(values.get("preset", "")), name)
        own_rate = any(media.own_rate for media in kind.media.values())
        return read_recording(path, None if own_rate else self._sample_rate_hz, name)

    def _forget_unused(self) -> None:
        for key in [key for key, (media, _) in self._held.items() if lib.gd_media_users(media) == 1]:
            lib.gd_media_release(self._held.pop(key)[0])
