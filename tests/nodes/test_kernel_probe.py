"""The probe itself: what it refuses, and that it hands a kernel what an engine would."""

from __future__ import annotations

import numpy as np
import pytest

from tests.kernel_probe import CELL, LEVELS, aligned, facts, lib, run_kernel, time_kernel


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError):
        facts("nothing")
    with pytest.raises(KeyError, match="cutoff"):
        run_kernel("gain", params={"cutoff": 1.0})
    with pytest.raises(ValueError, match="level"):
        run_kernel("gain", level="v9")


@pytest.mark.parametrize("wrong", [{"width": 3}, {"width": 1, "sample_rate": 0.0}, {"slices": 0}])
def test_impossible_shapes_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="-2"):
        run_kernel("gain", **wrong)  # type: ignore[arg-type]


def test_more_lanes_than_the_width_run_as_several_packs() -> None:
    source = np.random.default_rng(1).uniform(-1, 1, (21, 130)).astype(np.float32)
    gain_db = np.linspace(-20, 20, 21)
    alone = run_kernel("gain", width=1, inputs={"in": source}, params={"gain_db": gain_db})["out"]
    np.testing.assert_array_equal(run_kernel("gain", inputs={"in": source}, params={"gain_db": gain_db})["out"], alone)
    assert np.isfinite(alone).all() and (alone != 0).all()


def test_a_value_in_cells_changes_on_the_grid_of_absolute_time_only() -> None:
    gain_db = np.linspace(-40, 0, 200)[None]
    out = run_kernel("gain", inputs={"in": np.ones(200)}, cells={"gain_db": gain_db}, time=50, slices=7)["out"][0]
    starts = np.maximum((50 + np.arange(200)) // CELL * CELL - 50, 0)
    np.testing.assert_allclose(out, 10 ** (gain_db[0, starts] / 20), rtol=1e-6)


def test_the_processor_level_in_use_stays_as_it_was() -> None:
    before = lib.gd_cpu_level()
    for level in LEVELS:
        run_kernel("gain", level=level)
    assert lib.gd_cpu_level() == before


def test_state_is_aligned_for_the_widest_vector() -> None:
    assert all(aligned(words).ctypes.data % 64 == 0 for words in range(1, 40))


def test_time_is_measured() -> None:
    assert 0 < time_kernel("gain", width=16, seconds=0.005) < 1_000
