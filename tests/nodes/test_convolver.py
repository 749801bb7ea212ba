"""Tests of `convolver`: equal to direct convolution at every length, however time is cut, and on one of every width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import fftconvolve

import graphdaw as gd
from graphdaw.host.offline import Renderer
from graphdaw.nodes import types
from graphdaw.nodes.base import Recording
from graphdaw.nodes.prepare.impulse import levels, partition_sizes
from tests.kernel_probe import LEVELS, WIDTHS, Memory, Signal, State, run_kernel

RATE = 48_000
PATHS = {1: ((0, 0, 0), (1, 1, 0)), 2: ((0, 0, 0), (1, 1, 1)), 4: ((0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3))}
WET = {"mix": 1.0, "wet_db": 0.0, "dry_db": 0.0, "predelay_s": 0.0}


def response(paths: int, taps: int, seed: int = 1) -> Signal:
    decay = 10 ** (-2 * np.arange(taps) / taps)
    return (np.random.default_rng(seed).standard_normal((paths, taps)) * decay).astype(np.float32)


def memory(taps: Signal | None, rate: int = RATE, **values: Any) -> Memory:
    node = types()["convolver"]
    settings = node.defaults() | {"normalise": "off", "fade_s": 0.0} | values
    recording = None if taps is None else Recording("room.wav", taps, rate)
    assert node.media_memory is not None
    return Memory.of(node.media_memory(recording, settings, rate), 1)[0]


def convolve(
    taps: Signal | None, x: NDArray[np.float32], *, params: dict[str, Any] | None = None, **how: Any
) -> Signal:
    values = how.pop("values", {})
    out = run_kernel(
        "convolver",
        inputs={"in": x[0], "in.1": x[1]},
        params=WET | (params or {}),
        memories=[memory(taps, **values)],
        **({"width": 1} | how),
    )
    return np.stack([out["out"][0], out["out.1"][0]])


def expected(taps: Signal, x: NDArray[np.float32]) -> NDArray[np.float64]:
    y = np.zeros(x.shape)
    for source, target, path in PATHS[len(taps)]:
        y[target] += fftconvolve(x[source].astype(float), taps[path].astype(float))[: x.shape[1]]
    return y


def noise(frames: int, seed: int = 5) -> Signal:
    return np.random.default_rng(seed).uniform(-1, 1, (2, frames)).astype(np.float32)


def assert_close(actual: Signal, wanted: NDArray[np.float64]) -> None:
    assert np.abs(actual - wanted).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("taps", (1, 100, 128, 129, 1000, 2048, 6001, 30_000))
@pytest.mark.parametrize("paths", (1, 2, 4))
def test_it_equals_direct_convolution(taps: int, paths: int) -> None:
    h, x = response(paths, taps), noise(3 * taps + 3000)
    assert_close(convolve(h, x, time=37), expected(h, x))


def test_two_seconds_of_true_stereo_equal_direct_convolution() -> None:
    h, x = response(4, 2 * RATE), noise(3 * RATE)
    assert_close(convolve(h, x), expected(h, x))


@pytest.mark.parametrize("slices", (1, 64, 100, (3, 64, 7, 17, 128)))
def test_cutting_time_differently_changes_no_bit(slices: Any) -> None:
    h, x = response(2, 7000), noise(12_000)
    np.testing.assert_array_equal(convolve(h, x, slices=slices, time=37), convolve(h, x, time=37))


@pytest.mark.parametrize("level", LEVELS)
def test_every_width_and_processor_level_gives_the_same_bits(level: str) -> None:
    x, h = noise(9000), response(4, 6000)
    once = convolve(h, x, width=1, level="base")
    for width in WIDTHS:
        lanes = min(width, 3)
        out = run_kernel(
            "convolver",
            width=width,
            level=level,
            inputs={"in": np.tile(x[:1], (lanes, 1)), "in.1": np.tile(x[1:], (lanes, 1))},
            params=WET,
            memories=[memory(h) for _ in range(lanes)],
        )
        for lane in range(lanes):
            np.testing.assert_array_equal(np.stack([out["out"][lane], out["out.1"][lane]]), once)


def test_an_impulse_is_answered_in_the_frame_it_comes() -> None:
    h, x = response(1, 500), np.zeros((2, 700), np.float32)
    x[:, 45] = 1.0
    out = convolve(h, x, slices=1)
    np.testing.assert_allclose(out[0, 45:545], h[0], atol=1e-6)
    assert not out[:, :45].any()


def test_it_rings_out_to_exact_silence_and_may_then_be_skipped() -> None:
    h, state, lent = response(2, 9000), State(), memory(response(2, 9000))

    def go_on(x: Signal, time: int) -> Signal:
        inputs = {"in": x[0], "in.1": x[1]}
        out = run_kernel("convolver", width=1, inputs=inputs, params=WET, memories=[lent], state=state, time=time)
        return np.stack([out["out"][0], out["out.1"][0]])

    go_on(noise(20_000), 0)
    assert not state.idle
    silence, time = np.zeros((2, 12_800), np.float32), 20_000
    for _ in range(20):
        tail = go_on(silence, time)
        time += 12_800
        if state.idle:
            break
    assert state.idle and not tail.any()
    rings = lent.work[64:] if lent.work is not None else np.ones(1)
    assert not rings.any()
    x = noise(20_000, 9)
    time += 1_000_003  # skipped, and woken inside a cell and a block
    assert_close(go_on(x, time), expected(h, x))


def test_mix_and_levels_weigh_source_and_space() -> None:
    h, x = response(2, 3000), noise(5000)
    out = convolve(h, x, params={"mix": 0.25, "wet_db": -6.0, "dry_db": 3.0})
    assert_close(out, 0.25 * 10 ** (-6 / 20) * expected(h, x) + 0.75 * 10 ** (3 / 20) * x)


def test_predelay_shifts_the_space_alone() -> None:
    h, x = response(2, 3000), noise(8000)
    out = convolve(h, x, params={"predelay_s": 0.02})
    assert_close(out[:, 960:], expected(h, x)[:, :-960])
    assert not out[:, :960].any()


def test_responses_are_cut_faded_turned_and_brought_to_level() -> None:
    h, impulse = response(2, 4800), np.zeros((2, 6000), np.float32)
    impulse[:, 0] = 1.0
    cut = {"start_s": 0.01, "length_s": 0.05}
    np.testing.assert_allclose(convolve(h, impulse, values=cut)[:, :2400], h[:, 480:2880], atol=1e-5)
    assert not convolve(h, impulse, values=cut)[:, 2400:].round(6).any()
    turned = convolve(h, impulse, values=cut | {"reverse": "on"})
    np.testing.assert_allclose(turned[:, :2400], h[:, 2879:479:-1], atol=1e-5)
    faded = convolve(h, impulse, values={"fade_s": 0.05})
    np.testing.assert_allclose(faded[:, 3600], h[:, 3600] / 2, rtol=2e-3)
    level = convolve(h, noise(RATE), values={"normalise": "on"})[:, 5000:]
    assert 20 * np.log10(np.sqrt((level**2).mean() * 3)) == pytest.approx(0, abs=0.5)


def test_a_broken_source_leaves_nothing_behind() -> None:
    h, x = response(2, 3000), noise(20_000)
    x[0, 100:110] = (np.nan, np.inf, -np.inf, 1e30, -1e38, np.nan, 1e-30, np.inf, np.nan, 3e38)
    clean = x.copy()
    clean[0, 100:110] = 0
    with np.errstate(invalid="ignore"):
        out = convolve(h, x)
    assert_close(out[:, 110:], expected(h, clean)[:, 110:])


def test_partitions_cover_every_tap_once_in_time() -> None:
    for taps in (1, 129, 300, 5000, 96_000, 2_880_000):
        plan = levels(taps, partition_sizes(taps))
        end = 128
        for k, (size, count, begin) in enumerate(plan):
            assert begin == end and (begin == size if k == 0 else begin == 2 * size)
            end = begin + size * count
        assert end >= taps


def test_without_a_recording_a_hall_is_heard() -> None:
    x = np.zeros((2, RATE), np.float32)
    x[:, 0] = 1.0
    out = convolve(None, x)
    early, late = (np.abs(out[:, a:b]).mean() for a, b in ((2000, 4000), (40_000, 42_000)))
    assert 5 < early / late < 100
    assert abs(np.corrcoef(out)[0, 1]) < 0.1


def patch(folder: Path, taps: Signal) -> tuple[gd.Graph, Any, Signal]:
    x = noise(RATE // 2)
    soundfile.write(folder / "dry.wav", x.T, RATE, subtype="FLOAT")
    soundfile.write(folder / "room.wav", taps.T, RATE, subtype="FLOAT")
    graph = gd.Graph(sample_rate=RATE)
    player = graph.add("sampler", file=str(folder / "dry.wav"), auto_start="on")
    room = graph.add("convolver", file=str(folder / "room.wav"), mix=1.0, normalise="off", fade_s=0.0)
    player >> room >> graph.add("output")
    return graph, room, x


@pytest.mark.parametrize("block", (1, 64, 100, 1024))
def test_a_device_of_any_block_size_hears_the_direct_convolution(tmp_path: Path, block: int) -> None:
    h = response(2, 10_000)
    graph, _, x = patch(tmp_path, h)
    audio = gd.render(graph, seconds=0.5, block_frames=block)
    assert_close(audio, expected(h, x))
    np.testing.assert_array_equal(audio, gd.render(graph, seconds=0.5))


def test_another_response_is_faded_in_while_it_plays(tmp_path: Path) -> None:
    graph, room, _ = patch(tmp_path, np.eye(1, 5000, dtype=np.float32).repeat(2, axis=0))
    soundfile.write(tmp_path / "low.wav", 0.25 * np.eye(1, 5000, dtype=np.float32).repeat(2, axis=0).T, RATE)
    with Renderer(graph) as renderer:
        renderer.render(4096)
        graph.set(room, file=str(tmp_path / "low.wav"))
        after = renderer.render(8192)
    x = noise(RATE // 2)[:, 4096 : 4096 + 8192]
    gain = after[0] / x[0]
    assert gain[0] == pytest.approx(1.0, abs=1e-3) and gain[-1] == pytest.approx(0.25, abs=1e-3)
    assert np.abs(np.diff(gain)).max() < 0.01


def test_only_the_channels_that_were_recorded_decide_the_paths(tmp_path: Path) -> None:
    quad = response(4, 3000)
    graph, _, x = patch(tmp_path, quad)
    assert_close(gd.render(graph, seconds=0.5), expected(quad, x))
