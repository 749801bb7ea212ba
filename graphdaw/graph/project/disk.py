"""What saving asks of the file system: temporary files with an owner, rights, and names that survive a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

if sys.platform != "win32":  # which has no such call: what lock files say must do there
    import fcntl

CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
READ = os.O_RDONLY | os.O_CLOEXEC
_DAY_S = 86_400


def is_file(path: str) -> bool:
    """Whether there is a file; raises OSError when that cannot be told, which os.path.isfile takes for a no."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode) if path else False
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False


def real_path(path: str | os.PathLike[str]) -> str:
    """Where a path leads, links followed, whether something is there or not; raises OSError."""
    try:
        return os.path.realpath(os.fspath(path), strict=True)
    except FileNotFoundError:
        return os.path.realpath(os.fspath(path))


@contextmanager
def temporary(folder: str, name: str) -> Iterator[tuple[str, int]]:
    """A new hidden file, open for writing, that goes if it is still there at the end.

    It is locked while its maker lives, which is how `sweep` tells one that was left behind.
    """
    path = os.path.join(folder, f".{name}.{secrets.token_hex(6)}.tmp")
    handle = os.open(path, CREATE, 0o666)
    try:
        try_lock(handle)
        yield path, handle
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
        with contextlib.suppress(OSError):
            os.close(handle)


def sweep(folder: str, name: str, ending: str = r"[0-9a-f]{12}\.tmp") -> list[str]:
    """Remove temporary files for names of the form `name` whose makers died; returns their paths."""
    ours = re.compile(rf"\.{name}\.{ending}")
    swept = []
    with contextlib.suppress(OSError), os.scandir(folder or ".") as entries:
        for entry in entries:
            if ours.fullmatch(entry.name) and entry.is_file(follow_symlinks=False) and _abandoned(entry):
                os.unlink(entry.path)
                swept.append(entry.path)
    return sorted(swept)


def _abandoned(entry: os.DirEntry[str]) -> bool:
    """Whether nobody writes the file any more; where files cannot be locked, one of yesterday is taken for such."""
    handle = os.open(entry.path, READ | getattr(os, "O_NOFOLLOW", 0))
    try:
        locked = try_lock(handle)
    finally:
        os.close(handle)
    return entry.stat(follow_symlinks=False).st_mtime < time.time() - _DAY_S if locked is None else locked


def try_lock(handle: int, shared: bool = False) -> bool | None:
    """Lock an open file until it is closed: True when we have it, False while another has, None where nobody can."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in (errno.EAGAIN, errno.EACCES) else None
    return True


def keep_rights(path: str, handle: int) -> None:
    """Give the file behind `handle` the rights of the one it is to replace: what others may not read stays so."""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    os.fchmod(handle, mode)


def forget_cached(handle: int) -> None:
    """Have what is read back come from the disk and not from memory, where the system can do that."""
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: str) -> None:
    """Write the names in a folder to the disk; raises OSError."""
    handle = os.open(folder or ".", READ)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
