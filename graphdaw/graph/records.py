"""What a journal file is made of: a header, then changes, each framed by its length and a CRC32.

The first entry may be a snapshot, from which the changes go on; without one they go on from the project file.
"""

from __future__ import annotations

import math
import os
import struct
import zlib

import msgspec

from graphdaw.errors import ProjectError
from graphdaw.graph import limits
from graphdaw.graph.history import Op, Transaction
from graphdaw.graph.model import Sketch
from graphdaw.graph.vocabulary import Primitive

MAGIC = b"GDAWJ\x01\r\n"
MAX_FILE = 160 << 20
COUNTED = ("do", "begin", "part", "rollback", "undo", "redo")
"""The changes that a user would call edits; a commit changes nothing that is heard."""
_FRAME = struct.Struct("<II")


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose journal it is, what its first change follows, and a signature of both."""

    journal: str
    after: int = 0
    base: str = ""
    seal: bytes = b""

    @property
    def sealed_part(self) -> bytes:
        """What the signature is made of."""
        return f"{self.journal} {self.after} {self.base}".encode()


class Record(msgspec.Struct, frozen=True, array_like=True, tag="change"):
    """One change; `places`, `sketches` and `foreign` are what its edits need and do not say."""

    seq: int
    time_s: float
    op: Op
    edits: list[Primitive]
    label: str = ""
    author: str = "user"
    places: dict[str, str] = {}
    sketches: dict[str, Sketch] = {}
    foreign: list[str] = []


class Snapshot(msgspec.Struct, frozen=True, array_like=True, tag="snapshot"):
    """The state after change `seq`: the undo steps and, unless the project file holds it, the document."""

    seq: int
    document: bytes = b""
    places: dict[str, str] = {}
    foreign: list[str] = []
    past: list[Transaction] = []
    future: list[Transaction] = []
    unfinished: Transaction | None = None
    unsaved: int = 0


Entry = Record | Snapshot

_encode = msgspec.msgpack.Encoder().encode
_header = msgspec.msgpack.Decoder(Header).decode
_entry = msgspec.msgpack.Decoder(Entry).decode
FAULTS = (limits.LimitError, msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError, ValueError, TypeError)
"""What decoding runs into on damaged or crafted bytes."""


def head(header: Header) -> bytes:
    """The bytes a journal begins with."""
    return MAGIC + _framed(_encode(header))


def entry(content: Entry) -> bytes:
    """The bytes of an entry; raises LimitError where nobody could read it again."""
    payload = _encode(content)
    if len(payload) > limits.MAX_ITEMS:  # each value is a byte at least
        limits.check(payload)
    return _framed(payload)


def snapshot_entry(content: Snapshot) -> bytes:
    """The bytes of a snapshot; the oldest undo steps are left out where it could not be read with them."""
    while True:
        try:
            return entry(content)
        except limits.LimitError:
            if not content.past and not content.future:
                raise
        content = msgspec.structs.replace(content, past=_newer_half(content.past), future=_newer_half(content.future))


def _newer_half(steps: list[Transaction]) -> list[Transaction]:
    return steps[(len(steps) + 1) // 2 :]


def _framed(payload: bytes) -> bytes:
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


class Contents(msgspec.Struct):
    """What could be read of a journal; `why` says what ended it early, `torn` that only a last write is unfinished."""

    header: Header | None = None
    snapshot: Snapshot | None = None
    records: list[Record] = []
    sound_bytes: int = 0
    why: str = ""
    torn: bool = False
    lost_records: int = 0
    lost_bytes: int = 0


def read(path: str) -> Contents | None:
    """Read a journal as far as it is sound; None where there is none; raises ProjectError where it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as file:
            data = file.read(MAX_FILE)
            more = bool(file.read(1))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be read: {error.strerror or error}; "
            "check the disk and the rights, or move it away to open the project as it was saved."
        ) from error
    found = parse(data)
    if more:
        found.torn, found.why = False, found.why or f"it is larger than {MAX_FILE >> 20} MiB"
    return found


def parse(data: bytes) -> Contents:
    """The same of bytes."""
    found = Contents()
    if not data.strip(b"\0"):
        found.torn, found.lost_bytes = bool(data), len(data)
        return found
    if not data.startswith(MAGIC):
        torn = MAGIC.startswith(data.rstrip(b"\0"))
        return _ended(found, data, 0, "it is of an unknown version or no journal", torn)
    at = len(MAGIC)
    while at < len(data):
        payload = _payload(data, at)
        if payload is None:
            return _ended(found, data, at, "its checksum is wrong", _is_last(data, at))
        try:
            limits.check(payload)
            fault = _take(found, payload)
        except FAULTS as error:
            fault = str(error) or type(error).__name__
        if fault:
            return _ended(found, data, at, fault, torn=False)
        at += _FRAME.size + len(payload)
        found.sound_bytes = at
    return found


def _payload(data: bytes, at: int) -> bytes | None:
    """The payload of the frame that begins here, if it is whole."""
    if len(data) - at < _FRAME.size:
        return None
    size, crc = _FRAME.unpack_from(data, at)
    payload = data[at + _FRAME.size : at + _FRAME.size + size]
    return payload if 0 < size == len(payload) and zlib.crc32(payload) == crc else None


def _take(found: Contents, payload: bytes) -> str:
    """Add a payload to what was found; returns what is wrong with it."""
    if found.header is None:
        found.header = _header(payload)
        return ""
    content = _entry(payload)
    if isinstance(content, Snapshot):
        if found.snapshot is not None or found.records or content.seq != found.header.after:
            return "a snapshot is out of place"
        found.snapshot = content
        return ""
    before = found.records[-1].seq if found.records else found.header.after
    if content.seq != before + 1:
        return f"change {content.seq} follows change {before}"
    if not math.isfinite(content.time_s):
        return "a change was made at no time"
    found.records.append(content)
    return ""


def _is_last(data: bytes, at: int) -> bool:
    """Whether a bad frame is what an interrupted write or a power cut leaves at the end of a file."""
    if not data[at:].strip(b"\0") or len(data) - at < _FRAME.size:
        return True
    size = _FRAME.unpack_from(data, at)[0]
    return bool(at + _FRAME.size + size >= len(data))


def _ended(found: Contents, data: bytes, at: int, why: str, torn: bool) -> Contents:
    """Note where and why reading ended, and how many changes are lost: the bad one and what stands whole behind it."""
    found.torn, found.why, found.lost_bytes = torn, "" if torn else why, len(data) - at
    found.lost_records = 0 if torn else 1
    while not torn and len(data) - at >= _FRAME.size:
        at += _FRAME.size + _FRAME.unpack_from(data, at)[0]
        found.lost_records += _payload(data, at) is not None
    return found
