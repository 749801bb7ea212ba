"""The zip around a project: opened with suspicion, written so that equal content gives equal bytes."""

from __future__ import annotations

import errno
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

from graphdaw.errors import ProjectError, brief
from graphdaw.graph import outside
from graphdaw.graph.limits import MAX_BYTES
from graphdaw.graph.project import disk

DOCUMENT = "document.msgpack"
MEDIA = "media/"
MAX_MEMBERS = 100_000
MAX_RATIO = 200
SMALL = 1 << 20  # what unpacks to less is no danger, whatever its ratio
MAX_TOTAL = 1 << 40
CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16
_LOCAL_HEADER = struct.Struct("<26xHH")  # of which only the lengths of name and extra field matter
FAULTS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, LookupError, NotImplementedError, RuntimeError,
    OverflowError,
)  # fmt: skip
"""What zipfile raises on damaged or crafted archives."""


class Readable(Protocol):
    """What is read in pieces: a file, or what is put together from several."""

    def read(self, count: int, /) -> bytes:
        """The next bytes, at most so many; b"" at the end."""


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn whatever reading `path` runs into, here or in zipfile, into a ProjectError."""
    try:
        yield
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be read: {error.strerror or error}; check the disk and the rights."
        ) from error
    except FAULTS as error:
        raise ProjectError(
            f"{path} is damaged or no project: {brief(error) or type(error).__name__}. Open an earlier version of it."
        ) from error


@contextmanager
def opened(path: str) -> Iterator[zipfile.ZipFile]:
    """A project file open for reading, its directory checked; raises ProjectError."""
    with reading(path):
        if not disk.is_file(path):
            what = "is not a file" if os.path.exists(path) else "does not exist"
            raise ProjectError(f"{path or repr(path)} {what}; choose a .gdaw project.")
        if not os.path.getsize(path):
            raise ProjectError(f"{path} is empty; open an earlier version of it.")
        raw = _Raw(path)
    with io.BufferedReader(raw) as file:
        with reading(path):
            archive = _archive(file, raw)
        with archive:
            with reading(path):
                check_members(archive, path)
            yield archive


class _Raw(io.FileIO):
    """A file that remembers why it could not be read: zipfile takes a disk that fails for a file that is no zip."""

    error: OSError | None = None

    def readinto(self, buffer: Any, /) -> int:
        """As FileIO does."""
        with self._remembering():
            return super().readinto(buffer) or 0

    def readall(self) -> bytes:
        """As FileIO does."""
        with self._remembering():
            return super().readall() or b""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """As FileIO does."""
        with self._remembering():
            return super().seek(offset, whence)

    def tell(self) -> int:
        """As FileIO does."""
        with self._remembering():
            return super().tell()

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno != errno.EINVAL:  # zipfile also looks before the beginning of short files
                self.error = error
            raise


def _archive(file: IO[bytes], raw: _Raw) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        if raw.error is not None:
            raise raw.error from error
        raise


def is_bundle(path: str) -> bool:
    """Whether a file begins as a zip does; raises OSError."""
    with outside.opened(path) as file:
        return file.read(4) == b"PK\x03\x04"


def check_members(archive: zipfile.ZipFile, path: str) -> None:
    """Raise ProjectError unless its members have safe names and unpack to no more than is sensible."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ProjectError(f"{path} holds {len(members)} members, more than {MAX_MEMBERS}; it is not a real project.")
    if len({info.filename for info in members}) != len(members):
        raise ProjectError(f"{path} holds a member twice; it is damaged or forged.")
    if sum(info.file_size for info in members) > MAX_TOTAL:
        raise ProjectError(f"{path} would unpack to more than {MAX_TOTAL >> 30} GiB; it is not a real project.")
    for info in members:
        fault = _fault(info)
        if fault:
            name = brief(repr(info.filename))
            raise ProjectError(f"{path} has the member {name}, which {fault}; it is damaged or forged.")


def _fault(info: zipfile.ZipInfo) -> str:
    name = info.filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or "\0" in name or ":" in parts[0] or {"", ".", ".."} & set(parts):
        return "has an unsafe name"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is encrypted or packed in an unknown way"
    if info.file_size > SMALL and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        return f"unpacks to more than {MAX_RATIO} times its size"
    return ""


def read_document(archive: zipfile.ZipFile, path: str) -> bytes:
    """The bytes of the document; raises ProjectError when there is none or it is too large."""
    if DOCUMENT not in archive.NameToInfo:
        raise ProjectError(f"{path} holds no {DOCUMENT}; choose a file that GraphDAW has saved.")
    return read_member(archive, DOCUMENT, MAX_BYTES, path)


def read_member(archive: zipfile.ZipFile, name: str, max_bytes: int, where: str) -> bytes:
    """The content of a member; raises ProjectError when it is larger than `max_bytes`, KeyError when there is none."""
    with archive.open(name) as member:
        data = member.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ProjectError(
            f"The member {name!r} of {where} is larger than {max_bytes >> 20} MiB; it is not a real project."
        )
    return data


def is_whole(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether a member reads back with its checksum; raises OSError where the disk does not answer."""
    try:
        with archive.open(name) as member:
            while member.read(CHUNK):
                pass
    except FAULTS:
        return False
    return True


class Writer:
    """Adds members to a new bundle; equal content gives equal bytes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names: set[str] = set()

    def add(self, name: str, data: bytes) -> None:
        """A compressed member."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = _MODE
        # a document that deflates beyond the ratio our own reader accepts is stored as it is
        if len(data) > SMALL and len(zlib.compress(data, 6)) * MAX_RATIO < len(data):
            info.compress_type = zipfile.ZIP_STORED
        self._archive.writestr(info, data)
        self.names.add(name)

    def copy(self, name: str, source: Readable, watch: Callable[[bytes], None] | None = None) -> None:
        """A member stored as it is, read in pieces; `watch` sees every piece."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.external_attr = _MODE
        with self._archive.open(info, "w", force_zip64=True) as member:
            while piece := source.read(CHUNK):
                if watch is not None:
                    watch(piece)
                member.write(piece)
        self.names.add(name)

    def take(self, source: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        """A member of another bundle as its bytes lie there, neither unpacked nor packed again.

        zipfile has no call for this; the few of its fields used here have stood since Python 3.6, and a bundle is read
        back before it takes another's place.
        """
        raw, out = source.fp, self._archive.fp
        if raw is None or out is None:
            raise ValueError("a bundle is closed already")
        new = zipfile.ZipInfo(info.filename, _EPOCH)
        new.external_attr, new.compress_type, new.CRC = _MODE, info.compress_type, info.CRC
        new.compress_size, new.file_size = info.compress_size, info.file_size
        raw.seek(info.header_offset)
        name_bytes, extra_bytes = _LOCAL_HEADER.unpack(raw.read(_LOCAL_HEADER.size))
        raw.seek(name_bytes + extra_bytes, os.SEEK_CUR)
        new.header_offset = self._archive.start_dir
        if self._archive._seekable:  # type: ignore[attr-defined]  # zipfile has no way of copying a member as it lies
            out.seek(new.header_offset)
        out.write(new.FileHeader(zip64=new.file_size > zipfile.ZIP64_LIMIT))
        left = new.compress_size
        while left:
            piece = raw.read(min(left, CHUNK))
            if not piece:
                raise EOFError("it ends early")
            out.write(piece)
            left -= len(piece)
        self._archive.start_dir = out.tell()
        self._archive.filelist.append(new)
        self._archive.NameToInfo[new.filename] = new
        self._archive._didModify = True  # type: ignore[attr-defined]  # so that the directory is written
        self.names.add(new.filename)
