"""Clips of nodes: edits that are checked, exactly undone, and cheap; what follows them; and writing by the beat."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import (
    ClipKindError,
    DuplicateIdError,
    GraphdawError,
    GraphError,
    NameFormError,
    NotFiniteError,
    OutOfRangeError,
    UnknownClipError,
    UnknownNodeError,
    UnknownParameterError,
    ValueKindError,
)
from graphdaw.graph import clip_checks, codec, limits, text
from graphdaw.graph.clips import AudioClip, Clip, CurveClip, Lane, Note, NoteClip, OtherClip, Point, WarpMark, weight
from graphdaw.graph.differences import difference
from graphdaw.graph.edits import apply, replay
from graphdaw.graph.flatten import Delta, Flat
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Document
from graphdaw.graph.music import notes_of
from graphdaw.graph.validate import validate
from graphdaw.graph.vocabulary import AddNode, Edit, EditNotes, PutClip, ReplaceNode, SetClip, SetTimeline, TakeClip
from tests.graph.random_edits import grown
from tests.graph.random_music import kinds_held

replace = msgspec.structs.replace
FOUR = tuple(Note(k, 240 * k, 240, 60.0 + k) for k in range(1, 5))
RIFF = NoteClip("riff", 960, 3840, notes=FOUR)


def track() -> tuple[Graph, str]:
    """A graph with a node that holds the riff."""
    graph = Graph()
    node = graph.add("t_notes")
    graph.put_clip(node, RIFF)
    return graph, node.id


# Edits


def test_clips_and_notes_lie_in_the_order_of_their_times() -> None:
    graph, id = track()
    graph.put_clip(id, NoteClip("before", 0, 960, notes=(Note(1, 480, 1, 60), Note(2, 0, 1, 60), Note(0, 480, 1, 60))))
    graph.put_clip(id, NoteClip("a", 960, 960))

    clips = graph[id].clips

    assert [clip.id for clip in clips] == ["before", "a", "riff"]
    assert isinstance(clips[0], NoteClip) and [note.id for note in clips[0].notes] == [2, 0, 1]


def test_every_edit_of_clips_is_taken_back_exactly() -> None:
    graph, id = track()
    steps: list[Edit] = [
        PutClip(id, replace(RIFF, name="other", notes=FOUR[:2])),
        PutClip(id, NoteClip("new", 0, 960)),
        EditNotes(id, "riff", (1,), (replace(FOUR[1], at_ticks=5000), Note(9, 0, 1, 60.5))),
        SetClip(id, "riff", {"at_ticks": 0, "muted": True}),
        TakeClip(id, "riff"),
        SetTimeline(gd.Timeline((gd.Tempo(0, 99.0),))),
    ]
    for edit in steps:
        before, shown = graph.document.copy(), codec.content_bytes(graph.document)
        inverse = apply(graph.document, edit)
        after = graph.document.copy()
        assert after != before and len(inverse) == 1
        redo = replay(graph.document, inverse)
        assert graph.document == before and codec.content_bytes(graph.document) == shown
        replay(graph.document, redo)
        assert graph.document == after


def test_numbers_are_kept_as_what_they_are_declared_to_be() -> None:
    graph, id = track()
    graph.edit_notes(id, "riff", put=[Note(7, 0, 10, 60, 1, 0, 1)])
    graph.set_clip(id, "riff", name="x")
    (clip,) = graph[id].clips
    assert isinstance(clip, NoteClip)
    assert [type(value) for value in msgspec.structs.astuple(clip.notes[0])[:7]] == [int] * 3 + [float] * 4
    assert codec.encode(codec.decode(codec.encode(graph.document), "memory")) == codec.encode(graph.document)


def test_one_edit_may_do_away_with_notes_and_put_them_anew() -> None:
    graph, id = track()
    graph.edit_notes(id, "riff", put=[replace(FOUR[0], key=72.0)], remove=[1, 2])
    (clip,) = graph[id].clips
    assert isinstance(clip, NoteClip)
    assert clip.notes == (replace(FOUR[0], key=72.0), FOUR[2], FOUR[3])
    graph.undo()
    assert graph[id].clips == (RIFF,)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 120))
def test_edits_of_notes_lead_where_a_plain_table_of_them_leads(seed: int, most: int) -> None:
    """Against a dictionary of notes; with many at once, which are sorted, and few, which are put in their places."""
    dice = random.Random(seed)
    graph, id = track()
    table = {note.id: note for note in FOUR}
    for _ in range(12):
        if dice.random() < 0.15:
            graph.set_clip(id, "riff", at_ticks=dice.randrange(5000))
        remove = dice.sample(sorted(table), dice.randrange(min(len(table), most) + 1))
        put = {k: Note(k, dice.randrange(900), 1, 60.0) for k in dice.sample(range(200), dice.randrange(most))}
        graph.edit_notes(id, "riff", put=put.values(), remove=remove)
        table = {k: note for k, note in table.items() if k not in remove} | put
        (clip,) = graph[id].clips
        assert isinstance(clip, NoteClip)
        assert list(clip.notes) == sorted(table.values(), key=lambda note: (note.at_ticks, note.id))
    while graph.history.past:
        graph.undo()
    assert graph.document == Document()
    while graph.history.future:
        graph.redo()
    assert {note.id: note for note in graph[id].clips[0].notes} == table  # type: ignore[union-attr]


def test_notes_of_more_clips_than_are_looked_after_at_once_are_found() -> None:
    graph, id = track()
    for k in range(12):
        graph.put_clip(id, NoteClip(f"c{k}", 0, 960, notes=FOUR))
    for turn in range(2):
        for k in range(12):
            graph.edit_notes(id, f"c{k}", remove=[turn + 1])
    assert all(len(clip.notes) == 2 for clip in graph[id].clips if clip.id != "riff" and isinstance(clip, NoteClip))


def with_note(**fields: Any) -> NoteClip:
    return replace(RIFF, notes=(replace(FOUR[0], **fields),))


def with_points(*points: Point, kind: str = "cc1") -> NoteClip:
    return replace(RIFF, lanes=(Lane(kind, points),))


TAKE = AudioClip("take", 0, 960, media="a.wav")


@pytest.mark.parametrize(
    ("clip", "error", "words"),
    [
        (replace(RIFF, id="2 b"), NameFormError, "letters, digits"),
        (replace(RIFF, at_ticks=-1), OutOfRangeError, "begins at -1 ticks"),
        (replace(RIFF, at_ticks=1 << 40), OutOfRangeError, "from 0 to"),
        (replace(RIFF, at_ticks=1.0), ValueKindError, "whole ticks"),
        (replace(RIFF, at_ticks=True), ValueKindError, "whole ticks"),
        (replace(RIFF, length_ticks=0), OutOfRangeError, "length 0 ticks; give whole ticks from 1"),
        (replace(RIFF, loop_ticks=-5), OutOfRangeError, "repeats after -5"),
        (replace(RIFF, name="x" * 257), NameFormError, "256 characters"),
        (replace(RIFF, name="\ud800"), NameFormError, "Unicode"),
        (replace(RIFF, muted=1), ValueKindError, "on or off"),
        (with_note(length_ticks=0), OutOfRangeError, "Note 1 of clip 'riff' of node 't_notes1' has the length 0"),
        (with_note(key=300.0), OutOfRangeError, "key cannot be 300; its range is -128 to 256"),
        (with_note(key=float("nan")), NotFiniteError, "key cannot be nan"),
        (with_note(key="C4"), ValueKindError, "key needs a number"),
        (with_note(velocity=1.5), OutOfRangeError, "velocity"),
        (with_note(probability=-0.5), OutOfRangeError, "probability"),
        (with_note(id=-1), OutOfRangeError, "number -1"),
        (replace(RIFF, notes=(FOUR[0], FOUR[0])), DuplicateIdError, "two notes of the same number"),
        (with_note(lanes=(Lane("bend"), Lane("bend"))), DuplicateIdError, "two lanes of one kind"),
        (with_points(kind="cc128"), ValueKindError, "lane of kind 'cc128'"),
        (with_points(Point(0, 1.5)), OutOfRangeError, "value of a point cannot be 1.5"),
        (with_points(Point(5, 0.0), Point(4, 0.0)), OutOfRangeError, "order of their times"),
        (with_points(Point(5, 0.0, "bent")), ValueKindError, "did you mean|shapes"),  # type: ignore[arg-type]
        (with_points(Point(5, 0.0, "curve", 2.0)), OutOfRangeError, "-1 to 1"),
        (replace(RIFF, extra={"a": b"\xc1"}), ValueKindError, "no msgpack"),
        (replace(RIFF, extra={"notes": b"\x01"}), NameFormError, "field of its own"),
        (CurveClip("c", 0, 1, points=(Point(0, float("inf")),)), NotFiniteError, "inf"),
        (replace(TAKE, speed=0.0), OutOfRangeError, "speed"),
        (replace(TAKE, media_bpm=1.0), OutOfRangeError, "or 0 where it is not known"),
        (replace(TAKE, warp=(WarpMark(0, 1.0), WarpMark(960, 1.0))), OutOfRangeError, "let both"),
        (OtherClip("o", 0, 1), ClipKindError, "another kind"),
        (OtherClip("o", 0, 1, what="notes"), ClipKindError, "another kind"),
    ],
)
def test_a_clip_that_cannot_be_is_refused_in_a_sentence(clip: Clip, error: type[GraphError], words: str) -> None:
    with pytest.raises(error, match=words) as refusal:
        clip_checks.check_clip(clip, "t_notes1")
    assert str(refusal.value).endswith((".", "?")) and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("edit", "error", "words"),
    [
        (PutClip("gone", RIFF), UnknownNodeError, "no node 'gone'"),
        (PutClip("t_notes1", TAKE), ClipKindError, "'t_notes1' .* of kind 'audio'; it holds notes clips"),
        (PutClip("t_amp1", RIFF), ClipKindError, "holds no clips"),
        (PutClip("group1", RIFF), ClipKindError, "holds no clips"),
        (TakeClip("t_notes1", "rif"), UnknownClipError, "did you mean 'riff'"),
        (TakeClip("t_amp1", "riff"), UnknownClipError, "no clip 'riff'"),
        (EditNotes("t_notes1", "riff", (99,)), UnknownClipError, "no note 99; name one of its 4"),
        (EditNotes("t_notes1", "riff", (), (FOUR[0], FOUR[0])), DuplicateIdError, "same number"),
        (EditNotes("t_curve1", "sweep"), ClipKindError, "has no notes"),
        (SetClip("t_notes1", "riff", {"notes": 3}), UnknownParameterError, "no field 'notes'"),
        (SetClip("t_notes1", "riff", {"gain_db": 3.0}), UnknownParameterError, "no field 'gain_db'"),
        (SetClip("t_notes1", "riff", {"at_ticks": -3}), OutOfRangeError, "begins at -3"),
        (AddNode("x", "t_notes", clips=(RIFF, RIFF)), DuplicateIdError, "same id"),
        (AddNode("x", "t_amp", clips=(RIFF,)), ClipKindError, "holds no clips"),
    ],
)
def test_an_edit_of_clips_that_cannot_be_made_changes_nothing(edit: Edit, error: type[GraphError], words: str) -> None:
    graph, _ = track()
    graph.add("t_amp")
    graph.add("group")
    graph.put_clip(graph.add("t_curve"), CurveClip("sweep", 0, 960))
    before = graph.document.copy()
    with pytest.raises(error, match=words):
        graph.apply([edit])
    assert graph.document == before


def test_limits_hold_for_what_clips_and_nodes_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, id = track()
    with pytest.raises(OutOfRangeError, match="100000 are possible"):
        graph.put_clip(id, NoteClip("c", 0, 1, notes=tuple(Note(k, k, 1, 60.0) for k in range(100_001))))
    full = NoteClip("full", 0, 1, notes=tuple(Note(k, k, 1, 60.0) for k in range(100_000)))
    graph.put_clip(id, full)
    with pytest.raises(OutOfRangeError, match="would have 100001 notes"):
        graph.edit_notes(id, "full", put=[Note(100_000, 0, 1, 60.0)])
    graph.edit_notes(id, "full", put=[Note(100_000, 0, 1, 60.0)], remove=[5])
    monkeypatch.setattr("graphdaw.graph.clip_edits.MAX_CLIPS", 2)
    with pytest.raises(OutOfRangeError, match="clips already"):
        graph.put_clip(id, NoteClip("one_more", 0, 1))
    graph.put_clip(id, NoteClip("riff", 0, 1))


def test_no_edit_makes_more_of_clips_than_a_file_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, id = track()
    monkeypatch.setattr(clip_checks, "MAX_WEIGHT", 160)
    before = graph.document.copy()
    edits: list[Edit] = [
        PutClip(id, replace(RIFF, id="again")),
        AddNode("other", "t_notes", clips=(RIFF,)),
        EditNotes(id, "riff", (), tuple(Note(k, 0, 1, 60.0) for k in range(10, 16))),
    ]
    for edit in edits:
        with pytest.raises(OutOfRangeError, match="more than a project can; split it"):
            graph.apply([edit])
    assert graph.document == before and graph.document.weight == before.weight
    graph.edit_notes(id, "riff", remove=[1], put=[Note(9, 0, 1, 60.0)])
    graph.put_clip(id, replace(RIFF, name="in its own place"))
    graph.take_clip(id, "riff")
    assert graph.document.weight == 0
    graph.undo()
    assert graph.document.weight == before.weight == weight_found(graph)


def weight_found(graph: Graph) -> int:
    """The weight as a fresh document finds it."""
    return codec.decode(codec.encode(graph.document), "memory").weight


def test_the_most_that_clips_may_hold_is_less_than_a_file_may() -> None:
    """Values counted in bytes that were made, for notes and points that have all there is to them."""
    lane = Lane("bend", tuple(Point(k, 1.0, "curve", 0.5) for k in range(10)))
    clips: list[Clip] = [
        NoteClip("a", 1, 2, 3, 4, "n", True, notes=tuple(Note(k, 1, 2, 60.0, lanes=(lane,)) for k in range(50))),
        CurveClip("b", 1, 2, 3, 4, "n", True, points=lane.points),
        AudioClip("c", 1, 2, 3, 4, "n", True, media="m", follows_tempo=True, reversed=True, warp=(WarpMark(1, 1.0),)),
    ]
    for clip in clips:
        data = msgspec.msgpack.encode(clip)
        held = weight(clip)
        limits.check(data, max_items=held)
        assert len(data) / held * clip_checks.MAX_WEIGHT < limits.MAX_BYTES
    assert clip_checks.MAX_WEIGHT < limits.MAX_ITEMS


# What follows


def test_clips_go_and_come_with_their_node() -> None:
    graph, id = track()
    graph.remove(id)
    graph.undo()
    assert graph[id].clips == (RIFF,)
    graph.apply(text.paste(graph.document, text.copy(graph.document, [id])))
    assert graph["t_notes2"].clips == (RIFF,)
    group = graph.group([id])
    part = Graph(document=text.parse(text.copy(graph.document, [group.id])))
    assert part[id].clips == (RIFF,)


def test_another_type_in_a_nodes_place_keeps_the_clips_that_both_hold() -> None:
    graph, id = track()
    graph.apply([ReplaceNode(id, "t_notes", new_id="same")])
    assert graph["same"].clips == (RIFF,)
    graph.apply([ReplaceNode("same", "t_osc", new_id="other")])
    assert graph["other"].clips == ()
    graph.undo()
    assert graph["same"].clips == (RIFF,)


def test_the_flat_view_tells_of_clips_and_timeline_as_they_changed() -> None:
    graph, id = track()
    graph.add("t_amp")
    flat = Flat(graph.document)
    told: list[Delta] = []
    graph.observe(lambda edits: told.append(flat.apply(edits)))

    graph.edit_notes(id, "riff", remove=[1])
    graph.set_clip(id, "riff", muted=True)
    graph.group([id])
    graph.set_tempo(99.0)
    with graph.transaction("there and back"):
        graph.set_tempo(50.0)
        graph.take_clip(id, "riff")
        graph.set_tempo(99.0)
        graph.put_clip(id, replace(RIFF, notes=FOUR[1:], muted=True))
    graph.remove(id)
    graph.undo()

    assert [delta.clips_set for delta in told] == [[id], [id], [], [], [], [], []]
    assert [delta.timeline for delta in told] == [None, None, None, graph.timeline, None, None, None]
    assert [bool(delta) for delta in told] == [True, True, False, True, False, True, True]
    assert told[-1].nodes_added[0].clips and flat == Flat(graph.document)


def test_an_edit_of_one_note_is_as_cheap_among_many_as_among_few() -> None:
    from tests.graph.test_speed import best_ms

    def edit(notes: int) -> float:
        graph, id = track()
        flat = Flat(graph.document)
        graph.observe(flat.apply)
        graph.put_clip(id, NoteClip("c", 0, 1 << 20, notes=tuple(Note(k, 7 * k, 5, 60.0) for k in range(notes))))
        graph.edit_notes(id, "c", put=[Note(3, 4, 5, 60.0)])
        at = iter(range(10_000))
        return best_ms(lambda: graph.edit_notes(id, "c", put=[Note(notes // 2, next(at), 5, 61.0)]), 50)

    assert edit(10_000) <= 10 * edit(100) + 0.5  # milliseconds


def test_what_changed_in_a_clip_is_told_note_by_note_and_made_so() -> None:
    graph, id = track()
    old = graph.document.copy()
    graph.edit_notes(id, "riff", put=[replace(FOUR[0], key=72.0, velocity=0.25), Note(9, 0, 480, 60.5)], remove=[2])
    graph.set_clip(id, "riff", at_ticks=0, name="Riff")
    graph.put_clip(id, NoteClip("two", 0, 960, lanes=(Lane("bend"),)))
    graph.set_timeline(gd.Timeline((gd.Tempo(0, 90.0),), loop=gd.Loop(0, 960)))

    assert text.diff(old, graph.document).splitlines() == [
        "- tempo 0 120.0",
        "+ tempo 0 90.0",
        "+ loop 0 960",
        "~ t_notes1.riff at_ticks 960 -> 0",
        '~ t_notes1.riff name "" -> "Riff"',
        "- t_notes1.riff note 2 at=480 length=240 key=D4 velocity=0.8",
        "+ t_notes1.riff note 9 at=0 length=480 key=60.5 velocity=0.8",
        "~ t_notes1.riff note 1 key C#4 -> C5, velocity 0.8 -> 0.25",
        "+ t_notes1 clip two notes @at=0 @length=960 (0 notes)",
    ]
    edits = difference(old, graph.document)
    assert [type(edit) for edit in edits] == [SetTimeline, SetClip, EditNotes, PutClip]
    twin = old.copy()
    replay(twin, edits)
    assert twin == graph.document


def test_a_node_that_holds_clips_its_type_does_not_take_is_a_problem() -> None:
    graph, id = track()
    data = codec.encode(graph.document).replace(b"\xa7t_notes", b"\xa5t_amp")
    document = codec.decode(data, "memory")
    assert document.nodes[id].clips == (RIFF,)
    assert [(one.code, one.node) for one in validate(document)] == [("clip_kind", id)]


def test_random_edits_meet_all_kinds_of_clips() -> None:
    met: set[str] = set()
    for seed in range(20):
        met |= kinds_held(grown(seed, 120).document)
    assert met == {"notes", "curve", "audio", "zones"}


# Files


def test_a_file_with_a_clip_that_cannot_be_is_refused_in_a_sentence() -> None:
    graph, _ = track()
    plain = msgspec.msgpack.decode(codec.encode(graph.document))
    plain["nodes"][0]["clips"][0]["notes"][2]["length_ticks"] = -1
    with pytest.raises(GraphdawError, match="Note 3 of clip 'riff' of node 't_notes1' has the length -1"):
        codec.decode(msgspec.msgpack.encode(plain), "memory")
    plain["nodes"][0]["clips"] = [{"kind": "notes", "at_ticks": 0, "length_ticks": 1}]
    with pytest.raises(GraphdawError, match="damaged"):
        codec.decode(msgspec.msgpack.encode(plain), "memory")
    del plain["nodes"][0]["clips"]
    plain["timeline"] = {"tempos": [], "signatures": []}
    with pytest.raises(GraphdawError, match="begin at tick 0"):
        codec.decode(msgspec.msgpack.encode(plain), "memory")


def test_notes_out_of_order_in_a_file_are_put_in_order() -> None:
    graph, id = track()
    plain = msgspec.msgpack.decode(codec.encode(graph.document))
    plain["nodes"][0]["clips"][0]["notes"].reverse()
    assert codec.decode(msgspec.msgpack.encode(plain), "memory").nodes[id].clips == (RIFF,)


def test_a_document_without_music_is_written_as_before_there_was_any() -> None:
    graph = Graph()
    graph.add("t_notes")
    plain = msgspec.msgpack.decode(codec.encode(graph.document))
    assert "timeline" not in plain and "clips" not in plain["nodes"][0]


# Writing by the beat


def test_music_is_written_by_the_beat() -> None:
    graph = Graph()
    node = graph.add("t_notes")
    clip = graph.write(node, [(0, 1, "C4"), (1, 0.5, "F#3", 0.5), (4.5, 1, 72.5)], 3840, name="Tune")
    assert (clip.id, clip.at_ticks, clip.length_ticks, clip.name) == ("clip1", 3840, 7680, "Tune")
    assert [(n.at_ticks, n.length_ticks, n.key, n.velocity) for n in clip.notes] == [
        (0, 960, 60.0, 0.8),
        (960, 480, 54.0, 0.5),
        (4320, 960, 72.5, 0.8),
    ]
    graph.set_signature(3, 4)
    assert graph.write(node, []).length_ticks == 2880
    again = graph.write(node, [(0, 4, "A4")], length_ticks=100, clip="clip1")
    assert [clip.id for clip in node.clips] == ["clip1", "clip2"] and again.length_ticks == 100


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((0, 1), "A note is"),
        ("C4", "A note is"),
        (5, "A note is"),
        ((0, 1, "H4"), "'H4' names no key"),
        ((-1, 1, "C4"), "beat"),
        ((0, float("inf"), "C4"), "length"),
        ((0, 0, "C4"), "length 0"),
    ],
)
def test_a_note_that_is_none_is_named(row: Any, words: str) -> None:
    graph = Graph()
    node = graph.add("t_notes")
    with pytest.raises(GraphError, match=words):
        graph.write(node, [(0, 1, "C4"), row])
    assert node.clips == ()


def test_a_beat_that_a_float_cannot_hold_is_the_nearest_tick() -> None:
    thirds = notes_of([(k / 3, 1 / 3, 60) for k in range(3)])
    assert [(note.at_ticks, note.length_ticks) for note in thirds] == [(0, 320), (320, 320), (640, 320)]
