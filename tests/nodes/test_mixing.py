"""pan, mix, output and input: levels against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import CELL, WIDTHS, run_kernel
from tests.reference import mix as mix_reference
from tests.reference import pan as pan_reference

LAWS = ("constant_power", "linear", "balance")


def noise(frames: int, lanes: int = 1, seed: int = 11) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (lanes, frames)).astype(np.float32)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("width", WIDTHS)
def test_pan_follows_its_law_while_it_moves(law: str, width: int) -> None:
    left, right = noise(400), noise(400, seed=12)
    pan = np.linspace(-1, 1, 400, dtype=np.float32)
    out = run_kernel(
        "pan", width=width, inputs={"in": left, "in.1": right}, params={"pan": pan[None, :]}, choices={"law": law}
    )
    stereo = np.concatenate([left, right])
    expected = pan_reference.render_pan({"in": stereo}, {"pan": pan, "law": law}, 48_000, frames=400)["out"]
    for channel, slot in enumerate(("out", "out.1")):
        np.testing.assert_allclose(out[slot][0], expected[channel], atol=3e-7)


@pytest.mark.parametrize(("law", "middle_db"), (("constant_power", -3.0103), ("linear", -6.0206), ("balance", 0.0)))
def test_pan_in_the_middle_has_the_level_of_its_law(law: str, middle_db: float) -> None:
    ones = np.ones(64, np.float32)
    out = run_kernel("pan", inputs={"in": ones, "in.1": ones}, params={"pan": 0.0}, choices={"law": law})
    np.testing.assert_array_equal(out["out"], out["out.1"])
    np.testing.assert_allclose(20 * np.log10(out["out"]), middle_db, atol=1e-4)


@pytest.mark.parametrize("law", LAWS)
def test_pan_at_either_end_silences_the_other_side(law: str) -> None:
    ones = np.ones(64, np.float32)
    for pan, loud, silent in ((-1.0, "out", "out.1"), (1.0, "out.1", "out")):
        out = run_kernel("pan", inputs={"in": ones, "in.1": ones}, params={"pan": pan}, choices={"law": law})
        np.testing.assert_allclose(out[loud], 1.0, atol=2e-7)
        assert np.abs(out[silent]).max() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_mix_adds_its_inlets_at_their_levels(width: int) -> None:
    inputs = {f"in{i}": noise(300, 3, seed=i) for i in range(1, 9)}
    lane = np.arange(3)[:, None]
    params = {f"gain{i}_db": np.float32(-6 * i + 10 * np.sin(np.arange(300) / 50 * i + lane)) for i in range(1, 9)}
    params["gain4_db"] = np.float32([-12.0, 0.0, 6.0])
    out = run_kernel("mix", width=width, inputs=inputs, params=params)["out"]
    levels = params | {"gain4_db": params["gain4_db"][:, None]}
    expected = mix_reference.render_mix(inputs, levels, 48_000, frames=300, channels=3)["out"]
    np.testing.assert_allclose(out, expected, atol=5e-6)


def test_a_mix_of_one_source_at_0_db_is_that_source() -> None:
    x = noise(200)
    np.testing.assert_array_equal(run_kernel("mix", inputs={"in5": x})["out"], x)


def test_output_at_0_db_passes_every_bit() -> None:
    x = noise(300, 3)
    np.testing.assert_array_equal(run_kernel("output", inputs={"in": x})["out"].view(np.uint32), x.view(np.uint32))


def test_output_follows_a_moving_level() -> None:
    x, gain_db = noise(300), np.linspace(-96, 24, 300, dtype=np.float32)[None, :]
    out = run_kernel("output", inputs={"in": x}, params={"gain_db": gain_db})["out"]
    np.testing.assert_allclose(out, x * 10 ** (gain_db.astype(np.float64) / 20), rtol=3e-6)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("slices", (CELL, 7))
def test_input_reads_its_channel_of_the_device_and_is_silent_beyond_the_last(width: int, slices: int) -> None:
    device, gain_db = noise(300, 2), np.float32([0.0, -6.0, 0.0, 6.0])
    out = run_kernel(
        "input",
        width=width,
        device=device,
        channels=[0, 1, 2, 1],
        params={"gain_db": gain_db},
        frames=300,
        slices=slices,
    )["out"]
    np.testing.assert_array_equal(out[0], device[0])
    np.testing.assert_allclose(out[[1, 3]], device[1] * 10 ** (gain_db[[1, 3], None] / 20), rtol=1e-6)
    assert not out[2].any()


def test_input_follows_a_moving_level() -> None:
    device, gain_db = noise(300), np.linspace(-96, 24, 300, dtype=np.float32)[None, :]
    out = run_kernel("input", device=device, params={"gain_db": gain_db})["out"]
    np.testing.assert_allclose(out, device * 10 ** (gain_db.astype(np.float64) / 20), rtol=3e-6)


def test_input_without_a_device_is_silent() -> None:
    assert not run_kernel("input", frames=100)["out"].any()
