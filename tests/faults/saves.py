"""Saves a project again and again while one system call of the save fails or lies, and looks at what is left.

Run with `faults.so` preloaded: `python -m tests.faults.saves FOLDER links|copies [SEEDED]`. Prints one JSON line: how
many calls of each kind a save makes, the outcomes, and every breach of what a save promises.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import shutil
import sys
import zipfile
from collections import Counter
from pathlib import Path

from graphdaw.errors import ProjectError
from graphdaw.graph import Graph, project
from graphdaw.graph.model import Document
from graphdaw.graph.project import (
    Checkpoints,
    JournalMark,
    ProjectLock,
    Saved,
    checkpoints,
    generations,
    publish,
    saving,
)
from graphdaw.nodes import types

KINDS = ("open", "read", "write", "fsync", "rename", "link", "unlink", "mkdir", "stat", "seek", "chmod", "dup")
KINDS += ("lock", "list", "close")
SHORT, DROPPED, HOLE, GARBAGE = -1, -2, -3, -4
LIES = {"short": SHORT, "dropped": DROPPED, "hole": HOLE, "garbage": GARBAGE}
FAULTS = {
    "open": ("EIO", "ENOSPC", "EMFILE"),
    "read": ("EIO", "short"),
    "write": ("EIO", "ENOSPC", "short", "dropped", "hole", "garbage"),
    "mkdir": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC"),
    "link": ("EIO", "ENOSPC", "EPERM"),
    "dup": ("EMFILE",),
}
OTHERS = ("EIO",)
COPYING = ("open", "read", "write", "fsync", "rename", "dup")  # what a save calls more often where it copies
ONCE = ("stat", "seek")  # many calls, and nothing that a save undoes depends on them
SEEDED = {"no check": ("write",), "no folder sync": ("fsync",), "in place": ("write",)}

library = ctypes.CDLL(None)  # what is preloaded is part of the program


class Trial:
    """One project on the disk, the document that is saved over it, and what must hold after any fault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "song.gdaw"
        take, self.late = folder / "take.wav", folder / "late.wav"
        take.write_bytes(bytes(range(256)) * 700)
        self.late.write_bytes(bytes(range(255, -1, -1)) * 900)
        for file in (take, self.late):
            os.utime(file, (1e9, 1e9))
        graph = Graph()
        graph.add("audio_file", file=str(take)) >> graph.add("output")
        marks = Checkpoints()
        marks.add(graph.document, "first")
        graph.save(self.path)
        graph.add("gain", gain_db=-3.0)
        project.save(graph.document, self.path, mark=JournalMark("a", 1), checkpoints=marks)
        take.unlink()
        self.old = project.load(self.path)
        self.new = Graph(document=project.load(self.path))
        self.new.add("audio_file", file=str(self.late))
        self.new.add("reverb")
        self.new.add("group")
        self.before = folder.with_name("before")
        shutil.copytree(folder, self.before)

    def reset(self) -> None:
        """The disk as it was before any fault, and nothing known of later saves."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.before, self.folder)
        self.document = self.new.document.copy()
        self.memory = self.document.copy()

    def loads(self) -> list[str]:
        """Load with every call failing in turn: the document comes whole, or the error says why it does not."""
        library.faults_arm(0, 0, 0, 0)
        project.load(self.path)
        library.faults_disarm()
        counts = {kind: library.faults_count(place) for place, kind in enumerate(KINDS)}
        wrong = []
        for kind, count in counts.items():
            for at in range(1, count + 1):
                library.faults_arm(KINDS.index(kind), at, errno.EIO, False)
                try:
                    if project.load(self.path) != self.old:
                        wrong.append(f"loading, {kind} {at} of {count}: another document")
                except ProjectError as error:
                    if "cannot be read" not in str(error):
                        wrong.append(f"loading, {kind} {at} of {count}: {error}")
                finally:
                    library.faults_disarm()
        return wrong

    def save(self, kind: str, at: int, fault: str, for_ever: bool) -> Saved | ProjectError:
        """Save with the fault; whatever else it raises is a breach."""
        how = LIES.get(fault) or getattr(errno, fault)
        library.faults_arm(KINDS.index(kind), at, how, for_ever)
        try:
            return project.save(self.document, self.path, mark=JournalMark("a", 2))
        except ProjectError as error:
            return error
        finally:
            library.faults_disarm()

    def breaches(self, outcome: Saved | ProjectError) -> list[str]:
        """What the save has broken, in words."""
        return [*self._sentence(outcome), *self._disk(outcome), *self._memory(outcome)]

    def _sentence(self, outcome: Saved | ProjectError) -> list[str]:
        sentence = outcome.sentence if isinstance(outcome, Saved) else str(outcome)
        wrong = []
        if str(self.folder) not in sentence or not sentence.endswith(".") or "\n" in sentence or "Errno" in sentence:
            wrong.append(f"no clear sentence: {sentence}")
        if isinstance(outcome, ProjectError) and not any(
            reason in sentence for reason in ("cannot be written", "cannot be read", "reads back differently")
        ):
            wrong.append(f"does not say what failed: {sentence}")
        return wrong

    def _disk(self, outcome: Saved | ProjectError) -> list[str]:
        wrong = []
        untouched = self.path.read_bytes() == (self.before / "song.gdaw").read_bytes()
        if isinstance(outcome, ProjectError):
            if not untouched:
                wrong.append("a save that failed has changed the file")
        else:
            wrong += self._whole(self.path, self.new.document, outcome.left_out)
            if project.mark(self.path) != JournalMark("a", 2) or len(checkpoints.read(self.path)) != 1:
                wrong.append("the mark or the checkpoints are gone")
            if outcome.durable is ("power cut" in outcome.sentence):
                wrong.append("durable and sentence disagree")
        for one in generations(self.path):
            if zipfile.ZipFile(one.path).testzip() is not None:
                wrong.append(f"{one} is torn")
        ProjectLock(self.path).close()
        left = {str(file.relative_to(self.folder)) for file in self.folder.rglob("*") if file.is_file()}
        if any(name.endswith((".tmp", ".lock")) for name in left):
            wrong.append(f"left behind: {left}")
        if not {"song.gdaw", "late.wav"} <= left:
            wrong.append(f"gone: only {left} is there")
        return wrong

    def _whole(self, path: Path, wanted: Document, left_out: tuple[str, ...]) -> list[str]:
        """A saved file against the document, with every recording's content."""
        saved = project.load(path)
        wrong = []
        if (saved.nodes.keys(), saved.wires) != (wanted.nodes.keys(), wanted.wires):
            wrong.append("the saved document is another")
        held = [name.removeprefix("media/") for name in zipfile.ZipFile(path).namelist() if name.startswith("media/")]
        with zipfile.ZipFile(path) as archive:
            contents = {hash: hashlib.sha256(archive.read(f"media/{hash}")).hexdigest() for hash in held}
        if any(hash != found for hash, found in contents.items()):
            wrong.append("a recording has other content than its hash says")
        if len(held) + len(left_out) != 2:
            wrong.append(f"{len(held)} recordings are there, {left_out} is said to be left out")
        return wrong

    def _memory(self, outcome: Saved | ProjectError) -> list[str]:
        wrong = []
        if self.document != self.memory:
            wrong.append("the document in memory has changed")
        again = project.save(self.document, self.path, mark=JournalMark("a", 3))
        if again.left_out or not again.durable:
            wrong.append(f"the next save is not whole: {again.sentence}")
        wrong += self._whole(self.path, self.new.document, ())
        return wrong


