"""Recordings as kernels read them: prepared once for all nodes that want the same, freed when the last one goes.

Control threads, under the engine's lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Mapping
from typing import Any, NamedTuple

import numpy as np

from graphdaw._core import ffi, lib
from graphdaw.errors import MediaError
from graphdaw.host.instruments import read_instrument
from graphdaw.host.media import MAX_LOADED_BYTES, read_recording
from graphdaw.host.system import memory_bytes
from graphdaw.nodes import NodeType
from graphdaw.nodes.base import Prepared, Recording, as_recorded
from graphdaw.nodes.prepare.zone_map import ZoneMap

Key = tuple[Any, ...]


class Held(NamedTuple):
    """Something prepared: the core's copy of it, and what else is known of it."""

    media: Any
    channels: int
    work_frames: int
    bytes: int


class PreparedMedia:
    """What has been prepared for the nodes of one engine; `lend` gives it to a node, `hold` to what names several.

    All of it together takes at most `limit_bytes`, half of the machine's memory at first.
    """

    def __init__(self, graph: Any, sample_rate_hz: int) -> None:
        self.limit_bytes = memory_bytes() // 2
        self._graph = graph
        self._sample_rate_hz = sample_rate_hz
        self._held: dict[Key, Held] = {}

    def lend(self, index: int, kind: NodeType, values: Mapping[str, Any], path: str, name: str) -> None:
        """Let a new node of the core's graph read what its type makes of the file at `path`, or of none where empty.

        `name` is what the user calls the file. Raises `MediaError`.
        """
        held = self.hold(self._key(kind, values, path), name, lambda: self._prepare(kind, values, path, name))
        if not lib.gd_graph_media(self._graph, index, held.media, held.work_frames):
            raise MemoryError(f"no memory for {name}")
        lib.gd_graph_channels(self._graph, index, max(1, held.channels))

    def hold(self, key: Key, name: str, prepare: Callable[[], Prepared], sparing: Container[Key] = ()) -> Held:
        """What was prepared under a key, by `prepare` if it is not there; it stays while a node has it.

        Another one that no node has goes then, if it is not to be spared because a node is about to have it.
        """
        if key not in self._held:
            self._forget_unused(sparing)
            self._held[key] = self._keep(prepare(), name)
        return self._held[key]

    def holds(self, key: Key) -> bool:
        """Whether it is there already."""
        return key in self._held

    def close(self) -> None:
        """Let go of everything; nodes keep what they use."""
        for held in self._held.values():
            lib.gd_media_release(held.media)
        self._held.clear()

    def _key(self, kind: NodeType, values: Mapping[str, Any], path: str) -> Key:
        """All that a preparation depends on: the file as it is now, and what shapes the memory."""
        file = file_key(path) if path else ()
        if kind.media_memory is as_recorded:
            return file
        shaping = [name for name, param in kind.params.items() if param.fixed]
        return (*file, kind.name, *((name, values[name]) for name in [*shaping, *kind.choices, *kind.texts]))

    def _prepare(self, kind: NodeType, values: Mapping[str, Any], path: str, name: str) -> Prepared:
        assert kind.media_memory is not None
        return kind.media_memory(self._read(kind, values, path, name), values, self._sample_rate_hz)

    def _keep(self, prepared: Prepared, name: str) -> Held:
        planes = np.ascontiguousarray(prepared.planes if len(prepared.planes) else np.zeros((0, 0)), np.float32)
        if planes.nbytes > MAX_LOADED_BYTES:
            raise MediaError(f"{name} would take {planes.nbytes >> 20} MiB of memory; choose a shorter recording.")
        if planes.nbytes + sum(held.bytes for held in self._held.values()) > self.limit_bytes:
            raise MediaError(
                f"{name} does not fit into memory any more: recordings may take {self.limit_bytes >> 20} MiB of it; "
                "take some out, or let audio_file nodes play the long ones from disk."
            )
        count, frames = planes.shape
        data, (begin, end) = ffi.from_buffer("float[]", planes), prepared.loop
        media = lib.gd_media_new(data, count, frames, float(prepared.rate_hz), begin, end)
        if media == ffi.NULL:
            raise MemoryError(f"no memory for {name}")
        return Held(media, count, prepared.work_frames, planes.nbytes)

    def _read(self, kind: NodeType, values: Mapping[str, Any], path: str, name: str) -> Recording | ZoneMap | None:
        """What a type is handed of a file: the recording, or the zones of an instrument."""
        if not path:
            return None
        if any(media.instrument for media in kind.media.values()):
            return read_instrument(path, str(values.get("preset", "")), name)
        own_rate = any(media.own_rate for media in kind.media.values())
        return read_recording(path, None if own_rate else self._sample_rate_hz, name)

    def _forget_unused(self, sparing: Container[Key]) -> None:
        lib.gd_graph_sweep(self._graph)
        unused = [key for key, held in self._held.items() if lib.gd_media_users(held.media) == 1]
        for key in unused:
            if key not in sparing:
                lib.gd_media_release(self._held.pop(key).media)


def file_key(path: str) -> Key:
    """A file as it is now; raises `MediaError` where there is none."""
    try:
        state = os.stat(path)
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}; choose a recording.") from error
    return path, state.st_mtime_ns, state.st_size
