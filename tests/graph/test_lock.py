"""Two programs never change one project: the lock, what it says, and who may take it over."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from graphdaw.errors import ProjectError
from graphdaw.graph import Graph
from graphdaw.graph.project import owner as owning
from graphdaw.graph.project.lock import LockedError, ProjectLock, live_owner, lock_path

HOLD = "import sys, time; from graphdaw.graph.project.lock import ProjectLock; lock = ProjectLock(sys.argv[1]); "
HOLD += "print('held', flush=True); sys.stdin.read(); lock.close()"


def holder(path: Path) -> subprocess.Popen[str]:
    """Another program that has the project open."""
    program = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None and program.stdout.readline() == "held\n"
    return program


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.gdaw"
    Graph().save(path)
    return path


def test_a_project_is_opened_once_and_the_refusal_names_who_has_it(song: Path) -> None:
    other = holder(song)
    with pytest.raises(LockedError) as refusal:
        ProjectLock(song)
    sentence = str(refusal.value)
    assert f"{song} is held open by process {other.pid} on {os.uname().nodename}; close it there" in sentence
    assert refusal.value.owner is not None and refusal.value.owner.pid == other.pid
    found = live_owner(song)
    assert found is not None and found.pid == other.pid
    assert Graph.load(song).nodes == {}, "reading needs no lock"
    other.communicate("", timeout=20)
    assert live_owner(song) is None and not os.path.exists(lock_path(song))
    with ProjectLock(song) as lock:
        assert lock.taken_over is None
        with pytest.raises(LockedError, match="is open in this program already"):
            ProjectLock(song)
    ProjectLock(song).close()
    assert os.listdir(song.parent) == ["song.gdaw"]


def test_the_lock_of_a_killed_program_is_taken_over_and_its_leftovers_go(song: Path) -> None:
    other = holder(song)
    other.send_signal(signal.SIGKILL)
    other.wait(20)
    assert other.stdin is not None and other.stdout is not None
    other.stdin.close(), other.stdout.close()
    kept = song.parent / ".song.gdaw.kept"
    kept.mkdir()
    leftovers = [song.parent / ".song.gdaw.0123456789ab.tmp", kept / ".000001.20260101T000000Z.gdaw.00ff00ff00ff.tmp"]
    others = [song.parent / ".song2.gdaw.0123456789ab.tmp", song.parent / ".song.gdaw.tmp"]
    for file in leftovers + others:
        file.write_bytes(b"torn")
    assert live_owner(song) is None
    with ProjectLock(song) as lock:
        assert lock.taken_over is not None and lock.taken_over.pid == other.pid
        assert lock.swept == [str(file) for file in leftovers]
    assert [file.exists() for file in leftovers + others] == [False, False, True, True]


def test_a_temporary_file_that_is_being_written_is_not_swept(song: Path) -> None:
    from graphdaw.graph.project import disk

    with disk.temporary(str(song.parent), song.name) as (path, _):
        ProjectLock(song).close()
        assert os.path.exists(path)


def written(song: Path, **facts: object) -> None:
    """A lock file as another program would have left it, that nobody holds locked."""
    us = json.loads(json.dumps({n: getattr(owning.this_process(), n) for n in ("pid", "host", "boot", "started")}))
    Path(lock_path(song)).write_text(json.dumps(us | facts))


def test_a_lock_from_before_the_machine_was_started_again_is_stale(song: Path) -> None:
    written(song, boot="another start")
    ProjectLock(song).close()


def test_a_process_that_only_has_the_number_of_the_dead_one_holds_nothing(song: Path) -> None:
    written(song, started="1")
    assert live_owner(song) is None
    ProjectLock(song).close()


def test_a_lock_of_another_machine_is_believed_and_the_way_out_named(song: Path) -> None:
    written(song, host="studio", boot="its start", pid=1)
    with pytest.raises(LockedError, match=rf"by process 1 on studio; .* or remove {lock_path(song)} if that program"):
        ProjectLock(song)
    os.unlink(lock_path(song))
    ProjectLock(song).close()


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": 1e99}', b"\xff" * 9000])
def test_a_lock_file_that_says_nothing_locks_nothing(song: Path, content: bytes) -> None:
    Path(lock_path(song)).write_bytes(content)
    assert live_owner(song) is None
    ProjectLock(song).close()


def test_where_files_cannot_be_locked_what_the_file_says_decides(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with ProjectLock(song), pytest.raises(LockedError, match="in this program already"):
        ProjectLock(song)
    written(song, started="1")
    ProjectLock(song).close()


def test_a_link_in_the_place_of_the_lock_is_not_followed(song: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    os.symlink(tmp_path / "mine", lock_path(song))
    with pytest.raises(ProjectError, match="cannot be opened for editing: Too many levels of symbolic links; copy"):
        ProjectLock(song)
    assert (tmp_path / "mine").read_text() == "precious"


def test_of_many_that_open_at_once_one_gets_it(song: Path) -> None:
    got: list[ProjectLock] = []
    refused: list[LockedError] = []
    gate = threading.Barrier(8)

    def open_it() -> None:
        gate.wait()
        try:
            got.append(ProjectLock(song))
        except LockedError as error:
            refused.append(error)

    for _ in range(10):
        threads = [threading.Thread(target=open_it) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(got), len(refused)) == (1, 7)
        got.pop().close()
        refused.clear()


def test_a_lock_without_a_name_in_it_still_locks(song: Path) -> None:
    """As on a full disk, where the lock can be had but not written."""
    with open(lock_path(song), "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match="is held open by another program"):
            ProjectLock(song)
        assert live_owner(song) is not None
    ProjectLock(song).close()
