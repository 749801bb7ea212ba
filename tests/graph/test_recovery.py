"""Recovery: every edit made again after a crash, and whatever a journal holds ends in a document and a report."""

from __future__ import annotations

import os
import random
import shutil
import struct
import time
from pathlib import Path

import msgspec
import pytest

import graphdaw as gd
from graphdaw.errors import GraphdawError, ProjectError
from graphdaw.graph import Graph, codec, records
from graphdaw.graph.codec import content_bytes
from graphdaw.graph.opened import Project, open_project
from graphdaw.graph.project import insert_group, media_path
from graphdaw.graph.vocabulary import SetValues
from tests.graph.crashing import crashed, journal_of, same
from tests.graph.random_edits import act

FRAME = struct.Struct("<II")


def test_edits_after_the_last_save_are_there_and_told_of(project: Project, tmp_path: Path) -> None:
    began = time.time()
    project.graph.set("t_filter1", cutoff_hz=100.0)
    project.graph.add("t_osc", frequency_hz=55.0)

    again = gd.load(str(crashed(project, tmp_path)))

    report = again.recovered
    assert same(again, project.graph) and report is not None
    assert (report.found, report.applied, report.dropped, report.torn, report.why) == (2, 2, 0, False, "")
    assert began <= report.first_s <= report.last_s <= time.time()
    assert report.sentence.startswith("Recovered 2 edits that ") and "song.gdaw" in report.sentence


def test_a_project_that_was_closed_in_order_has_nothing_to_tell(tmp_path: Path) -> None:
    with gd.open(tmp_path / "a.gdaw", create=True) as project:
        project.graph.add("t_osc")
        project.save()

    assert gd.load(str(tmp_path / "a.gdaw")).recovered is None
    with gd.open(tmp_path / "a.gdaw") as again:
        assert again.recovered is None and again.unsaved == 0


def test_steps_can_be_taken_back_and_made_again_after_a_crash(project: Project, tmp_path: Path) -> None:
    graph = project.graph
    states = [content_bytes(graph.document)]
    for edit in (
        lambda: graph.add("t_osc"),
        lambda: graph.connect("t_osc1", "t_filter1"),
        lambda: graph.remove("t_osc1"),
    ):
        edit()
        states.append(content_bytes(graph.document))
    graph.undo()

    again = gd.load(str(crashed(project, tmp_path)))

    assert content_bytes(again.document) == states[2]
    again.redo()
    assert content_bytes(again.document) == states[3]
    for state in (states[2], states[1], states[0]):
        again.undo()
        assert content_bytes(again.document) == state


def test_a_step_from_before_the_save_that_was_taken_back_stays_so(project: Project, tmp_path: Path) -> None:
    project.graph.undo()  # the filter, which is in the file
    assert not project.graph.nodes

    again = gd.load(str(crashed(project, tmp_path)))

    assert same(again, project.graph)
    again.redo()
    assert list(again.nodes) == ["t_filter1"]


def test_a_knob_held_at_the_crash_is_where_it_was_and_one_step(project: Project, tmp_path: Path) -> None:
    graph = project.graph
    with graph.transaction("sweep", live=True):
        for number in range(5):
            graph.set("t_filter1", cutoff_hz=100.0 + number)
        image = crashed(project, tmp_path)

    again = gd.load(str(image))

    assert again["t_filter1"].params["cutoff_hz"] == 104.0
    assert again.undo().label == "sweep"
    assert again["t_filter1"].params["cutoff_hz"] == 1000.0


def test_a_transaction_that_nobody_has_heard_of_is_not_there(project: Project, tmp_path: Path) -> None:
    with project.graph.transaction("all or nothing"):
        project.graph.add("t_osc")
        image = crashed(project, tmp_path)

    assert list(gd.load(str(image)).nodes) == ["t_filter1"]


def test_recovering_is_recovered_from_as_well(project: Project, tmp_path: Path) -> None:
    project.graph.set("t_filter1", cutoff_hz=100.0)
    image = crashed(project, tmp_path)
    for number in range(3):
        again = open_project(image)
        assert again.recovered is not None and again.recovered.applied == again.unsaved == 1 + number
        again.graph.add("t_osc")
        after = crashed(again, tmp_path)
        expected = content_bytes(again.graph.document)
        again.close(discard=True)
        image = after
        assert content_bytes(gd.load(str(image)).document) == expected


