"""The journal: written before anybody hears of an edit, small however long a knob is turned, honest when it breaks."""

from __future__ import annotations

import errno
import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.graph import Graph, autosave, records
from graphdaw.graph.codec import content_bytes
from graphdaw.graph.journal import JournalBroken, JournalEvent, JournalWorks
from graphdaw.graph.opened import Project
from graphdaw.graph.vocabulary import Edit, SetValues
from tests.graph.crashing import contents_of, crashed, eventually, journal_of


def written(project: Project) -> list[records.Record]:
    """The changes in the journal as it lies on the disk."""
    assert project.path is not None
    return contents_of(Path(project.path)).records


@contextmanager
def full_disk(project: Project) -> Iterator[None]:
    """No file of this process grows any further, as on a full disk; the journal's next record is cut in the middle."""
    assert project.path is not None
    size = journal_of(Path(project.path)).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_an_edit_is_on_file_before_any_observer_hears_of_it(project: Project) -> None:
    heard: list[tuple[list[Edit], list[Edit]]] = []
    graph = project.graph
    graph.observe(lambda edits: heard.append((list(edits), list(written(project)[-1].edits))))

    graph.add("t_osc")
    graph.connect("t_osc1", "t_filter1")
    with graph.transaction("two at once"):
        graph.set("t_filter1", cutoff_hz=500.0)
        graph.set("t_filter1", q=2.0)
    with graph.transaction("a knob", live=True):
        graph.set("t_filter1", cutoff_hz=600.0)
    graph.undo()
    graph.redo()

    assert len(heard) == 6
    assert all(told == on_file for told, on_file in heard)


def test_a_crash_in_an_observer_finds_the_edit_on_file(project: Project, tmp_path: Path) -> None:
    copies: list[Path] = []
    project.graph.observe(lambda _: copies.append(crashed(project, tmp_path)))

    project.graph.set("t_filter1", cutoff_hz=321.0)

    assert gd.load(str(copies[0]))["t_filter1"].params["cutoff_hz"] == 321.0


def test_nothing_lies_beside_a_project_that_was_only_looked_at(tmp_path: Path) -> None:
    Graph().save(tmp_path / "a.gdaw")

    gd.open(tmp_path / "a.gdaw").close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gdaw"]


def test_a_knob_that_is_turned_for_hours_takes_no_more_room_than_one_turn(project: Project) -> None:
    graph = project.graph
    graph.set("t_filter1", cutoff_hz=111.0, q=1.0)
    before = content_bytes(graph.document)
    with graph.transaction("sweep", live=True):
        for number in range(3000):
            graph.set("t_filter1", cutoff_hz=200.0 + number, q=1.0 + number / 3000)
            graph.set("t_filter1", order=2.0)

    step = graph.history.past[-1]
    assert len(step.edits) == len(step.inverse) == 1
    after = content_bytes(graph.document)
    graph.undo()
    assert content_bytes(graph.document) == before
    graph.redo()
    assert content_bytes(graph.document) == after


def test_turning_a_knob_around_other_edits_is_taken_back_exactly() -> None:
    graph = Graph()
    low = graph.add("t_filter", cutoff_hz=100.0)
    before = content_bytes(graph.document)
    graph.history.begin("turn and patch", live=True)
    graph.set(low, cutoff_hz=200.0)
    graph.set(low, cutoff_hz=300.0)
    graph.add("t_amp", gain_db=-3.0)
    graph.set("t_amp1", gain_db=-4.0)
    graph.connect(low, "t_amp1")
    graph.set(low, cutoff_hz=400.0)
    graph.remove("t_amp1")
    graph.set(low, cutoff_hz=500.0, q=3.0)
    graph.history.rollback()

    assert content_bytes(graph.document) == before


def test_a_storm_of_edits_does_not_grow_the_file_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "MEND_S", 0.0)
    monkeypatch.setattr(autosave, "SYNC_S", 0.005)
    project = gd.open(tmp_path / "song.gdaw", create=True)
    project.graph.add("t_filter")
    project._keeper._max_bytes = 20_000
    largest = 0
    with project.graph.transaction("sweep", live=True):
        for number in range(20_000):
            project.graph.set("t_filter1", cutoff_hz=200.0 + number % 1000)
            if number % 100 == 0:
                assert eventually(lambda: project._journal.size_bytes < 60_000), "the keeper does not shorten it"
                largest = max(largest, project._journal.size_bytes)

    again = gd.load(str(crashed(project, tmp_path)))
    project.close(discard=True)
    assert again["t_filter1"].params["cutoff_hz"] == 200.0 + 19_999 % 1000
    assert len(again.history.past) == 2, "the sweep is one step, and taking it back is still possible"
    assert largest < 60_000


