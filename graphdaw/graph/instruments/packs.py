"""Instruments of many files as one: an SFZ file or drum kit with its recordings, the way a project takes it along.

A pack is a line that says what it is, a line of JSON with the name and the size of each file, the instrument's own
first, and then the files one after the other. Equal files give equal bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import msgspec

from graphdaw.errors import MediaError
from graphdaw.graph import outside
from graphdaw.graph.instruments.drumkit import read_drumkit
from graphdaw.graph.instruments.sfz import read_sfz

MAGIC = b"GraphDAW instrument 1\n"
MAX_FILES = 20_000
MAX_LIST = 8 << 20  # bytes
CHUNK = 1 << 20

_Listed = list[tuple[str, int]]


def is_index(path: str | os.PathLike[str]) -> bool:
    """Whether a file has a name as instruments have that name other files."""
    return os.fspath(path).lower().endswith((".sfz", "drumkit.xml"))


def files_of(path: str | os.PathLike[str]) -> list[str]:
    """The files of an instrument, its own first; of one that cannot be read, that one alone."""
    own = os.path.realpath(path)
    try:
        if own.lower().endswith(".sfz"):
            sfz = read_sfz(own)
            others = {*sfz.files, *(region.sample for region in sfz.regions)}
        else:
            others = {layer.path for drum in read_drumkit(own).drums for layer in drum.layers}
    except MediaError:
        others = set()
    return [own, *sorted({os.path.realpath(one) for one in others if one} - {own})]


class PackReader:
    """The bytes of a pack, read from the files themselves; raises OSError where one cannot be read.

    `facts` changes when one of the files does, and `changed_s` is when that last happened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        files = files_of(path)
        root = os.path.commonpath([os.path.dirname(one) for one in files])
        found = [os.stat(one) for one in files]
        self.facts = (*files, *((s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in found))
        self.changed_s = max(one.st_mtime for one in found)
        names = [os.path.relpath(one, root).replace(os.sep, "/") for one in files]
        listed = [(name, one.st_size) for name, one in zip(names, found, strict=True)]
        self._head = MAGIC + msgspec.json.encode(listed) + b"\n"
        self._rest = self._contents(files, listed)
        self._ready = memoryview(self._head)
        self.size = len(self._head) + sum(size for _, size in listed)

    def read(self, count: int, /) -> bytes:
        """The next bytes, at most so many; b"" at the end."""
        if not self._ready:
            self._ready = memoryview(next(self._rest, b""))
        piece, self._ready = bytes(self._ready[:count]), self._ready[count:]
        return piece

    def _contents(self, files: list[str], listed: _Listed) -> Iterator[bytes]:
        """Exactly as many bytes as were promised, whatever happens to the files meanwhile."""
        for path, (_, left) in zip(files, listed, strict=True):
            with outside.opened(path) as file:
                while left:
                    piece = file.read(min(left, CHUNK))
                    if not piece:
                        raise OSError(0, "it has become shorter", path)
                    left -= len(piece)
                    yield piece


def is_pack(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as a pack does; raises OSError."""
    with outside.opened(path) as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def contents(path: str | os.PathLike[str]) -> Iterator[IO[bytes] | PackReader]:
    """A file open for reading, or the pack of an instrument of many; raises OSError."""
    if is_index(path):
        yield PackReader(path)
    else:
        with outside.opened(path) as file:
            yield file


def unpack(path: str | os.PathLike[str], folder: str, name: str) -> str:
    """Write the files of a pack below a folder; returns the path of the instrument's own. Raises MediaError."""
    try:
        with outside.opened(path) as pack:
            listed = _listed(pack, os.fstat(pack.fileno()).st_size)
            for part, size in listed:
                place = os.path.join(folder, part)
                os.makedirs(os.path.dirname(place), exist_ok=True)
                with open(place, "xb") as out:
                    _copy(pack, out, size)
        return os.path.join(folder, listed[0][0])
    except (ValueError, OSError, msgspec.MsgspecError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(f"Instrument {name} is damaged: {reason}; choose it again.") from error


def _listed(pack: IO[bytes], size: int) -> _Listed:
    """The names and sizes of a pack, checked."""
    if pack.read(len(MAGIC)) != MAGIC:
        raise ValueError("it does not begin as a pack")
    line = pack.readline(MAX_LIST)
    listed = msgspec.json.decode(line, type=_Listed)
    if not 1 <= len(listed) <= MAX_FILES or any(count < 0 for _, count in listed):
        raise ValueError(f"it has {len(listed)} files")
    if len(MAGIC) + len(line) + sum(count for _, count in listed) != size:
        raise ValueError("its files are longer or shorter than it says")
    for name, _ in listed:
        parts = name.split("/")
        if len(name) > 1_024 or "\0" in name or "\\" in name or any(part in ("", ".", "..") for part in parts):
            raise ValueError(f"{name[:60]!r} is no name of a file in it")
    return listed


def _copy(pack: IO[bytes], out: IO[bytes], size: int) -> None:
    while size:
        piece = pack.read(min(size, CHUNK))
        if not piece:
            raise ValueError("it ends early")
        out.write(piece)
        size -= len(piece)
