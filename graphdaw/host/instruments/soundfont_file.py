"""SoundFont files as tables: the RIFF chunks of SoundFont 2.04, checked, and samples one by one as they are asked for.

Any thread but the audio thread. A font may be larger than memory, so only its tables are read whole.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphdaw.errors import MediaError
from graphdaw.graph import outside

Table = npt.NDArray[Any]

MAX_TABLE_BYTES = 32 << 20  # of each table; the largest fonts have 2 MiB
MAX_CHUNKS = 1_000
MIN_RATE_HZ, MAX_RATE_HZ = 400, 192_000
COMPRESSED, READ_ONLY_MEMORY = 0x10, 0x8000  # kinds of samples

_BAG = np.dtype([("generators", "<u2"), ("modulators", "<u2")])
_GENERATOR = np.dtype([("which", "<u2"), ("amount", "<i2")])
_MODULATOR = np.dtype([("source", "<u2"), ("target", "<u2"), ("amount", "<i2"), ("by", "<u2"), ("transform", "<u2")])
_RECORDS = {
    b"phdr": np.dtype(
        [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("unused", "<u4", 3)]
    ),
    b"pbag": _BAG,
    b"pmod": _MODULATOR,
    b"pgen": _GENERATOR,
    b"inst": np.dtype([("name", "S20"), ("bag", "<u2")]),
    b"ibag": _BAG,
    b"imod": _MODULATOR,
    b"igen": _GENERATOR,
    b"shdr": np.dtype(
        [
            ("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"),
            ("rate_hz", "<u4"), ("key", "u1"), ("correction", "i1"), ("link", "<u2"), ("kind", "<u2"),
        ]
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preset:
    """A sound of a SoundFont, as programs are counted: both from 0; bank 128 holds drum kits."""

    bank: int
    program: int
    name: str


class Bag(NamedTuple):
    """One zone as the file has it: generators by their number, and modulators."""

    generators: dict[int, int]
    modulators: Table


class SoundFontFile:
    """A SoundFont open for reading. Raises `MediaError`, and nothing else, for whatever the file holds."""

    def __init__(self, path: str | os.PathLike[str], name: str) -> None:
        self.name = name
        self._file = _opened(path, name)
        try:
            self._places: dict[bytes, tuple[int, int]] = {}
            for kind, at, size in self._chunks():
                self._places.setdefault(kind, (at, size))
            self._tables = {kind: self._table(kind, record) for kind, record in _RECORDS.items()}
            self.frames = self._places[b"smpl"][1] // 2 if b"smpl" in self._places else 0
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> SoundFontFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def presets(self) -> list[Preset]:
        """Its sounds, by bank and program."""
        heads = self._tables[b"phdr"][:-1]
        return sorted(
            (Preset(int(head["bank"]), int(head["program"]), _text(head["name"])) for head in heads),
            key=lambda preset: (preset.bank, preset.program),
        )

    def preset_bags(self, wanted: Preset) -> list[Bag]:
        """The zones of a preset, a global one first if there is one."""
        for index, head in enumerate(self._tables[b"phdr"][:-1]):
            if Preset(int(head["bank"]), int(head["program"]), _text(head["name"])) == wanted:
                return self._bags(b"phdr", b"pbag", b"pgen", b"pmod", index)
        raise AssertionError("presets come from this file")

    def instrument_bags(self, index: int) -> list[Bag]:
        """The zones of an instrument."""
        if index >= len(self._tables[b"inst"]) - 1:
            raise self.damaged("a preset names an instrument that is not there")
        return self._bags(b"inst", b"ibag", b"igen", b"imod", index)

    def sample_head(self, index: int) -> Any:
        """What the file says of a sample: a record of the table."""
        if index >= len(self._tables[b"shdr"]) - 1:
            raise self.damaged("an instrument names a sample that is not there")
        head = self._tables[b"shdr"][index]
        if not head["kind"] & (READ_ONLY_MEMORY | COMPRESSED):
            if not head["start"] < head["end"] <= self.frames:
                raise self.damaged(f"sample {_text(head['name'])!r} lies outside the file")
            if not MIN_RATE_HZ <= head["rate_hz"] <= MAX_RATE_HZ:
                raise self.damaged(f"sample {_text(head['name'])!r} has a rate of {head['rate_hz']} Hz")
        return head

    def sample(self, head: Any) -> npt.NDArray[np.float32]:
        """The frames of a sample, between -1 and 1, from 16 or, where the file has them, 24 bits."""
        start, end = int(head["start"]), int(head["end"])
        coarse = np.frombuffer(self._bytes(b"smpl", 2 * start, 2 * (end - start)), "<i2")
        if self._places.get(b"sm24", (0, 0))[1] < self.frames:
            return coarse.astype(np.float32) / np.float32(1 << 15)
        fine = np.frombuffer(self._bytes(b"sm24", start, end - start), np.uint8)
        return (coarse.astype(np.int32) * 256 + fine).astype(np.float32) / np.float32(1 << 23)

    def damaged(self, reason: str) -> MediaError:
        """The sentence for a file that contradicts itself."""
        return MediaError(f"{self.name} is no SoundFont that can be read: {reason}; choose another.")

    # Chunks and tables

    def _chunks(self) -> Iterator[tuple[bytes, int, int]]:
        """Kind, place and size of what lies in the lists of the file."""
        end = os.fstat(self._file.fileno()).st_size
        head = self._read(0, 12)
        if head[:4] != b"RIFF" or head[8:12] != b"sfbk":
            raise self.damaged("it does not begin as one")
        seen, waiting = 0, [(12, end)]
        while waiting:
            at, end = waiting.pop()
            while at + 8 <= end:
                seen += 1
                kind, size = struct.unpack("<4sI", self._read(at, 8))
                if at + 8 + size > end or seen > MAX_CHUNKS:
                    raise self.damaged("its parts do not fit into it")
                if kind == b"LIST" and size >= 4:
                    if len(waiting) < 8:
                        waiting.append((at + 12, at + 8 + size))
                else:
                    yield kind, at + 8, size
                at += 8 + size + size % 2

    def _table(self, kind: bytes, record: np.dtype[Any]) -> Table:
        at, size = self._places.get(kind, (0, 0))
        if size < record.itemsize or size % record.itemsize or size > MAX_TABLE_BYTES:
            raise self.damaged(f"its table {kind.decode()!r} is missing or of no whole number of entries")
        return np.frombuffer(self._read(at, size), record)

    def _bags(self, heads: bytes, bags: bytes, generators: bytes, modulators: bytes, index: int) -> list[Bag]:
        first, last = (int(value) for value in self._tables[heads]["bag"][index : index + 2])
        rows = self._tables[bags][first : last + 1]
        if not first <= last < len(self._tables[bags]):
            raise self.damaged("its tables contradict each other")
        found = []
        for here, after in pairwise(rows):
            spans = [(int(here[part]), int(after[part])) for part in ("generators", "modulators")]
            tables = [self._tables[generators], self._tables[modulators]]
            if any(not begin <= end <= len(table) for (begin, end), table in zip(spans, tables, strict=True)):
                raise self.damaged("its tables contradict each other")
            (begin, end), (begin_mod, end_mod) = spans
            pairs = tables[0][begin:end]
            values = dict(zip(pairs["which"].tolist(), pairs["amount"].tolist(), strict=True))
            found.append(Bag(values, tables[1][begin_mod:end_mod]))
        return found

    def _bytes(self, kind: bytes, offset: int, count: int) -> bytes:
        return self._read(self._places[kind][0] + offset, count)

    def _read(self, at: int, count: int) -> bytes:
        try:
            self._file.seek(at)
            data = self._file.read(count)
        except OSError as error:
            raise MediaError(f"{self.name} cannot be read: {error.strerror or error}; check the disk.") from error
        if len(data) < count:
            raise self.damaged("it ends early")
        return data


def _opened(path: str | os.PathLike[str], name: str) -> IO[bytes]:
    try:
        return outside.opened(path)
    except OSError as error:
        raise MediaError(f"{name} cannot be read: {error.strerror or error}; choose a SoundFont.") from error


def _text(raw: bytes) -> str:
    """A name as far as it goes."""
    return raw.partition(b"\0")[0].decode("latin-1").strip()
