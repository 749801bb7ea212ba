"""sampler against its model, and its sound against the recording it plays."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.kernel_probe import CELL, Memory, Signal, State, run_kernel
from tests.nodes.forms import each_form, each_rate
from tests.reference import Array, render

FRAMES, LOOP = 900, (200, 500)
VALUES = {"pitch_semitones": -5.0, "gain_db": -6.0, "start_s": 0.001}


def recording(frames: int = 600, channels: int = 3) -> Signal:
    """Smooth noise, a plane a channel."""
    rng = np.random.default_rng(8)
    rough = rng.uniform(-1, 1, (channels, frames + 7))
    return np.stack([np.convolve(r, np.hanning(10)[1:-1] / 4, "valid") for r in rough]).astype(np.float32)


def triggers(frames: int) -> Signal:
    """Starts inside cells: once, again while it sounds, and a gate that closes."""
    trigger = np.zeros((3, frames), np.float32)
    trigger[0, 5:9] = 1.0
    trigger[1, 70:75], trigger[1, 400:] = 1.0, 1.0
    trigger[2, 0:320] = 1.0
    return trigger


@cache
def model(mode: str, media_rate: int, rate: int) -> Array:
    """The reference, which every form is compared with."""
    values = VALUES | {"mode": mode, "loop": LOOP}
    media = {"file": (recording(), media_rate)}
    return render("sampler", {"trigger": triggers(FRAMES)}, values, rate, frames=FRAMES, channels=3, media=media)["out"]


@each_form
@pytest.mark.parametrize("mode", ["one_shot", "loop", "gated", "gated_loop"])
@pytest.mark.parametrize(
    ("media_rate", "rate"), [(48_000, 48_000), (44_100, 48_000), (96_000, 8_000), (8_000, 192_000)]
)
def test_sampler_is_its_model(form: tuple[int, str], mode: str, media_rate: int, rate: int) -> None:
    expected = model(mode, media_rate, rate)
    out = run_kernel(
        "sampler", width=form[0], level=form[1], inputs={"trigger": triggers(FRAMES)}, choices={"mode": mode},
        params=VALUES, sample_rate=rate, memories=[Memory(channel, media_rate, *LOOP) for channel in recording()],
    )["out"]  # fmt: skip
    assert np.abs(expected).max() > 0.03
    np.testing.assert_allclose(out, expected, atol=5e-4)


def test_without_transposing_the_recording_comes_out_bit_for_bit() -> None:
    data = recording(300)
    out = run_kernel("sampler", choices={"auto_start": "on"}, frames=400, memories=[Memory(d, 48_000) for d in data])
    np.testing.assert_array_equal(out["out"][:, :300], data)
    assert not out["out"][:, 300:].any()


def test_a_loop_of_a_whole_recording_is_spliced_without_a_seam() -> None:
    data = np.sin(2 * np.pi * 5 * np.arange(480) / 480).astype(np.float32)
    out = run_kernel(
        "sampler", choices={"auto_start": "on", "mode": "loop"}, frames=3_000, memories=[Memory(data, 48_000)],
        params={"pitch_semitones": 7.0},
    )["out"][0]  # fmt: skip
    ratio = np.float32(2 ** (7 / 12))
    expected = np.sin(2 * np.pi * 5 * np.arange(3_000) * ratio / 480)
    assert np.abs(out - expected)[8:].max() < 1e-4


@pytest.mark.parametrize("pitch", [0.0, -3.0, 19.0])
def test_long_stretches_have_the_same_bits_however_they_are_cut(pitch: float) -> None:
    """Undisturbed slices take another way through the kernel than those that start, loop or end."""
    setting = {
        "choices": {"auto_start": "on", "mode": "loop"},
        "memories": [Memory(d, 48_000, 900, 4_000) for d in recording(5_000)],
        "params": {"pitch_semitones": pitch},
        "frames": 9_000,
    }
    whole = run_kernel("sampler", **setting)["out"]
    for slices in (1, (CELL, 3, 61, 17)):
        np.testing.assert_array_equal(run_kernel("sampler", slices=slices, **setting)["out"], whole)
    moving = setting | {"params": {"pitch_semitones": np.full((1, 9_000), pitch)}}
    np.testing.assert_array_equal(run_kernel("sampler", **moving)["out"], whole)


@pytest.mark.parametrize("mode", ["one_shot", "loop", "gated", "gated_loop"])
def test_new_starts_and_closing_gates_do_not_click(mode: str) -> None:
    """A slow sine has no steps of its own: whatever jumps was made by the sampler."""
    frames = 20_000
    data = np.cos(2 * np.pi * 100 * np.arange(48_000) / 48_000).astype(np.float32)
    trigger = np.zeros(frames, np.float32)
    for start in (1_003, 4_111, 9_999):
        trigger[start : start + 2_500] = 1.0
    out = run_kernel(
        "sampler", inputs={"trigger": trigger}, choices={"mode": mode}, params={"start_s": 0.0025},
        memories=[Memory(data, 48_000, 5_000, 9_000)],
    )["out"][0]  # fmt: skip
    assert np.abs(out).max() > 0.5
    assert np.abs(np.diff(out)).max() < 0.03


@each_rate
def test_interpolation_is_far_below_the_music(rate: int) -> None:
    """Signal to error of a sine at a twelfth and a quarter of the recording's rate, played seven semitones up."""
    for share, wanted_db in ((1 / 48, 95.0), (1 / 12, 55.0), (1 / 6, 30.0)):
        data = np.sin(2 * np.pi * share * np.arange(6_000)).astype(np.float32)
        out = run_kernel(
            "sampler", choices={"auto_start": "on"}, params={"pitch_semitones": 7.0}, frames=3_000, sample_rate=rate,
            memories=[Memory(data, rate)],
        )["out"][0, 100:].astype(float)  # fmt: skip
        turns = share * 2 ** (7 / 12) * np.arange(100, 3_000)
        basis = np.stack([np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)])
        error = out - np.linalg.lstsq(basis.T, out, rcond=None)[0] @ basis
        assert 10 * np.log10(out.var() / error.var()) > wanted_db, share


def test_an_ended_sampler_is_idle_and_exactly_silent() -> None:
    state = State()
    setting = {"memories": [Memory(recording(100)[0], 48_000)], "state": state}
    run_kernel("sampler", inputs={"trigger": np.ones(64)}, **setting)
    assert not state.idle
    out = run_kernel("sampler", inputs={"trigger": np.zeros(256)}, **setting)["out"][0]
    assert state.idle and not out[40:].any()


def test_nothing_to_play_is_silence() -> None:
    for memory in (None, Memory(np.zeros(0, np.float32), 48_000)):
        for mode in ("one_shot", "loop"):
            choices = {"auto_start": "on", "mode": mode}
            assert not run_kernel("sampler", choices=choices, memories=[memory], frames=100)["out"].any()


def test_a_start_past_the_end_is_silence() -> None:
    memories = [Memory(recording(100)[0], 48_000)]
    params = {"start_s": 3_600.0}
    assert not run_kernel(
        "sampler", choices={"auto_start": "on"}, params=params, memories=memories, frames=100
    )["out"].any()  # fmt: skip
