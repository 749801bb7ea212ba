"""Recording notes and automation: what was played lies at the ticks at which it was heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import EngineError
from graphdaw.graph.clips import CurveClip, NoteClip, Point
from graphdaw.graph.performance import thinned
from graphdaw.graph.timeline import Loop, Tempo, Timeline
from graphdaw.graph.vocabulary import PutClip, SetTimeline
from graphdaw.host.performing import error_of
from graphdaw.nodes.base import Param
from graphdaw.nodes.prepare.curve import at as value_at
from tests.events import CC, OFF, ON, PRESSURE, press

BLOCK = 128
BEAT = 24_000


def keyboard(**timeline: object) -> gd.Graph:
    graph = gd.Graph(sample_rate=48_000)
    graph.add("midi_in")
    graph.add("notes")
    graph.add("output")
    graph.apply([SetTimeline(Timeline(**timeline))])  # type: ignore[arg-type]
    return graph


def strike(session: gd.Session, frame: int, length: int, key: float, note: int, velocity: float = 0.75) -> None:
    press(session.engine, "midi_in1", ON, time=frame, note=note, key=key, value=velocity)
    press(session.engine, "midi_in1", OFF, time=frame + length, note=note, key=key, value=0.5)


def rows(clip: NoteClip) -> list[tuple[int, int, float]]:
    return [(clip.at_ticks + note.at_ticks, note.length_ticks, note.key) for note in clip.notes]


def test_notes_lie_where_they_were_heard_with_all_that_was_done_to_them() -> None:
    graph = keyboard()
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(10)
        session.record_notes("notes1")
        session.step(4)  # until a plan hears the keyboard
        press(session.engine, "midi_in1", ON, time=BEAT, note=7, key=60.0, value=0.75)
        press(session.engine, "midi_in1", PRESSURE, time=BEAT + 2_400, note=7, value=0.25)
        press(session.engine, "midi_in1", CC, time=BEAT + 4_800, number=64, value=1.0)
        press(session.engine, "midi_in1", OFF, time=BEAT + 12_000, note=7, key=60.0, value=0.5)
        strike(session, 2 * BEAT, 6_000, 64.0, 9)
        session.step(3 * BEAT // BLOCK)
        (clip,) = session.stop_notes("notes1")

    assert rows(clip) == [(960, 480, 60.0), (1920, 240, 64.0)]
    assert [note.velocity for note in clip.notes] == [0.75, 0.75]
    pressure = clip.notes[0].lanes[0]
    assert (pressure.kind, pressure.points) == ("pressure", (Point(96, 0.25, "hold"),))
    assert (clip.lanes[0].kind, clip.at_ticks + clip.lanes[0].points[0].at_ticks) == ("cc64", 960 + 192)
    assert graph.nodes["notes1"].clips == (clip,)
    graph.undo()
    assert graph.nodes["notes1"].clips == ()


def test_a_ramp_a_locate_and_a_pause_leave_notes_in_their_places() -> None:
    graph = keyboard(tempos=(Tempo(0, 60.0, ramp=True), Tempo(3840, 180.0)))
    song = graph.document.timeline
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.record_notes("notes1")
        session.step(20)
        session.locate(1.0)
        session.step(20)
        first, clock = session.engine.position_frames, session.engine.time_frames
        strike(session, clock + 500, 700, 60.0, 1)
        session.step(20)
        session.pause()
        session.step(20)
        session.play()
        session.step(2)
        second, clock = session.engine.position_frames, session.engine.time_frames
        strike(session, clock + 12_000, 5_000, 62.0, 2)
        session.step(400)
        clips = session.stop_notes("notes1")

    heard = [row[0] for clip in clips for row in rows(clip)]
    assert heard == [round(song.ticks(frame / 48_000)) for frame in (first + 500, second + 12_000)]
    assert 50_000 < first < second < 55_500  # it stood for 20 blocks


def test_each_turn_of_a_loop_becomes_a_take_and_the_last_one_sounds() -> None:
    graph = keyboard(loop=Loop(0, 960))
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.record_notes("notes1")
        session.step(4)
        for turn in range(3):
            strike(session, turn * BEAT + 12_000, 20_000 if turn == 0 else 2_400, 60.0 + turn, turn + 1)
        session.step(3 * BEAT // BLOCK)
        clips = session.stop_notes("notes1")

    assert [clip.name for clip in clips] == ["take 1", "take 2", "take 3"]
    assert [clip.muted for clip in clips] == [True, True, False]
    assert [rows(clip) for clip in clips] == [[(480, 480, 60.0)], [(480, 96, 61.0)], [(480, 96, 62.0)]]


def test_what_is_played_while_the_piece_stands_is_not_recorded() -> None:
    graph = keyboard()
    with gd.Session(graph, device="hand") as session:
        session.listen()
        session.record_notes("notes1")
        session.step(10)
        strike(session, 10 * BLOCK, 100, 60.0, 1)
        session.step(10)
        assert session.stop_notes("notes1") == []
        with pytest.raises(EngineError, match="not being recorded"):
            session.stop_notes("notes1")
        session.record_notes("notes1")
        with pytest.raises(EngineError, match="being recorded already"):
            session.record_notes("notes1")
        with pytest.raises(EngineError, match="no notes node"):
            session.record_notes("midi_in1")


def test_closing_the_session_keeps_what_was_recorded() -> None:
    graph = keyboard()
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.record_notes("notes1")
        session.step(4)
        strike(session, 2_400, 1_200, 60.0, 1)
        session.step(40)

    assert [rows(clip) for clip in graph.nodes["notes1"].clips] == [[(96, 48, 60.0)]]


# Automation


def automated(*clips: CurveClip) -> gd.Graph:
    graph = gd.Graph(sample_rate=48_000)
    graph.add("noise") >> graph.add("filter", cutoff_hz=1_000.0) >> graph.add("gain") >> graph.add("output")
    graph.connect(graph.add("automation"), graph["gain1"]["gain_db"])
    graph.apply([PutClip("automation1", clip) for clip in clips])
    return graph


def test_a_parameter_that_is_moved_becomes_a_curve_within_its_error() -> None:
    graph = automated()
    moved: list[tuple[int, float]] = []
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.record_automation("automation1")
        for k in range(400):
            session.step()
            if k < 200 or k > 350:
                value = -20.0 + 15.0 * np.sin(k / 20.0)
                moved.append((round(session.engine.position_frames / 25), value))
                with graph.transaction("turn", live=True):
                    graph.set("gain1", gain_db=value)
        (clip,) = session.stop_automation("automation1")

    assert len(clip.points) < 60
    for tick, value in moved[:-1]:  # the last one came with the end
        assert value_at(clip.points, tick - clip.at_ticks) == pytest.approx(value, abs=0.002 * 120 + 1e-4)
    assert value_at(clip.points, moved[200][0] - clip.at_ticks - 10) == pytest.approx(moved[199][1], abs=0.25)


def test_recording_again_replaces_only_what_was_played_over() -> None:
    old = CurveClip("old", 0, 7680, points=(Point(0, -40.0), Point(7680, 0.0)))
    graph = automated(old)
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.locate(1.0)
        session.step(4)
        session.record_automation("automation1")
        assert float(graph["gain1"].params["gain_db"]) == pytest.approx(-30.0, abs=0.1)  # where the curve was
        session.step(100)
        place = session.engine.position_frames
        graph.set("gain1", gain_db=-3.0)
        session.step(100)
        (clip,) = session.stop_automation("automation1")

    begin = clip.at_ticks
    assert begin == place // 25 and not any(c.muted for c in graph.nodes["automation1"].clips)
    left, middle, right = graph.nodes["automation1"].clips
    assert (left.at_ticks, left.length_ticks, left.points) == (0, begin, old.points)
    assert middle == clip
    assert right.at_ticks == begin + clip.length_ticks and right.offset_ticks == right.at_ticks


def test_an_automation_that_moves_nothing_is_refused() -> None:
    graph = gd.Graph()
    graph.add("automation"), graph.add("output")
    with gd.Session(graph, device="hand") as session, pytest.raises(EngineError, match="moves no parameter"):
        session.record_automation("automation1")


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.floats(0.01, 20))
def test_thinning_keeps_its_bound(values: list[float], error: float) -> None:
    points = list(enumerate(values))
    line = thinned(points, lambda _: error)

    assert set(line) <= set(points)
    drawn = np.interp(range(len(values)), [t for t, _ in line], [v for _, v in line])
    assert np.abs(drawn - values).max() <= error * (1 + 1e-9)


def test_the_error_of_a_logarithmic_parameter_is_a_share_of_its_value() -> None:
    hz = error_of(Param(100.0, lo=20.0, hi=20_000.0, curve="log"), 0.001)

    assert hz(10_000.0) == pytest.approx(10 * hz(1_000.0))
    assert 1_000.0 + hz(1_000.0) == pytest.approx(1_000.0 * 1_000**0.001, rel=1e-4)
