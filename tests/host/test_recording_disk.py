"""Recording to a disk that stalls, fails, or whose program is killed: nothing is lost, or it is known what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from graphdaw.host.left_takes import recover_takes
from graphdaw.host.offline import Renderer
from tests.c import build
from tests.host import recording_child
from tests.host.test_tape import RATE_HZ, read


@pytest.fixture(scope="module")
def slow_disk() -> str:
    return str(build.library(build.HERE / "slow_disk.c"))


def run(scene: str, path: Path, timeout_s: float = 100.0, **environment: str) -> dict[str, Any]:
    """What a scene of `recording_child` says."""
    command = [sys.executable, "-m", "tests.host.recording_child", scene, str(path)]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def rendered(frames: int) -> np.ndarray:
    with Renderer(recording_child.patch()) as renderer:
        return renderer.render(frames)


def test_no_frame_is_lost_while_the_disk_stalls_for_five_seconds_and_python_is_starved(
    tmp_path: Path, slow_disk: str
) -> None:
    result = run("stalled_while_python_is_starved", tmp_path / "take.wav", LD_PRELOAD=slow_disk)

    (take,) = result["takes"]
    assert result["stalled"] and result["held_s"] > 4.5
    assert (take["start_frame"], take["lost_frames"], take["complete"]) == (0, 0, True)
    assert take["frames"] > 5 * RATE_HZ
    np.testing.assert_array_equal(read(tmp_path / "take.wav"), rendered(take["frames"]))


def test_what_a_stall_longer_than_the_ring_costs_is_silent_counted_and_moves_nothing(
    tmp_path: Path, slow_disk: str
) -> None:
    result = run("stalled_for_longer_than_the_ring", tmp_path / "take.wav", LD_PRELOAD=slow_disk)

    (take,) = result["takes"]
    played, written = np.load(tmp_path / "take.npy"), read(tmp_path / "take.wav")
    silent = np.flatnonzero(np.abs(written).max(axis=0) == 0)
    heard = np.setdiff1d(np.arange(written.shape[1]), silent)
    assert result["stalled"] and written.shape == played.shape
    assert len(silent) == take["lost_frames"] and np.ptp(silent) == len(silent) - 1
    gone = 340_992 - (131_072 - 256)  # the last slice began at 340,992; two slices of the ring are left out
    assert gone - 20_480 - 4_096 <= take["lost_frames"] < gone - 20_480  # a chunk was on its way to the disk
    np.testing.assert_array_equal(written[:, heard], played[:, heard])


def test_an_edit_does_not_wait_for_the_disk(tmp_path: Path, slow_disk: str) -> None:
    result = run("removed_while_stalled", tmp_path / "take.wav", LD_PRELOAD=slow_disk)

    assert result["settled"] and result["still_stalled"]
    np.testing.assert_array_equal(read(tmp_path / "take.wav"), np.load(tmp_path / "take.npy"))
    assert {path.name for path in tmp_path.iterdir()} == {"take.npy", "take.wav"}


def test_what_reached_a_disk_that_fails_is_kept_and_the_next_take_is_whole(tmp_path: Path, slow_disk: str) -> None:
    result = run("failing", tmp_path / "take.wav", LD_PRELOAD=slow_disk)

    partial, whole = result["takes"]
    assert "take.wav could not be written: the disk is full. What was recorded until then is kept" in result["full"]
    assert "take.wav could not be written: input/output error." in result["broken"] and result["second"] == 0
    assert not partial["complete"] and 0 < partial["frames"] <= 50_000
    np.testing.assert_array_equal(read(tmp_path / "take.wav"), np.load(tmp_path / "take.npy")[:, : partial["frames"]])
    assert whole["complete"] and read(tmp_path / "take-2.wav").shape == (2, 5_000)
    assert {path.name for path in tmp_path.iterdir()} == {"take.npy", "take.wav", "take-2.wav"}


def test_whenever_it_is_killed_the_file_plays_and_is_found(tmp_path: Path, long_form: bool) -> None:
    count = 400 if long_form else 20
    result = run("kills", tmp_path, 60.0 + 3.0 * count, KILLS=str(count))

    assert len(result["heard"]) == count
    audio = rendered(max(frames for _, frames in result["heard"]) + 48_000)
    lost_s = []
    for process, heard in result["heard"]:
        folder = tmp_path / str(process)
        (part,) = folder.iterdir()
        as_it_lies, _ = soundfile.read(part, dtype="float32", always_2d=True)
        np.testing.assert_array_equal(as_it_lies.T, audio[:, : len(as_it_lies)])
        lost_s.append((heard - len(as_it_lies)) / RATE_HZ)
        (take,) = recover_takes(folder)
        found = read(take.path)
        assert take.path == folder / "take-recovered.wav" and take.frames == found.shape[1] >= len(as_it_lies)
        np.testing.assert_array_equal(found, audio[:, : take.frames])
    assert sorted(lost_s)[count // 2] <= 0.6, lost_s  # not all: the machine may have other things to do
