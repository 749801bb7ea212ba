"""Busy Python threads do not keep the audio thread from its callbacks: counted beside a quiet time in the same run."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading, time
import graphdaw as gd
seconds = float(sys.argv[1])
g = gd.Graph(sample_rate=48_000)
g.add("saw", frequency_hz=110.0) >> g.add("filter", cutoff_hz=900.0) >> g.add("reverb") >> g.add("output")
quit = threading.Event()
def hog():
    x = 0
    while not quit.is_set():
        for _ in range(10_000):
            x = (x * 31 + 7) % 1_000_003
def calls(session):
    before, start = session.engine.stats()["callbacks"], time.monotonic()
    time.sleep(seconds)
    return (session.engine.stats()["callbacks"] - before) / ((time.monotonic() - start) * 48_000 / 128)
with gd.Session(g, device="null", block_frames=128) as session:
    session.play()
    time.sleep(0.3)
    quiet = calls(session)
    hogs = [threading.Thread(target=hog) for _ in range(4)]
    for h in hogs: h.start()
    busy = calls(session)
    quit.set()
    for h in hogs: h.join()
print(quiet, busy)
"""


def test_four_busy_python_threads_cost_no_callback(long_form: bool) -> None:
    """Within 0.5 % of the quiet time. The long form takes five minutes of each."""
    seconds, chances = (300.0, 2) if long_form else (1.5, 6)
    best = -1.0
    for _ in range(chances):  # for a machine that other programs took away for a moment; starvation takes all of them
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(seconds)], capture_output=True, text=True, timeout=60 + 4 * seconds
        )
        assert done.returncode == 0, done.stderr
        quiet, busy = map(float, done.stdout.split())
        best = max(best, busy / quiet)
        if best >= 0.995:
            break

    assert best >= 0.995