def test_a_crash_between_the_new_file_and_the_new_journal_doubles_nothing(project: Project, tmp_path: Path) -> None:
    graph = project.graph
    graph.add("t_osc")
    graph.undo()
    graph.add("t_amp")
    assert project.path is not None
    old_journal = tmp_path / "old"
    shutil.copy(journal_of(Path(project.path)), old_journal)
    project.save()
    image = crashed(project, tmp_path)
    shutil.copy(old_journal, journal_of(image))

    again = gd.load(str(image))

    assert same(again, graph)
    assert again.recovered is not None and again.recovered.found == 0 and again.recovered.sentence == ""


def test_an_earlier_version_put_in_place_by_hand_is_not_edited_by_a_journal_it_does_not_know(
    project: Project, tmp_path: Path
) -> None:
    Graph().save(tmp_path / "other.gdaw")
    project.graph.set("t_filter1", q=5.0)
    image = crashed(project, tmp_path)
    image.unlink()
    shutil.copy(tmp_path / "other.gdaw", image)

    with open_project(image) as again:
        assert not again.graph.nodes and again.recovered is not None and not again.recovered.fits
        assert "another version" in again.recovered.sentence
        kept = Path(again.recovered.kept_as)
    assert records.parse(kept.read_bytes()).records[-1].edits == [SetValues("t_filter1", {"q": 5.0})]


def test_a_damaged_project_file_comes_back_from_the_snapshot_in_the_journal(project: Project, tmp_path: Path) -> None:
    project.graph.add("t_osc")
    assert project._keeper.renew()
    project.graph.set("t_osc1", frequency_hz=77.0)
    image = crashed(project, tmp_path)
    image.unlink()
    image.write_bytes(b"PK\x03\x04 no more")

    with open_project(image) as again:
        assert same(again.graph, project.graph)
        assert again.recovered is not None and "damaged" in again.recovered.sentence
        assert again.unsaved
        again.save()
    assert same(gd.load(str(image)), project.graph)


def test_a_power_cut_at_any_byte_leaves_a_project_that_opens_as_it_was_at_some_edit(
    project: Project, tmp_path: Path
) -> None:
    graph, dice = project.graph, random.Random(4)
    states = [content_bytes(graph.document)]
    graph.observe(lambda _: states.append(content_bytes(graph.document)))
    while len(states) < 9:
        act(graph, dice)
    image = crashed(project, tmp_path)
    journal = journal_of(image)
    whole = journal.read_bytes()
    seen = -1
    for size in [*range(0, len(whole), 3), len(whole)]:
        journal.write_bytes(whole[:size])
        again = gd.load(str(image))
        number = states.index(content_bytes(again.document), max(seen, 0))  # never back to an earlier one
        assert again.recovered is not None and again.recovered.dropped == 0 and again.recovered.why == ""
        seen = number
        if size % 10 == 0:  # what a disk may hand out for a block that it never wrote
            journal.write_bytes(whole[:size] + bytes(len(whole) - size))
            assert content_bytes(gd.load(str(image)).document) == states[number]
    assert seen == len(states) - 1


def test_damage_in_the_middle_ends_there_says_what_is_lost_and_keeps_the_journal(
    project: Project, tmp_path: Path
) -> None:
    for number in range(10):
        project.graph.set("t_filter1", cutoff_hz=100.0 + number)
    image = crashed(project, tmp_path)
    journal = journal_of(image)
    data = bytearray(journal.read_bytes())
    at = data.index(struct.pack(">d", 104.0))
    data[at + 3] ^= 1
    journal.write_bytes(data)

    with open_project(image) as again:
        report = again.recovered
        assert again.graph["t_filter1"].params["cutoff_hz"] == 103.0
        assert report is not None and (report.found, report.applied, report.dropped) == (10, 4, 6)
        assert "6 edits could not be recovered" in report.sentence.lower() and "checksum" in report.why
        assert Path(report.kept_as).read_bytes() == bytes(data)


