"""The device is changed while it plays, by a thread of its own, and only ever one calls the engine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from scipy import signal

import graphdaw as gd
from graphdaw.errors import EngineError
from graphdaw.host.device import DeviceSettings, HandDevice, NullDevice, RateNeededError
from graphdaw.host.driver import Driver
from graphdaw.host.engine import Engine
from graphdaw.host.events import DeviceChanged, DeviceLost, DevicePriority
from tests.drawing import draw

RATE_HZ = 48_000
SETTLE_FRAMES = 512


def tone(rate_hz: int = RATE_HZ) -> gd.Graph:
    graph = gd.Graph(sample_rate=rate_hz)
    graph.add("sine", frequency_hz=220.0) >> graph.add("gain", gain_db=-6.0) >> graph.add("output")
    return graph


def hand(block_frames: int, **more: object) -> DeviceSettings:
    return DeviceSettings("hand", block_frames, fade_frames=256, **more)


class Stepper:
    """Steps whatever device a driver has, as a device's own thread would, and keeps what was heard."""

    def __init__(self, driver: Driver) -> None:
        self.heard: list[tuple[int, np.ndarray]] = []  # (rate, block)
        self._driver = driver
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._quit.is_set():
            device = self._driver.device
            if isinstance(device, HandDevice):
                self.heard.append((device.sample_rate_hz, np.array(device.step())))
            time.sleep(0.0002)

    def wait(self, blocks: int) -> None:
        goal, end = len(self.heard) + blocks, time.monotonic() + 20
        while len(self.heard) < goal and time.monotonic() < end:
            time.sleep(0.001)

    def stop(self) -> None:
        self._quit.set()
        self._thread.join()

    def residue_dbfs(self, rate_hz: int = RATE_HZ) -> float:
        audio = np.concatenate([block[:1] for rate, block in self.heard if rate == rate_hz], axis=1)
        sos = signal.butter(10, 6_000, "highpass", fs=rate_hz, output="sos")
        return float(20 * np.log10(np.abs(signal.sosfilt(sos, audio))[:, SETTLE_FRAMES:].max() + 1e-12))


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(tone()) as engine:
        yield engine


@pytest.fixture
def driver(engine: Engine) -> Iterator[Driver]:
    driver = Driver(engine)
    yield driver
    driver.close()


def test_size_and_channels_change_without_a_click_or_a_lost_frame(driver: Driver, engine: Engine) -> None:
    told: list[object] = []
    driver.observe(told.append)
    driver.open(hand(128))
    stepper = Stepper(driver)
    changes = [hand(block, outputs=(0, block % 3 + 1)) for block in (64, 480, 32, 256, 100, 128)]
    for settings in changes:
        stepper.wait(30)
        driver.change(settings)
    stepper.wait(30)
    driver.close()
    stepper.stop()

    assert told == [DeviceChanged(settings, "hand") for settings in changes]
    assert stepper.residue_dbfs() <= -80.0
    assert np.abs(np.concatenate([block[0] for _, block in stepper.heard[-20:-5]])).max() > 0.1
    stats = engine.stats()
    assert stats["overlaps"] == 0
    assert stats["frames"] == engine.time_frames


def test_another_rate_takes_another_engine_and_does_not_click(driver: Driver, engine: Engine) -> None:
    driver.open(hand(128))
    stepper = Stepper(driver)
    stepper.wait(30)
    with pytest.raises(RateNeededError) as needed:
        driver.change(hand(128, sample_rate_hz=44_100))
    assert needed.value.rate_hz == 44_100
    assert driver.engine is engine and driver.settings == hand(128)  # and it still plays
    stepper.wait(10)
    with Engine(tone(44_100)) as other:
        driver.change(hand(128, sample_rate_hz=44_100), engine=other)
        stopped_at = engine.time_frames
        stepper.wait(100)
        driver.close()
        stepper.stop()
        assert other.time_frames > 10_000 and engine.time_frames == stopped_at

    assert stepper.residue_dbfs(48_000) <= -80.0
    assert stepper.residue_dbfs(44_100) <= -80.0


