"""Compiles and runs the hand-written limit, `python -m bench.limit [WORKLOAD...]`, and prints JSON as a peer does."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench import definitions as d
from bench.peers.common import Result, run_all

SOURCES = {"limit": d.PLAIN, "limit_mixer": ("W4",), "limit_convolver": ("W5",)}
LIBRARIES = {"limit_convolver": "-lfftw3f"}
FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-std=gnu11", "-Wall", "-Wextra", "-Werror")


def compiler_version() -> str:
    """First line of what gcc says of itself."""
    if not shutil.which("gcc"):
        raise SystemExit("gcc is not installed, and the limit is compiled where it runs")
    return subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def compile_limits(source: str, folder: Path) -> list[Path]:
    """Compile a limit for this very processor, at both widths: which is faster depends on the loop."""
    code = Path(__file__).with_name(f"{source}.c")
    libraries = [LIBRARIES[source], "-lm"] if source in LIBRARIES else ["-lm"]
    programs = [folder / f"{source}-{lanes}" for lanes in (8, 16)]
    for program in programs:
        lanes = program.name.split("-")[1]
        command = ["gcc", *FLAGS, f"-DLANES={lanes}", "-o", str(program), str(code), *libraries]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"{code.name} does not compile here; that of W5 needs FFTW (apt-get install libfftw3-dev)")
    return programs


def main() -> None:
    """Measure what the command line asks for; the faster width counts."""
    with tempfile.TemporaryDirectory() as folder:
        version = compiler_version()

        def measured(program: Path, name: str, seconds: float, repeats: int) -> Result:
            command = [str(program), str(seconds), str(repeats), name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            note = f"{program.name.split('-')[1]} lanes"
            return Result("limit", version, name, rtf=found["rtf"], seconds=seconds, rms=found["rms"], note=note)

        def measure(name: str, seconds: float, repeats: int) -> Result:
            source = next(source for source, rows in SOURCES.items() if name in rows)
            runs = [measured(program, name, seconds, repeats) for program in compile_limits(source, Path(folder))]
            return max(runs, key=lambda run: run.rtf or 0.0)

        run_all("limit", version, tuple(d.workloads), measure)


if __name__ == "__main__":
    main()
