"""Plays a patch under the real-time guard, edited all the while, and prints what the guard saw as JSON.

A process of its own, because the guard is preloaded and the core is another build of itself. Arguments: the module, the
device, seconds, threads, and the number of a violation to commit (0: none), as in tests/c/guarded_module.c.
"""

from __future__ import annotations

import ctypes
import json
import random
import sys
import time
from pathlib import Path

from tests.c.guard_counts import Counts
from tests.c.module import load

EDITS_PER_S = 50


def main(module: str, device: str, seconds: float, threads: int, violation: int) -> None:
    load(Path(module))
    import graphdaw as gd
    from tests.busy_patch import busy_patch, edit_busily

    core, guard = ctypes.CDLL(module), ctypes.CDLL(None)
    guard.guard_counts.restype = Counts
    core.guarded_calls.restype = core.guarded_trapped.restype = ctypes.c_uint64
    graph, dice = busy_patch(wide=threads > 1), random.Random(1)
    with gd.Session(graph, device=device, block_frames=128, threads=threads) as session:
        session.play()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            edit_busily(graph, dice)
            time.sleep(1 / EDITS_PER_S)
            if violation and core.guarded_calls() > 100:
                core.guarded_misbehave(violation)
                violation = 0
        stats = session.engine.stats()
        name = session.driver.name
        guard.guard_close()
    counts = guard.guard_counts()
    sys.stdout.write(
        json.dumps(
            {
                "device": name,
                "calls": core.guarded_calls(),
                "trapped": core.guarded_trapped(),
                "violations": counts.violations,
                "first": counts.first.decode(),
                "swaps": stats["swaps"],
                "callbacks": stats["callbacks"],
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
