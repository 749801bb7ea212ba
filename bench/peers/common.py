"""What every peer's script shares: the command line, the clock, the length of a run and the JSON it prints.

Times are processor time, not wall-clock time: on a shared machine the wall clock measures the neighbours. All runs
use one thread, so on an idle machine the two are the same.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from bench.definitions import SECONDS, workloads

MOST_CPU_S = 2.0
"""A run is shortened so that it takes about this much processor time."""


@dataclass(slots=True)
class Result:
    """One measured figure; `rtf` is seconds of audio per second, `ms` and `us` durations, `bytes` memory a node."""

    peer: str
    version: str
    workload: str
    rtf: float | None = None
    ms: float | None = None
    us: float | None = None
    ratio: float | None = None
    bytes: float | None = None
    seconds: float | None = None
    rms: float | None = None
    note: str = ""


def say(result: Result) -> None:
    """Print a result as one line of JSON."""
    print(json.dumps({k: v for k, v in asdict(result).items() if v not in (None, "")}), flush=True)


def arguments(names: Iterable[str]) -> tuple[list[str], float, int]:
    """Read the command line: workloads wanted (all of `names` when none is given), seconds of audio, repeats."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workloads", nargs="*")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    known = list(names)
    wanted = [name for name in known if not asked.workloads or name in asked.workloads]
    return wanted, asked.seconds, asked.repeats


def fit(seconds: float, rtf: float) -> float:
    """Seconds of audio to render so that one run stays affordable for an engine of this speed."""
    return max(0.5, min(seconds, MOST_CPU_S * rtf))


def median_of(repeats: int, run: Callable[[], float]) -> float:
    """Median of several calls."""
    return statistics.median(run() for _ in range(repeats))


def cpu_s(work: Callable[[], object]) -> float:
    """Processor seconds this process spends in `work`."""
    before = time.process_time()
    work()
    return time.process_time() - before


def children_cpu_s(command: Sequence[str]) -> float:
    """Processor seconds of a command run to its end; raises with its output where it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-1:]
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {' '.join(said)[:200]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_render(render: Callable[[float], object], seconds: float, repeats: int) -> tuple[float, float]:
    """Real-time factor, and the seconds of audio used, of an engine in this process; `render` takes seconds."""
    render(0.1)
    seconds = fit(seconds, 0.5 / cpu_s(lambda: render(0.5)))
    return seconds / median_of(repeats, lambda: cpu_s(lambda: render(seconds))), seconds


def measure_command(run_s: Callable[[float], float], seconds: float, repeats: int) -> tuple[float, float]:
    """Real-time factor of an engine that is a program: a long run less a short one, so that its start is not counted.

    `run_s` renders so many seconds of audio and returns the processor time it took.
    """
    short = 0.2
    rough = 0.8 / max(1e-3, run_s(short + 0.8) - run_s(short))
    seconds = fit(seconds, rough)
    start_s = median_of(repeats, lambda: run_s(short))
    whole_s = median_of(repeats, lambda: run_s(short + seconds))
    return seconds / (whole_s - start_s), seconds


def run_all(peer: str, version: str, names: Iterable[str], measure: Callable[[str, float, int], Result]) -> None:
    """Measure the wanted workloads one by one; one that fails is reported with its reason, not dropped."""
    wanted, seconds, repeats = arguments(names)
    for name in wanted:
        try:
            result = measure(name, seconds, repeats)
        except Exception as error:  # whatever a peer throws belongs in the table
            result = Result(peer, version, name, note=f"failed: {error}"[:300])
        say(result)


rendered = tuple(workloads)
