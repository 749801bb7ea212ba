"""Autosave: snapshots behind the user's back that stop no edit and no sound, and touch nothing but the journal."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.errors import ProjectError
from graphdaw.graph import autosave, limits, records
from graphdaw.graph.autosave import light_copy
from graphdaw.graph.codec import content_bytes, encode
from graphdaw.graph.opened import Project, open_project
from tests.graph.crashing import contents_of, crashed, eventually, journal_of, same
from tests.graph.random_edits import grown


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An open, saved project that sounds."""
    project = gd.open(tmp_path / "song.gdaw", create=True)
    project.graph.connect(project.graph.add("sine"), project.graph.add("output"))
    project.save()
    yield project
    project.close(discard=True)


def snapshot_in(image: Path) -> records.Snapshot | None:
    return contents_of(image).snapshot


@contextmanager
def hanging_disk(monkeypatch: pytest.MonkeyPatch, ending: str) -> Iterator[threading.Event]:
    """Syncing a file of this ending never comes back, until the block ends; gives what tells that it hangs."""
    hangs, free, real = threading.Event(), threading.Event(), os.fsync

    def fsync(file: int) -> None:
        if os.readlink(f"/proc/self/fd/{file}").endswith(ending):
            hangs.set()
            free.wait(60)
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    try:
        yield hangs
    finally:
        free.set()


@pytest.mark.parametrize("ending", [".tmp", ".journal"], ids=["a snapshot being written", "the journal being synced"])
def test_edits_and_sound_go_on_while_the_disk_hangs(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(autosave, "MEND_S", 0.0)
    monkeypatch.setattr(autosave, "SYNC_S", 0.005)
    project._keeper._max_changes = 5
    graph = project.graph
    with gd.Session(graph, device="hand") as session:
        session.play()
        with hanging_disk(monkeypatch, ending) as hangs:
            while not hangs.is_set():
                graph.set("sine1", frequency_hz=400.0)
            heard = 0
            for number in range(500):
                graph.set("sine1", frequency_hz=200.0 + number)
                heard += any(any(channel) for channel in session.step())
            assert heard == 500
            image = crashed(project, tmp_path)
        assert gd.load(str(image))["sine1"].params["frequency_hz"] == 699.0, "every edit was on file, hanging or not"
    assert eventually(lambda: project._journal.changes < 5)
    image = crashed(project, tmp_path)
    again = gd.load(str(image))
    assert content_bytes(again.document) == content_bytes(graph.document)
    assert snapshot_in(image) is not None


def test_an_autosave_leaves_the_users_file_as_the_user_saved_it(project: Project, tmp_path: Path) -> None:
    assert project.path is not None
    before = Path(project.path).read_bytes()
    for _ in range(20):
        project.graph.add("saw")
        assert project._keeper.renew()

    assert Path(project.path).read_bytes() == before and project.unsaved == 20
    assert len(gd.load(str(crashed(project, tmp_path))).nodes) == 22


def test_time_alone_is_enough_for_an_autosave_and_nothing_new_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "MEND_S", 0.0)
    monkeypatch.setattr(autosave, "SYNC_S", 0.005)
    project = open_project(tmp_path / "a.gdaw", create=True, every_s=0.05)
    time.sleep(0.2)
    assert not journal_of(tmp_path / "a.gdaw").exists()
    project.graph.add("saw")
    assert eventually(lambda: project._journal.snapshot_bytes > 0)
    journal = journal_of(tmp_path / "a.gdaw")
    written = journal.stat().st_ino
    time.sleep(0.2)
    assert journal.stat().st_ino == written, "nothing was edited since"
    project.close(discard=True)


def test_a_transaction_in_the_making_is_not_snapshotted(project: Project) -> None:
    with project.graph.transaction("half"):
        project.graph.add("saw")
        assert not project._keeper.renew()
    assert project._keeper.renew()


def test_steps_can_be_taken_back_across_snapshots_and_saves(project: Project, tmp_path: Path) -> None:
    graph = project.graph
    states = [content_bytes(graph.document)]
    for number in range(12):
        graph.set("sine1", frequency_hz=100.0 + number)
        states.append(content_bytes(graph.document))
        if number % 3 == 1:
            project._keeper.renew()
        elif number % 3 == 2:
            project.save()

    again = gd.load(str(crashed(project, tmp_path)))

    for state in reversed(states):
        assert content_bytes(again.document) == state
        again.undo()


def test_the_steps_carried_along_are_bounded(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "MAX_STEPS", 5)
    for number in range(50):
        project.graph.set("sine1", frequency_hz=100.0 + number)
    project._keeper.renew()

    again = gd.load(str(crashed(project, tmp_path)))

    for number in range(48, 43, -1):
        again.undo()
        assert again["sine1"].params["frequency_hz"] == 100.0 + number
    with pytest.raises(gd.errors.HistoryError):
        again.undo()


def test_what_could_not_be_read_again_is_not_written(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.graph.look("sine1", comment="x" * 500)
    whole = functools.partial(limits.check, max_items=300)
    monkeypatch.setattr(limits, "MAX_ITEMS", 300)
    monkeypatch.setattr(limits, "check", whole)
    with project.graph.transaction("more than an entry may hold"):
        for number in range(100):
            project.graph.add("gain", gain_db=float(-number % 10))
    assert "more than 300 values" in project._journal.broken
    with pytest.raises(ProjectError, match="more than 300 values; split the project"):
        project.save()
    assert not project._keeper.renew() and "split the project" in str(project._keeper.trouble)
    project.graph.undo()
    assert project._keeper.renew() and not project._journal.broken
    assert same(gd.load(str(crashed(project, tmp_path))), project.graph)


def test_undo_steps_that_a_snapshot_has_no_room_for_are_left_out_oldest_first(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        project.graph.look("sine1", label="x" * number)
    monkeypatch.setattr(limits, "MAX_ITEMS", 300)
    monkeypatch.setattr(limits, "check", functools.partial(limits.check, max_items=300))
    assert project._keeper.renew()
    kept = contents_of(crashed(project, tmp_path)).snapshot
    assert kept is not None and 1 <= len(kept.past) < 60
    assert kept.past == project.graph.history.past[-len(kept.past) :]


def test_a_light_copy_is_written_as_the_document_is_and_stays_as_it_was() -> None:
    graph = grown(8, 200)
    before = encode(graph.document)
    copy = light_copy(graph.document)
    assert encode(copy) == before

    graph.add("t_filter")
    graph.set(graph.add("t_amp"), gain_db=-9.0)
    graph.remove(next(iter(graph.nodes)))

    assert encode(copy) == before


def test_what_observers_of_the_journal_do_wrong_does_not_end_the_keeping(project: Project, tmp_path: Path) -> None:
    told = threading.Event()

    def careless(_: object) -> None:
        told.set()
        raise RuntimeError

    project.observe(careless)
    with project._journal._writing:
        project._journal._break(OSError("gone"))
    assert told.wait(30) and eventually(lambda: not project._journal.broken)
    project.graph.add("saw")
    assert "saw1" in gd.load(str(crashed(project, tmp_path))).nodes
