"""The hand-stepped device: time under a test's control."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from graphdaw._core import ffi, lib
from graphdaw.host.devices.base import Device, channels_heard
from graphdaw.host.devices.settings import DeviceSettings, chosen
from graphdaw.host.engine import Engine

BLOCK_FRAMES = 128
CHANNELS = 64


class HandDevice(Device):
    """Plays only when told to, block by block, and begins and ends without a fade unless one is asked for."""

    def __init__(self, engine: Engine, settings: DeviceSettings | None = None) -> None:
        settings = settings or DeviceSettings("hand")
        super().__init__(engine, "hand", settings.block_frames or BLOCK_FRAMES, settings.fade_frames or 0)
        outputs = chosen("outputs", settings.outputs, CHANNELS, "the device stepped by hand")
        inputs = chosen("inputs", settings.inputs, CHANNELS, "the device stepped by hand", channels_heard(engine))
        self._turn, self._ended = threading.Lock(), False
        self._ins, self._outs = max(inputs, default=-1) + 1, max(outputs, default=-1) + 1
        self._make_caller(inputs, outputs, self._ins, self._outs, self.block_frames)

    def step(self, blocks: int = 1, heard: Sequence[Sequence[float]] | None = None) -> list[list[float]]:
        """Play blocks; returns the last one, a list of samples per channel of the device.

        `heard` is what comes in at its inputs in each of them, at most a block a channel; silence without. A device
        that was closed plays silence, so another thread may step it until it notices.
        """
        with self._turn:
            if self._ended:
                return [[0.0] * self.block_frames for _ in range(self._outs)]
            return self._step(blocks, heard)

    def priority(self) -> int | None:
        """None: whoever steps it, a test or a program's main thread, keeps the priority it has."""
        return None

    def _step(self, blocks: int, heard: Sequence[Sequence[float]] | None) -> list[list[float]]:
        frames = self.block_frames
        for channel in range(self._ins):
            samples = list(heard[channel][:frames]) if heard is not None and channel < len(heard) else []
            plane = lib.gd_caller_plane(self._caller, True, channel)
            plane[0:frames] = samples + [0.0] * (frames - len(samples))
        for _ in range(blocks):
            lib.gd_caller_run(self._caller, ffi.NULL, ffi.NULL, frames, 0)
        return [ffi.unpack(lib.gd_caller_plane(self._caller, False, channel), frames) for channel in range(self._outs)]

    def _let_go(self) -> None:
        with self._turn:
            self._ended = True
