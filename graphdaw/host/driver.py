"""Who calls the engine: one device at a time, changed while it plays, replaced by the null device when it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graphdaw.errors import EngineError
from graphdaw.host.device import check_rate, make_device
from graphdaw.host.devices import portaudio
from graphdaw.host.devices.base import Device
from graphdaw.host.devices.null import NullDevice
from graphdaw.host.devices.returning import Returning
from graphdaw.host.devices.settings import DeviceSettings, RateNeededError
from graphdaw.host.engine import Engine
from graphdaw.host.events import DeviceChanged, DeviceLost, DevicePriority, DeviceReturned, DeviceWaits
from graphdaw.host.system import priority_sentence, steal_s

LOST_S = 0.5  # without a call
LEAVE_LOST_S = 0.02  # a device that calls no more is not inside a call either


DeviceEvent = DeviceLost | DeviceReturned | DeviceWaits | DeviceChanged | DevicePriority


class Driver:
    """Opens, changes and closes the device that calls an engine, and watches it.

    Observers hear of what happens on the thread that calls `watch` or `change`. Any thread may call any method.

    >>> import graphdaw as gd
    >>> with Engine(gd.Graph()) as engine:
    ...     driver = Driver(engine)
    ...     driver.open(DeviceSettings("null"))
    ...     driver.change(DeviceSettings("null", block_frames=64))
    ...     print(driver.name, driver.block_frames)
    ...     driver.close()
    null 64
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.settings = DeviceSettings("null")
        self._observers: list[Callable[[DeviceEvent], object]] = []
        self._lock = threading.RLock()
        self._device: Device | None = None
        self._returning: Returning | None = None
        self._lost = False
        self._losing = ""  # why, while a device whose turn has ended is still inside a call of the engine
        self._priority: int | None = None
        self._suspected: int | None = None  # calls of a device that stood still when last looked at
        self._steal_s = steal_s()

    # What plays

    @property
    def device(self) -> Device | None:
        """What calls the engine now; the null device while the chosen one is lost, None while closed."""
        return self._device

    @property
    def name(self) -> str:
        """The device's name; empty while closed."""
        device = self._device
        return device.name if device is not None else ""

    @property
    def block_frames(self) -> int:
        """How much it asks for at once; 0 while closed."""
        device = self._device
        return device.block_frames if device is not None else 0

    @property
    def lost(self) -> bool:
        """True while the null device stands in for one that was lost."""
        return self._lost

    @property
    def latency_frames(self) -> tuple[int, int]:
        """Frames from the outside to `input` nodes, and from the outputs to the outside, as the driver says."""
        device = self._device
        return device.latency_frames if device is not None else (0, 0)

    @property
    def priority(self) -> int | None:
        """The real-time priority of the thread that calls; 0: ordinary, None: not known yet."""
        return self._priority

    def stats(self) -> dict[str, Any]:
        """The engine's counters, and beside them what may explain them.

        `steal_s` is processor time that the machine's host took away since the driver was made (None where unknown),
        `priority` that of the calling thread, `device_calls` and `device_xruns` are the present device's own.
        """
        stats: dict[str, Any] = dict(self.engine.stats())
        now_s = steal_s()
        with self._lock:
            facts = self._device.facts() if self._device is not None else {"calls": 0, "xruns": 0}
        stats["steal_s"] = None if now_s is None or self._steal_s is None else now_s - self._steal_s
        stats["priority"] = self._priority
        stats["device_calls"], stats["device_xruns"] = facts["calls"], facts["xruns"]
        return stats

    def observe(self, observer: Callable[[DeviceEvent], object]) -> None:
        """Have it called with every event from now on; it must return soon and not raise."""
        self._observers.append(observer)

    def _tell(self, event: DeviceEvent) -> None:
        for observer in self._observers:
            observer(event)

    # Opening, changing, closing

    def open(self, settings: DeviceSettings) -> None:
        """Start the sound on a device; does nothing while one is open.

        Raises `EngineError` where the device cannot be had, and `RateNeededError` where it wants another engine.
        """
        with self._lock:
            if self._device is None:
                self._begin(make_device(self.engine, settings), settings)

    def change(self, settings: DeviceSettings, *, engine: Engine | None = None) -> None:
        """Go on with another device, rate, block size or other channels: a fade out, then a fade in.

        `engine` takes the place of the present one, which may be closed afterwards: for a device at another rate, for
        which `RateNeededError` asks. Where the device cannot be had, everything is as before.
        """
        with self._lock:
            if self._device is None:
                self.engine = engine or self.engine
                self.open(settings)
                return
            before = self.engine
            self.engine = engine or before
            try:
                self._replace(settings)
            except BaseException:
                self.engine = before
                raise
            self._tell(DeviceChanged(settings, self._device.name))

    def close(self) -> None:
        """Fade out and let the device go; afterwards the engine may be freed."""
        with self._lock:
            device, self._device = self._device, None
            self._end_return()
            if device is not None:
                device.close()

    def _begin(self, device: Device, settings: DeviceSettings) -> None:
        device.take()
        self._device, self.settings, self._lost = device, settings, False
        self._priority, self._suspected, self._losing = None, None, ""

    def _replace(self, settings: DeviceSettings) -> None:
        """Hand the engine over. A sound card may be there for one stream only, so that one is closed first."""
        old = self._device
        assert old is not None
        if isinstance(old, portaudio.SoundDevice) and not self._lost:
            self._replace_closed(old, settings)
            return
        new = make_device(self.engine, settings)
        self._end_return()
        self._pass_on(old, new)
        self._begin(new, settings)
        old.shut()

    def _replace_closed(self, old: Device, settings: DeviceSettings) -> None:
        engine, before = self.engine, self.settings
        check_rate(engine, settings)
        old.close()
        try:
            new = make_device(engine, settings)
        except BaseException:
            self._begin(self._any_device(old.engine, before), before)
            raise
        self._begin(new, settings)

    def _any_device(self, engine: Engine, settings: DeviceSettings) -> Device:
        """The device of those settings again, or if it has gone in the meantime the null device."""
        try:
            return make_device(engine, settings)
        except EngineError:
            return NullDevice(engine)

    @staticmethod
    def _pass_on(old: Device, new: Device) -> None:
        """Silence the old one and end its turn; the new one may be dropped if that fails."""
        try:
            old.fade_out()
            old.leave()
        except BaseException:
            new.shut()
            raise

    # Watching

    def watch(self) -> None:
        """Notice a device that calls no more, or is back; to be called about every 100 ms, never waits long."""
        if not self._lock.acquire(blocking=False):
            return  # a change is under way
        try:
            if self._device is None:
                return
            self._note_priority(self._device)
            if self._returning is not None:
                self._look_for_return(self._returning)
            elif not self._lost and (why := self._losing or self._why_lost(self._device)):
                self._lose(self._device, why)
        finally:
            self._lock.release()

    def _note_priority(self, device: Device) -> None:
        if self._priority is None:
            self._priority = device.priority()
            if self._priority is not None:
                self._tell(DevicePriority(self._priority, priority_sentence(self._priority)))

    def _why_lost(self, device: Device) -> str:
        """Why a device counts as lost; empty while it does not.

        One look is not enough: after a program that was stopped goes on, its devices have not called for long either.
        """
        if not device.hangs:
            return ""
        facts, still_s = device.facts(), device.silent_for_s()
        if facts["gone"]:
            return "its server has ended"
        suspected, self._suspected = self._suspected, int(facts["calls"]) if still_s > LOST_S else None
        if self._suspected is None or suspected != self._suspected:
            return ""
        return f"it has not asked for sound for {still_s:.1f} s"

    def _lose(self, device: Device, why: str) -> None:
        """The null device takes over as if it had been there since the block after the last one."""
        last_ns = int(device.facts()["last_ns"])
        since_ns = last_ns + round(device.block_frames * 1e9 / device.sample_rate_hz) if last_ns else 0
        self._losing = why
        try:
            device.leave(LEAVE_LOST_S)
        except EngineError:
            return  # it computes, and for long: the next look tries again
        self._losing = ""
        stand_in = replace(self.settings, device="null", block_frames=device.block_frames or None)
        null = NullDevice(self.engine, replace(stand_in, inputs=(), outputs=None), since_ns=since_ns)
        frame = self.engine.time_frames
        null.take()
        self._device, self._lost, self._priority = null, True, None
        self._returning = Returning(self.engine, self.settings, device)
        self._tell(DeviceLost(device.name, why, frame))

    def _look_for_return(self, returning: Returning) -> None:
        found = returning.found()
        if isinstance(found, RateNeededError):
            self._end_return()
            self._tell(DeviceWaits(returning.name, f"{found} Choose it again to go on at its rate."))
        elif found is not None and self._device is not None:
            self._returning = None
            null = self._device
            self._pass_on(null, found)
            self._begin(found, self.settings)
            null.shut()
            self._tell(DeviceReturned(found.name, self.engine.time_frames))

    def _end_return(self) -> None:
        returning, self._returning = self._returning, None
        if returning is not None:
            returning.end()
