"""Sound cards through PortAudio: sounddevice lists and opens them; the callback itself is C."""

from __future__ import annotations

import atexit
import threading
from contextlib import suppress
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.host.devices.base import CLOSE_S, Device, channels_heard
from graphdaw.host.devices.bounded import TookTooLongError, bounded
from graphdaw.host.devices.settings import LONGEST_BLOCK_FRAMES, DeviceSettings, RateNeededError, chosen
from graphdaw.host.engine import Engine

OPEN_S = 5.0
BLOCK_FRAMES = 128
JACK_API = "JACK Audio Connection Kit"

_streams = threading.Lock()
_open_streams = 0  # the library can only look for new devices while none is open
_stuck = False  # a stream could not be closed: the library must not be touched in ways that wait for it


class SoundDevice(Device):
    """A sound card, named or numbered as in `graphdaw devices`; None is the system's default."""

    hangs = True  # a driver whose server died may never come back

    def __init__(self, engine: Engine, settings: DeviceSettings, *, wait_s: float | None = OPEN_S) -> None:
        sounddevice = library()
        found = _found(sounddevice, settings.device)
        name = str(found["name"])
        self._stream: _NativeStream | None = None
        super().__init__(engine, name, settings.block_frames or BLOCK_FRAMES, settings.fade_frames)
        self.host_api = str(sounddevice.query_hostapis(found["hostapi"])["name"])
        heard = _heard(sounddevice, found, settings)
        outputs = chosen("outputs", settings.outputs, int(found["max_output_channels"]), f"{name!r}")
        available = int(heard["max_input_channels"]) if heard else 0
        inputs = chosen("inputs", settings.inputs, available, f"{name!r}", channels_heard(engine))
        counts = max(inputs, default=-1) + 1, max(outputs, default=-1) + 1
        if not any(counts):
            raise EngineError(f"Sound device {name!r} was asked for no channel at all; name inputs or outputs.")
        caller = self._make_caller(inputs, outputs, *counts, LONGEST_BLOCK_FRAMES)
        indices = int(heard["index"]) if heard else -1, int(found["index"])
        try:
            stream = _NativeStream(sounddevice, indices, counts, engine.sample_rate, settings.block_frames, caller)
            self._stream = bounded(stream.opened, wait_s, late=_NativeStream.close)
        except BaseException as error:
            if isinstance(error, TookTooLongError):
                _note_stuck()  # the caller is never freed: it may still be called
            else:
                self.shut()
            raise _refused(sounddevice, settings, found, engine, error) from error

    @property
    def latency_frames(self) -> tuple[int, int]:
        """Frames from the outside to `input` nodes, and from the outputs to the outside, as the driver says."""
        return self._stream.latency_frames(self.sample_rate_hz) if self._stream is not None else (0, 0)

    def shut(self, wait_s: float | None = CLOSE_S) -> bool:
        """Let the driver go; after one that hangs, PortAudio is not asked for other devices any more."""
        closed = super().shut(wait_s)
        if not closed:
            _note_stuck()
        return closed

    def _let_go(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


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


def stuck() -> bool:
    """True when a stream hangs in closing, so that no card can be looked for again in this process."""
    return _stuck


def _note_stuck() -> None:
    """Remember it, and spare the end of the program from waiting for that stream."""
    global _stuck
    _stuck = True
    atexit.unregister(library()._exit_handler)


def look_again() -> bool:
    """Have PortAudio list its devices anew; False where it cannot, because a stream is open."""
    with _streams:
        if _stuck or _open_streams:
            return False
        sounddevice = library()
        sounddevice._terminate()
        sounddevice._initialize()
        return True


def _found(sounddevice: Any, device: str | int | None) -> Any:
    """The description of the card that a name or number means."""
    try:
        return sounddevice.query_devices(device, "output")
    except (sounddevice.PortAudioError, ValueError) as error:
        with suppress(sounddevice.PortAudioError, ValueError):
            return sounddevice.query_devices(device, "input")
        raise EngineError(
            f"Sound device {device if device is not None else 'default'!r} cannot be opened: {_first_line(error)}; "
            "see `graphdaw devices`, or play to the null device."
        ) from error


def _heard(sounddevice: Any, found: Any, settings: DeviceSettings) -> Any:
    """The card to listen to: the same one, or where it has no inputs the one of that name that has, or the default."""
    if found["max_input_channels"]:
        return found
    for device in (settings.device if isinstance(settings.device, str) else None, None):
        with suppress(sounddevice.PortAudioError, ValueError):
            return sounddevice.query_devices(device, "input")
    return None


def _refused(
    sounddevice: Any, settings: DeviceSettings, found: Any, engine: Engine, error: BaseException
) -> BaseException:
    """What to tell of a card that could not be opened."""
    name, usual = str(found["name"]), round(found["default_samplerate"])
    if isinstance(error, TookTooLongError):
        return EngineError(f"Sound device {name!r} does not answer; see `graphdaw devices`, or choose another.")
    if not isinstance(error, (sounddevice.PortAudioError, ValueError)):
        return error
    if "sample rate" in str(error).lower() and usual != engine.sample_rate and settings.sample_rate_hz is None:
        return RateNeededError(f"Sound device {name!r} does not run at {engine.sample_rate} Hz but at {usual}.", usual)
    return EngineError(
        f"Sound device {name!r} cannot be opened: {_first_line(error)}; see `graphdaw devices`, "
        "or play to the null device."
    )


class _NativeStream:
    """The one place that needs sounddevice's inner workings: a stream with a callback written in C."""

    def __init__(
        self,
        sounddevice: Any,
        indices: tuple[int, int],
        channels: tuple[int, int],
        rate_hz: int,
        block_frames: int | None,
        caller: Any,
    ) -> None:
        inner = sounddevice._ffi
        kind = "duplex" if all(channels) else "input" if channels[0] else "output"
        one = 0 if kind == "input" else 1
        core = int(ffi.cast("intptr_t", ffi.addressof(lib, "gd_portaudio_callback")))
        self._base = sounddevice._StreamBase
        self._stream: Any = None
        self._options = {
            "kind": kind,
            "samplerate": rate_hz,
            "blocksize": block_frames or BLOCK_FRAMES,
            "device": indices if kind == "duplex" else indices[one],
            "channels": channels if kind == "duplex" else channels[one],
            "dtype": "float32",
            "callback": inner.cast("PaStreamCallback*", core),
            "userdata": inner.cast("void*", int(ffi.cast("intptr_t", caller))),
        }
        self._kind = kind

    def opened(self) -> _NativeStream:
        """Itself, with its callback running."""
        global _open_streams
        self._stream = self._base(**self._options)
        with _streams:
            _open_streams += 1
        try:
            self._stream.start()
        except BaseException:
            self.close()
            raise
        return self

    def latency_frames(self, rate_hz: int) -> tuple[int, int]:
        """Of input and output, as the driver says."""
        latency = self._stream.latency
        pair = latency if self._kind == "duplex" else (latency, 0.0) if self._kind == "input" else (0.0, latency)
        return round(pair[0] * rate_hz), round(pair[1] * rate_hz)

    def close(self) -> None:
        """Stop and free the stream."""
        global _open_streams
        with suppress(Exception):
            self._stream.close(ignore_errors=True)
        with _streams:
            _open_streams -= 1


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
