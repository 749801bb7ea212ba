"""The lock that keeps two programs from changing one project: a file beside it that its owner holds locked."""

from __future__ import annotations

import contextlib
import os
import re
import time
from types import TracebackType

import msgspec

from graphdaw.errors import ProjectError
from graphdaw.graph.project import disk, kept
from graphdaw.graph.project.owner import Owner, is_gone, this_process

_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
_MAX_BYTES = 4096
_TRIES, _PAUSE_S = 100, 0.01


def lock_path(path: str | os.PathLike[str]) -> str:
    """The lock file of a project."""
    folder, name = os.path.split(os.path.realpath(os.fspath(path)))
    return os.path.join(folder, f".{name}.lock")


class LockedError(ProjectError):
    """Another program has the project open; `owner` says which, as far as it can be told."""

    code = "locked"

    def __init__(self, message: str, owner: Owner | None) -> None:
        super().__init__(message)
        self.owner = owner


class ProjectLock:
    """The right to change a project, from here to `close`, held by one program at a time; raises LockedError.

    Taken over from a program that died: `taken_over` says from which, None when it was free. `swept` are the temporary
    files that died with it and are removed now. Reading the project needs no lock.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, ProjectLock(f"{folder}/song.gdaw") as lock:
    ...     ProjectLock(lock.path)
    Traceback (most recent call last):
    ...
    graphdaw.graph.project.lock.LockedError: ...song.gdaw is open in this program already; ...
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.realpath(os.fspath(path))
        self.taken_over: Owner | None = None
        self._file = lock_path(path)
        self._handle = -1
        self._pid = os.getpid()
        try:
            self._take()
        except OSError as error:
            why, way_out = error.strerror or error, "copy it to another folder"
            if isinstance(error, FileNotFoundError):
                why, way_out = (
                    f"the folder {os.path.dirname(self.path)} does not exist",
                    "make it or choose another one",
                )
            raise ProjectError(f"{self.path} cannot be opened for editing: {why}; {way_out}.") from error
        folder, name = os.path.split(self.path)
        self.swept = disk.sweep(folder, re.escape(name)) + disk.sweep(kept.folder_of(self.path), kept.FILE_NAME)

    def _take(self) -> None:
        for _ in range(_TRIES):
            handle = os.open(self._file, _OPEN, 0o666)
            try:
                if self._claim(handle):
                    self._handle, handle = handle, -1
                    return
            finally:
                if handle >= 0:
                    os.close(handle)
        raise self._refusal(None)

    def _claim(self, handle: int) -> bool:
        """Make an open lock file ours; False when that must be tried again. Raises LockedError."""
        locked = disk.try_lock(handle)
        if locked is False:
            return self._wait_for_name(handle)
        if not _is_still(self._file, handle):
            return False  # its last owner removed it while we opened it
        owner = _read(handle)
        if owner is not None and _holds(owner, locked is True):
            raise self._refusal(owner)
        self.taken_over = owner
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, msgspec.json.encode(this_process(time.time())), 0)
        except OSError:
            if not locked:  # a full disk keeps nobody from opening what a lock already protects
                raise
        return True

    def _wait_for_name(self, handle: int) -> bool:
        """Who holds the lock may be about to say so, or only be looking (`live_owner`); else raises LockedError."""
        owner = _read(handle)
        if owner is not None and not is_gone(owner):
            raise self._refusal(owner)
        time.sleep(_PAUSE_S)
        return False

    def _refusal(self, owner: Owner | None) -> LockedError:
        us = this_process()
        if owner is not None and (owner.pid, owner.host, owner.started) == (us.pid, us.host, us.started):
            return LockedError(f"{self.path} is open in this program already; use it there, or close it first.", owner)
        holder = f"by {owner}" if owner is not None else "by another program"
        way_out = "close it there, or open it to read only"
        if owner is not None and owner.host != us.host:
            way_out += f", or remove {self._file} if that program is gone"
        return LockedError(f"{self.path} is held open {holder}; {way_out}.", owner)

    def close(self) -> None:
        """Give the right back; a second call does nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            with contextlib.suppress(OSError):
                if os.getpid() == self._pid and _is_still(self._file, handle):  # not a fork of the owner
                    os.unlink(self._file)
            with contextlib.suppress(OSError):
                os.close(handle)

    def __enter__(self) -> ProjectLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def live_owner(path: str | os.PathLike[str]) -> Owner | None:
    """The running program that has a project open to change it; None when none has."""
    try:
        handle = os.open(lock_path(path), disk.READ | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    try:
        owner, locked = _read(handle), disk.try_lock(handle, shared=True)
        if locked is False:
            return owner or Owner(0, "this machine")
        return owner if owner is not None and _holds(owner, locked is True) else None
    finally:
        os.close(handle)


def _holds(owner: Owner, locked: bool) -> bool:
    """Whether the process that a lock file names holds it, seen from one who could lock the file (or not)."""
    us = this_process()
    is_here = (owner.host, owner.boot) == (us.host, us.boot)
    return not is_gone(owner) and not (locked and is_here)


def _is_still(path: str, handle: int) -> bool:
    """Whether the open file is still the one of that name."""
    try:
        there = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(there, os.fstat(handle))


def _read(handle: int) -> Owner | None:
    """Who wrote the lock file; None when it is empty or says nothing that makes sense."""
    try:
        return msgspec.json.decode(os.pread(handle, _MAX_BYTES, 0), type=Owner)
    except (OSError, msgspec.MsgspecError):
        return None
