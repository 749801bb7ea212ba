"""Compiles and runs the hand-written limit, `python -m bench.limit [WORKLOAD...]`, and prints JSON as a peer does."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench import definitions as d
from bench.peers.common import Result, run_all

SOURCES = {"limit": d.PLAIN, "limit_mixer": ("W4",)}
FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-std=gnu11", "-Wall", "-Wextra", "-Werror")


def compiler_version() -> str:
    """First line of what gcc says of itself."""
    if not shutil.which("gcc"):
        raise SystemExit("gcc is not installed, and the limit is compiled where it runs")
    return subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def compile_limits(folder: Path) -> list[Path]:
    """Compile the limit for this very processor, at both widths: which is faster depends on the loop."""
    programs = []
    for source in SOURCES:
        for lanes in (8, 16):
            program, code = folder / f"{source}-{lanes}", Path(__file__).with_name(f"{source}.c")
            subprocess.run(["gcc", *FLAGS, f"-DLANES={lanes}", "-o", str(program), str(code), "-lm"], check=True)
            programs.append(program)
    return programs


def main() -> None:
    """Measure what the command line asks for; the faster width counts."""
    with tempfile.TemporaryDirectory() as folder:
        version, programs = compiler_version(), compile_limits(Path(folder))

        def measured(program: Path, name: str, seconds: float, repeats: int) -> Result:
            command = [program, str(seconds), str(repeats), name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            note = f"{program.name.split('-')[1]} lanes"
            return Result("limit", version, name, rtf=found["rtf"], seconds=seconds, rms=found["rms"], note=note)

        def measure(name: str, seconds: float, repeats: int) -> Result:
            fitting = [program for program in programs if name in SOURCES[program.name.split("-")[0]]]
            runs = [measured(program, name, seconds, repeats) for program in fitting]
            return max(runs, key=lambda run: run.rtf or 0.0)

        run_all("limit", version, (*d.PLAIN, "W4"), measure)


if __name__ == "__main__":
    main()
