"""A patch of 64 nodes in real time on the null device, edited ten times a second: prints what was counted, as JSON.

A process of its own: the guard is preloaded, and the core is another build of itself that enters it in every call.
Arguments: the module (empty: the usual one, unguarded), minutes, a seed.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from tests.c.guard_counts import Counts
from tests.c.module import load

BLOCK_FRAMES = 128
EDITS_PER_S = 10
WARM_UP_S = 60.0  # after which memory may not grow
KEPT_STEPS = 200  # of undo, which grows on purpose; the rest is cut off, so that nothing else can hide behind it


def main(module: str, minutes: float, seed: int) -> None:
    """Play, and print one line."""
    core = ctypes.CDLL(module) if module else None
    if module:
        load(Path(module))
    figures = play(60.0 * minutes, random.Random(seed))
    if core is not None:
        figures |= seen_by_the_guard(core)
    sys.stdout.write(json.dumps(figures) + "\n")


def play(seconds: float, dice: random.Random) -> dict[str, Any]:
    """Edit for so long; what the engine counted, and what memory grew by."""
    import graphdaw as gd
    from tests.busy_patch import busy_patch, edit_busily

    graph = busy_patch()
    made = 0
    memory: list[tuple[float, int]] = []
    with gd.Session(graph, device="null", block_frames=BLOCK_FRAMES) as session:
        start_s = time.monotonic()
        session.play()
        for turn in range(round(seconds * EDITS_PER_S)):
            made += edit_busily(graph, dice)
            del graph.history.past[:-KEPT_STEPS]
            if turn % EDITS_PER_S == 0:
                memory.append((time.monotonic() - start_s, memory_kib()))
                session.engine.news()
            time.sleep(max(0.0, start_s + (turn + 1) / EDITS_PER_S - time.monotonic()))
        took_s = time.monotonic() - start_s
        session.stop()
        stats = session.driver.stats()
        played = session.engine.time_frames
    settled = [kib for at_s, kib in memory if at_s >= min(WARM_UP_S, seconds / 2)]
    counted = {name: stats[name] for name in ("callbacks", "frames", "swaps", "over_budget", "host_late", "not_finite")}
    return counted | {
        "edits": made,
        "unaccounted_frames": abs(played - stats["frames"]) + abs(stats["callbacks"] * BLOCK_FRAMES - stats["frames"]),
        "work_p999_s": stats["work_p999_s"],
        "block_s": BLOCK_FRAMES / graph.sample_rate,
        "gap_peak_s": stats["gap_peak_s"],
        "steal_s": stats["steal_s"],
        "behind_s": took_s - played / graph.sample_rate,
        "grown_kib": settled[-1] - settled[0],
    }


def memory_kib() -> int:
    """What this process holds of real memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def seen_by_the_guard(core: ctypes.CDLL) -> dict[str, Any]:
    """Violations of the real-time rules, and in how many calls they were looked for."""
    guard = ctypes.CDLL(None)
    guard.guard_counts.restype = Counts
    core.guarded_trapped.restype = ctypes.c_uint64
    counts = guard.guard_counts()
    return {"violations": counts.violations, "first": counts.first.decode(), "trapped": core.guarded_trapped()}


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
