"""Devices: what calls the engine for sound. sounddevice opens and lists them; the callback itself is C."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Any, Protocol

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.host.engine import Engine

CLOSE_S = 2.0  # a driver that takes longer is left to itself
LONGEST_BLOCK_FRAMES = 8192


class Device(Protocol):
    """Something that calls an engine until it is closed."""

    name: str
    block_frames: int

    def close(self) -> None:
        """Stop calling; afterwards the engine may be freed."""


class NullDevice:
    """A timer thread that plays to nowhere at the right speed: for machines without sound, and for tests."""

    def __init__(self, engine: Engine, block_frames: int = 128, channels: int = 2) -> None:
        self.name = "null"
        self.block_frames = block_frames
        self._device = lib.gd_null_start(engine.pointer, block_frames, channels)
        if self._device == ffi.NULL:
            raise EngineError("The null device's thread could not be started; close other programs and try again.")

    def close(self) -> None:
        """Stop the thread."""
        if self._device is not None:
            lib.gd_null_stop(self._device)
            self._device = None


class HandDevice:
    """A device that plays only when told to, block by block: time under a test's control."""

    def __init__(self, engine: Engine, block_frames: int = 128, channels: int = 2) -> None:
        self.name = "hand"
        self.block_frames = block_frames
        self._engine = engine
        self._planes = ffi.new("float[]", block_frames * channels)
        self._out = ffi.new("float *[]", [self._planes + c * block_frames for c in range(channels)])
        self._channels = channels

    def step(self, blocks: int = 1) -> list[list[float]]:
        """Play blocks; returns the last one, a list of samples per channel."""
        for _ in range(blocks):
            lib.gd_engine_process(self._engine.pointer, ffi.NULL, 0, self._out, self._channels, self.block_frames)
        frames = self.block_frames
        return [ffi.unpack(self._planes + c * frames, frames) for c in range(self._channels)]

    def close(self) -> None:
        """Nothing runs by itself, so there is nothing to stop."""


class SoundDevice:
    """A sound card through PortAudio, named or numbered as in `devices`; None is the system's default."""

    def __init__(self, engine: Engine, device: str | int | None, block_frames: int, channels: int | None) -> None:
        sounddevice = library()
        self._user = None
        try:
            info = sounddevice.query_devices(device, "output")
            self.name = str(info["name"])
            self._channels = min(channels or 2, int(info["max_output_channels"]))
            self.block_frames = block_frames
            self._user = lib.gd_portaudio_new(engine.pointer, 0, self._channels, LONGEST_BLOCK_FRAMES)
            self._stream = _open(
                sounddevice, info["index"], engine.sample_rate, block_frames, self._channels, self._user
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            if self._user is not None:
                lib.gd_portaudio_free(self._user)
            raise EngineError(
                f"Sound device {device if device is not None else 'default'!r} cannot be opened: {_first_line(error)}; "
                "see `graphdaw devices`, or play to the null device."
            ) from error
        lib.gd_portaudio_play(self._user, True)

    def close(self) -> None:
        """Close the stream in a thread of its own, since a driver whose server died may never come back."""
        if self._stream is None:
            return
        stream, self._stream = self._stream, None
        lib.gd_portaudio_play(self._user, False)
        closing = threading.Thread(target=stream.close, daemon=True)
        closing.start()
        closing.join(CLOSE_S)
        if not closing.is_alive():
            lib.gd_portaudio_free(self._user)


def library() -> Any:
    """The sounddevice module; raises EngineError where PortAudio is not installed."""
    try:
        import sounddevice
    except OSError as error:
        raise EngineError(
            "No sound device can be used, because the PortAudio library is missing; install libportaudio2, "
            "or play to the null device."
        ) from error
    return sounddevice


def _open(sounddevice: Any, index: int, rate: int, block_frames: int, channels: int, user: Any) -> Any:
    """A running stream whose callback is the core's own function: Python never runs in it."""
    core = ffi.addressof(lib, "gd_portaudio_callback")
    stream = _NativeStream(sounddevice, index, rate, block_frames, channels, int(ffi.cast("intptr_t", core)), user)
    stream.start()
    return stream


class _NativeStream:
    """The one place that needs sounddevice's inner workings: a stream with a callback written in C."""

    def __init__(
        self, sounddevice: Any, index: int, rate: int, block_frames: int, channels: int, callback: int, user: Any
    ) -> None:
        inner = sounddevice._ffi
        self._stream = sounddevice._StreamBase(
            kind="output",
            samplerate=rate,
            blocksize=block_frames,
            device=index,
            channels=channels,
            dtype="float32",
            callback=inner.cast("PaStreamCallback*", callback),
            userdata=inner.cast("void*", int(ffi.cast("intptr_t", user))),
        )

    def start(self) -> None:
        """Start the callback."""
        self._stream.start()

    def close(self) -> None:
        """Stop and free the stream."""
        with suppress(Exception):
            self._stream.close(ignore_errors=True)


def open_device(
    engine: Engine, device: str | int | None, *, block_frames: int = 128, channels: int | None = None
) -> Device:
    """The device of that name: "null", "hand", or a sound card's; None is the default, or null where there is none."""
    if device == "null":
        return NullDevice(engine, block_frames, channels or 2)
    if device == "hand":
        return HandDevice(engine, block_frames, channels or 2)
    if device is None and not outputs():
        return NullDevice(engine, block_frames, channels or 2)
    return SoundDevice(engine, device, block_frames, channels)


def outputs() -> list[dict[str, Any]]:
    """Sound cards that can play: name, index, host_api, channels, default; empty where there are none."""
    try:
        sounddevice = library()
    except EngineError:
        return []
    default = sounddevice.default.device[1]
    apis = sounddevice.query_hostapis()
    return [
        {
            "name": info["name"],
            "index": info["index"],
            "host_api": apis[info["hostapi"]]["name"],
            "channels": info["max_output_channels"],
            "sample_rate_hz": info["default_samplerate"],
            "default": info["index"] == default,
        }
        for info in sounddevice.query_devices()
        if info["max_output_channels"] > 0
    ]


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def forced() -> str | None:
    """The device that the environment asks for (GRAPHDAW_DEVICE), if any."""
    return os.environ.get("GRAPHDAW_DEVICE")
