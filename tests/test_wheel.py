"""A wheel built here installs and makes sound where there is no compiler."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "build", "out", "*.so", "*.egg-info", "__pycache__", "demo")
PROGRAM = """
import numpy as np
import graphdaw as gd
graph = gd.Graph(sample_rate=48_000)
graph.connect(graph.add("sine", frequency_hz=480.0), graph.add("output"))
audio = gd.render(graph, seconds=0.5)
print(gd.__file__, audio.shape[1], int(np.argmax(np.abs(np.fft.rfft(audio[0])))) * 2)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources; only the objects that `make` compiled from the same ones are used again."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=LEFT_OUT)
    objects = Path(os.environ.get("GRAPHDAW_BUILD", "build/core"))
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
    environment = {**os.environ, "GRAPHDAW_BUILD": str(ROOT / objects)}
    subprocess.run(command, cwd=folder, check=True, env=environment)
    (built,) = (folder / "dist").glob("*.whl")
    return built


def test_one_wheel_serves_every_python_from_3_11_on(wheel: Path) -> None:
    assert wheel.name.split("-")[2:4] == ["cp311", "abi3"]
    assert wheel.name.split("-")[4].startswith("linux")


def test_the_wheel_runs_in_another_environment_without_a_compiler(wheel: Path, tmp_path: Path) -> None:
    """The libraries it needs come from here, so that the test asks no network for them."""
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

    run("python", "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel))
    site = Path(run("python", "-c", "import sysconfig; print(sysconfig.get_path('platlib'))").strip())
    (site / "libraries.pth").write_text(sysconfig.get_path("platlib") + "\n")

    home, frames, pitch = run("python", "-c", PROGRAM).split()

    assert Path(home).is_relative_to(tmp_path)
    assert (frames, pitch) == ("24000", "480")
    assert "gain" in {kind["type"] for kind in json.loads(run("graphdaw", "nodes", "--json"))}


def test_the_wheel_says_what_it_needs_and_holds_no_source_of_the_core(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as parts:
        names = parts.namelist()
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        needs = re.findall(r"^Requires-Dist: ([\w-]+)", parts.read(metadata).decode(), re.MULTILINE)

    assert {"numpy", "cffi", "msgspec", "soundfile", "sounddevice", "typer"} <= set(needs)
    assert {"graphdaw/py.typed", "graphdaw/_core.pyi", "graphdaw/_core.abi3.so"} <= set(names)
    examples = [path.relative_to(ROOT).as_posix() for path in (ROOT / "graphdaw/examples").rglob("*.[tfo]*")]
    assert "graphdaw/examples/media/voice.flac" in examples
    examples += [path.relative_to(ROOT).as_posix() for path in (ROOT / "graphdaw/presets").rglob("*.txt")]
    assert "graphdaw/presets/pads/velvet_pad.txt" in examples
    assert set(examples) <= set(names)
    assert not [name for name in names if name.endswith((".c", ".h", ".o")) or name.startswith(("tests/", "bench/"))]
