"""Which device plays: from a name to a running device."""

from __future__ import annotations

import os
from dataclasses import replace

from graphdaw.errors import EngineError
from graphdaw.host.devices.base import Device
from graphdaw.host.devices.hand import HandDevice
from graphdaw.host.devices.jack import JackDevice, server_of
from graphdaw.host.devices.listing import cards, jack_servers, outputs
from graphdaw.host.devices.null import NullDevice
from graphdaw.host.devices.portaudio import JACK_API, OPEN_S, SoundDevice
from graphdaw.host.devices.settings import DeviceSettings, RateNeededError
from graphdaw.host.engine import Engine

__all__ = [
    "Device",
    "DeviceSettings",
    "HandDevice",
    "JackDevice",
    "NullDevice",
    "RateNeededError",
    "SoundDevice",
    "cards",
    "check_rate",
    "forced",
    "jack_servers",
    "make_device",
    "open_device",
    "outputs",
]


def make_device(engine: Engine, settings: DeviceSettings, *, wait_s: float | None = OPEN_S) -> Device:
    """The device of those settings, open but silent until it takes its turn; None is the default, or null without one.

    Waits at most `wait_s` for its driver. Raises `EngineError` where it cannot be had, and `RateNeededError` where it
    runs at another rate than the engine.
    """
    if settings.device is None and any(card["default"] and card["host_api"] == JACK_API for card in outputs()):
        settings = replace(settings, device="jack")  # the direct way survives the server's end
    if server_of(settings.device) is not None:
        return JackDevice(engine, settings, wait_s=wait_s)
    check_rate(engine, settings)
    if settings.device == "hand":
        return HandDevice(engine, settings)
    if settings.device == "null" or (settings.device is None and not outputs()):
        return NullDevice(engine, settings)
    return SoundDevice(engine, settings, wait_s=wait_s)


def check_rate(engine: Engine, settings: DeviceSettings) -> None:
    """Raises `RateNeededError` where another rate is asked for than the engine's."""
    wanted = settings.sample_rate_hz
    if wanted is not None and wanted != engine.sample_rate:
        raise RateNeededError(f"The engine runs at {engine.sample_rate} Hz, not at {wanted}.", wanted)


def open_device(
    engine: Engine, device: str | int | None, *, block_frames: int | None = None, channels: int | None = None
) -> Device:
    """The device of that name, playing; see `DeviceSettings` for names. A `Driver` can change it while it plays."""
    if channels is not None and channels < 1:
        raise EngineError(f"A device cannot play {channels} channels; choose at least 1.")
    found = make_device(
        engine, DeviceSettings(device, block_frames, outputs=tuple(range(channels)) if channels else None)
    )
    found.take()
    return found


def forced() -> str | None:
    """The device that the environment asks for (GRAPHDAW_DEVICE), if any."""
    return os.environ.get("GRAPHDAW_DEVICE")
