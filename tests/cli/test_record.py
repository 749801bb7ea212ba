"""`graphdaw record`: files that hold what was played or came in, however it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.cli.app import run
from tests.cli.test_app import graphdaw, refused
from tests.drawing import draw
from tests.jack_server import JackServer

RATE_HZ = 48_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two sounds into two outputs, one of them turned down."""
    graph, _ = draw("noise n -> pan p(pan=0.3) -> output a(gain_db=-6)\nsine s -> output b", RATE_HZ)
    graph.save(tmp_path / "song.gdaw")
    return tmp_path / "song.gdaw"


def read(path: Path) -> np.ndarray:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE_HZ
    return np.asarray(audio).T


@contextmanager
def recording(path: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A running `graphdaw record`, of which something is on disk."""
    command = [sys.executable, "-m", "graphdaw.cli", "record", "-o", str(path), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60.0
    while not any(part.stat().st_size > 20_000 for part in path.parent.glob(".*.part.wav")):
        assert process.poll() is None and time.monotonic() < end, process.communicate()
        time.sleep(0.02)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_a_project_plays_is_recorded_from_its_first_frame(project: Path) -> None:
    path = project.parent / "out.wav"

    run = graphdaw("record", project, "-o", path, "--device", "null", "--seconds", "0.5", "--bits", "32", "--json")

    (take,) = json.loads(run.stdout)["takes"]
    assert (take["path"], take["start_frame"], take["lost_frames"]) == (str(path), 0, 0)
    assert 24_000 <= take["frames"] < 72_000
    np.testing.assert_array_equal(read(path), gd.render(gd.load(str(project)), seconds=take["frames"] / RATE_HZ))
    assert "record" not in {node.type for node in gd.load(str(project)).nodes.values()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_completes_the_file(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "out.flac"
    path.write_bytes(b"mine")

    with recording(path, "--device", "null", "--inputs", "0,1,2") as process:
        process.send_signal(number)
        said, remarks = process.communicate(timeout=60)

    assert process.returncode == 0, remarks
    assert said.startswith(f"{tmp_path / 'out-2.flac'}: ") and "3 channels, 48000 Hz, peak silence" in said
    assert read(tmp_path / "out-2.flac").shape[0] == 3
    assert path.read_bytes() == b"mine"


def test_what_a_killed_recording_left_is_recovered_by_the_next(project: Path) -> None:
    path = project.parent / "out.wav"
    with recording(path, project, "--device", "null", "--bits", "32") as process:
        process.kill()

    run = graphdaw("record", project, "-o", path, "--device", "null", "--seconds", "0.1")

    found = project.parent / "out-recovered.wav"
    assert f"A recording that was interrupted has been recovered: {found}" in run.stderr
    audio = read(found)
    np.testing.assert_array_equal(audio, gd.render(gd.load(str(project)), seconds=audio.shape[1] / RATE_HZ))


def test_the_inputs_of_a_jack_server_are_recorded(tmp_path: Path) -> None:
    server = JackServer()
    try:
        path = tmp_path / "out.wav"
        run = graphdaw("record", "-o", path, "--device", server.device, "--inputs", "3,1,0", "--seconds", "0.3")
    finally:
        server.close()

    assert run.returncode == 0, run.stderr
    assert "3 channels" in run.stdout and read(path).shape[0] == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "out.xyz"), "is no format GraphDAW writes"),
        (("-o", "out.flac", "--bits", "32"), "cannot have 32 bits: FLAC takes 16, 24."),
        (("-o", "no/folder/out.wav"), "the folder no/folder does not exist"),
        (("-o", "out.wav", "--device", "jack:nobody"), "JACK server 'nobody' is not running"),
        (("gone.gdaw", "-o", "out.wav"), "gone.gdaw"),
        (("-o", "out.wav", "--device", "hand"), "plays only when a program steps it"),
    ],
)
def test_what_cannot_be_recorded_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(gd.__file__).parents[1]))
    assert words in refused("record", *arguments)
    assert not list(tmp_path.iterdir())


def test_without_a_sound_card_no_silence_is_recorded_for_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("graphdaw.host.device.outputs", list)
    monkeypatch.delenv("GRAPHDAW_DEVICE", raising=False)

    assert run(["record", "-o", str(tmp_path / "out.wav"), "--seconds", "0.1"]) == 2
    assert "No sound card was found to record from" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
