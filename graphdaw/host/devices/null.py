"""The null device: a timer thread that plays to nowhere at the right speed."""

from __future__ import annotations

from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.host.devices.base import Device
from graphdaw.host.devices.settings import DeviceSettings, chosen
from graphdaw.host.engine import Engine

BLOCK_FRAMES = 128
CHANNELS = 64


class NullDevice(Device):
    """For machines without sound, for tests, and for the time that a device is lost.

    `since_ns` is when its first block fell due: what was missed since then is made up for, up to two seconds.
    """

    def __init__(self, engine: Engine, settings: DeviceSettings | None = None, *, since_ns: int = 0) -> None:
        settings = settings or DeviceSettings("null")
        super().__init__(engine, "null", settings.block_frames or BLOCK_FRAMES, settings.fade_frames)
        outputs = chosen("outputs", settings.outputs, CHANNELS, "the null device")
        inputs = chosen("inputs", settings.inputs or (), CHANNELS, "the null device")
        caller = self._make_caller(
            inputs, outputs, max(inputs, default=-1) + 1, max(outputs, default=-1) + 1, self.block_frames
        )
        self._since_ns = since_ns
        self._thread: Any = None
        if not since_ns:
            self._start(caller)

    def _start(self, caller: object) -> None:
        self._thread = lib.gd_null_start(caller, self.block_frames, self._since_ns)
        if self._thread == ffi.NULL:
            self._thread = None
            self.shut()
            raise EngineError("The null device's thread could not be started; close other programs and try again.")

    def take(self) -> None:
        """Begin its turn; one that makes up for lost time starts only now, so that no block of it goes by."""
        super().take()
        if self._thread is None:
            self._start(self._caller)

    def _let_go(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            lib.gd_null_stop(thread)
