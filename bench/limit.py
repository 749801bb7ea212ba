"""Compiles and runs the hand-written limit, `python -m bench.limit [WORKLOAD...]`, and prints JSON as a peer does."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.peers.common import Result, rendered, run_all

SOURCE = Path(__file__).with_name("limit.c")
FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-std=gnu11", "-Wall", "-Wextra", "-Werror")


def compiler_version() -> str:
    """First line of what gcc says of itself."""
    if not shutil.which("gcc"):
        raise SystemExit("gcc is not installed, and the limit is compiled where it runs")
    return subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def compile_limit(folder: Path) -> Path:
    """Compile the limit for this very processor."""
    program = folder / "limit"
    subprocess.run(["gcc", *FLAGS, "-o", str(program), str(SOURCE), "-lm"], check=True)
    return program


def main() -> None:
    """Measure what the command line asks for."""
    with tempfile.TemporaryDirectory() as folder:
        version, program = compiler_version(), compile_limit(Path(folder))

        def measure(name: str, seconds: float, repeats: int) -> Result:
            done = subprocess.run(
                [program, str(seconds), str(repeats), name], capture_output=True, text=True, check=True
            )
            found = json.loads(done.stdout)
            return Result("limit", version, name, rtf=found["rtf"], seconds=seconds, rms=found["rms"])

        run_all("limit", version, rendered, measure)


if __name__ == "__main__":
    main()