def _refuse_to_link(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def sow(seeded: str) -> None:
    """Give saving a fault of its own, to see that it is found out."""
    match seeded:
        case "no check":
            saving._Content.check = lambda *_: None  # type: ignore[method-assign]
        case "no folder sync":
            publish._sync = lambda _: ""
        case "in place":
            os.replace = _overwrite  # type: ignore[assignment]


def _overwrite(source: str, target: str) -> None:
    """What a rename is not: torn when it fails."""
    with open(source, "rb") as new, open(target, "wb") as old:
        old.write(new.read())


def run(folder: Path, links: bool, seeded: str) -> dict[str, object]:
    library.faults_count.restype = ctypes.c_long
    library.faults_arm.argtypes = [ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int]
    types()
    sow(seeded)
    if not links:
        os.link = _refuse_to_link  # as on a file system without, where the earlier version is copied
    trial = Trial(folder)
    trial.reset()
    trial.save("open", 0, "EIO", False)
    calls = {kind: library.faults_count(place) for place, kind in enumerate(KINDS)}
    kinds = SEEDED[seeded] if seeded else KINDS if links else COPYING
    outcomes: Counter[str] = Counter()
    trial.reset()
    breaches: list[str] = [] if seeded else trial.loads()
    for kind, count in ((kind, calls[kind]) for kind in kinds):
        for fault in FAULTS.get(kind, OTHERS):
            for for_ever in (False,) if kind in ONCE else (False, True):
                for at in range(1, count + 1):
                    trial.reset()
                    handles = len(os.listdir("/proc/self/fd"))
                    where = f"{kind} {at} of {count}, {fault}{' from then on' if for_ever else ''}"
                    try:
                        outcome = trial.save(kind, at, fault, for_ever)
                        outcomes[_name(outcome)] += 1
                        breaches += [f"{where}: {breach}" for breach in trial.breaches(outcome)]
                        if kind == "fsync" and at == count and not (isinstance(outcome, Saved) and not outcome.durable):
                            breaches.append(f"{where}: the folder could not be written, and nobody is told")
                        del outcome
                    except Exception as error:
                        breaches.append(f"{where}: {type(error).__name__}: {error}")
                    if len(os.listdir("/proc/self/fd")) > handles:
                        breaches.append(f"{where}: open files are left")
    return {"calls": calls, "outcomes": dict(outcomes), "breaches": breaches}


def _name(outcome: Saved | ProjectError) -> str:
    if isinstance(outcome, ProjectError):
        return "refused"
    return "saved" if outcome.durable else "saved, durability unknown"


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps(run(Path(sys.argv[1]), links=sys.argv[2] == "links", seeded="".join(sys.argv[3:]))) + "\n"
    )