def test_on_a_full_disk_edits_go_on_it_is_said_once_and_mended(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "MEND_S", 0.02)
    heard: list[JournalEvent] = []
    project.observe(heard.append)
    graph = project.graph
    graph.set("t_filter1", cutoff_hz=100.0)
    with full_disk(project):
        for number in range(50):
            graph.set("t_filter1", q=1.0 + number)
        assert graph["t_filter1"].params["q"] == 50.0
        assert eventually(lambda: len(heard) == 1)
        time.sleep(0.2)  # it tries again many times, and says nothing new
        left = gd.load(str(crashed(project, tmp_path)))
        assert left["t_filter1"].params["cutoff_hz"] == 100.0, "what was written before it broke is still there"
        assert not project.sync()

    assert eventually(lambda: len(heard) == 2)
    broken, works = heard
    assert isinstance(broken, JournalBroken) and isinstance(works, JournalWorks)
    assert journal_of(tmp_path / "song.gdaw").name in broken.sentence and "free some space" in broken.sentence
    assert broken.sentence.count(". ") == 0
    graph.set("t_filter1", order=3.0)
    again = gd.load(str(crashed(project, tmp_path)))
    assert content_bytes(again.document) == content_bytes(graph.document)
    assert again.recovered is not None and again.recovered.applied == project.unsaved == 52


def test_edits_made_while_the_journal_breaks_and_mends_are_all_there(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "MEND_S", 0.0)
    monkeypatch.setattr(autosave, "SYNC_S", 0.001)
    mended = threading.Event()
    project.observe(lambda event: mended.set() if isinstance(event, JournalWorks) else None)
    for number in range(20):
        mended.clear()
        with project._journal._writing:
            project._journal._break(OSError("gone"))
        while not mended.is_set():
            project.graph.set("t_filter1", q=1.0 + number / 100)
            time.sleep(0)
        project.graph.set("t_filter1", cutoff_hz=100.0 + number)
        again = gd.load(str(crashed(project, tmp_path)))
        assert content_bytes(again.document) == content_bytes(project.graph.document)
        assert again.recovered is not None and again.recovered.applied == project.unsaved


def test_an_edit_that_cannot_be_written_down_breaks_the_journal_and_not_the_edit(project: Project) -> None:
    with project._history.lock:
        project._journal.record("do", [SetValues("t_filter1", {"q": object()})], "", "user")  # type: ignore[dict-item]

    assert "cannot be written" in project._journal.broken
    assert project._keeper.renew(), "the document itself can be written"
    assert not project._journal.broken


def test_labels_that_are_no_text_do_no_harm(project: Project, tmp_path: Path) -> None:
    project.graph.apply([SetValues("t_filter1", {"q": 4.0})], label="\ud800 broken", author="\udfff")

    again = gd.load(str(crashed(project, tmp_path)))

    assert again["t_filter1"].params["q"] == 4.0 and again.history.past[-1].label == "? broken"
    with project.graph.transaction("\udfff turn", live=True):
        project.graph.set("t_filter1", q=5.0)
        assert project._keeper.renew()
        image = crashed(project, tmp_path)
    assert gd.load(str(image)).history.past[-1].label == "? turn"


def test_what_is_synced_is_asked_of_the_disk(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(os.readlink(f"/proc/self/fd/{file}")), real(file)))
    assert project.path is not None
    journal = str(journal_of(Path(project.path)))

    project.graph.set("t_filter1", q=2.0)

    assert eventually(lambda: journal in synced), "nobody asked, but within a second it is on the disk"


def test_what_a_failed_sync_may_have_lost_is_written_again_whole(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "MEND_S", 0.0)
    real, failed = os.fsync, threading.Event()

    def fsync(file: int) -> None:
        if not failed.is_set() and os.readlink(f"/proc/self/fd/{file}").endswith(".journal"):
            failed.set()
            raise OSError(errno.EIO, "Input/output error")
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    heard: list[JournalEvent] = []
    project.observe(heard.append)
    assert project.path is not None
    journal = journal_of(Path(project.path))
    before = journal.stat().st_ino

    project.graph.set("t_filter1", q=2.0)

    assert eventually(lambda: len(heard) == 2) and isinstance(heard[1], JournalWorks)
    assert "Input/output error" in heard[0].sentence and journal.stat().st_ino != before
    assert gd.load(str(crashed(project, tmp_path)))["t_filter1"].params["q"] == 2.0


def test_a_forked_child_does_not_write_into_the_journal_of_its_parent(project: Project, tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        project.graph.set("t_filter1", q=9.0)
        os._exit(0)
    os.waitpid(child, 0)
    project.graph.set("t_filter1", q=2.0)

    assert gd.load(str(crashed(project, tmp_path)))["t_filter1"].params["q"] == 2.0


def test_edits_from_many_threads_are_all_there(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "MEND_S", 0.0)
    project._keeper._max_changes = 50
    graph = project.graph

    def work(number: int) -> None:
        for turn in range(100):
            graph.apply([SetValues("t_filter1", {"q": 1.0 + number * 10 + turn / 1000})])
            if turn % 25 == 0:
                project.save()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    again = gd.load(str(crashed(project, tmp_path)))
    assert content_bytes(again.document) == content_bytes(graph.document)
    assert again.recovered is not None and again.recovered.dropped == 0
