"""Real callbacks from a JACK server that is killed, stopped and brought back, by both ways to it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import EngineError
from graphdaw.host.device import DeviceSettings, RateNeededError, jack_servers
from graphdaw.host.driver import Driver
from graphdaw.host.engine import Engine
from graphdaw.host.events import DeviceLost, DeviceReturned
from tests.jack_server import JackServer

RATE_HZ = 48_000
SHORT, LONG = 3, 20  # faults of each kind


def tone(rate_hz: int = RATE_HZ) -> gd.Graph:
    graph = gd.Graph(sample_rate=rate_hz)
    graph.add("sine", frequency_hz=1_000.0) >> graph.add("output")
    return graph


@pytest.fixture
def server() -> Iterator[JackServer]:
    server = JackServer()
    yield server
    server.close()


class Watch:
    """A driver, watched as a session does; keeps events and the longest time that watching took."""

    def __init__(self, engine: Engine) -> None:
        self.driver = Driver(engine)
        self.told: list[object] = []
        self.longest_s = 0.0
        self.driver.observe(self.told.append)

    def until(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
        end = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > end:
                return False
            start = time.monotonic()
            self.driver.watch()
            self.longest_s = max(self.longest_s, time.monotonic() - start)
            time.sleep(0.05)
        return True

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.told)

    def plays(self) -> bool:
        """Wait until the engine goes on."""
        before = self.driver.engine.time_frames
        return self.until(lambda: self.driver.engine.time_frames > before + 4_800)


def test_servers_are_listed_by_name(server: JackServer) -> None:
    (found,) = [one for one in jack_servers() if one["name"] == server.device]

    assert found["sample_rate_hz"] == RATE_HZ and found["block_frames"] == 256
    assert found["inputs"] == 4 and found["channels"] == 4


@pytest.mark.parametrize("fault", ("kill", "pause"))
def test_the_piece_goes_on_while_the_server_does_not(server: JackServer, fault: str, long_form: bool) -> None:
    with Engine(tone()) as engine:
        watch = Watch(engine)
        watch.driver.open(DeviceSettings(server.device))
        for k in range(LONG if long_form else SHORT):
            assert watch.plays() and not watch.driver.lost
            start_s, start_frames = time.monotonic(), engine.time_frames
            server.kill() if fault == "kill" else server.pause()
            assert watch.until(lambda: watch.driver.lost, 5.0)
            assert watch.plays()
            time.sleep(0.2)
            played_s = (engine.time_frames - start_frames) / RATE_HZ
            assert abs(played_s - (time.monotonic() - start_s)) < 0.25  # no half second is missing
            server.start() if fault == "kill" else server.go_on()
            assert watch.until(lambda: not watch.driver.lost)
            assert watch.driver.name == server.device
            assert watch.count(DeviceLost) == watch.count(DeviceReturned) == k + 1
        assert watch.plays()
        start_s = time.monotonic()
        watch.driver.close()
        assert time.monotonic() - start_s < 2.0
        stats, position = engine.stats(), engine.time_frames

    assert stats["overlaps"] == 0
    assert stats["frames"] == position
    assert watch.longest_s < (0.1 if long_form else 0.5)


def test_closing_while_the_server_is_dead_or_stands_still_does_not_hang(server: JackServer) -> None:
    for fault in (server.pause, server.kill):
        with Engine(tone()) as engine:
            watch = Watch(engine)
            watch.driver.open(DeviceSettings(server.device))
            assert watch.plays()
            fault()
            start_s = time.monotonic()
            watch.driver.close()
            assert time.monotonic() - start_s < 2.5
        server.go_on()
        assert watch.until(lambda: not [one for one in threading.enumerate() if one.name.startswith("graphdaw-")])


@pytest.mark.parametrize("killed", (False, True), ids=("undisturbed", "after a kill"))
def test_what_is_played_is_heard_through_the_server(server: JackServer, tmp_path: Path, killed: bool) -> None:
    """Another client, connected to our ports by name, records the sound, also that of a server that came back."""
    listener = gd.Graph(sample_rate=RATE_HZ)
    record = listener.add("record", recording=1.0)
    listener.add("input") >> record
    from_us = DeviceSettings(server.device, inputs=("graphdaw:out_1", "graphdaw:out_2"), outputs=())
    with Engine(tone()) as engine, gd.Session(listener, from_us) as hears:
        watch = Watch(engine)
        watch.driver.open(DeviceSettings(server.device, outputs=(2, 3)))
        if killed:
            server.kill()
            assert watch.until(lambda: watch.driver.lost)
            server.start()
            assert watch.until(lambda: not watch.driver.lost)
        hears.play()
        hears.record(record, tmp_path / "heard.wav")
        time.sleep(1.2)
        takes = hears.engine.stop_recording(record.id)
        watch.driver.close()

    sound, rate = soundfile.read(takes[0].path, always_2d=True)
    tail = sound[-24_000:, 0]
    loudest = np.argmax(np.abs(np.fft.rfft(tail * np.hanning(len(tail)))))
    assert rate == RATE_HZ
    assert loudest * RATE_HZ / len(tail) == pytest.approx(1_000, abs=3)
    assert 0.5 < np.abs(tail).max() <= 1.01


def test_a_server_at_another_rate_asks_for_another_engine() -> None:
    server = JackServer(rate_hz=44_100)
    try:
        with Engine(tone()) as engine, Engine(tone(44_100)) as other:
            watch = Watch(engine)
            watch.driver.open(DeviceSettings("null"))
            with pytest.raises(RateNeededError, match="44100") as needed:
                watch.driver.change(DeviceSettings(server.device))
            assert needed.value.rate_hz == 44_100
            watch.driver.change(DeviceSettings(server.device), engine=other)
            assert watch.plays()
            with pytest.raises(EngineError, match="runs at 44100 Hz, not at 96000"):
                watch.driver.change(DeviceSettings(server.device, sample_rate_hz=96_000))
            watch.driver.close()
    finally:
        server.close()


def test_size_and_channels_change_while_it_plays(server: JackServer) -> None:
    with Engine(tone()) as engine:
        watch = Watch(engine)
        watch.driver.open(DeviceSettings(server.device))
        for settings in (
            DeviceSettings(server.device, 64),
            DeviceSettings(server.device, 1024, outputs=(2, 3)),
            DeviceSettings("null"),
            DeviceSettings(server.device, 256, outputs=("system:playback_4",), inputs=(0, 1, 2)),
        ):
            assert watch.plays()
            watch.driver.change(settings)
            assert watch.driver.block_frames == (settings.block_frames or 128)
        assert watch.plays()
        watch.driver.close()
        assert engine.stats()["overlaps"] == 0


@pytest.mark.parametrize(
    "more, sentence",
    (
        ({"outputs": (4,)}, "outputs asks for channel 4, but .* has 4"),
        ({"inputs": ("nowhere:out",)}, "has no port 'nowhere:out' for inputs"),
    ),
)
def test_ports_that_are_not_there_are_refused(server: JackServer, more: dict[str, object], sentence: str) -> None:
    with Engine(tone()) as engine, pytest.raises(EngineError, match=sentence):
        Driver(engine).open(DeviceSettings(server.device, **more))


# PortAudio: its JACK API asks for the server when it is initialised, so each test has a process of its own

PORTAUDIO = """
import os, signal, sys, time
import graphdaw as gd
from graphdaw.host.device import DeviceSettings
from graphdaw.host.driver import Driver
from graphdaw.host.events import DeviceLost
from graphdaw.host.engine import Engine
g = gd.Graph(sample_rate=48_000)
g.add("sine") >> g.add("output")
if sys.argv[1] == "duplex":
    g.add("input") >> g["output1"]
