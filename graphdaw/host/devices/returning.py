"""A device that was lost: let go of, and looked for until it is back, in a thread that may hang without harm."""

from __future__ import annotations

import threading
from dataclasses import replace

from graphdaw.errors import EngineError
from graphdaw.host.devices import portaudio
from graphdaw.host.devices.base import CLOSE_S, Device
from graphdaw.host.devices.jack import JackDevice, default_server
from graphdaw.host.devices.portaudio import SoundDevice
from graphdaw.host.devices.settings import DeviceSettings, RateNeededError
from graphdaw.host.engine import Engine

AGAIN_S = 1.0


class Returning:
    """Closes a lost device, and with `settings.returns` opens it again as soon as it can be had, silent and ready.

    A server that stands still makes both wait for it: then its return is seen when the call comes back.
    """

    def __init__(self, engine: Engine, settings: DeviceSettings, lost: Device) -> None:
        self.name = lost.name
        self._engine = engine
        self._settings = settings
        self._lost = lost
        self._ended = threading.Event()
        self._turn = threading.Lock()
        self._found: Device | RateNeededError | None = None
        self._thread = threading.Thread(target=self._run, name="graphdaw-return", daemon=True)
        self._thread.start()

    def found(self) -> Device | RateNeededError | None:
        """The device once it is back, for the caller to keep; or why it cannot be taken as it is."""
        with self._turn:
            found, self._found = self._found, None
            return found

    def end(self) -> None:
        """Look no more; what is found later is closed again."""
        self._ended.set()
        self._thread.join(CLOSE_S)
        found = self.found()
        if isinstance(found, Device):
            found.shut()

    def _run(self) -> None:
        patient = isinstance(self._lost, JackDevice)  # libjack opens nothing while it closes, so wait for that
        self._lost.shut(wait_s=None if patient else CLOSE_S)
        while self._settings.returns and not self._ended.wait(AGAIN_S):
            try:
                back: Device | RateNeededError = self._open()
            except RateNeededError as error:
                back = error
            except EngineError:
                continue
            self._hand_in(back)
            return

    def _hand_in(self, back: Device | RateNeededError) -> None:
        with self._turn:
            if not self._ended.is_set():
                self._found = back
                return
        if isinstance(back, Device):
            back.shut()

    def _open(self) -> Device:
        """The device again. PortAudio's way to JACK does not survive the server: then the direct way is taken."""
        if isinstance(self._lost, JackDevice):
            return JackDevice(self._engine, self._settings, wait_s=None)
        if portaudio.stuck() or not portaudio.look_again():
            if isinstance(self._lost, SoundDevice) and self._lost.host_api == portaudio.JACK_API:
                direct = replace(self._settings, device=f"jack:{default_server()}", block_frames=None)
                return JackDevice(self._engine, direct, wait_s=None)
            raise EngineError(f"{self.name} cannot be looked for again before GraphDAW is started anew.")
        return SoundDevice(self._engine, self._same_card())

    def _same_card(self) -> DeviceSettings:
        """The settings by name: numbers, and what is the default, change when a card goes and comes."""
        if not isinstance(self._lost, SoundDevice):
            return self._settings
        return replace(self._settings, device=f"{self._lost.name}, {self._lost.host_api}")
