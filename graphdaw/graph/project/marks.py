"""The mark a save leaves in a file: how far the journal beside it is in there."""

from __future__ import annotations

import zipfile

import msgspec

from graphdaw.graph import limits
from graphdaw.graph.project import bundle

MARK = "history/journal.msgpack"
_MAX_BYTES = 4096


class JournalMark(msgspec.Struct, frozen=True, array_like=True):
    """Everything up to record `seq` of the journal `id` is in the file."""

    id: str
    seq: int


def write(mark: JournalMark) -> bytes:
    """The mark as the content of the member `MARK`."""
    return msgspec.msgpack.encode(mark)


def read(archive: zipfile.ZipFile, where: str) -> JournalMark | None:
    """The mark in an open project, for errors called `where`; None when there is none, or none that makes sense."""
    if MARK not in archive.NameToInfo:
        return None
    data = bundle.read_member(archive, MARK, _MAX_BYTES, where)
    try:
        limits.check(data)
        mark = msgspec.msgpack.decode(data, type=JournalMark)
    except (limits.LimitError, msgspec.MsgspecError):
        return None
    return mark if mark.seq >= 0 else None