with Engine(g) as engine:
    driver, told, longest = Driver(engine), [], 0.0
    driver.observe(told.append)
    driver.open(DeviceSettings("system", 256))
    assert driver.device.inputs == ((0, 1) if sys.argv[1] == "duplex" else ()), driver.device.inputs
    def until(condition, timeout_s=20.0):
        global longest
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, (told, driver.name)
            start = time.monotonic()
            driver.watch()
            longest = max(longest, time.monotonic() - start)
            time.sleep(0.05)
    def plays():
        before = engine.time_frames
        until(lambda: engine.time_frames > before + 9_600)
    plays()
    if sys.argv[1] == "change":
        for block in (512, 128, 256):
            driver.change(DeviceSettings("system", block, outputs=(3, 2)))
            plays()
    print("plays", flush=True)
    if sys.argv[1] in ("kill", "duplex"):
        sys.stdin.readline()
        until(lambda: driver.lost)
        plays()
        print("lost", flush=True)
        sys.stdin.readline()
        until(lambda: not driver.lost)
        plays()
        print("back", driver.name, flush=True)
    start = time.monotonic()
    driver.close()
    assert time.monotonic() - start < 3.0
    assert engine.stats()["overlaps"] == 0 and longest < 0.5, longest
print("done", flush=True)
"""


@pytest.mark.parametrize("what", ("change", "kill", "duplex"))
def test_portaudio_plays_through_jack_and_survives_its_end(server: JackServer, what: str) -> None:
    environment = os.environ | {"JACK_DEFAULT_SERVER": server.name, "PYTHONPATH": str(Path(gd.__file__).parents[1])}
    child = subprocess.Popen(
        [sys.executable, "-c", PORTAUDIO, what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert child.stdin is not None and child.stdout is not None
    try:
        assert child.stdout.readline() == "plays\n"
        if what != "change":
            server.kill()
            print("killed", file=child.stdin, flush=True)
            assert child.stdout.readline() == "lost\n"
            server.start()
            print("started", file=child.stdin, flush=True)
            assert child.stdout.readline().startswith("back ")
        assert child.stdout.readline() == "done\n"
        assert child.wait(10) == 0
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
