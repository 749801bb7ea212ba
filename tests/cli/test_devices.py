"""`graphdaw devices` and `graphdaw play` with real devices, as people start them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import graphdaw as gd
from tests.jack_server import JackServer

COMMAND = [sys.executable, "-m", "graphdaw.cli"]
ROOT = Path(gd.__file__).parents[1]


def graphdaw(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )


@pytest.fixture
def server() -> Iterator[JackServer]:
    server = JackServer()
    yield server
    server.close()


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    path = tmp_path / "hum.gdaw"
    graph = gd.Graph(sample_rate=48_000)
    graph.add("sine") >> graph.add("output")
    graph.save(path)
    return path


def test_servers_stand_in_the_list_with_their_channels(server: JackServer) -> None:
    run = graphdaw("devices", "--json")
    (found,) = [one for one in json.loads(run.stdout) if one["name"] == server.device]

    assert (found["inputs"], found["channels"], found["sample_rate_hz"]) == (4, 4, 48_000.0)
    assert server.device in graphdaw("devices").stdout


def test_the_list_says_whether_sound_has_priority() -> None:
    assert "Real-time priority: " in graphdaw("devices").stderr


def test_play_says_when_its_device_is_lost_and_back(server: JackServer, patch: Path) -> None:
    words = ["play", str(patch), "--device", server.device, "--block", "128", "--outputs", "2,3"]
    run = subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert run.stderr is not None
    try:
        assert run.stderr.readline().startswith(f"Playing {patch} to {server.device}; Ctrl-C stops")
        server.kill()
        until(run, f"{server.device} is lost: its server has ended.")
        server.start()
        until(run, f"{server.device} is back.")
    finally:
        run.terminate()
        run.wait(20)
        run.stderr.close()


def until(run: subprocess.Popen[str], beginning: str) -> None:
    """Read remarks up to the one that begins so; priority may be spoken of in between."""
    assert run.stderr is not None
    for line in run.stderr:
        if line.startswith(beginning):
            return
        assert line.startswith("Real-time priority"), line
    raise AssertionError(f"no remark “{beginning}”")


def test_play_changes_the_rate_that_is_asked_for(patch: Path) -> None:
    run = graphdaw("play", patch, "--device", "null", "--rate", 44_100, "--seconds", 0.2)

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    "words, sentence",
    (
        (("--block", "0"), "A block of 0 frames cannot be played; choose 1 to 8192."),
        (("--outputs", "70"), "outputs asks for channel 70, but the null device has 64, numbered from 0"),
        (("--outputs", "1,1"), "outputs names a channel twice"),
        (("--inputs", "mic"), "inputs names port 'mic', but the null device has numbers only"),
        (("--device", "jack:nobody"), "JACK server 'nobody' is not running"),
    ),
)
def test_what_cannot_be_is_refused_in_one_sentence(patch: Path, words: tuple[str, ...], sentence: str) -> None:
    run = graphdaw("play", patch, "--device", "null", "--seconds", 0.1, *words)

    assert run.returncode == 2
    assert sentence in run.stderr and run.stderr.count("\n") == 1
