"""The zip around a project: opened with suspicion, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from graphdaw.errors import ProjectError
from graphdaw.graph.limits import MAX_BYTES

DOCUMENT = "document.msgpack"
MEDIA = "media/"
RESERVED = (MEDIA, "plugins/", "history/", "proposals/")
MAX_MEMBERS = 100_000
MAX_RATIO = 200
MAX_TOTAL = 1 << 40
CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
FAULTS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, LookupError, NotImplementedError, RuntimeError,
    OverflowError,
)  # fmt: skip
"""What zipfile raises on damaged or crafted archives."""


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
            f"{path} is damaged or no project: {str(error) or type(error).__name__}. Open an earlier version of it."
        ) from error


@contextmanager
def opened(path: str) -> Iterator[zipfile.ZipFile]:
    """A project file open for reading, its directory checked; raises ProjectError."""
    with reading(path):
        if not os.path.isfile(path):
            what = "is not a file" if os.path.exists(path) else "does not exist"
            raise ProjectError(f"{path} {what}; choose a .gdaw project.")
        archive = zipfile.ZipFile(path)
    with archive:
        with reading(path):
            _check(archive, path)
        yield archive


def _check(archive: zipfile.ZipFile, path: str) -> None:
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
            raise ProjectError(f"{path} has the member {info.filename!r}, which {fault}; it is damaged or forged.")


def _fault(info: zipfile.ZipInfo) -> str:
    name = info.filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or "\0" in name or ":" in parts[0] or {"", ".", ".."} & set(parts):
        return "has an unsafe name"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a link"
    if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is encrypted or packed in an unknown way"
    if info.file_size > 1 << 20 and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        return f"unpacks to more than {MAX_RATIO} times its size"
    return ""


def read_document(archive: zipfile.ZipFile, path: str) -> bytes:
    """The bytes of the document; raises ProjectError when there is none or it is too large."""
    try:
        info = archive.getinfo(DOCUMENT)
    except KeyError:
        raise ProjectError(f"{path} holds no {DOCUMENT}; choose a file that GraphDAW has saved.") from None
    with archive.open(info) as member:
        data = member.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ProjectError(f"The document in {path} is larger than {MAX_BYTES >> 20} MiB; it is not a real project.")
    return data


class Writer:
    """Adds members to a new bundle; equal content gives equal bytes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names: set[str] = set()

    def add(self, name: str, data: bytes) -> None:
        """A compressed member."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        # a document that deflates beyond the ratio our own reader accepts is stored as it is
        if len(zlib.compress(data, 6)) * MAX_RATIO < len(data):
            info.compress_type = zipfile.ZIP_STORED
        self._archive.writestr(info, data)
        self.names.add(name)

    def copy(self, name: str, source: IO[bytes], watch: Callable[[bytes], None] | None = None) -> None:
        """A member stored as it is, read in pieces; `watch` sees every piece."""
        info = zipfile.ZipInfo(name, _EPOCH)
        info.external_attr = 0o644 << 16
        with self._archive.open(info, "w", force_zip64=True) as member:
            while piece := source.read(CHUNK):
                if watch is not None:
                    watch(piece)
                member.write(piece)
        self.names.add(name)


def write(path: str, fill: Callable[[Writer], None], check: Callable[[str], None]) -> None:
    """Write a bundle beside its place, check it, and put it there in one step; raises ProjectError.

    Whatever fails, the file that was there is still there and no temporary file is left.
    """
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(6)}.tmp")
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else None
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(temporary, flags, 0o666), "w+b") as file:
            with zipfile.ZipFile(file, "w") as archive:
                fill(Writer(archive))
            file.flush()
            if mode is not None:
                os.chmod(temporary, mode)
            os.fsync(file.fileno())
        check(temporary)
        os.replace(temporary, path)
        _sync_folder(folder)
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be written: {error.strerror or error}; free some space or choose another folder."
        ) from error
    except FAULTS as error:
        raise ProjectError(f"{path} cannot be written: {error}; choose another folder.") from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _sync_folder(folder: str) -> None:
    handle = os.open(folder or ".", os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