def test_the_turn_is_passed_on_while_both_devices_call(engine: Engine) -> None:
    devices = [HandDevice(engine, hand(block)) for block in (32, 48)]
    quit_, frames = threading.Event(), [0, 0]

    def step(k: int) -> None:
        while not quit_.is_set():
            devices[k].step(8)

    threads = [threading.Thread(target=step, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for k in range(200):
        devices[k % 2].take()
        time.sleep(0.002)
        devices[k % 2].leave()
    quit_.set()
    for thread in threads:
        thread.join()
    frames = [int(device.facts()["frames"]) for device in devices]
    for device in devices:
        device.shut()

    assert all(frames)
    assert engine.stats()["overlaps"] == 0
    assert sum(frames) == engine.time_frames


def test_a_device_that_cannot_be_had_leaves_everything_as_it_was(driver: Driver, engine: Engine) -> None:
    driver.open(DeviceSettings("null", 64))
    for wrong in ("no such card", "jack:no-such-server"):
        with pytest.raises(EngineError, match=r"no such card|no-such-server|library is missing"):
            driver.change(DeviceSettings(wrong))
        assert driver.name == "null" and driver.block_frames == 64
        before = engine.time_frames
        end = time.monotonic() + 5
        while engine.time_frames == before and time.monotonic() < end:
            time.sleep(0.005)
        assert engine.time_frames > before


@pytest.mark.parametrize(
    "settings, sentence",
    (
        ({"block_frames": 0}, "A block of 0 frames cannot be played; choose 1 to 8192."),
        ({"outputs": (1, 1)}, "outputs names a channel twice (1, 1); name each once."),
        ({"outputs": (-1,)}, "outputs names channel -1; the first is 0."),
        ({"sample_rate_hz": 3}, "A device cannot run at 3 Hz; choose 8000 to 768000."),
        ({"inputs": tuple(range(65))}, "inputs names 65 channels; 64 is the most."),
    ),
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(EngineError) as error:
        DeviceSettings("null", **settings)
    assert str(error.value) == sentence


def test_a_channel_that_the_device_has_not_is_refused(driver: Driver) -> None:
    with pytest.raises(EngineError, match="asks for channel 64"):
        driver.open(DeviceSettings("null", outputs=(64,)))
    with pytest.raises(EngineError, match="ports are JACK's"):
        driver.open(DeviceSettings("null", outputs=("system:playback_1",)))


def test_the_null_device_makes_up_for_the_time_before_it(engine: Engine) -> None:
    since_ns = time.monotonic_ns() - 700_000_000
    null = NullDevice(engine, DeviceSettings("null", 64), since_ns=since_ns)
    null.take()
    time.sleep(0.25)
    due = (time.monotonic_ns() - since_ns) * RATE_HZ // 1_000_000_000
    found = engine.time_frames
    null.close()

    assert found % 64 == 0
    assert due - 0.2 * RATE_HZ < found <= due + 64 * 8  # it is never early, and was 33,600 frames behind


def test_priority_is_told_once_and_in_words(driver: Driver) -> None:
    told: list[object] = []
    driver.observe(told.append)
    driver.open(DeviceSettings("null"))
    end = time.monotonic() + 5
    while driver.priority is None and time.monotonic() < end:
        driver.watch()
        time.sleep(0.01)
    driver.watch()

    (event,) = told
    assert isinstance(event, DevicePriority)
    assert event.priority == driver.priority
    assert ("yes (FIFO" in event.sentence) == (event.priority > 0)


def test_a_program_that_steps_a_device_keeps_the_priority_it_has(driver: Driver) -> None:
    driver.open(hand(64))
    assert isinstance(driver.device, HandDevice)
    driver.device.step()
    driver.watch()

    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    assert driver.priority is None


def test_stats_stand_beside_what_explains_them(driver: Driver) -> None:
    driver.open(hand(64))
    assert isinstance(driver.device, HandDevice)
    driver.device.step(10)
    stats = driver.stats()

    assert stats["device_calls"] == stats["callbacks"] == 10
    assert stats["frames"] == 640
    assert stats["steal_s"] is None or stats["steal_s"] >= 0.0


def test_closing_from_any_state_ends_all_threads(engine: Engine) -> None:
    before = set(threading.enumerate())
    for state in ("new", "open", "changed", "lost"):
        driver = Driver(engine)
        if state != "new":
            driver.open(DeviceSettings("null", 64))
        if state == "changed":
            driver.change(DeviceSettings("null", 128))
        if state == "lost":
            assert driver.device is not None
            driver._lose(driver.device, "a test says so")
            driver.watch()
        driver.close()
        driver.close()
        driver.watch()
        assert driver.device is None
    assert set(threading.enumerate()) <= before
    assert engine.stats()["overlaps"] == 0


def test_a_lost_device_that_is_still_inside_a_call_keeps_its_turn_until_it_comes_out(
    driver: Driver, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call is one of a device that computes for longer than anybody waits: it returns when the test says so."""
    told: list[object] = []
    driver.observe(told.append)
    driver.open(DeviceSettings("null", returns=False))
    device = driver.device
    assert device is not None
    leave, inside = device.leave, threading.Event()
    inside.set()

    def leave_late(wait_s: float) -> None:
        if inside.is_set():
            raise EngineError("null is stuck inside a call of the engine; end the program.")
        leave(wait_s)

    monkeypatch.setattr(device, "leave", leave_late)
    driver._lose(device, "a test says so")
    driver.watch()
    assert driver.device is device and not driver.lost

    inside.clear()
    driver.watch()
    assert driver.device is not device and driver.lost
    assert [event.why for event in told if isinstance(event, DeviceLost)] == ["a test says so"]


def test_a_session_plays_through_device_settings() -> None:
    graph, _ = draw("sine s(frequency_hz=300) -> output o")
    with gd.Session(graph, DeviceSettings("hand", 64, outputs=(2,))) as session:
        session.play()
        heard = session.step(10)

    assert len(heard) == 3 and not any(heard[0]) and any(heard[2])


def test_a_session_goes_on_at_another_rate_from_the_same_place() -> None:
    graph, _ = draw("sine s(frequency_hz=300) -> output o")
    with gd.Session(graph, DeviceSettings("null")) as session:
        session.play()
        end = time.monotonic() + 10
        while session.position_s < 0.2 and time.monotonic() < end:
            time.sleep(0.01)
        before_s = session.position_s
        session.change_device(DeviceSettings("null", sample_rate_hz=44_100))
        after_s = session.position_s

        assert session.engine.sample_rate == session.driver.engine.sample_rate == 44_100
        assert 0.2 <= before_s <= after_s < before_s + 1.0
        assert session.playing
