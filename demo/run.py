"""`make run`: builds the demo, renders it to out/demo.wav, and plays it where there is a sound device."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import build
import song
from graphdaw.host.device import outputs

ROOT = Path(__file__).parent.parent
OUT = ROOT / "out" / "demo.wav"
GRAPHDAW = str(Path(sys.executable).with_name("graphdaw"))


def main() -> int:
    """Returns the exit code."""
    OUT.parent.mkdir(exist_ok=True)
    print("Speaking the words and building the project ...")
    graph = build.main()
    for section in song.SECTIONS:
        begin = graph.timeline.seconds(section.at_ticks)
        print(f"  {int(begin // 60)}:{int(begin % 60):02}  {section.name}, {section.bars} bars")
    length = f"{build.SECONDS:g}"
    tags = [f"--tag=title={song.TITLE}", "--tag=artist=GraphDAW"]
    code = subprocess.call([GRAPHDAW, "render", str(build.PROJECT), "-o", str(OUT), "--seconds", length, *tags])
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
