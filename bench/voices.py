"""How many voices, and how long a song: `python -m bench.voices`.

The synthesizer is two oscillators, a resonant filter, two envelopes, an LFO and a place in stereo, for each voice.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import graphdaw as gd
from graphdaw.graph.clips import CurveClip, Note, NoteClip, Point
from graphdaw.host.device import DeviceSettings
from graphdaw.host.offline import Renderer

RATE_HZ = 48_000
BLOCK_FRAMES = 128


def add_synth(graph: gd.Graph, voices: int, name: str = "synth") -> tuple[gd.NodeHandle, dict[str, gd.NodeHandle]]:
    """A group with voices, and its nodes by what they do."""
    hand = graph.add("voices", voices=float(voices))
    group = graph.group([hand], name)
    kinds = {
        "saw": ("saw", {}),
        "square": ("square", {}),
        "filter": ("filter", {"mode": "lowpass", "cutoff_hz": 800.0, "q": 2.0}),
        "level": ("adsr", {}),
        "sweep": ("adsr", {}),
        "lfo": ("lfo", {"rate_hz": 0.7}),
        "gain": ("gain", {"level": 0.0}),
        "pan": ("pan", {}),
    }
    nodes = {what: graph.add_inside(group, type, **values) for what, (type, values) in kinds.items()}
    nodes["voices"] = hand
    for source, target, depth in (
        (hand["frequency_hz"], nodes["saw"]["frequency_hz"], 1.0),
        (hand["frequency_hz"], nodes["square"]["frequency_hz"], 1.005),
        (hand["gate"], nodes["level"]["gate"], 1.0),
        (hand["gate"], nodes["sweep"]["gate"], 1.0),
        (nodes["saw"]["out"], nodes["filter"]["in"], 1.0),
        (nodes["square"]["out"], nodes["filter"]["in"], 1.0),
        (nodes["sweep"]["out"], nodes["filter"]["cutoff_hz"], 3_000.0),
        (nodes["lfo"]["out"], nodes["filter"]["cutoff_hz"], 200.0),
        (nodes["filter"]["out"], nodes["gain"]["in"], 1.0),
        (nodes["level"]["out"], nodes["gain"]["level"], 1.0),
        (nodes["gain"]["out"], nodes["pan"]["in"], 1.0),
        (hand["random"], nodes["pan"]["pan"], 0.5),
    ):
        graph.connect(source, target, depth)
    graph.declare(group, "events", "in", hand["events"], type="event")
    graph.declare(group, "out", "out", nodes["pan"]["out"])
    return group, nodes


def held(voices: int) -> gd.Graph:
    """So many notes at once, held."""
    graph = gd.Graph(sample_rate=RATE_HZ)
    output = graph.add("output", gain_db=-30.0)
    for first in range(0, voices, 64):
        count = min(64, voices - first)
        group, _ = add_synth(graph, count)
        track = graph.add("notes")
        notes = tuple(Note(k, 0, 1 << 24, 36.0 + 0.7 * k) for k in range(count))
        graph.put_clip(track, NoteClip("c1", 0, 1 << 24, notes=notes))
        graph.connect(track, group["events"])
        graph.connect(group["out"], output)
    return graph


def song(tracks: int, points: int) -> gd.Graph:
    """Tracks of sixteenths over 16 bars, each with a synthesizer of four voices and a curve that moves its filter."""
    graph = gd.Graph(sample_rate=RATE_HZ)
    output = graph.add("output", gain_db=-30.0)
    rng = np.random.default_rng(1)
    with graph.transaction("song"):
        for _ in range(tracks):
            group, nodes = add_synth(graph, 4)
            track = graph.add("notes")
            notes = tuple(Note(k, 240 * k, 200, float(rng.integers(36, 84))) for k in range(256))
            graph.put_clip(track, NoteClip("c1", 0, 240 * 256, notes=notes))
            graph.connect(track, group["events"])
            graph.connect(group["out"], output)
            curve = graph.add_inside(group, "automation")
            line = tuple(
                Point(240 * 256 * k * tracks // points, float(rng.uniform(200, 4_000))) for k in range(points // tracks)
            )
            graph.put_clip(curve, CurveClip("c1", 0, 240 * 256, points=line))
            graph.connect(curve, nodes["filter"]["cutoff_hz"])
    return graph


def times_real_time(graph: gd.Graph, threads: int = 1, repeats: int = 5) -> float:
    """Seconds of sound a second: of processor time on one thread, by the clock on more."""
    clock = time.thread_time if threads == 1 else time.perf_counter
    with Renderer(graph, block_frames=BLOCK_FRAMES, threads=threads) as renderer:
        renderer.render(RATE_HZ // 10)
        best = float("inf")
        for _ in range(repeats):
            begin = clock()
            renderer.render(RATE_HZ)
            best = min(best, clock() - begin)
    return 1.0 / best


def deadlines(graph: gd.Graph, threads: int, seconds: float) -> str:
    """A session on the null device that loops and locates: how busy it is, what came late, and what had to."""
    graph.set_loop(0, 960 * 16)
    with gd.Session(graph, device=DeviceSettings("null", block_frames=BLOCK_FRAMES), threads=threads) as session:
        session.play()
        time.sleep(0.5)
        session.engine.reset_stats()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.5)
            session.locate(float(np.random.default_rng(int(end * 7) & 7).uniform(0.0, 8.0)))
        stats = session.stats()
    return (
        f"load {stats.load:.2f}, work p99 {1e3 * stats.work_p99_s:.2f} ms and peak {1e3 * stats.work_peak_s:.2f} ms of "
        f"{1e3 * BLOCK_FRAMES / RATE_HZ:.2f}, own late {stats.own_late} of {stats.callbacks}; "
        f"{floor(stats.load, seconds)}"
    )


def floor(load: float, seconds: float) -> str:
    """What a loop in C that has as much to do comes to on this machine, with nobody else in it."""
    period_us = BLOCK_FRAMES * 1e6 / RATE_HZ
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "deadline"
        subprocess.run(["gcc", "-std=gnu11", "-O1", "-o", program, Path(__file__).with_name("deadline.c")], check=True)
        numbers = [f"{period_us:.0f}", f"{load * period_us:.0f}", f"{seconds * 1e6 / period_us:.0f}"]
        mean, longest, late = subprocess.check_output([program, *numbers], text=True).split()
    return f"a loop of as much work: peak {float(longest) / 1e3:.2f} ms, late {late} of {numbers[2]} (mean {mean} us)"


def main() -> None:
    """Measure all of it."""
    print(f"64 held voices: {times_real_time(held(64)):.0f} times real time on one thread (150 wanted)")
    for threads in (1, 2):
        print(f"256 held voices, {threads} threads: {times_real_time(held(256), threads):.1f} times real time")
    print(f"256 voices live, 128 frames, two threads: {deadlines(held(256), 2, 10.0)}")
    graph = song(100, 2_000)
    print(f"100 tracks, 2,000 points: {times_real_time(graph, 1, 3):.1f} times real time on one thread")
    print(f"100 tracks live, looping and located twice a second: {deadlines(graph, 2, 10.0)}")


if __name__ == "__main__":
    main()
