"""Bounced and frozen nodes: the same bits as before, nothing lost, nothing doubled, and back again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import CancelledError, EngineError
from graphdaw.graph import text
from graphdaw.host.background import in_background
from graphdaw.host.export import ExportSettings, export
from graphdaw.host.freeze import bounce, freeze, unfreeze
from graphdaw.host.offline import Renderer
from tests.drawing import draw
from tests.host.test_clicks import LIMIT_DBFS
from tests.host.test_live_edits import residue_dbfs

SECONDS = 1.0
SONG = """
    noise n(color=pink) -> filter f(cutoff_hz=900) -> pan p(pan=-0.3) -> gain bus -> output o
    lfo m(rate_hz=3) -> f.cutoff_hz * 400
    sine s(frequency_hz=220) -> late l(delay_frames=333) -> gain g(gain_db=-12) -> bus
    m -> g.gain_db * 3
"""


def song() -> tuple[gd.Graph, dict[str, gd.graph.graph.NodeHandle]]:
    return draw(SONG)


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def exported(graph: gd.Graph, folder: Path) -> np.ndarray:
    (made,) = export(graph, folder / "mix.wav", ExportSettings(to_s=SECONDS, bit_depth=32))
    return read(made.file.path)


def test_a_bounce_is_what_the_outlet_gives(tmp_path: Path) -> None:
    graph, n = song()
    n["p"] >> graph.add("output")
    alone, _ = draw(SONG.replace("-> gain bus -> output o", "-> output o").replace("-> bus", ""))

    made = bounce(graph, n["p"], tmp_path / "p.wav", to_s=SECONDS)

    assert np.array_equal(read(made.path), gd.render(alone, seconds=SECONDS))
    part = bounce(graph, n["p"]["out"], tmp_path / "p.wav", from_s=0.3, to_s=0.7)
    assert part.path.name == "p-2.wav"
    assert np.array_equal(read(part.path), read(made.path)[:, 14_400:33_600])


def test_a_bounce_has_its_latency_taken_off_and_hears_no_solo(tmp_path: Path) -> None:
    graph, n = song()
    graph.solo(n["p"])
    graph.mute(n["g"])

    made = bounce(graph, n["l"], tmp_path / "l.wav", to_s=SECONDS)

    plain, _ = draw("sine s(frequency_hz=220) -> output o")
    assert np.array_equal(read(made.path), gd.render(plain, seconds=SECONDS))
    assert graph.nodes[n["p"].id].soloed


def test_a_tail_is_bounced_too(tmp_path: Path) -> None:
    graph, n = draw("""
        lfo beat(shape=square, rate_hz=0.05) -> adsr e(attack_s=0, decay_s=0.1, sustain=0, release_s=0.01)
        noise n -> gain hit(level=0) -> delay d(time_s=0.25, feedback=0.25, mix=1) -> output o
    """)
    graph.connect(n["e"], n["hit"]["level"])

    made = bounce(graph, n["d"], tmp_path / "d.wav", to_s=0.5, tail_s=8.0)

    plain = gd.render(graph, seconds=6.0)[0]
    assert made.frames == int(np.flatnonzero(np.abs(plain) > 10 ** (-96 / 20))[-1]) + 1


def in_group(graph: gd.Graph, n: dict[str, gd.graph.graph.NodeHandle]) -> str:
    return graph.group([n["s"], n["l"], n["g"]], "Bass").id


CASES: dict[str, Callable[[gd.Graph, dict[str, gd.graph.graph.NodeHandle]], str]] = {
    "a node": lambda graph, n: n["p"].id,
    "a late node": lambda graph, n: n["l"].id,
    "a modulator": lambda graph, n: n["m"].id,
    "a bus": lambda graph, n: n["bus"].id,
    "a group": in_group,
}


@pytest.mark.parametrize("what", CASES)
def test_a_frozen_piece_sounds_as_before_to_the_bit(tmp_path: Path, what: str) -> None:
    graph, n = song()
    id = CASES[what](graph, n)
    expected = exported(graph, tmp_path)
    before = graph.document.copy()

    players = freeze(graph, id, tmp_path, to_s=SECONDS)

    assert np.array_equal(exported(graph, tmp_path), expected)
    assert [graph.nodes[player.id].type for player in players] == ["audio_file"]
    assert graph.nodes[id].frozen
    again = gd.Graph(document=text.parse(text.show(graph.document)))
    again.document.foreign.clear()
    assert np.array_equal(exported(again, tmp_path), expected)
    graph.undo()
    assert graph.document == before
    graph.redo()
    unfreeze(graph, id)
    assert graph.document == before
    assert np.array_equal(exported(graph, tmp_path), expected)


def test_what_feeds_only_what_is_frozen_takes_no_time(tmp_path: Path) -> None:
    graph, n = song()

    (player,) = freeze(graph, n["p"], tmp_path, to_s=SECONDS)

    assert {id for id, node in graph.nodes.items() if node.frozen} == {n["n"].id, n["f"].id, n["p"].id}
    with Renderer(graph) as renderer:
        renderer.render(128)
        nodes = {id for _, _, _, lanes in renderer.engine.steps() for id, _ in lanes}
    assert player.id in nodes and n["m"].id in nodes
    assert not nodes & {n["n"].id, n["f"].id, n["p"].id}


def test_a_frozen_node_of_a_group_leads_out_of_it_and_back(tmp_path: Path) -> None:
    graph, n = song()
    group = graph.group([n["s"], n["l"], n["g"]])
    expected, before = exported(graph, tmp_path), graph.document.copy()

    freeze(graph, n["g"], tmp_path, to_s=SECONDS)

    assert np.array_equal(exported(graph, tmp_path), expected)
    assert {node.id for node in graph.document.inside(group.id) if node.frozen} == {n["s"].id, n["l"].id, n["g"].id}
    unfreeze(graph, n["g"])
    assert graph.document == before


def test_one_frozen_thing_inside_another_stays_frozen(tmp_path: Path) -> None:
    graph, n = song()
    expected = exported(graph, tmp_path)
    freeze(graph, n["f"], tmp_path, to_s=SECONDS)
    once = graph.document.copy()

    freeze(graph, n["p"], tmp_path, to_s=SECONDS)
    assert np.array_equal(exported(graph, tmp_path), expected)
    unfreeze(graph, n["p"])

    assert graph.document == once
    assert np.array_equal(exported(graph, tmp_path), expected)


def test_freezing_while_it_plays_does_not_click(tmp_path: Path) -> None:
    """From the beginning of the piece, where the player begins as well."""
    graph, n = draw("sine s(frequency_hz=220) -> gain g(gain_db=-12) -> output o")
    freeze(graph, n["g"], tmp_path, to_s=SECONDS)
    graph.undo()
    with Renderer(graph) as renderer:
        pieces = [renderer.render(4_096)]
        for step in (graph.redo, graph.undo, graph.redo):
            step()
            pieces.append(renderer.render(4_096))
    assert residue_dbfs(np.concatenate(pieces, axis=1), after=512) <= LIMIT_DBFS


def test_a_muted_node_stays_muted_when_it_is_frozen(tmp_path: Path) -> None:
    graph, n = song()
    graph.mute(n["g"])
    expected = exported(graph, tmp_path)

    (player,) = freeze(graph, n["g"], tmp_path, to_s=SECONDS)

    assert np.array_equal(exported(graph, tmp_path), expected)
    graph.mute(player, False)
    assert not np.array_equal(exported(graph, tmp_path), expected)


def test_what_was_edited_meanwhile_is_not_frozen(tmp_path: Path) -> None:
    graph, n = song()

    def edit(done: float) -> None:
        if 0.3 < done < 0.5:
            graph.set(n["f"], cutoff_hz=1_000.0 + done)

    with pytest.raises(EngineError, match="freeze it again"):
        freeze(graph, n["p"], tmp_path, to_s=SECONDS, progress=edit)

    assert list(tmp_path.iterdir()) == []
    assert not any(node.frozen for node in graph.nodes.values())
    freeze(graph, n["p"], tmp_path, to_s=SECONDS, progress=lambda _: graph.look(n["p"], place=(1.0, 2.0)))
    assert graph.nodes[n["p"].id].frozen


@pytest.mark.parametrize(
    ("drawing", "name", "says"),
    [
        ("sine s -> output o", "o", "output"),
        ("sine s -> output o\ngain g", "g", "feeds nothing"),
        ("sine s -> send x(bus=room) -> output o\nreturn r(bus=room) -> o", "x", "bus"),
        ("notes t -> voices v", "t", "events"),
    ],
)
def test_what_cannot_be_frozen_is_one_sentence(tmp_path: Path, drawing: str, name: str, says: str) -> None:
    graph, n = draw(drawing)

    with pytest.raises(EngineError, match=says):
        freeze(graph, n[name], tmp_path, to_s=SECONDS)
    with pytest.raises(EngineError, match="not frozen"):
        unfreeze(graph, n[name])
    assert list(tmp_path.iterdir()) == []


def test_a_frozen_node_is_frozen_once(tmp_path: Path) -> None:
    graph, n = song()
    freeze(graph, n["p"], tmp_path, to_s=SECONDS)

    with pytest.raises(EngineError, match="frozen already"):
        freeze(graph, n["p"], tmp_path, to_s=SECONDS)
    with pytest.raises(EngineError, match="has a recording already"):
        bounce(graph, n["p"], tmp_path / "a.wav", to_s=SECONDS)


def test_bouncing_in_the_background_tells_its_progress_and_can_be_stopped(tmp_path: Path) -> None:
    graph, n = song()

    def work(tell: Callable[[float], None], stop: threading.Event) -> object:
        return bounce(graph, n["p"], tmp_path / "p.wav", to_s=SECONDS, progress=tell, stop=stop)

    done = in_background(work)
    assert done.result(60) is not None and done.progress == 1.0 and not done.cancel()
    stopped = in_background(
        lambda tell, stop: bounce(graph, n["p"], tmp_path / "q.wav", to_s=600.0, progress=tell, stop=stop)
    )
    assert stopped.cancel()
    with pytest.raises(CancelledError):
        stopped.result(60)
    assert [path.name for path in tmp_path.iterdir()] == ["p.wav"]
