"""Earlier versions of a project: the last ten that were saved over, kept in a hidden folder beside it."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import re
import shutil
import stat
from datetime import UTC, datetime

import msgspec

from graphdaw.errors import ProjectError
from graphdaw.graph.project import disk

KEPT = 10
MAX_KEPT_BYTES = 4 << 30  # a project with gigabytes of recordings keeps fewer, but at least two
FILE_NAME = r"(\d{6,12})\.(\d{8}T\d{6}Z)\.gdaw"
_NAME = re.compile(FILE_NAME)
_STAMP = "%Y%m%dT%H%M%SZ"


class Generation(msgspec.Struct, frozen=True):
    """An earlier version: its number, which only grows, its file, when it was saved, and its size in bytes."""

    number: int
    path: str
    saved_at: datetime
    size: int

    def __str__(self) -> str:
        return f"generation {self.number}, saved {when(self.saved_at)}"


class Kept(msgspec.Struct, frozen=True):
    """What became of the version that is about to be saved over: its number, or why it is not kept."""

    number: int | None = None
    trouble: str = ""
    path: str = ""

    def undo(self) -> None:
        """Forget it again: the save did not happen, so it is no earlier version."""
        if self.path:
            with contextlib.suppress(OSError):
                os.unlink(self.path)
                os.rmdir(os.path.dirname(self.path))  # refused unless it was the first


def when(moment: datetime) -> str:
    """A moment as people say it: the time alone today, the date too before that."""
    local = moment.astimezone()
    today = datetime.now(UTC).astimezone().date()
    return local.strftime("%H:%M" if local.date() == today else "%Y-%m-%d %H:%M")


def folder_of(path: str | os.PathLike[str]) -> str:
    """The hidden folder that holds the earlier versions of a project."""
    folder, name = os.path.split(os.path.realpath(os.fspath(path)))
    return os.path.join(folder, f".{name}.kept")


def generations(path: str | os.PathLike[str]) -> list[Generation]:
    """The earlier versions of a project, newest first; empty when there are none.

    >>> import tempfile
    >>> from graphdaw.graph.graph import Graph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for _ in range(3):
    ...         _ = Graph().save(f"{folder}/song.gdaw")
    ...     [one.number for one in generations(f"{folder}/song.gdaw")]
    [2, 1]
    """
    found: list[Generation] = []
    present: tuple[int, int] | None = None
    with contextlib.suppress(OSError):
        present = _identity(os.path.realpath(os.fspath(path)))
    with contextlib.suppress(OSError), os.scandir(folder_of(path)) as entries:
        for entry in entries:
            number, moment = _read_name(entry.name)
            if number == 0 or not entry.is_file(follow_symlinks=False):
                continue
            facts = entry.stat(follow_symlinks=False)
            if (facts.st_dev, facts.st_ino) != present:  # else kept by a save that died before its rename
                found.append(Generation(number, entry.path, moment, facts.st_size))
    return sorted(found, key=lambda generation: generation.number, reverse=True)


def _read_name(name: str) -> tuple[int, datetime]:
    """Number and time from the name of a kept file; the number 0 for any other file."""
    match = _NAME.fullmatch(name)
    if match is not None:
        with contextlib.suppress(ValueError):  # a name in our form that we did not give
            return int(match[1]), datetime.strptime(match[2], _STAMP).replace(tzinfo=UTC)
    return 0, datetime.fromtimestamp(0, UTC)


def generation(path: str | os.PathLike[str], number: int) -> Generation:
    """One earlier version; raises ProjectError when it is not kept (any more)."""
    known = generations(path)
    for one in known:
        if one.number == number:
            return one
    there = f"it has {', '.join(str(one.number) for one in known)}" if known else "none is kept"
    raise ProjectError(f"{os.fspath(path)} has no generation {number}; {there}.")


def _identity(path: str) -> tuple[int, int] | None:
    """What tells a file from every other; None when there is none; raises OSError when that cannot be told."""
    try:
        facts = os.stat(path)
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


def keep(path: str) -> Kept:
    """Keep the present file under the next number, as a second name of it or, where that cannot be, as a copy.

    A file that cannot be kept is no reason not to save: the caller tells, and goes on.
    """
    folder = folder_of(path)
    kept = Kept()
    try:
        present = _identity(path)
        if present is None:
            return kept
        _make(folder)
        number, is_kept = _next_number(folder, present)
        if not is_kept:
            saved_at = datetime.fromtimestamp(os.stat(path).st_mtime, UTC)
            target = os.path.join(folder, f"{number:06d}.{saved_at.strftime(_STAMP)}.gdaw")
            _link(path, target)
            kept = Kept(path=target)
        kept = Kept(number, path=kept.path)
        disk.sync_folder(folder)
    except OSError as error:
        return Kept(kept.number, error.strerror or str(error), kept.path)
    return kept


def _make(folder: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        raise NotADirectoryError(f"{folder} is not a folder")


def _next_number(folder: str, present: tuple[int, int]) -> tuple[int, bool]:
    """The next free number; or the one under which the present file is kept already, and True."""
    last = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            number, _ = _read_name(entry.name)
            facts = entry.stat(follow_symlinks=False) if number else None
            if facts is not None and (facts.st_dev, facts.st_ino) == present:
                return number, True
            last = max(last, number)
    return last + 1, False


def _link(path: str, target: str) -> None:
    try:
        os.link(path, target)
    except OSError:  # a file system without hard links, or a file of somebody else's
        folder, name = os.path.split(target)
        with disk.temporary(folder, name) as (temporary, handle):
            with open(path, "rb") as old, os.fdopen(os.dup(handle), "w+b") as copy:
                shutil.copyfileobj(old, copy)
                copy.flush()
                disk.keep_rights(path, handle)
                os.fsync(handle)
            if not filecmp.cmp(path, temporary, shallow=False):
                raise OSError(errno.EIO, "The copy reads back differently") from None
            os.replace(temporary, target)


def thin_out(path: str) -> None:
    """Let go of the oldest versions past `KEPT` or `MAX_KEPT_BYTES`; what cannot be removed stays until next time."""
    total = 0
    for place, one in enumerate(generations(path)):
        total += one.size
        if place >= KEPT or (place >= 2 and total > MAX_KEPT_BYTES):
            with contextlib.suppress(OSError):
                os.unlink(one.path)
