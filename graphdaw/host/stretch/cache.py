"""Recordings made once and kept: files by what they were made from, checked when they are used, the oldest dropped."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from graphdaw.graph.own_state import cache_folder
from graphdaw.graph.project import disk

MOST_BYTES = 4 << 30
BLOCK_BYTES = 1 << 20
HELD_BYTES = 4_096  # of a record beside an entry


class Cache:
    """A folder of finished files; any number of programs may use it at once."""

    def __init__(self, folder: Path | None = None, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder or cache_folder() / "stretched"
        self.most_bytes = most_bytes
        self._in_use: set[str] = set()  # handed out by this program, which may open them at any time
        self._lock = threading.Lock()

    def find(self, key: str) -> Path | None:
        """The file made from that, if it is there and whole; a damaged one is taken away."""
        path, record = self._paths(key)
        try:
            told = _read_record(record)
            if told != {"size": path.stat().st_size, "sha256": sha256_of(path)}:
                raise ValueError("it is not what was written")
        except (OSError, ValueError):
            self._drop(key)
            return None
        with suppress(OSError):
            os.utime(record)  # the oldest is the one that was not used for longest
        with self._lock:
            self._in_use.add(key)
        return path

    def put(self, key: str, made: Path) -> Path:
        """Take a finished file in under its name, on the same disk, and drop what is too much; raises OSError."""
        path, record = self._paths(key)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        told = json.dumps({"size": made.stat().st_size, "sha256": sha256_of(made)}).encode()
        with disk.temporary(str(self.folder), record.name) as (draft, handle):
            os.write(handle, told)
            os.fsync(handle)
            made.replace(path)
            os.replace(draft, record)
        with self._lock:
            self._in_use.add(key)
        self.trim()
        return path

    def make_room(self) -> None:
        """The folder is there, and nothing in it that a killed program left; raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        disk.sweep(str(self.folder), r".+")

    def trim(self) -> None:
        """Drop the entries that were not used for longest, until all of them fit."""
        entries = []
        with suppress(OSError):
            for record in self.folder.glob("*.json"):
                with suppress(OSError):
                    size = self._paths(record.stem)[0].stat().st_size
                    entries.append((record.stat().st_mtime, record.stem, size))
        with self._lock:
            left = [entry for entry in sorted(entries) if entry[1] not in self._in_use]
        held = sum(size for _, _, size in entries)
        for _, key, size in left:
            if held <= self.most_bytes:
                return
            self._drop(key)
            held -= size

    def _drop(self, key: str) -> None:
        for path in reversed(self._paths(key)):
            with suppress(OSError):
                path.unlink()

    def _paths(self, key: str) -> tuple[Path, Path]:
        return self.folder / f"{key}.wav", self.folder / f"{key}.json"


def sha256_of(path: Path) -> str:
    """The hash of a file; raises OSError."""
    with path.open("rb") as file:
        return _hashed(file)


def _hashed(file: IO[bytes]) -> str:
    found = hashlib.sha256()
    while block := file.read(BLOCK_BYTES):
        found.update(block)
    return found.hexdigest()


def _read_record(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        told = json.loads(file.read(HELD_BYTES))
    return told if isinstance(told, dict) else {}
