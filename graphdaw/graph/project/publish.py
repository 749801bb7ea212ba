"""Putting a new file in the place of an old one: written beside it, read back from the disk, then renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import IO

import msgspec

from graphdaw.errors import ProjectError
from graphdaw.graph.project import disk, kept
from graphdaw.graph.project.bundle import FAULTS

_WAYS_OUT = {
    errno.ENOSPC: "free some space or choose another folder",
    errno.EDQUOT: "free some space or choose another folder",
    errno.EMFILE: "close some files and save again",
    errno.ENFILE: "close some programs and save again",
    errno.EIO: "the disk is failing, save to another one",
    errno.ENOENT: "make the folder or choose another one",
}
_OTHER_WAY_OUT = "choose another folder"


class Published(msgspec.Struct, frozen=True):
    """A file in its place: the number its predecessor is kept under, and what is not sure about the two, in words."""

    generation: int | None
    not_kept: str = ""
    not_durable: str = ""


def publish(path: str, write: Callable[[IO[bytes]], object], check: Callable[[str], object]) -> Published:
    """Write a file beside its place, check it there, keep its predecessor, and swap it in; raises ProjectError.

    Whatever fails before the rename, the file that was there is still there and no temporary file is left. After it
    the new file is what everyone sees, so nothing may pass for a failure: `not_durable` says when it is not sure that
    the new name survives a power cut.
    """
    folder, name = os.path.split(path)
    try:
        with disk.temporary(folder, name) as (temporary, handle):
            with os.fdopen(os.dup(handle), "w+b") as file:
                write(file)
                file.flush()
                disk.keep_rights(path, handle)
                os.fsync(handle)
            disk.forget_cached(handle)
            check(temporary)
            before = kept.keep(path)
            try:
                os.replace(temporary, path)
            except BaseException:
                before.undo()
                raise
    except OSError as error:
        raise ProjectError(why_not_written(path, error)) from error
    except FAULTS as error:
        raise ProjectError(f"{path} cannot be written: {error}; {_OTHER_WAY_OUT}.") from error
    not_durable = _sync(folder)
    kept.thin_out(path)
    return Published(before.number, before.trouble, not_durable)


def why_not_written(path: str, error: OSError) -> str:
    """The sentence for a system call that failed while `path` was written."""
    way_out = _WAYS_OUT.get(error.errno or 0, _OTHER_WAY_OUT)
    return f"{path} cannot be written: {error.strerror or error}; {way_out}."


def _sync(folder: str) -> str:
    try:
        disk.sync_folder(folder)
    except OSError as error:
        return error.strerror or str(error)
    return ""
