"""What the tests of recording run in processes of their own: with a slow disk (LD_PRELOAD), or to be killed.

python -m tests.host.recording_child SCENE FOLDER     prints what came of it as JSON
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import random
import signal
import struct
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import graphdaw as gd
from graphdaw._core import ffi, lib
from graphdaw.host.engine import Engine
from graphdaw.host.tape import Take
from tests.drawing import draw

RATE_HZ = 48_000
disk: Any = ctypes.CDLL(None)  # slow_disk.c, where it has been loaded


def patch(buffer_s: float = 10.0) -> gd.Graph:
    """A stereo noise through a record node."""
    return draw(f"noise n -> pan p(pan=0.3) -> record r(buffer_s={buffer_s}) -> output o", RATE_HZ)[0]


def play(engine: Engine, frames: int) -> np.ndarray:
    """The next frames, without waiting for the disk."""
    planes = np.empty((2, frames), np.float32)
    engine.commit()
    lib.gd_engine_render(engine.pointer, ffi.from_buffer("float[]", planes), 2, frames, 128)
    return planes


def wait_for(condition: Any, timeout_s: float = 20.0) -> bool:
    """Whether it comes true."""
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


def hog() -> None:
    """Hold the interpreter, as other Python threads would."""
    while True:
        sum(range(1_000))


def stalled_while_python_is_starved(path: Path) -> dict[str, Any]:
    """A device plays in real time, four threads want the interpreter, and the disk does nothing for five seconds."""
    with gd.Session(patch(), device="null") as session:
        session.record("record1", path, bit_depth=32)
        session.play()
        for _ in range(4):
            threading.Thread(target=hog, daemon=True).start()
        time.sleep(0.5)
        disk.slow_disk_stall(1)
        stalled = wait_for(disk.slow_disk_waiting)
        time.sleep(5.0)
        state = session.engine.recorder.state("record1")
        disk.slow_disk_stall(0)
        time.sleep(0.5)
        takes = session.stop_recording("record1")
    assert state is not None
    return {"takes": takes, "stalled": stalled, "held_s": state.held_s}


def stalled_for_longer_than_the_ring(path: Path) -> dict[str, Any]:
    """The disk is away until the ring has gone round more than twice."""
    with Engine(patch(buffer_s=0.5)) as engine:
        engine.record("record1", path, bit_depth=32)
        heard = [play(engine, 20_480)]
        engine.recorder.catch_up(0.0)
        disk.slow_disk_stall(1)
        heard.append(play(engine, 20_480))
        stalled = wait_for(disk.slow_disk_waiting)
        heard.append(play(engine, 300_077))
        disk.slow_disk_stall(0)
        takes = engine.stop_recording("record1")
    np.save(path.with_suffix(".npy"), np.concatenate(heard, axis=1))
    return {"takes": takes, "stalled": stalled}


def removed_while_stalled(path: Path) -> dict[str, Any]:
    """An edit takes the node away while the disk does not answer; the graph settles, and all is written in the end."""
    graph = patch()
    with Engine(graph) as engine:
        engine.record("record1", path, bit_depth=32)
        disk.slow_disk_stall(1)
        heard = play(engine, 50_000)
        graph.remove("record1", heal=True)
        for _ in range(20):
            play(engine, 1_024)
        settled, still = engine.settled(), not path.exists()
        threading.Timer(0.3, disk.slow_disk_stall, [0]).start()
    np.save(path.with_suffix(".npy"), heard)
    return {"settled": settled, "still_stalled": still, "left": sorted(one.name for one in path.parent.iterdir())}


def failing(path: Path) -> dict[str, Any]:
    """The disk takes no more in the middle of a take, then not even its beginning, then everything again."""
    with Engine(patch()) as engine:
        engine.record("record1", path, bit_depth=32)
        heard = play(engine, 50_000)
        engine.recorder.catch_up(0.0)
        disk.slow_disk_fail(28)
        play(engine, 50_000)
        wait_for(lambda: engine.feed() or "record1" in engine.problems)
        first = engine.stop_recording("record1")
        full = engine.problems.pop("record1")
        disk.slow_disk_fail(5)
        engine.record("record1", path)
        play(engine, 5_000)
        second = engine.stop_recording("record1")
        broken = engine.problems.pop("record1")
        disk.slow_disk_fail(0)
        engine.record("record1", path)
        play(engine, 5_000)
        third = engine.stop_recording("record1")
    np.save(path.with_suffix(".npy"), heard)
    return {"takes": [*first, *third], "second": len(second), "full": full, "broken": broken}


def kills(folder: Path) -> dict[str, Any]:
    """Children that record, each killed at a moment of chance; returns how many frames each had heard by then."""
    count, chance = int(os.environ.get("KILLS", "20")), random.Random(4)
    heard = []
    for first in range(0, count, 4):
        children = [record_until_killed(folder / str(number)) for number in range(first, min(first + 4, count))]
        waiting = []
        for process, clock in children:
            wait_for(lambda clock=clock: struct.unpack_from("Q", clock)[0] > 0)
            waiting.append((chance.uniform(0.05, 1.5), process, clock))
        begin = time.monotonic()
        for moment, process, clock in sorted(waiting, key=lambda one: one[0]):
            time.sleep(max(0.0, begin + moment - time.monotonic()))
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            heard.append((process, struct.unpack_from("Q", clock)[0]))
    return {"heard": heard}


def record_until_killed(folder: Path) -> tuple[int, mmap.mmap]:
    """A child that records into a folder named after it, and a clock that it sets to the frames it has heard."""
    clock = mmap.mmap(-1, 8)
    process = os.fork()
    if process:
        return process, clock
    own = folder.parent / str(os.getpid())
    own.mkdir()
    with gd.Session(patch(), device="null") as session:
        session.record("record1", own / "take.wav", bit_depth=32)
        session.play()
        while True:
            struct.pack_into("Q", clock, 0, session.engine.time_frames)
            time.sleep(0.002)


def plain(value: Any) -> Any:
    """For JSON."""
    return asdict(value) if isinstance(value, Take) else str(value)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2])), default=plain))
    sys.stdout.flush()
