"""Runs the soak and prints a table: what was tested, the figure wanted, the figure got. Exit code 1 if a row failed.

`make soak SOAK_MINUTES=60`: a third of the time goes to playing, the rest to the tests, in order; what there was no
time for is said to be so.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.soak.rows import ROWS, Row

ROOT = Path(__file__).parents[2]
WRAP = ("gd_caller_run", "gd_sleep_while", "gd_give_way")
NOT_RUN, PASSED, FAILED = "not run", "pass", "FAIL"


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    name: str
    wanted: str
    got: str
    verdict: str


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="about how long all of it may take")
    parser.add_argument("--seed", type=int, default=1, help="of the edits while it plays")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    options = parser.parse_args()
    end_s = time.monotonic() + 60.0 * options.minutes
    console = Console()
    results: list[Result] = []
    for result in run(options.minutes, end_s, options.seed, options.only):
        console.print(f"{result.verdict:8} {result.name}: {result.got}")
        results.append(result)
    table = Table("test", "wanted", "got", "")
    for result in results:
        table.add_row(result.name, result.wanted, result.got, result.verdict)
    console.print(table)
    return 1 if any(result.verdict == FAILED for result in results) else 0


def run(minutes: float, end_s: float, seed: int, only: str) -> Iterator[Result]:
    """Every row, one after the other."""
    if only in "playing":
        yield from playing(minutes / 3.0, seed)
    for row in ROWS:
        if only in row.name:
            yield tested(row, end_s)
    yield Result("RTSan", "0 violations", real_time_sanitizer(), NOT_RUN)


# Playing


def playing(minutes: float, seed: int) -> Iterator[Result]:
    """The rows of the patch that plays, from one run."""
    name = f"playing {minutes:.1f} min, 64 nodes, 10 edits/s"
    try:
        seen = played(minutes, seed)
    except (RuntimeError, subprocess.SubprocessError) as error:
        yield Result(name, "it plays", str(error)[-500:], FAILED)
        return
    share = seen["work_p999_s"] / seen["block_s"]
    host = (
        f"(host: {seen['host_late']} late calls, longest gap {1e3 * seen['gap_peak_s']:.1f} ms, "
        f"stolen {seen['steal_s'] or 0.0:.2f} s, {1e3 * seen['behind_s']:.0f} ms behind the clock)"
    )
    checks = [
        ("RT violations", "0", f"{seen['violations']} in {seen['trapped']} calls", seen["violations"] == 0),
        ("frames unaccounted", "0", f"{seen['unaccounted_frames']} {host}", seen["unaccounted_frames"] == 0),
        ("own work, p99.9", "< 25 % of a block", f"{100 * share:.1f} %", share < 0.25),
        ("own late blocks", "0", str(seen["over_budget"]), seen["over_budget"] == 0),
        ("not finite", "0", str(seen["not_finite"]), seen["not_finite"] == 0),
        ("memory after minute 1", "< 1 MiB", f"{seen['grown_kib']} KiB", seen["grown_kib"] < 1024),
    ]
    yield Result(name, "edits and swaps", f"{seen['edits']} edits, {seen['swaps']} swaps", PASSED)
    for what, wanted, got, fine in checks:
        yield Result(f"  {what}", wanted, got, PASSED if fine else FAILED)


def played(minutes: float, seed: int) -> dict[str, Any]:
    """What the child counted, under the guard."""
    from tests.c import build
    from tests.c.module import module

    guarded, guard = module("guarded_module", wrap=WRAP), build.library("guard")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.soak.playing", str(guarded), str(minutes), str(seed)],
        cwd=ROOT,
        env=os.environ | {"LD_PRELOAD": str(guard), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60.0 * minutes + 120.0,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


# Tests


def tested(row: Row, end_s: float) -> Result:
    """A row's tests in their long form; what does not end in time is stopped and was not run."""
    left_s = end_s - time.monotonic()
    if left_s < 1.0:
        return Result(row.name, row.wanted, "no time was left: raise SOAK_MINUTES", NOT_RUN)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        arguments = [*row.tests, "--long", "-q", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=ROOT,
            env=os.environ | dict(row.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            output, _ = process.communicate(timeout=left_s)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.communicate()
            return Result(row.name, row.wanted, "stopped when the time was up: raise SOAK_MINUTES", NOT_RUN)
        if not report.exists():
            return Result(row.name, row.wanted, output.decode()[-500:], FAILED)
        got, skipped = summary(report)
    if process.returncode:
        sys.stdout.write(output.decode())
        return Result(row.name, row.wanted, got, FAILED)
    return Result(row.name, row.wanted, got, NOT_RUN if skipped else PASSED)


def summary(report: Path) -> tuple[str, bool]:
    """Figures that tests told of, or how many passed; and whether one was skipped, which is said."""
    root = ET.parse(report).getroot()
    figures = [str(item.get("value")) for item in root.iter("property") if item.get("name") == "figures"]
    suite = next(root.iter("testsuite"))
    counts = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
    bad = counts["failures"] + counts["errors"]
    told = [f"{counts['tests'] - bad - counts['skipped']} passed in {float(suite.get('time', '0')):.0f} s"]
    told += [f"{bad} FAILED"] * (bad > 0)
    told += [f"SKIPPED: {item.get('message')}" for item in root.iter("skipped")]
    return "; ".join([*figures, *told]), counts["skipped"] > 0


def real_time_sanitizer() -> str:
    """Why the compiler's own net is not run here: it needs clang 20 or later with its runtime."""
    source = "int main(void) { return 0; }"
    for compiler in ("clang", *(f"clang-{version}" for version in range(30, 19, -1))):
        with tempfile.TemporaryDirectory() as folder:
            try:
                done = subprocess.run(
                    [compiler, "-fsanitize=realtime", "-x", "c", "-", "-o", f"{folder}/a"],
                    input=source.encode(),
                    capture_output=True,
                    check=False,
                )
            except FileNotFoundError:
                continue
        if done.returncode == 0:
            return f"{compiler} could, but nothing here uses it yet: the guard is the net"
    return (
        "NO RTSAN HERE: no clang 20 or later with its runtime; the guard (interposer and system-call trap) is the net"
    )


if __name__ == "__main__":
    sys.exit(main())
