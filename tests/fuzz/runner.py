"""A child process that mutates and reads: `python -m tests.fuzz.runner TARGET COUNT SEED [FIRST]`, under limits.

It reports on stdout, a JSON object a line, and keeps what it is reading in a file, so that whoever watches it knows
what it died of. Input `k` of a target depends on SEED and `k` alone.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.fuzz.faults import FAULTY
from tests.fuzz.mutate import Mutator
from tests.fuzz.targets import TARGETS, Target

HEAD = struct.Struct("<QQ")  # how many inputs were begun, and how long the present one is
MEMORY_BYTES = 512 << 20
MAX_SENTENCE = 4_000
MOST_FAILURES = 5  # after which a reader is left alone
ROOT = Path(__file__).resolve().parents[2]
READABLE = tuple({str(ROOT), *map(os.path.realpath, (sys.prefix, sys.base_prefix, *filter(None, sys.path)))})
CHANGES = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate"}
NEVER = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "socket.bind"}


class Fence:
    """Notes every file that is touched outside a folder, by Python's own audit events."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.armed = False
        self.crossed: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event in NEVER:
            self.crossed.append(f"{event} {arguments!r}")
        elif event == "open" or event in CHANGES:
            path = arguments[0]
            if not isinstance(path, str | bytes | os.PathLike):
                return
            real = os.path.realpath(os.fspath(path) if not isinstance(path, bytes) else os.fsdecode(path))
            writes = event != "open" or arguments[2] & (os.O_WRONLY | os.O_RDWR)
            allowed = (self.folder,) if writes else (self.folder, *READABLE)
            if not any(real == place or real.startswith(place + os.sep) for place in allowed):
                self.crossed.append(f"{event} {real}")


def mutated(mutator: Mutator, seeds: list[bytes], name: str, seed: int, index: int) -> bytes:
    """Input number `index`."""
    return mutator(random.Random(f"{seed}:{name}:{index}"), seeds)


def main() -> None:
    """Read COUNT mutated inputs and report those that were not met with a value or a refusal."""
    name, count, seed, first, progress = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
    target = {**TARGETS, **FAULTY}[name]
    seeds = target.seeds()
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + MEMORY_BYTES,) * 2)
    with open(progress, "r+b", buffering=0) as note, tempfile.TemporaryDirectory() as made:
        folder = Path(os.path.realpath(made))
        os.chdir(folder)
        os.environ["XDG_STATE_HOME"] = made  # where a key would lie that makes a journal our own
        fence = Fence(folder)
        refused = failed = 0
        for index in range(first, first + count):
            data = mutated(target.mutator, seeds, name, seed, index)
            os.pwrite(note.fileno(), HEAD.pack(index + 1, len(data)) + data, 0)
            is_refused, wrong = tried(target, data, folder, fence)
            refused += is_refused
            failed += len(wrong)
            for what in wrong:
                report(index, what, data)
            if failed >= MOST_FAILURES:
                count = index + 1 - first
                break
            if index % 50 == 0:
                for path in folder.iterdir():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    sys.stdout.write(json.dumps({"done": count, "refused": refused, "peak_bytes": peak}) + "\n")


def tried(target: Target, data: bytes, folder: Path, fence: Fence) -> tuple[bool, list[str]]:
    """Whether a reader refused its input, and what it did that no input may make it do."""
    refused, wrong = False, []
    fence.armed = True
    try:
        target.use(data, folder)
    except target.refusals as error:
        refused = True
        if len(str(error)) > MAX_SENTENCE or not str(error):
            wrong.append(f"a sentence of {len(str(error))} characters")
    except Exception as error:
        wrong.append(described(error))
    fence.armed = False
    if fence.crossed:
        wrong.append("outside its folder: " + fence.crossed[0])
        fence.crossed.clear()
    return refused, wrong


def report(index: int, what: str, data: bytes) -> None:
    """One failure, on stdout."""
    sys.stdout.write(json.dumps({"index": index, "what": what, "data": data.hex()}) + "\n")
    sys.stdout.flush()


def described(error: Exception) -> str:
    """Kind, words and place of an exception nobody planned."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}: {str(error)[:300]} at {where}"


if __name__ == "__main__":
    main()
