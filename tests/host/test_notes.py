"""Notes on the timeline: each on its frame, and none that hangs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.graph.clips import Note, NoteClip
from graphdaw.graph.timeline import Loop, Signature, Tempo, Timeline
from graphdaw.graph.vocabulary import EditNotes, PutClip, SetTimeline, TakeClip
from graphdaw.host.offline import Renderer
from tests.events import OFF, ON, clip, hanging, heard, offs, ons, track


def seconds_of(tempos: list[tuple[int, float, bool]], tick: float) -> float:
    """When a tick comes, by the integral of 60 / bpm over beats, worked out by hand for each piece of the map."""
    gone = 0.0
    for k, (begin, bpm, ramp) in enumerate(tempos):
        end = tempos[k + 1][0] if k + 1 < len(tempos) else math.inf
        until = min(tick, end)
        if until <= begin:
            break
        beats = (until - begin) / 960
        if ramp and end < math.inf:
            to = tempos[k + 1][1]
            per_beat = (to - bpm) / ((end - begin) / 960)
            gone += 60 / per_beat * math.log((bpm + per_beat * beats) / bpm) if to != bpm else beats * 60 / bpm
        else:
            gone += beats * 60 / bpm
    return gone


def rendered(graph: gd.Graph, frames: int, block: int = 1024) -> list:
    with Renderer(graph, block_frames=block) as renderer:
        renderer.render(frames)
        return heard(renderer.engine)


@pytest.mark.parametrize("block", [1, 100, 128, 1024])
def test_notes_lie_on_their_frames_at_any_block(block: int) -> None:
    graph = track(clip((0, 480, 60.0), (961, 1, 62.0), (1920, 240, 64.5)))

    events = rendered(graph, 60_000, block)

    assert ons(events) == [(0, 60.0), (24_025, 62.0), (48_000, 64.5)]
    assert offs(events) == [(12_000, 60.0), (24_050, 62.0), (54_000, 64.5)]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4000), st.floats(20, 400), st.booleans()), min_size=0, max_size=4),
    st.floats(20, 400),
    st.booleans(),
    st.lists(st.integers(0, 9000), min_size=1, max_size=8, unique=True),
    st.sampled_from([44_100, 48_000, 96_000]),
)
def test_notes_lie_on_their_frames_through_any_tempo_map(
    later: list[tuple[int, float, bool]], bpm: float, ramp: bool, ticks: list[int], rate: int
) -> None:
    tempos, tick = [(0, bpm, ramp)], 0
    for gap, then, ramps in later:
        tick += gap
        tempos.append((tick, then, ramps))
    graph = track(clip(*((t, 5, 60.0) for t in ticks)), sample_rate=rate)
    graph.apply([SetTimeline(Timeline(tuple(Tempo(*tempo) for tempo in tempos)))])

    last = seconds_of(tempos, max(ticks))
    events = rendered(graph, min(int(last * rate) + 2000, 40 * rate))

    for (frame, _), t in zip(ons(events), sorted(ticks), strict=False):
        exact = seconds_of(tempos, t) * rate
        assert abs(frame - exact) <= 0.5 + 1e-6 * max(1.0, exact)


def test_a_loop_plays_its_notes_again_on_the_frame_and_ends_what_crosses_its_end() -> None:
    graph = track(clip((0, 100, 60.0), (480, 2000, 67.0)))
    graph.apply([SetTimeline(Timeline(loop=Loop(0, 960)))])

    events = rendered(graph, 100_000)

    assert ons(events) == [(f, k) for turn in range(5) for f, k in ((24_000 * turn, 60.0), (24_000 * turn + 12_000, 67.0)) if f < 100_000]
    assert [e for e in offs(events) if e[1] == 67.0] == [(24_000 * turn, 67.0) for turn in range(1, 5)]


def test_a_clip_that_loops_and_one_that_begins_late_play_what_they_show() -> None:
    looped = clip((0, 120, 60.0), (700, 900, 61.0), at=960, length=2000, loop_ticks=960, offset_ticks=480)

    events = rendered(track(looped), 90_000)

    starts = [(960 + 220, 61.0), (960 + 480, 60.0), (960 + 480 + 700, 61.0), (960 + 1440, 60.0)]
    assert ons(events) == [(25 * tick, key) for tick, key in starts]
    assert offs(events)[0] == (25 * (960 + 480), 61.0)


def test_muted_clips_are_silent() -> None:
    assert rendered(track(clip((0, 100, 60.0), muted=True)), 10_000) == []


def test_a_note_that_is_edited_away_while_it_sounds_ends_and_others_go_on() -> None:
    graph = track(clip((0, 9600, 60.0), (0, 9600, 64.0)))
    with Renderer(graph) as renderer:
        renderer.render(4096)
        graph.apply([EditNotes("notes1", "c1", (0,), ())])
        renderer.render(4096)
        events = heard(renderer.engine)

    assert [(e.kind, e.key) for e in events] == [(ON, 60.0), (ON, 64.0), (OFF, 60.0)]
    assert events[2].frame == 4096


def test_taking_the_clip_removing_the_track_and_undo_leave_nothing_on() -> None:
    for end in (
        lambda g: g.apply([TakeClip("notes1", "c1")]),
        lambda g: g.remove("notes1"),
        lambda g: g.undo(),
        lambda g: g.disconnect("notes1", "midi_out1"),
    ):
        graph = track(clip((0, 96_000, 60.0), (0, 96_000, 64.0)))
        with Renderer(graph) as renderer:
            renderer.render(2048)
            end(graph)
            renderer.render(2048)
            events = heard(renderer.engine)
        assert len(ons(events)) == 2
        assert hanging(events) == []


def test_a_wire_made_in_the_middle_of_a_note_passes_no_end_without_a_beginning() -> None:
    graph = track(clip((0, 960, 60.0), (1920, 100, 62.0)))
    graph.disconnect("notes1", "midi_out1")
    with Renderer(graph) as renderer:
        renderer.render(4096)
        graph.connect("notes1", "midi_out1")
        renderer.render(60_000)
        events = heard(renderer.engine)

    assert [(e.kind, e.key) for e in events] == [(ON, 62.0), (OFF, 62.0)]


def test_two_tracks_into_one_inlet_come_in_order() -> None:
    graph = track(clip((0, 100, 60.0), (960, 100, 61.0)))
    graph.add("notes")
    graph.apply([PutClip("notes2", clip((480, 100, 70.0), (960, 100, 71.0)))])
    graph.connect("notes2", "midi_out1")

    assert ons(rendered(graph, 60_000)) == [(0, 60.0), (12_000, 70.0), (24_000, 61.0), (24_000, 71.0)]


def test_a_locate_ends_what_sounds_and_takes_up_what_lasts() -> None:
    graph = track(clip((0, 9600, 60.0), (4800, 960, 72.0)))
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(20)
        session.locate(2.6)
        session.step(20)
        events = heard(session.engine)

    assert [(e.kind, e.key) for e in events] == [(ON, 60.0), (OFF, 60.0), (ON, 60.0), (ON, 72.0)] or [
        (e.kind, e.key) for e in events
    ] == [(ON, 60.0), (OFF, 60.0), (ON, 72.0), (ON, 60.0)]


def test_chance_leaves_notes_out_as_often_as_it_says() -> None:
    notes = tuple(Note(k, 10 * k, 5, 60.0, probability=0.3) for k in range(1000))
    events = rendered(track(NoteClip("c1", 0, 1 << 30, notes=notes)), 250 * 1000 + 100)

    assert len(ons(events)) == pytest.approx(300, abs=4 * math.sqrt(1000 * 0.3 * 0.7))


def test_swing_and_quantise_move_what_is_heard() -> None:
    graph = track(clip((5, 100, 60.0), (235, 100, 61.0), (487, 100, 62.0)))
    graph.set("notes1", quantise="1/16", swing=0.75)

    assert [frame / 25 for frame, _ in ons(rendered(graph, 30_000))] == [0.0, 360.0, 480.0]


def test_a_tempo_that_changes_while_it_plays_leaves_the_music_where_it_is() -> None:
    graph = track(clip((0, 960, 60.0), (3840, 100, 62.0)))
    with Renderer(graph, block_frames=128) as renderer:
        renderer.render(48_000)  # two beats at 120
        graph.apply([SetTimeline(Timeline((Tempo(0, 60.0),)))])
        renderer.render(120_000)
        events = heard(renderer.engine)

    assert offs(events)[0] == (24_000, 60.0)
    assert ons(events)[1] == (48_000 + 96_000, 62.0)  # the other two beats take two seconds


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_note_ever_hangs(data: st.DataObject) -> None:
    """Whatever is done in whatever order: in the end, with everything taken out, every note has ended."""
    graph = track(clip(*((97 * k % 4000, 50 + 977 * k % 3000, 40.0 + k) for k in range(30))))
    graph.apply([SetTimeline(Timeline(loop=Loop(0, 3840)))])
    with gd.Session(graph, device="hand") as session:
        events = []
        session.play()
        for _ in range(data.draw(st.integers(1, 8))):
            action = data.draw(st.sampled_from(["step", "locate", "edit", "tempo", "loop", "stand", "roll", "undo", "wire", "stop"]))
            match action:
                case "locate":
                    session.locate(data.draw(st.floats(0, 4)))
                case "edit":
                    graph.apply([EditNotes("notes1", "c1", (), (gd_note(data),))])
                case "tempo":
                    graph.apply([SetTimeline(Timeline((Tempo(0, data.draw(st.floats(40, 300))),), loop=Loop(0, 3840)))])
                case "loop":
                    start = data.draw(st.integers(0, 3000))
                    graph.apply([SetTimeline(Timeline(loop=Loop(start, start + data.draw(st.integers(100, 2000)))))])
                case "stand":
                    session.engine.roll(False)
                case "roll":
                    session.engine.roll(True)
                case "undo":
                    graph.undo()
                    if not graph.document.wires_into("midi_out1") or not graph.nodes["notes1"].clips:
                        graph.redo()
                case "wire":
                    for wire in graph.document.wires_into("midi_out1"):
                        graph.disconnect(wire)
                    session.step(3)
                    graph.connect("notes1", "midi_out1")
                case "stop":
                    session.stop()
                    session.play()
            session.step(data.draw(st.integers(1, 60)))
            events += heard(session.engine)
        session.engine.roll(False)
        session.step(4)
        events += heard(session.engine)

    assert hanging(events) == []


def gd_note(data: st.DataObject) -> Note:
    return Note(1000 + data.draw(st.integers(0, 5)), data.draw(st.integers(0, 3000)), 500, 60.0)


def test_bars_follow_signatures() -> None:
    timeline = Timeline(signatures=(Signature(0, 3, 4), Signature(2880 * 2, 6, 8)))

    assert timeline.place(2880 * 2) == (3, 1, 0)
    assert timeline.place(2880 * 2 + 480 * 7) == (4, 2, 0)
    assert timeline.tick_of(4, 2) == 2880 * 2 + 480 * 7
    assert np.isclose(timeline.seconds(timeline.tick_of(3)), 3.0)
