"""The fuzzer: shares mutations among child processes, watches them, and keeps what they failed at.

    python -m tests.fuzz.fuzz 1000000 --seed 7          a longer run than CI's, or `make soak`
    python -m tests.fuzz.fuzz 1000 --only midi flac     some readers alone

Failing inputs lie in build/fuzz/, named after what read them.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.runner import HEAD, MEMORY_BYTES, MOST_FAILURES, ROOT

KEPT = ROOT / "build" / "fuzz"
LIMIT_S = 2.0  # of processor time for one input
WAIT_S = 10.0  # without any progress or processor time: it waits for something
BATCH = 4_000
POLL_S = 0.1


@dataclass
class Failure:
    """What one reader did with one input."""

    target: str
    index: int
    what: str
    path: Path


@dataclass
class Result:
    """How many inputs were read and refused, what failed, and the most memory a child took."""

    done: int = 0
    refused: int = 0
    peak_bytes: int = 0
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def fuzz(shares: dict[str, int], seed: int, jobs: int = 2, most_failures: int = MOST_FAILURES) -> Result:
    """Read `shares[target]` mutations of every target; each is reproducible from the seed and its number."""
    batches = [
        (target, first, min(BATCH, count - first))
        for target, count in shares.items()
        for first in range(0, count, BATCH)
    ]
    result, lock = Result(), threading.Lock()
    with ThreadPoolExecutor(jobs) as pool:
        for done in [pool.submit(_batch, *batch, seed, result, lock, most_failures) for batch in batches]:
            done.result()
    return result


def _batch(
    target: str, first: int, count: int, seed: int, result: Result, lock: threading.Lock, most_failures: int
) -> None:
    """One batch, in as many children as it takes: after a crash the next one goes on behind the input."""
    end = first + count
    while first < end:
        with lock:
            if sum(one.target == target for one in result.failures) >= most_failures:
                return
        began = time.monotonic()
        lines, stopped, index, data = _child(target, first, end - first, seed)
        with lock:
            result.seconds[target] = result.seconds.get(target, 0.0) + time.monotonic() - began
            for line in lines:
                if "what" in line:
                    culprit = bytes.fromhex(line["data"])
                    result.failures.append(_kept(target, line["index"], line["what"], culprit, seed))
                else:
                    result.done += line["done"]
                    result.refused += line["refused"]
                    result.peak_bytes = max(result.peak_bytes, line["peak_bytes"])
                    if line["peak_bytes"] > MEMORY_BYTES:
                        what = f"took {line['peak_bytes'] >> 20} MiB in all"
                        result.failures.append(_kept(target, index, what, data, seed))
            if not stopped:
                return
            result.failures.append(_kept(target, index, stopped, data, seed))
            result.done += index + 1 - first
        first = index + 1


def _child(target: str, first: int, count: int, seed: int) -> tuple[list[dict], str, int, bytes]:
    """What a child reported, why it was stopped or died (or ""), and the input it was at then."""
    plain = {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    output = functools.partial(tempfile.TemporaryFile, "w+")
    with (
        tempfile.NamedTemporaryFile() as note,
        output() as out,
        output() as err,
    ):
        command = [sys.executable, "-m", "tests.fuzz.runner", target, *map(str, (count, seed, first)), note.name]
        child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **plain}, stdout=out, stderr=err)
        try:
            stopped = _watch(child, note.name)
        finally:
            child.kill()
            child.wait()
        out.seek(0)
        lines = [json.loads(line) for line in out if line.startswith("{")]
        raw = Path(note.name).read_bytes()
        if not raw:  # it died before it began
            err.seek(0)
            raise RuntimeError(f"{target}: {err.read()[-2000:]}")
        begun, size = HEAD.unpack_from(raw)
        if not stopped and child.returncode < 0:
            stopped = f"died of signal {-child.returncode} ({signal.Signals(-child.returncode).name})"
        elif not stopped and child.returncode:
            err.seek(0)
            stopped = f"ended with code {child.returncode}: {err.read()[-500:]}"
        return lines, stopped, begun - 1, raw[HEAD.size : HEAD.size + size]


def _watch(child: subprocess.Popen[bytes], note: str) -> str:
    """Wait for a child; a reason to stop it once one input has taken too long, by its own processor time."""
    tick = os.sysconf("SC_CLK_TCK")
    begun, since_cpu, since = -1, 0.0, time.monotonic()
    while child.poll() is None:
        time.sleep(POLL_S)
        try:
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        cpu = (int(fields[11]) + int(fields[12])) / tick
        head = Path(note).read_bytes()[: HEAD.size]
        now = HEAD.unpack(head)[0] if len(head) == HEAD.size else 0
        if now != begun or now == 0:
            begun, since_cpu, since = now, cpu, time.monotonic()
        elif cpu - since_cpu > LIMIT_S:
            return f"took more than {LIMIT_S:g} s"
        elif time.monotonic() - since > WAIT_S and cpu - since_cpu < 0.1 * WAIT_S:
            return f"waits: no progress in {WAIT_S:g} s"
    return ""


def _kept(target: str, index: int, what: str, data: bytes, seed: int) -> Failure:
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{target}-{seed}-{index}.bin"
    path.write_bytes(data)
    return Failure(target, index, what, path)


def shares(total: int, only: Iterable[str] = ()) -> dict[str, int]:
    """How many of `total` mutations each reader gets."""
    from tests.fuzz.targets import TARGETS

    chosen = {name: target.share for name, target in TARGETS.items() if not only or name in only}
    whole = sum(chosen.values())
    return {name: -(-share * total // whole) for name, share in chosen.items()}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Feed every reader of outside bytes with mutations.")
    parser.add_argument("total", type=int, nargs="?", default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=())
    asked = parser.parse_args()
    began = time.monotonic()
    result = fuzz(shares(asked.total, asked.only), asked.seed, asked.jobs)
    for name, seconds in sorted(result.seconds.items(), key=lambda item: -item[1]):
        print(f"{name:14} {seconds:7.1f} s")
    for failure in result.failures:
        print(f"{failure.target} {failure.index}: {failure.what}\n    {failure.path}")
    print(
        f"{result.done} mutations, {result.refused} refused, {len(result.failures)} failures, "
        f"{result.peak_bytes >> 20} MiB at most, {time.monotonic() - began:.0f} s, seed {asked.seed}"
    )
    sys.exit(bool(result.failures))


if __name__ == "__main__":
    main()
