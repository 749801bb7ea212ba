"""sampler against its model, and its sound against the recording it plays."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import soxr

from graphdaw.nodes.base import Recording
from graphdaw.nodes.prepare.recording import prepare
from tests.kernel_probe import CELL, Memory, Signal, State, run_kernel
from tests.nodes.forms import each_form
from tests.reference import Array, render

FRAMES, LOOP = 900, (200, 500)
VALUES = {"pitch_semitones": -5.0, "gain_db": -6.0, "start_s": 0.001}


def recording(frames: int = 600, channels: int = 3) -> Signal:
    """Smooth noise, a plane a channel."""
    rng = np.random.default_rng(8)
    rough = rng.uniform(-1, 1, (channels, frames + 7))
    return np.stack([np.convolve(r, np.hanning(10)[1:-1] / 4, "valid") for r in rough]).astype(np.float32)


def prepared(data: Signal, rate_hz: float = 48_000, loop: tuple[int, int] = (0, 0)) -> list[Memory]:
    """Memory as the engine prepares it, a lane a channel."""
    planes = np.atleast_2d(np.asarray(data, np.float32))
    return Memory.of(prepare(Recording("noise.wav", planes, rate_hz, loop)), len(planes))


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
@pytest.mark.parametrize(("media_rate", "rate"), [(48_000, 48_000), (44_100, 48_000), (8_000, 8_000), (8_000, 192_000)])
def test_sampler_is_its_model(form: tuple[int, str], mode: str, media_rate: int, rate: int) -> None:
    expected = model(mode, media_rate, rate)
    out = run_kernel(
        "sampler", width=form[0], level=form[1], inputs={"trigger": triggers(FRAMES)}, choices={"mode": mode},
        params=VALUES, sample_rate=rate, memories=prepared(recording(), media_rate, LOOP),
    )["out"]  # fmt: skip
    assert np.abs(expected).max() > 0.03
    np.testing.assert_allclose(out, expected, atol=5e-4)


def test_without_transposing_the_recording_comes_out_bit_for_bit() -> None:
    data = recording(300)
    out = run_kernel("sampler", choices={"auto_start": "on"}, frames=400, memories=prepared(data))
    np.testing.assert_array_equal(out["out"][:, :300], data)
    assert not out["out"][:, 300:].any()


def test_a_loop_of_a_whole_recording_is_spliced_without_a_seam() -> None:
    data = np.sin(2 * np.pi * 5 * np.arange(480) / 480).astype(np.float32)
    out = run_kernel(
        "sampler", choices={"auto_start": "on", "mode": "loop"}, frames=3_000, memories=prepared(data),
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
        "memories": prepared(recording(5_000), loop=(900, 4_000)),
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
        memories=prepared(data, loop=(5_000, 9_000)),
    )["out"][0]  # fmt: skip
    assert np.abs(out).max() > 0.5
    assert np.abs(np.diff(out)).max() < 0.03


def purity_db(out: Signal, cycles: float) -> float:
    """How far whatever is not a tone of about so many cycles a frame lies below it."""
    power = np.abs(np.fft.rfft(out * np.kaiser(len(out), 14.0))) ** 2
    tone = np.abs(np.arange(len(power)) - cycles * len(out)) <= 8
    return float(10 * np.log10(power[tone].sum() / power[~tone].sum()))


@pytest.mark.parametrize("pitch", [-24.0, -12.0, -7.0, -0.3, 0.3, 0.7, 1.5, 4.0, 7.0, 12.0, 19.0, 24.0])
@pytest.mark.parametrize(("share", "wanted_db"), [(1 / 48, 83.0), (1 / 12, 80.0), (1 / 5, 76.0), (0.31, 70.0)])
def test_a_transposed_tone_is_pure_and_as_loud_as_it_was(pitch: float, share: float, wanted_db: float) -> None:
    """Tones up to 0.31 of the rate."""
    speed = 2.0 ** (pitch / 12)
    tone = min(share, share / speed)
    data = np.sin(2 * np.pi * tone * np.arange(60_000)).astype(np.float32)
    out = run_kernel(
        "sampler", choices={"auto_start": "on"}, params={"pitch_semitones": pitch}, frames=8_692,
        memories=prepared(data),
    )["out"][0, 500:].astype(float)  # fmt: skip

    assert purity_db(out, tone * speed) > wanted_db
    assert abs(20 * np.log10(out.std() * np.sqrt(2))) < 0.02


@pytest.mark.parametrize("pitch", [2.0, 5.0, 7.0, 12.0, 17.0, 31.0])
def test_what_would_fold_back_is_not_there(pitch: float) -> None:
    """A tone that lies 15 % above half the rate once it is played higher."""
    speed = 2.0 ** (pitch / 12)
    data = np.sin(2 * np.pi * min(0.575 / speed, 0.49) * np.arange(200_000)).astype(np.float32)
    out = run_kernel(
        "sampler", choices={"auto_start": "on"}, params={"pitch_semitones": pitch}, frames=8_192,
        memories=prepared(data),
    )["out"][0, 500:]  # fmt: skip

    assert 20 * np.log10(np.sqrt(2) * out.std() + 1e-9) < -70.0


def test_a_transposed_recording_keeps_its_treble() -> None:
    """Noise seven semitones up against soxr: alike to 14 kHz."""
    rng = np.random.default_rng(3)
    data = rng.normal(0, 0.2, 60_000).astype(np.float32)
    speed = 2.0 ** (7 / 12)
    out = run_kernel(
        "sampler", choices={"auto_start": "on"}, params={"pitch_semitones": 7.0}, frames=4_096, memories=prepared(data)
    )["out"][0]  # fmt: skip
    expected = soxr.resample(data, speed, 1.0, quality="VHQ")[:4_096]

    window = np.hanning(4_096)
    bins = slice(int(100 / 48_000 * 4_096), int(14_000 / 48_000 * 4_096))
    spectra = [np.fft.rfft(window * signal)[bins] for signal in (out, expected)]
    error = np.sum(np.abs(spectra[0] - spectra[1]) ** 2) / np.sum(np.abs(spectra[1]) ** 2)
    assert 10 * np.log10(error) < -55.0


def test_a_glide_through_all_pitches_does_not_click() -> None:
    """A slow sine has no steps of its own."""
    data = np.sin(2 * np.pi * 20 * np.arange(400_000) / 48_000).astype(np.float32)
    pitch = np.linspace(-24, 36, 48_000)
    out = run_kernel(
        "sampler", choices={"auto_start": "on"}, params={"pitch_semitones": pitch[None]}, frames=48_000,
        memories=prepared(data),
    )["out"][0]  # fmt: skip
    assert np.abs(np.diff(out.astype(float), 2)).max() < (2 * np.pi * 20 * 8 / 48_000) ** 2 * 1.2


@pytest.mark.parametrize("mode", ["one_shot", "loop", "gated", "gated_loop"])
@pytest.mark.parametrize("pitch", [0.0, -4.0, 9.0])
def test_backward_is_the_reversed_recording_forward(mode: str, pitch: float) -> None:
    data = recording(2_000, 1)[0] * np.hanning(2_000).astype(np.float32)
    setting = {"inputs": {"trigger": triggers(2_600)[:1]}, "frames": 2_600}
    points = {"start_s": 0.0, "end_s": 1_900 / 48_000, "loop_start_s": 300 / 48_000, "loop_end_s": 1_500 / 48_000}
    mirrored = {"start_s": 100, "end_s": 2_000, "loop_start_s": 500, "loop_end_s": 1_700}
    backward = run_kernel(
        "sampler", choices={"mode": mode, "direction": "backward"}, params=points | {"pitch_semitones": pitch},
        memories=prepared(data), **setting,
    )["out"]  # fmt: skip
    forward = run_kernel(
        "sampler", choices={"mode": mode}, memories=prepared(data[::-1]),
        params={name: frames / 48_000 for name, frames in mirrored.items()} | {"pitch_semitones": pitch}, **setting,
    )["out"]  # fmt: skip

    np.testing.assert_allclose(backward, forward, atol=2e-4 if pitch > 0 else 2e-6)


@pytest.mark.parametrize("crossfade_s", [0.002, 0.01, 0.05])
def test_a_loop_closes_in_a_fade_of_the_length_set(crossfade_s: float) -> None:
    """In a ramp, whose loop of 9,600 frames jumps by 0.2, the fade is a straight line down to where it began."""
    data = np.linspace(0, 1, 48_000).astype(np.float32)
    out = run_kernel(
        "sampler", choices={"mode": "loop", "auto_start": "on"}, frames=16_000, memories=prepared(data),
        params={"loop_start_s": 0.1, "loop_end_s": 0.3, "crossfade_s": crossfade_s},
    )["out"][0]  # fmt: skip

    fade, end = round(crossfade_s * 48_000), 14_400
    assert np.array_equal(out[: end - fade], data[: end - fade])
    share = np.arange(fade) / fade
    expected = (1 - share) * data[end - fade : end] + share * data[4_800 - fade : 4_800]
    np.testing.assert_allclose(out[end - fade : end], expected, atol=1e-3)
    np.testing.assert_array_equal(out[end + 1 : 16_000], data[4_801 : 4_801 + 16_000 - end - 1])


def test_an_end_before_the_recording_s_own_fades_out() -> None:
    out = run_kernel(
        "sampler", choices={"auto_start": "on"}, frames=1_000, params={"end_s": 0.01},
        memories=prepared(np.ones(2_000, np.float32)),
    )["out"][0]  # fmt: skip

    assert (out[:480] == 1.0).all() and not out[480 + 242 :].any()
    np.testing.assert_allclose(out[480:720], 1 - np.arange(240) / 240, atol=1e-2)


def test_velocity_is_taken_when_a_start_is_struck() -> None:
    trigger, velocity = np.zeros(600, np.float32), np.full(600, 0.5, np.float32)
    trigger[10:20], trigger[400:410], velocity[300:] = 1.0, 1.0, 0.8
    out = run_kernel(
        "sampler", inputs={"trigger": trigger}, params={"velocity": velocity[None]},
        memories=prepared(np.ones(5_000, np.float32)),
    )["out"][0]  # fmt: skip

    np.testing.assert_allclose(out[10:400], 0.25)
    np.testing.assert_allclose(
        out[399 + 242 - 60 :], 0.64 + 0.25 * np.maximum(0, 1 - np.arange(181, 200) / 240), atol=2e-3
    )


def test_the_loop_that_the_file_names_is_used() -> None:
    data = recording(2_000, 1)[0]
    named = prepared(data, loop=(500, 1_500))
    given = {"loop_start_s": 500 / 48_000, "loop_end_s": 1_500 / 48_000}
    setting = {"choices": {"mode": "loop", "auto_start": "on"}, "frames": 5_000}

    expected = run_kernel("sampler", memories=prepared(data), params=given, **setting)["out"]
    np.testing.assert_array_equal(run_kernel("sampler", memories=named, **setting)["out"], expected)


def test_an_ended_sampler_is_idle_and_exactly_silent() -> None:
    state = State()
    setting = {"memories": prepared(recording(100)[0]), "state": state}
    run_kernel("sampler", inputs={"trigger": np.ones(64)}, **setting)
    assert not state.idle
    out = run_kernel("sampler", inputs={"trigger": np.zeros(256)}, **setting)["out"][0]
    assert state.idle and not out[40:].any()


def test_nothing_to_play_is_silence() -> None:
    for memory in (None, *(Memory(np.zeros(n, np.float32), 48_000) for n in (0, 4, 111, 500))):
        for mode in ("one_shot", "loop"):
            choices = {"auto_start": "on", "mode": mode}
            assert not run_kernel("sampler", choices=choices, memories=[memory], frames=100)["out"].any()


def test_a_start_past_the_end_is_silence() -> None:
    memories = prepared(recording(100)[0])
    params = {"start_s": 3_600.0}
    assert not run_kernel(
        "sampler", choices={"auto_start": "on"}, params=params, memories=memories, frames=100
    )["out"].any()  # fmt: skip
