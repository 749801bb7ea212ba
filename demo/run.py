"""`make run`: builds the demo, renders it to out/demo.wav, and plays it where there is a sound device."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import build
from graphdaw.host.device import outputs

ROOT = Path(__file__).parent.parent
OUT = ROOT / "out" / "demo.wav"
GRAPHDAW = str(Path(sys.executable).with_name("graphdaw"))


def main() -> int:
    """Returns the exit code."""
    OUT.parent.mkdir(exist_ok=True)
    print("Making the recordings and the project ...")
    build.main()
    length = f"{build.SECONDS:g}"
    code = subprocess.call([GRAPHDAW, "render", str(build.PROJECT), "-o", str(OUT), "--seconds", length])
    if code:
        return code
    print(f"\nThe project is {_near(build.PROJECT)}; its sound is {_near(OUT)}.")
    if outputs():
        return subprocess.call([GRAPHDAW, "play", str(build.PROJECT), "--seconds", length])
    print("There is no sound device here: open the file elsewhere to hear it.")
    return 0


def _near(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