def test_a_journal_that_can_be_kept_nowhere_is_not_given_up(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.graph.set("t_filter1", q=5.0)
    image = crashed(project, tmp_path)
    journal = journal_of(image)
    journal.write_bytes(journal.read_bytes()[:-1] + b"?" + b"more than a torn end" * 20)
    damaged = journal.read_bytes()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with monkeypatch.context() as full:
        full.setattr(shutil, "copyfile", refuse)
        with pytest.raises(ProjectError, match="cannot be kept as"):
            open_project(image)
    assert journal.read_bytes() == damaged
    with open_project(image) as again:
        assert again.recovered is not None
        assert Path(again.recovered.kept_as).read_bytes() == damaged


def test_no_flipped_bit_makes_an_edit_that_was_never_made(project: Project, tmp_path: Path) -> None:
    graph, dice = project.graph, random.Random(5)
    states = [content_bytes(graph.document)]
    graph.observe(lambda _: states.append(content_bytes(graph.document)))
    while len(states) < 8:
        act(graph, dice)
    image = crashed(project, tmp_path)
    whole = journal_of(image).read_bytes()
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 1 << at % 8
        journal_of(image).write_bytes(data)
        again = gd.load(str(image))
        assert content_bytes(again.document) in states
        report = again.recovered
        assert report is not None and (report.torn or report.sentence)


def test_a_path_the_user_chose_before_a_crash_is_still_chosen(project: Project, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    take.write_bytes(b"sound")
    project.graph.add("t_file", file=str(take))
    first = crashed(project, tmp_path)
    project._keeper.renew()

    for image in (first, crashed(project, tmp_path)):
        again = gd.load(str(image))
        assert media_path(again.document, str(take), tmp_path).read_bytes() == b"sound"


def test_a_path_that_came_with_a_file_is_no_more_readable_after_a_crash_than_before(
    project: Project, tmp_path: Path
) -> None:
    secret = tmp_path / "private.wav"
    other = Graph()
    other.add("t_file", file=str(secret))
    other.save(tmp_path / "part.gdaw")  # the path leads nowhere yet, so it stays a path
    secret.write_bytes(b"private")
    project.graph.apply(insert_group(project.graph.document, tmp_path / "part.gdaw"))
    first = crashed(project, tmp_path)
    project._keeper.renew()
    second = crashed(project, tmp_path)
    project.graph.set("t_file1", file=str(secret))  # now the user has chosen it

    for image in (first, second):
        with pytest.raises(GraphdawError, match="choose it yourself"):
            media_path(gd.load(str(image)).document, str(secret), tmp_path)
    chosen = gd.load(str(crashed(project, tmp_path)))
    assert media_path(chosen.document, str(secret), tmp_path).read_bytes() == b"private"


def test_a_recording_and_a_strange_type_from_another_project_are_there_after_a_crash(
    project: Project, tmp_path: Path
) -> None:
    take = tmp_path / "take.wav"
    take.write_bytes(b"sound" * 1000)
    other = Graph()
    other.add("t_file", file=str(take))
    other.save(tmp_path / "part.gdaw")
    take.unlink()
    part = gd.load(str(tmp_path / "part.gdaw"))
    document = codec.decode(strange(part), "part")
    document.media_files = part.document.media_files
    Graph(document=document).save(tmp_path / "part.gdaw")
    project.graph.apply(insert_group(project.graph.document, tmp_path / "part.gdaw"))
    hash = next(iter(project.graph.document.media))
    first = crashed(project, tmp_path)
    project._keeper.renew()

    for image in (first, crashed(project, tmp_path)):
        again = gd.load(str(image))
        assert same(again, project.graph)
        assert media_path(again.document, hash, tmp_path).read_bytes() == b"sound" * 1000
        assert again.document.sketches.keys() == {"from_the_future"}


def strange(graph: Graph) -> bytes:
    """The bytes of a graph with a node of a type that nobody has."""
    plain = msgspec.msgpack.decode(codec.encode(graph.document))
    plain["nodes"].append({"id": "x1", "type": "from_the_future", "values": {"mood": 3.0}, "order": 99})
    plain["types"]["from_the_future"] = {"inputs": {}, "outputs": {"out": "audio"}, "params": ["mood"]}
    return msgspec.msgpack.encode(plain)
