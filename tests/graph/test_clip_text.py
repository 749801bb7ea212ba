"""Clips and the timeline in the text form: shown as they are written, and every fault names its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphdaw.errors import TextError
from graphdaw.graph import codec, patch, patch_files, text
from graphdaw.graph.clips import Note, NoteClip
from graphdaw.graph.graph import Graph
from graphdaw.graph.keys import key_name, key_of
from graphdaw.graph.timeline import Timeline

SONG = """\
graph 48000
tempo 0 120.0 ramp
tempo 3840 90.5
signature 0 3/4
signature 2880 7/8
marker 0 "Intro"
marker 2880 "Ver\\"se" 3840
loop 0 3840 off
node tune t_notes @order=1 @label="Tune"
  clip verse notes @at=0 @length=3840 @offset=240 @loop=960 @name="Verse" @muted
    note 1 at=0 length=960 key=C4 velocity=0.8
    note 4 at=480 length=120 key=C-1 velocity=0.25 release=0.1 probability=0.5
      lane bend
        point 0 0.0 curve 0.5
        point 480 -2.0 line 0.25
        point 960 1e-07
    note 2 at=960 length=480 key=F#3 velocity=1.0 +more=raw(omhp)
    note 3 at=960 length=480 key=60.5 velocity=0.5
    lane cc1
      point 0 0.5 hold
  clip empty notes @at=3840 @length=960
node sweep t_curve @order=2
  clip up curve @at=0 @length=1920 +zone=raw(gA==)
    point 0 200.0 smooth
    point 1920 8000.0
node voices group @order=3
  port out out audio -> takes.out
  node takes t_regions @order=4
    clip a audio media="take 1.wav" gain_db=-3.0 speed=0.5 follows_tempo=on reversed=on @at=0 @length=960
      warp 0 0.25
      warp 960 1.0
    clip z zones @at=960 @length=960 +points=raw(BQ==)
