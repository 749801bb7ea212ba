"""Opened projects: locked, never losing an edit, whichever way they are closed, saved elsewhere or forgotten."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import graphdaw as gd
from graphdaw.errors import HistoryError, ProjectError
from graphdaw.graph import Graph, own_state
from graphdaw.graph.codec import content_bytes
from graphdaw.graph.journal import JournalBroken, JournalWorks
from tests.graph.crashing import crashed, journal_of


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program of its own, as a user writes it."""
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A saved project with a sine."""
    with gd.open(tmp_path / "song.gdaw", create=True) as project:
        project.graph.add("sine")
        project.save()
    return tmp_path / "song.gdaw"


def test_a_missing_project_is_made_only_when_asked(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"none\.gdaw does not exist"):
        gd.open(tmp_path / "none.gdaw")
    assert names(tmp_path) == []

    with gd.open(tmp_path / "none.gdaw", create=True) as project:
        assert project.path == str(tmp_path / "none.gdaw") and not project.graph.nodes
    assert names(tmp_path) == ["none.gdaw"]


def test_saving_counts_from_zero_again_and_survives_alone(song: Path, tmp_path: Path) -> None:
    with gd.open(song) as project:
        project.graph.set("sine1", frequency_hz=100.0)
        project.graph.add("saw")
        assert project.unsaved == 2
        assert project.save().durable
        assert project.unsaved == 0
        project.graph.undo()
        assert project.unsaved == 1
        project.graph.redo()
        project.save()
        alone = tmp_path / "alone.gdaw"
        os.link(song, alone)
    assert gd.load(str(alone))["sine1"].params["frequency_hz"] == 100.0
    assert names(tmp_path) == [".song.gdaw.kept", "alone.gdaw", "song.gdaw"]


def test_graph_save_of_an_open_project_is_its_save(song: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")
        project.graph.save(str(song))
        assert project.unsaved == 0
        project.graph.add("noise")
        project.graph.save(str(song.with_name("copy.gdaw")))
        assert project.unsaved == 1 and project.path == str(song)


def test_closing_keeps_edits_that_are_not_saved_for_the_next_time(song: Path, tmp_path: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")

    with gd.open(song) as again:
        assert again.unsaved == 1 and "saw1" in again.graph.nodes
        assert again.graph.undo().label == "add"
    with gd.open(song) as third:
        assert list(third.graph.nodes) == ["sine1"]
        third.close(discard=True)
    assert names(tmp_path) == [".song.gdaw.kept", "song.gdaw"]


def test_an_error_inside_the_block_loses_nothing_either(song: Path) -> None:
    def work() -> None:
        with gd.open(song) as project:
            project.graph.add("saw")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()

    assert "saw1" in gd.load(str(song)).nodes


def test_one_program_at_a_time_and_readers_see_what_is_saved(song: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")
        with pytest.raises(ProjectError, match="open in this program already"):
            gd.open(song)
        other = run("import sys, graphdaw as gd; gd.open(sys.argv[1])", str(song))
        assert other.returncode and f"process {os.getpid()}" in other.stderr.splitlines()[-1]
        reader = gd.load(str(song))
        assert list(reader.nodes) == ["sine1"] and reader.recovered is None
        with pytest.raises(ProjectError, match="is open, by"):
            reader.save(str(song))
        reader.save(str(song.with_name("mine.gdaw")))
    assert "saw1" in gd.load(str(song)).nodes


def test_loading_after_a_crash_and_saving_neither_loses_nor_doubles(song: Path, tmp_path: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")
        project.graph.set("saw1", frequency_hz=55.0)
        image = crashed(project, tmp_path)
    graph = gd.load(str(image))
    graph.undo()
    graph.add("noise")
    graph.save(str(image))

    with gd.open(image) as again:
        assert content_bytes(again.graph.document) == content_bytes(graph.document)
        assert again.unsaved == 0
    assert not journal_of(image).exists()


def test_saving_as_goes_on_at_the_new_place_and_leaves_the_old_as_it_was_saved(song: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gdaw"
    with gd.open(song) as project:
        project.graph.add("saw")
        project.save_as(other)
        assert project.path == project.graph.path == str(other) and project.unsaved == 0
        project.graph.add("noise")
        gd.open(song).close()  # the old one is free
        with pytest.raises(ProjectError, match="open in this program"):
            gd.open(other)
        image = crashed(project, tmp_path)
    assert list(gd.load(str(song)).nodes) == ["sine1"] and not journal_of(song).exists()
    assert list(gd.load(str(image)).nodes) == ["sine1", "saw1", "noise1"]
    assert list(gd.load(str(other)).nodes) == ["sine1", "saw1", "noise1"]


def test_saving_over_a_project_keeps_the_edits_that_its_crash_had_left(song: Path, tmp_path: Path) -> None:
    with gd.open(tmp_path / "victim.gdaw", create=True) as victim:
        victim.graph.add("noise")
    with gd.open(song) as project:
        project.save_as(tmp_path / "victim.gdaw")
        assert list(gd.load(str(tmp_path / "victim.gdaw")).nodes) == ["sine1"]
    kept = [name for name in names(tmp_path) if name.startswith(".victim.gdaw.journal.")]
    assert len(kept) == 1 and b"noise1" in (tmp_path / kept[0]).read_bytes()


def test_a_save_that_fails_changes_nothing(song: Path, tmp_path: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")
        with pytest.raises(ProjectError, match="nowhere"):
            project.save_as(tmp_path / "nowhere" / "a.gdaw")
        assert project.path == str(song) and project.unsaved == 1
        project.graph.add("noise")
        image = crashed(project, tmp_path)
        assert list(gd.load(str(image)).nodes) == ["sine1", "saw1", "noise1"]


def test_a_transaction_in_the_making_cannot_be_saved(song: Path) -> None:
    with gd.open(song) as project:
        with project.graph.transaction("half"):
            project.graph.add("saw")
            with pytest.raises(HistoryError, match="leave it first"):
                project.save()
        with project.graph.transaction("a knob", live=True):
            project.graph.set("sine1", frequency_hz=50.0)
            project.save()
            project.graph.set("sine1", frequency_hz=60.0)
        assert project.unsaved == 1
    again = gd.load(str(song))
    assert again["sine1"].params["frequency_hz"] == 60.0
    again.undo()
    assert again["sine1"].params["frequency_hz"] == 440.0, "one turn of a knob is one step, saved in the middle or not"


def test_checkpoints_are_in_the_file_at_once_and_restored_as_one_step(song: Path, tmp_path: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")
        made = project.checkpoint("with a saw", prompt="make it rougher", author="ai")
        project.graph.remove("saw1")
        project.graph.remove("sine1")
        image = crashed(project, tmp_path)
    with gd.open(image) as again:
        known = again.checkpoints()
        assert [(one.label, one.prompt, one.author) for one in known] == [("with a saw", "make it rougher", "ai")]
        again.restore(made.id)
        assert sorted(again.graph.nodes) == ["saw1", "sine1"]
        after_crash = gd.load(str(crashed(again, tmp_path)))
        assert sorted(after_crash.nodes) == ["saw1", "sine1"]
        again.graph.undo()
        assert not again.graph.nodes
        with pytest.raises(ProjectError, match="no checkpoint 7"):
            again.restore(7)


def test_an_earlier_version_is_restored_as_one_step(song: Path) -> None:
    with gd.open(song) as project:
        project.graph.set("sine1", frequency_hz=1.0)
        project.save()
        project.graph.set("sine1", frequency_hz=2.0)
        project.save()
        newest = project.generations()[0]
        project.restore(newest)
        assert project.graph["sine1"].params["frequency_hz"] == 1.0
        project.graph.undo()
        assert project.graph["sine1"].params["frequency_hz"] == 2.0


# Without a name


def test_a_project_without_a_name_is_offered_after_a_crash_and_gone_once_it_has_one(tmp_path: Path) -> None:
    program = "import os, graphdaw as gd; p = gd.open(); p.graph.add('saw', frequency_hz=55.0); os.kill(os.getpid(), 9)"
    assert run(program).returncode == -9

    (left,) = gd.unsaved_projects()

    assert left.edits == left.nodes == 1 and "1 edit" in left.sentence
    with gd.open(left.path) as project:
        assert project.path is None and gd.unsaved_projects() == [], "it is open"
        with pytest.raises(ProjectError, match="save_as"):
            project.save()
        project.save_as(tmp_path / "named.gdaw")
        project.graph.add("noise")
    assert list(gd.load(str(tmp_path / "named.gdaw")).nodes) == ["saw1", "noise1"]
    assert gd.unsaved_projects() == [] and names(own_state.unnamed_folder()) == []


def test_a_project_without_a_name_in_which_nothing_was_made_leaves_nothing() -> None:
    gd.open().close()
    with gd.open() as project:
        project.graph.add("saw")
        project.close(discard=True)

    assert gd.unsaved_projects() == [] and names(own_state.unnamed_folder()) == []


def test_a_checkpoint_in_a_project_without_a_name_is_kept_when_it_is_closed() -> None:
    with gd.open() as project:
        project.graph.add("saw")
        project.checkpoint("first try")

    (left,) = gd.unsaved_projects()
    with gd.open(left.path) as again:
        assert [one.label for one in again.checkpoints()] == ["first try"] and "saw1" in again.graph.nodes
        again.close(discard=True)
    assert names(own_state.unnamed_folder()) == []


def test_a_damaged_project_without_a_name_is_still_named_and_an_empty_one_is_swept() -> None:
    run("import os, graphdaw as gd; p = gd.open(); os.kill(os.getpid(), 9)")
    (empty,) = [name for name in names(own_state.unnamed_folder()) if name.endswith(".gdaw")]
    broken = own_state.unnamed_folder() / "20200101-000000-abcdef.gdaw"
    broken.write_bytes(b"PK no more")

    (left,) = gd.unsaved_projects()

    assert left.path == str(broken) and "damaged" in left.sentence
    assert empty not in names(own_state.unnamed_folder())
    broken.unlink()


def test_a_forked_child_that_closes_takes_nothing_from_its_parent(song: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")
        child = os.fork()
        if child == 0:
            project.close(discard=True)
            os._exit(0)
        os.waitpid(child, 0)
        assert journal_of(song).exists()
        with pytest.raises(ProjectError, match="open in this program"):
            gd.open(song)
    assert "saw1" in gd.load(str(song)).nodes


def test_a_state_folder_that_cannot_be_made_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")

    with pytest.raises(ProjectError, match="give the project a path"):
        gd.open()
    assert gd.unsaved_projects() == []


# Forgotten ones


def test_a_project_that_is_let_go_of_is_free_again_with_every_edit(song: Path) -> None:
    gd.open(song).graph.add("saw")
    gc.collect()

    with gd.open(song) as again:
        assert again.unsaved == 1 and "saw1" in again.graph.nodes


def test_a_graph_alone_keeps_its_project_open(song: Path) -> None:
    graph = gd.open(song).graph
    gc.collect()
    graph.add("saw")

    project = graph.project
    assert project is not None and project.unsaved == 1
    project.close(discard=True)


def test_a_script_that_forgets_to_close_ends_cleanly_and_loses_nothing(song: Path) -> None:
    done = run("import sys, graphdaw as gd; p = gd.open(sys.argv[1]); p.graph.add('saw')", str(song))

    assert (done.returncode, done.stderr) == (0, "")
    assert names(song.parent) == [".song.gdaw.journal", ".song.gdaw.kept", "song.gdaw"]
    assert "saw1" in gd.load(str(song)).nodes


def test_closing_twice_is_once_and_a_closed_project_saves_nothing(song: Path) -> None:
    project = gd.open(song)
    project.close()
    project.close()

    with pytest.raises(ProjectError, match="is closed"):
        project.save()
    project.graph.add("saw")  # the graph lives on, as one of its own
    assert list(gd.load(str(song)).nodes) == ["sine1"]


def test_a_project_whose_edits_are_kept_nowhere_does_not_close_quietly(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = gd.open(song)
    project.graph.add("saw")
    with project._journal._writing:
        project._journal._break(OSError("gone"))
    monkeypatch.setattr(project._keeper, "renew", lambda: False)

    with pytest.raises(ProjectError, match="1 edit that is saved nowhere"):
        project.close()
    project.save()
    project.close()
    assert "saw1" in gd.load(str(song)).nodes


def test_a_journal_that_somebody_removes_is_written_again(song: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")
        os.unlink(journal_of(song))
    with gd.open(song) as project:
        assert "saw1" in project.graph.nodes


def test_a_project_whose_folder_is_removed_does_not_close_quietly(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    project = gd.open(tmp_path / "songs" / "a.gdaw", create=True)
    project.graph.add("saw")
    shutil.rmtree(tmp_path / "songs")

    with pytest.raises(ProjectError, match="1 edit that is saved nowhere"):
        project.close()
    project.save_as(tmp_path / "b.gdaw")
    project.close()
    assert "saw1" in gd.load(str(tmp_path / "b.gdaw")).nodes


def test_making_a_project_anew_where_edits_of_a_deleted_one_are_left_names_them(song: Path) -> None:
    with gd.open(song) as project:
        project.graph.add("saw")
    song.unlink()

    with pytest.raises(ProjectError, match=r"is gone, but .*\.song\.gdaw\.journal with edits of it is still there"):
        gd.open(song, create=True)
    journal_of(song).unlink()
    gd.open(song, create=True).close()


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=f"the folder {tmp_path}/none does not exist; make it"):
        gd.open(tmp_path / "none" / "a.gdaw", create=True)


@pytest.mark.parametrize("state", ("first", None, 1.0))
def test_what_is_no_state_is_not_restored(song: Path, state: object) -> None:
    with gd.open(song) as project, pytest.raises(ProjectError, match="is no state of the project"):
        project.restore(state)  # type: ignore[arg-type]


def test_text_files_and_plain_saves_are_as_before(tmp_path: Path) -> None:
    g = Graph()
    g.add("sine")
    g.save(tmp_path / "a.gdaw")
    g.save(tmp_path / "a.gdaw")

    assert gd.load(str(tmp_path / "a.gdaw")).recovered is None
    assert names(tmp_path) == [".a.gdaw.kept", "a.gdaw"]


def test_a_session_plays_a_project_and_tells_when_its_journal_breaks_and_works(song: Path) -> None:
    heard: list[object] = []
    mended = threading.Event()
    with gd.open(song) as project:
        project.graph.connect("sine1", project.graph.add("output"))
        with gd.Session(project, device="hand") as session:
            session.observe(heard.append, kind=JournalBroken)
            session.observe(lambda _: mended.set(), kind=JournalWorks)
            session.play()
            assert max(abs(x) for channel in session.step(8) for x in channel) > 0.1
            with project._journal._writing:
                project._journal._break(OSError("gone"))
            assert mended.wait(30)
        assert len(heard) == 1 and isinstance(heard[0], JournalBroken) and "gone" in heard[0].sentence
        assert project.unsaved == 2


def test_nobody_may_read_a_journal_who_may_not_read_its_project(song: Path, tmp_path: Path) -> None:
    song.chmod(0o600)
    with gd.open(song) as project:
        project.graph.add("saw")
        assert journal_of(song).stat().st_mode & 0o777 == 0o600
        project._keeper.renew()
        assert journal_of(song).stat().st_mode & 0o777 == 0o600
        project.close(discard=True)
