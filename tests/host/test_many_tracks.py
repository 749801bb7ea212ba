"""A hundred tracks of twenty clips each: they start, loop and are located, and what that takes is printed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

import graphdaw as gd
from graphdaw.graph.clips import AudioClip
from graphdaw.graph.timeline import Loop, Timeline
from graphdaw.graph.vocabulary import AddNode, Connect, SetTimeline
from tests.audio_tracks import BEAT, noise, recorded

TRACKS, CLIPS, FILES = 100, 20, 10
BLOCK_S = 128 / 48_000


def test_a_hundred_tracks_start_loop_and_are_located(tmp_path: Path) -> None:
    waves = [noise(2 * BEAT, 2, seed=k) / TRACKS for k in range(FILES)]
    paths = [recorded(tmp_path / f"{k}.wav", wave) for k, wave in enumerate(waves)]
    graph = gd.Graph(sample_rate=48_000)
    out = graph.add("output")
    edits: list[object] = []
    for t in range(TRACKS):
        clips = tuple(AudioClip(f"c{k}", 960 * k, 960, media=paths[(t + k) % FILES]) for k in range(CLIPS))
        edits += [AddNode(f"t{t}", "audio_clips", clips=clips), Connect(f"x{t}", f"t{t}", "out", out.id, "in")]
    graph.apply([*edits, SetTimeline(Timeline(loop=Loop(0, 4 * 960)))])  # type: ignore[list-item]

    begin = time.perf_counter()
    with gd.Session(graph, device="hand") as session, session.tap(out) as tap:
        session.play()
        session.step()
        started_s = time.perf_counter() - begin
        heard = [tap.read()]
        for _ in range(4):
            session.step(BEAT // 128)
            heard.append(tap.read())
        took = {"loop": block_s(session, 8), "going on": block_s(session, 100) / 100}
        session.locate(1.2345)
        took["locate"] = block_s(session, 4)
        stats = session.stats()
    shares = ", ".join(f"{what} {100 * took_s / BLOCK_S:.0f} %" for what, took_s in took.items())
    sys.stdout.write(
        f"\n{TRACKS} tracks of {CLIPS} clips: started in {started_s:.2f} s; of the time of a block {shares}; "
    )
    sys.stdout.write(f"the longest one took {1e3 * stats.work_peak_s:.2f} ms of {1e3 * BLOCK_S:.2f} ms\n")

    place = 3 * BEAT
    expected = sum(waves[(t + 3) % FILES][:, :BEAT] for t in range(TRACKS))
    played = np.concatenate(heard, axis=1)[:, place : place + BEAT]
    assert played.shape[1] > BEAT // 2
    np.testing.assert_allclose(played, expected[:, : played.shape[1]], atol=2e-6)


def block_s(session: gd.Session, blocks: int) -> float:
    """The longest of one block after the other, or all of them where there are many."""
    times = []
    for _ in range(blocks):
        begin = time.perf_counter()
        session.step()
        times.append(time.perf_counter() - begin)
    return sum(times) if blocks > 8 else max(times)
