"""Sound begins, ends and moves to another device without a click, and stops exactly where it faded out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

import graphdaw as gd
from graphdaw.host.device import DeviceSettings, HandDevice
from graphdaw.host.engine import Engine
from graphdaw.host.offline import Renderer
from tests.drawing import draw

RATE_HZ = 48_000
FADE_FRAMES = 256
SETTLE_FRAMES = 512
CLICK_DBFS = -80.0  # a cut of these tones is at -21


def tones() -> gd.Graph:
    graph, _ = draw("sine a(frequency_hz=220) -> gain g(gain_db=-6) -> output o\nsine b(frequency_hz=311) -> g")
    return graph


def residue_dbfs(audio: np.ndarray) -> float:
    """What is above 6 kHz, where a click has much and these tones nothing, once the filter itself has settled."""
    sos = signal.butter(10, 6_000, "highpass", fs=RATE_HZ, output="sos")
    return float(20 * np.log10(np.abs(signal.sosfilt(sos, audio))[:, SETTLE_FRAMES:].max() + 1e-12))


def hand(engine: Engine, block_frames: int, fade_frames: int = FADE_FRAMES, **more: object) -> HandDevice:
    return HandDevice(engine, DeviceSettings("hand", block_frames, fade_frames=fade_frames, **more))


def played(device: HandDevice, blocks: int) -> np.ndarray:
    return np.concatenate([np.array(device.step()) for _ in range(blocks)], axis=1)


def play_and_stop(block_frames: int, fade_frames: int) -> np.ndarray:
    """Plays from the midst of the tones, rests, goes on elsewhere, rests."""
    with Engine(tones()) as engine:
        device, other = hand(engine, block_frames, fade_frames), hand(engine, 64, fade_frames)
        device.take()
        played(device, 1 + 1_000 // block_frames)
        device_sound = [played(device, 1 + 2_000 // block_frames)]
        for one, next_ in ((device, other), (other, device)):
            gate(one, False)
            device_sound.append(played(one, 1 + 2_000 // one.block_frames))
            one.leave()
            next_.take()
            device_sound.append(played(next_, 1 + 2_000 // next_.block_frames))
        device.shut()
        other.shut()
    return np.concatenate(device_sound, axis=1)


def gate(device: HandDevice, open_: bool) -> None:
    from graphdaw._core import lib

    lib.gd_caller_open(device._caller, open_)


@pytest.mark.parametrize("block_frames", (32, 100, 128, 1_000))
def test_stopping_starting_and_moving_are_faded(block_frames: int) -> None:
    assert residue_dbfs(play_and_stop(block_frames, FADE_FRAMES)) <= CLICK_DBFS


def test_without_fades_they_would_click() -> None:
    assert residue_dbfs(play_and_stop(128, 0)) > -40.0


@pytest.mark.parametrize("block_frames", (1, 48, 128, 256, 1_000))
def test_time_stops_with_the_last_frame_of_the_fade_and_goes_on_from_there(block_frames: int) -> None:
    with Engine(tones()) as engine, Renderer(tones()) as renderer:
        device = hand(engine, block_frames)
        device.take()
        first = played(device, 1 + 600 // block_frames)[0]
        heard = engine.time_frames
        gate(device, False)
        tail = played(device, 4 + FADE_FRAMES // block_frames)[0]
        assert engine.time_frames == heard + FADE_FRAMES
        assert device.facts()["silent"]
        gate(device, True)
        again = played(device, 1 + 600 // block_frames)[0]
        whole = renderer.render(engine.time_frames)[0]
        device.close()

    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(FADE_FRAMES) + 0.5) / FADE_FRAMES)
    up, down = np.ones(len(first)), np.zeros(len(tail))
    up[:FADE_FRAMES], down[:FADE_FRAMES] = rise, rise[::-1]
    np.testing.assert_allclose(first, whole[:heard] * up, atol=1e-7)
    expected = np.zeros(len(tail))
    expected[:FADE_FRAMES] = whole[heard : heard + FADE_FRAMES]
    np.testing.assert_allclose(tail, expected * down, atol=1e-7)
    start = heard + FADE_FRAMES
    up = np.ones(len(again))
    up[:FADE_FRAMES] = rise
    np.testing.assert_allclose(again, whole[start : start + len(again)] * up, atol=1e-7)


def test_a_gate_that_is_to_turn_round_ends_its_fade_first() -> None:
    with Engine(tones()) as engine:
        device = hand(engine, 100)
        device.take()
        sound = [played(device, 10)]
        for open_ in (False, True, False, True, False):
            gate(device, open_)
            sound.append(played(device, 1))
        gate(device, True)
        sound.append(played(device, 10))
        device.close()

    assert residue_dbfs(np.concatenate(sound, axis=1)) <= CLICK_DBFS


def test_a_device_out_of_turn_is_silent_and_touches_nothing() -> None:
    with Engine(tones()) as engine:
        one, other = hand(engine, 64), hand(engine, 64)
        one.take()
        played(one, 20)
        before = engine.time_frames

        assert not np.any(played(other, 20))
        assert engine.time_frames == before
        assert other.facts()["calls"] == 20 and other.facts()["frames"] == 0
        one.leave()
        assert not np.any(played(one, 20))
        assert engine.time_frames == before
        one.shut()
    assert not np.any(played(other, 1))  # even when the engine is gone
    other.shut()


# Channel maps


@pytest.mark.parametrize("outputs", ((2, 3), (1, 0), (5, 2), (0,)))
def test_a_map_says_which_channels_of_the_device_play(outputs: tuple[int, ...]) -> None:
    graph, _ = draw("sine s(frequency_hz=300) -> pan p(pan=0.5) -> output o")
    with Engine(graph) as engine, Renderer(graph) as renderer:
        device = hand(engine, 128, 0, outputs=outputs)
        device.take()
        heard = played(device, 20)
        expected = renderer.render(20 * 128)
        device.close()

    assert heard.shape[0] == max(outputs) + 1
    for channel in range(heard.shape[0]):
        if outputs == (0,):
            assert np.allclose(heard[0], expected.mean(axis=0), atol=1e-7)
        elif channel in outputs:
            assert np.array_equal(heard[channel].astype(np.float32), expected[outputs.index(channel)])
        else:
            assert not np.any(heard[channel])


def test_a_mono_graph_on_one_channel_keeps_its_bits() -> None:
    with Engine(tones()) as engine, Renderer(tones()) as renderer:
        device = hand(engine, 128, 0, outputs=(1,))
        device.take()
        heard = played(device, 10)[1]
        device.close()
        assert np.array_equal(heard.astype(np.float32), renderer.render(10 * 128)[0])


def test_inputs_are_heard_where_the_map_says() -> None:
    graph, _ = draw("input i -> output o")
    graph.set("input1", gain_db=0.0)
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, (4, 128)).astype(np.float32)
    with Engine(graph) as engine:
        device = hand(engine, 128, 0, inputs=(3, 1), outputs=(0, 1))
        device.take()
        heard = np.array(device.step(3, noise.tolist()))
        device.close()

    assert np.array_equal(heard[0].astype(np.float32), noise[3])
