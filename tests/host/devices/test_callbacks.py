"""PortAudio's callback as PortAudio calls it: samples side by side, blocks of any length, flags of what was lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from graphdaw._core import ffi, lib
from graphdaw.host.device import DeviceSettings, HandDevice
from graphdaw.host.driver import Driver
from graphdaw.host.engine import Engine
from graphdaw.host.offline import Renderer
from tests.drawing import draw

INPUT_OVERFLOW, OUTPUT_UNDERFLOW, PRIMING = 2, 4, 16  # portaudio.h


@pytest.fixture
def device() -> Iterator[HandDevice]:
    """A pair of channels to hear and to play, whose caller the tests call as a driver would."""
    graph, _ = draw("input i -> output o\nsine s(frequency_hz=300) -> pan p(pan=0.5) -> o")
    graph.set("input1", channels=2)
    with Engine(graph) as engine:
        device = HandDevice(engine, DeviceSettings("hand", 100, inputs=(0, 1), outputs=(0, 1)))
        device.take()
        yield device
        device.close()


def call(device: HandDevice, heard: np.ndarray | None, frames: int, flags: int = 0) -> np.ndarray:
    """Frames side by side, in and out."""
    played = np.full((frames, 2), 9.0, np.float32)
    source = ffi.NULL if heard is None else ffi.from_buffer("float[]", np.ascontiguousarray(heard, np.float32))
    target = ffi.from_buffer("float[]", played, require_writable=True)
    assert lib.gd_portaudio_callback(source, target, frames, ffi.NULL, flags, device._caller) == 0
    return played


def test_blocks_of_any_length_are_played_whole(device: HandDevice) -> None:
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (1_000, 2)).astype(np.float32)
    heard, at = [], 0
    for frames in (1, 99, 100, 101, 350, 349):
        heard.append(call(device, noise[at : at + frames], frames))
        at += frames
    graph, _ = draw("sine s(frequency_hz=300) -> pan p(pan=0.5) -> output o")
    with Renderer(graph) as renderer:
        expected = renderer.render(1_000).T + noise

    np.testing.assert_allclose(np.concatenate(heard), expected, atol=1e-7)


def test_without_an_input_it_hears_silence(device: HandDevice) -> None:
    assert np.all(np.isfinite(call(device, None, 300)))
    assert np.abs(call(device, None, 300)).max() <= 1.0


@pytest.mark.parametrize("flags, counted", ((0, 0), (PRIMING, 0), (OUTPUT_UNDERFLOW, 1), (INPUT_OVERFLOW | 1, 1)))
def test_what_the_driver_lost_is_counted_once_a_call(device: HandDevice, flags: int, counted: int) -> None:
    call(device, None, 350, flags)  # in four parts

    assert device.engine.stats()["driver_xruns"] == counted
    assert device.facts()["xruns"] == counted


def test_the_parts_of_a_long_block_are_no_gap_and_no_overrun(device: HandDevice) -> None:
    driver = Driver(device.engine)
    call(device, None, 1_000)

    assert driver.stats()["host_late"] == driver.stats()["gaps"] == 0