node out t_output @order=5
wire w1 voices.out -> out.in @order=6
"""


def test_text_with_music_is_shown_as_it_was_written() -> None:
    document = text.parse(SONG)
    assert text.show(document) == SONG
    assert text.parse(text.show(codec.decode(codec.encode(document), "memory"))) == document


def test_music_may_be_written_by_hand_with_little() -> None:
    document = text.parse(
        "tempo 0 90\n"
        "node a t_notes\n"
        "  # a remark\n"
        "  clip c notes @length=1920\n"
        "    note length=960 key=Bb3\n"
        '    note 7 at=960 length=960 key="F#3"\n'
        "    note at=480 length=960 key=61\n"
    )
    (clip,) = document.nodes["a"].clips
    assert isinstance(clip, NoteClip)
    assert clip.notes == (
        Note(8, 0, 960, 58.0),
        Note(9, 480, 960, 61.0),
        Note(7, 960, 960, 54.0),
    )
    assert document.timeline.tempos[0].bpm == 90.0 and document.timeline.signatures == Timeline().signatures


@pytest.mark.parametrize(
    ("lines", "number", "words"),
    [
        ("tempo 0", 1, "number was expected"),
        ("tempo 0 1200.0", 1, "its range is 5 to 999"),
        ("tempo 0 120.0\ntempo 0 90.0", 2, "one at each"),
        ("signature 0 4", 1, "/ was expected"),
        ("signature 0 4/4\nsignature 100 3/4", 2, "inside a bar"),
        ("loop 0 960\nloop 0 480", 2, "more than one loop"),
        ("node a t_notes\n  tempo 0 120", 2, "at the top"),
        ("clip c notes @length=5", 1, "under the node"),
        ("node a t_notes\n  clip c notes", 2, "needs a length"),
        ("node a t_notes\n  clip c notes @length=0", 2, "length 0 ticks"),
        ("node a t_notes\n  clip c notes @size=0", 2, "'size' is none of at, length"),
        ("node a t_notes\n  clip c notes gain_db=1", 2, "'gain_db' is none of"),
        ("node a t_notes\n  clip c notes @length=5 +notes=raw(gA==)", 2, "field of its own"),
        ("node a t_notes\n  clip c notes @length=5\n  clip c notes @length=5", 3, "same id"),
        ("node a t_notes\n  note 1 length=5 key=C4", 2, "under a clip of notes"),
        ("node a t_notes\n  clip c notes @length=5\n    note 1 key=C4", 3, "needs its length"),
        ("node a t_notes\n  clip c notes @length=5\n    note 1 length=5", 3, "needs its key"),
        ("node a t_notes\n  clip c notes @length=5\n    note 1 length=5 key=H4", 3, "'H4' names no key"),
        ("node a t_notes\n  clip c notes @length=5\n    note 1 length=5 key=C4 velocity=2", 2, "velocity"),
        ("node a t_notes\n  clip c notes @length=5\n    point 0 1.0", 3, "clip of a curve or a lane"),
        ("node a t_notes\n  clip c notes @length=5\n    lane cc200", 2, "cc200"),
        ("node a t_notes\n  clip c notes @length=5\n    node b t_notes", 3, "inside a clip"),
        ("node a t_notes\n  clip c notes @length=5\n    wire w a.out -> a.in", 3, "inside a clip"),
        ("node a t_curve\n  clip c curve @length=5\n    point 0 1.0 bent", 2, "shape 'bent'"),
        ("node a t_curve\n  clip c curve @length=5\n    warp 0 1.0", 3, "clip of audio"),
        ("node a t_regions\n  clip c audio reversed=yes @length=5", 2, "on or off"),
    ],
)
def test_faults_of_music_name_their_line(lines: str, number: int, words: str) -> None:
    with pytest.raises(TextError, match=f"Line {number}: .*{words}") as caught:
        text.parse(lines)
    assert caught.value.line == number


def test_json_holds_the_music_for_other_programs() -> None:
    shown = json.loads(text.show_json(text.parse(SONG)))
    assert shown["timeline"]["tempos"][0] == {"at_ticks": 0, "bpm": 120.0, "ramp": True}
    clip = shown["nodes"]["tune"]["clips"][0]
    assert clip["kind"] == "notes" and clip["notes"][0]["key"] == 60.0


def test_keys_have_names_that_lead_back_to_them() -> None:
    assert [key_of(key_name(key)) for key in range(128)] == list(range(128))
    assert [key_of(name) for name in ("A4", "Cb4", "B##3", "ebb2")] == [69, 59, 61, 38]
    for name in ("", "C", "4", "C#b4", "c4x", "H4", "C100"):
        with pytest.raises(ValueError, match="names no key"):
            key_of(name)


def test_music_pasted_or_patched_in_arrives_whole(tmp_path: Path) -> None:
    graph = Graph()
    graph.apply(text.paste(graph.document, SONG.replace(" +zone=raw(gA==)", "")))
    tune = next(node for node in graph.nodes.values() if node.label == "Tune")
    assert len(tune.clips) == 2 and graph.timeline == Timeline(), "a part has no say in the tempo of the whole"
    path = tmp_path / "patch.txt"
    path.write_text("node a t_notes\n  clip c notes @length=1920\n    note 1 length=960 key=C4\n")
    patch.apply(graph, patch_files.read(path))
    assert graph["a1"].clips == (NoteClip("c", 0, 1920, notes=(Note(1, 0, 960, 60.0),)),)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ('{"op": "put_clip", "id": "a", "clip": {"kind": "notes", "id": "c", "at_ticks": 0}}', "length_ticks"),
        (
            '{"op": "edit_notes", "id": "a", "clip": "c", "put": [{"id": 1, "at_ticks": 0, "key": 60, "vel": 1}]}',
            "unknown field `vel`",
        ),
        ('{"op": "set_timeline", "timeline": {"tempo": 1}}', "unknown field `tempo`"),
    ],
)
def test_a_patch_that_says_more_or_less_than_a_clip_takes_is_refused(edit: str, words: str) -> None:
    from graphdaw.errors import PatchError

    with pytest.raises(PatchError, match=words):
        patch_files.loads(f'{{"edits": [{edit}]}}'.encode())


def test_a_patch_may_write_music_but_brings_no_files_and_no_unknown_fields() -> None:
    graph = Graph()
    node = graph.add("t_notes")
    written = (
        '{"edits": [{"op": "put_clip", "id": "t_notes1", "clip": {"kind": "notes", "id": "c", "at_ticks": 0, '
        '"length_ticks": 960, "notes": [{"id": 1, "at_ticks": 0, "length_ticks": 240, "key": 60}]}},'
        '{"op": "set_clip", "id": "t_notes1", "clip": "c", "values": {"at_ticks": 960, "muted": true}}]}'
    )
    patch.apply(graph, patch_files.loads(written.encode()))
    assert node.clips == (NoteClip("c", 960, 960, muted=True, notes=(Note(1, 0, 240, 60.0),)),)

    graph.add("t_regions")
    clip = '"clip": {"kind": "audio", "id": "r", "at_ticks": 0, "length_ticks": 1'
    reaching = [
        f'{{"op": "put_clip", "id": "t_regions1", {clip}, "media": "/etc/passwd"}}}}',
        f'{{"op": "add_node", "id": "$x", "type": "t_regions", "clips": [{clip[8:]}, "media": "/etc/passwd"}}]}}',
        f'{{"op": "put_clip", "id": "t_regions1", {clip}, "extra": {{"a": "gA=="}}}}}}',
        '{"op": "set_timeline", "timeline": {"extra": {"a": "gA=="}}}',
    ]
    for edit in reaching:
        report = patch.dry_run(graph.document, patch_files.loads(f'{{"edits": [{edit}]}}'.encode()))
        assert [one.state for one in report.findings] == ["failed"]
        assert "cannot bring" in report.findings[0].message or "does not know" in report.findings[0].message
    patch.apply(graph, patch_files.loads(f'{{"edits": [{reaching[0].replace("/etc/passwd", "")}]}}'.encode()))
    reach = '{"op": "set_clip", "id": "t_regions1", "clip": "r", "values": {"media": "/etc/passwd"}}'
    report = patch.dry_run(graph.document, patch_files.loads(f'{{"edits": [{reach}]}}'.encode()))
    assert "cannot bring" in report.findings[0].message
