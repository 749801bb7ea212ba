"""A wheel built here installs and makes sound where there is no compiler."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "build", "out", "*.so", "*.egg-info", "__pycache__", "media")
PROGRAM = """
import numpy as np
import graphdaw as gd
graph = gd.Graph(sample_rate=48_000)
graph.connect(graph.add("sine", frequency_hz=480.0), graph.add("output"))
audio = gd.render(graph, seconds=0.5)
print(audio.shape[1], int(np.argmax(np.abs(np.fft.rfft(audio[0])))) * 2)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing compiled before takes part."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=LEFT_OUT)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        "dist",
        "./source",
    ]
    subprocess.run(command, cwd=folder, check=True)
    (built,) = (folder / "dist").glob("*.whl")
    return built


def test_one_wheel_serves_every_python_from_3_11_on(wheel: Path) -> None:
    assert wheel.name.split("-")[2:4] == ["cp311", "abi3"]
    assert wheel.name.split("-")[4].startswith("linux")


def test_the_wheel_runs_in_another_environment_without_a_compiler(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    tools = tmp_path / "venv" / "bin"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")},
        "PATH": str(tools),
        "CC": "/nonexistent",
    }
    assert shutil.which("gcc", path=environment["PATH"]) is None

    def run(*command: str) -> str:
        return subprocess.run(
            [str(tools / command[0]), *command[1:]],
            env=environment,
            cwd=tmp_path,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout

    run("python", "-m", "pip", "install", "-q", "--only-binary=:all:", str(wheel))

    assert run("python", "-c", PROGRAM).split() == ["24000", "480"]
    assert "gain" in {kind["type"] for kind in json.loads(run("graphdaw", "nodes", "--json"))}
