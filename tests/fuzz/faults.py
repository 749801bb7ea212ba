"""Readers with a fault put in on purpose, each of another kind: what the fuzzer must find, or it is worth nothing."""

from __future__ import annotations

import ctypes
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

from graphdaw.errors import ProjectError
from tests.fuzz import mutate
from tests.fuzz.documents import document_seeds, read_document
from tests.fuzz.targets import Target

SEED = b"length: 12 depth: 3 name: lead.wav\n" * 4


def _forgotten_check(data: bytes, _folder: Path) -> None:
    """An index that is not checked."""
    words = data.split(b" ")
    if len(words) > 1 and words[1].isdigit():
        SEED[int(words[1])]


def _crash(data: bytes, _folder: Path) -> None:
    """A pointer that is not."""
    if data[8:9] == b"\xff":
        ctypes.string_at(0)


def _hang(data: bytes, _folder: Path) -> None:
    """A loop whose end depends on the input, in one instruction of C, where no Python signal handler runs."""
    if data[9:10] != b"2":
        pow(3, 1 << 40)


def _wait(data: bytes, folder: Path) -> None:
    """A pipe that somebody opens."""
    if data[:1] != b"l":
        if not (folder / "pipe").exists():
            os.mkfifo(folder / "pipe")
        (folder / "pipe").read_bytes()


def _memory(data: bytes, _folder: Path) -> None:
    """A length that is believed."""
    words = data.split(b" ")
    if len(words) > 1 and words[1].isdigit() and len(words[1]) > 2:
        bytearray(1 << 30)


def _outside(data: bytes, folder: Path) -> None:
    """A name that is believed."""
    if b"lead.wav" not in data[:34]:
        (folder.parent / "lead.wav").exists()
        with open(folder / ".." / "graphdaw-fuzz-outside", "ab"):
            os.remove(folder / ".." / "graphdaw-fuzz-outside")


def _refusal(data: bytes, _folder: Path) -> None:
    """A refusal that repeats what it was given."""
    raise ProjectError(repr(data) * 50)


def _lost(data: bytes, folder: Path) -> None:
    """A document that is not written as it was read: seen only where values are compared."""
    if b"\xa5depth" in data:
        raise AssertionError("a depth was lost")
    read_document(data, folder)


def _faulty(use: Callable[[bytes, Path], object]) -> Target:
    return Target(lambda: [SEED], mutate.bytewise, use, (ProjectError,), 0)


KINDS: dict[str, tuple[Callable[[bytes, Path], object], str]] = {
    "forgotten_check": (_forgotten_check, "IndexError"),
    "crash": (_crash, "signal 11"),
    "hang": (_hang, "2 s"),
    "wait": (_wait, "waits"),
    "memory": (_memory, "MemoryError"),
    "outside": (_outside, "outside its folder"),
    "refusal": (_refusal, "characters"),
    "lost": (_lost, "a depth was lost"),
}
FAULTY: dict[str, Target] = {name: _faulty(use) for name, (use, _) in KINDS.items()}
FAULTY["lost"] = dataclasses.replace(
    FAULTY["lost"], seeds=document_seeds, mutator=mutate.mixed(mutate.bytewise, mutate.msgpackwise)
)
