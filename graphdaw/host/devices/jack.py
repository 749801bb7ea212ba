"""A JACK server as a device, directly through libjack: it survives the server's end, which PortAudio does not."""

from __future__ import annotations

import glob
import os
import re
import threading
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.host.devices.base import Device, channels_heard
from graphdaw.host.devices.bounded import TookTooLongError, bounded
from graphdaw.host.devices.settings import Channels, DeviceSettings, RateNeededError, chosen
from graphdaw.host.engine import Engine

OPEN_S = 3.0
CLIENT = b"graphdaw"


class JackDevice(Device):
    """A client with a port for each channel, connected to the server's physical ports or to those that are named."""

    hangs = True

    def __init__(self, engine: Engine, settings: DeviceSettings, *, wait_s: float | None = OPEN_S) -> None:
        server = server_of(settings.device) or ""
        super().__init__(engine, f"jack:{server or default_server()}", 0, settings.fade_frames)
        self._using = threading.Lock()  # the client is not closed while somebody asks it for its latency
        try:
            self._jack = bounded(lambda: _client(server), wait_s, late=lib.gd_jack_close)
        except TookTooLongError as error:
            raise EngineError(f"{_title(server)} does not answer; restart it, or choose another device.") from error
        try:
            self._set_up(settings, server)
        except BaseException:
            self.shut()
            raise

    def _set_up(self, settings: DeviceSettings, server: str) -> None:
        rate = int(lib.gd_jack_rate(self._jack))
        if settings.sample_rate_hz not in (None, rate):
            asked = settings.sample_rate_hz
            raise EngineError(
                f"{_title(server)} runs at {rate} Hz, not at {asked}; its rate is set where it is started."
            )
        if rate != self.engine.sample_rate:
            raise RateNeededError(f"{_title(server)} runs at {rate} Hz, the engine at {self.engine.sample_rate}.", rate)
        block = settings.block_frames
        if block and block != lib.gd_jack_block(self._jack) and not lib.gd_jack_set_block(self._jack, block):
            raise EngineError(f"{_title(server)} does not take blocks of {block} frames; try a power of two.")
        self.block_frames = int(lib.gd_jack_block(self._jack))
        inputs = self._ports("inputs", settings.inputs, server)
        outputs = self._ports("outputs", settings.outputs, server)
        caller = self._make_caller(
            range(len(inputs)), range(len(outputs)), len(inputs), len(outputs), self.block_frames
        )
        if lib.gd_jack_start(self._jack, caller) != lib.GD_JACK_OK:
            raise EngineError(f"{_title(server)} takes no more clients or ports; close some, or choose another device.")
        for output, ports in ((False, inputs), (True, outputs)):
            for channel, port in enumerate(ports):
                if not lib.gd_jack_connect(self._jack, output, channel, port.encode()):
                    raise EngineError(f"{_title(server)} does not connect to its port {port!r}; choose another.")

    def _ports(self, direction: str, map_: Channels | None, server: str) -> list[str]:
        """The names of the ports that a map means."""
        output = direction == "outputs"
        physical, named = _names(self._jack, output, physical=True), _names(self._jack, output, physical=False)
        if map_ is None:
            return physical[: 2 if output else max(2, channels_heard(self.engine))]
        ports = []
        for channel in map_:
            if isinstance(channel, int):
                (number,) = chosen(direction, (channel,), len(physical), _title(server))
                ports.append(physical[number])
            elif channel in named:
                ports.append(channel)
            else:
                raise EngineError(
                    f"{_title(server)} has no port {channel!r} for {direction}; it has {', '.join(named)}."
                )
        return ports

    @property
    def latency_frames(self) -> tuple[int, int]:
        """Frames from the outside to `input` nodes, and from the outputs to the outside, as the server says."""
        with self._using:
            if self._jack is None:
                return 0, 0
            return int(lib.gd_jack_latency(self._jack, False)), int(lib.gd_jack_latency(self._jack, True))

    def _let_go(self) -> None:
        """Close the client; a server that stands still makes this hang until it goes on or ends."""
        with self._using:
            jack, self._jack = self._jack, None
        if jack is not None:
            lib.gd_jack_close(jack)


def server_of(device: str | int | None) -> str | None:
    """The name of the JACK server that is asked for, empty for the default one; None where none is.

    >>> server_of("jack:studio"), server_of("jack"), server_of("null"), server_of(3)
    ('studio', '', None, None)
    """
    if not isinstance(device, str) or (device != "jack" and not device.startswith("jack:")):
        return None
    return device.partition(":")[2]


def default_server() -> str:
    """The server that is meant where none is named."""
    return os.environ.get("JACK_DEFAULT_SERVER") or "default"


def running_servers() -> list[str]:
    """Names of the JACK 2 servers that have left a socket, so that they may be running; a probe tells."""
    folder = os.environ.get("JACK_TMP_DIR") or "/dev/shm"
    found = [re.fullmatch(r"jack_(.+)_\d+_\d+", os.path.basename(path)) for path in glob.glob(f"{folder}/jack_*")]
    return sorted({match[1] for match in found if match})


def run_of(server: str) -> object:
    """What tells this run of a JACK 2 server from the next one of its name: its socket. None where it left none."""
    folder = os.environ.get("JACK_TMP_DIR") or "/dev/shm"
    try:
        about = os.stat(f"{folder}/jack_{server}_{os.getuid()}_0")
    except OSError:
        return None
    return about.st_ino, about.st_ctime_ns


def probe(server: str, wait_s: float = 1.0) -> dict[str, Any] | None:
    """What a running server offers; None where it does not answer."""
    try:
        return bounded(lambda: _look(server), wait_s)
    except (TookTooLongError, EngineError):
        return None


def _look(server: str) -> dict[str, Any]:
    jack = _client(server)
    try:
        return {
            "sample_rate_hz": float(lib.gd_jack_rate(jack)),
            "block_frames": int(lib.gd_jack_block(jack)),
            "inputs": len(_names(jack, False, physical=True)),
            "channels": len(_names(jack, True, physical=True)),
        }
    finally:
        lib.gd_jack_close(jack)


def _client(server: str) -> Any:
    status = ffi.new("int *")
    name = ffi.new("char[]", server.encode()) if server else ffi.NULL
    jack = lib.gd_jack_open(CLIENT, name, status)
    if jack != ffi.NULL:
        return jack
    if status[0] == lib.GD_JACK_NO_LIBRARY:
        raise EngineError("JACK cannot be used, because its library is missing; install libjack-jackd2-0.")
    raise EngineError(f"{_title(server)} is not running; start it with jackd, or choose another device.")


def _names(jack: Any, output: bool, *, physical: bool) -> list[str]:
    lines = lib.gd_jack_ports(jack, output, physical)
    if lines == ffi.NULL:
        raise MemoryError("no memory for the names of JACK's ports")
    try:
        return ffi.string(lines).decode(errors="replace").splitlines()
    finally:
        lib.gd_jack_forget(lines)


def _title(server: str) -> str:
    return f"JACK server {server or default_server()!r}"
