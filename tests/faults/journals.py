"""Edits, saves and recovers a project again and again while one system call fails or lies, and looks at what is left.

Run with `faults.so` preloaded: `python -m tests.faults.journals FOLDER editing|opening [SEEDED]`. Prints one JSON line:
how many calls of each kind were made, the outcomes, and every breach of what a journal promises.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from graphdaw.errors import ProjectError
from graphdaw.graph import Graph, autosave, journal
from graphdaw.graph.codec import content_bytes
from graphdaw.graph.journal import JournalBroken, JournalEvent, JournalWorks, journal_path
from graphdaw.graph.opened import Project, open_project
from graphdaw.nodes import types
from tests.faults.saves import KINDS, LIES, library

FAULTS = {
    "open": ("EIO", "EMFILE"),
    "write": ("EIO", "ENOSPC", "short", "dropped", "garbage"),
    "read": ("EIO", "short"),
    "dup": ("EMFILE",),
}
OTHERS = ("EIO",)
LYING = ("dropped", "garbage", "hole")
ONCE = ("seek", "stat", "list")  # where many failures in a row are like the first
EDITS = 6


def arm(kind: str, at: int, fault: str, for_ever: bool) -> None:
    library.faults_arm(KINDS.index(kind), at, LIES.get(fault) or getattr(errno, fault), for_ever)


def image_of(project: Project, folder: Path) -> Path:
    """What `kill -9` would leave now."""
    assert project.path is not None
    image = folder / "image"
    shutil.rmtree(image, ignore_errors=True)
    image.mkdir()
    for path in (project.path, journal_path(project.path)):
        if os.path.exists(path):
            shutil.copy(path, image / Path(path).name)
    return image / Path(project.path).name


def edit(project: Project, states: list[bytes]) -> None:
    """Six edits with a renewal, a save and a renewal between them."""
    graph = project.graph
    after: dict[int, Callable[[], object]] = {0: project.sync, 2: project._keeper.renew, 3: project.save}
    after[4] = project._keeper.renew
    for number in range(EDITS):
        graph.set("gain1", gain_db=-1.0 - number)
        states.append(content_bytes(graph.document))
        try:
            after.get(number, lambda: None)()
        except ProjectError:
            continue


def editing(folder: Path, kind: str, at: int, fault: str, for_ever: bool) -> tuple[str, list[str]]:
    """Fault what happens while a project is edited; returns the outcome and the breaches."""
    path = folder / "song.gdaw"
    project = open_project(path)
    told: list[JournalEvent] = []
    project.observe(told.append)
    states = [content_bytes(project.graph.document)]
    arm(kind, at, fault, for_ever)
    try:
        edit(project, states)
    finally:
        library.faults_disarm()
    broken = bool(project._journal.broken)
    wrong = [] if len(states) == EDITS + 1 else ["an edit was not made"]
    try:
        left = Graph.load(image_of(project, folder))
        if content_bytes(left.document) not in states:
            wrong.append("what a crash leaves is no state that was")
        if not broken and fault not in LYING:
            wrong += _all_there(left, states[-1])
    except ProjectError as error:
        wrong.append(f"what a crash leaves does not open: {error}")
    if not project._keeper.renew() or project._journal.broken:
        wrong.append("it is not mended")
    wrong += _all_there(Graph.load(image_of(project, folder)), states[-1])
    project.close()
    kinds = [type(event) for event in told]
    if (broken and not kinds) or kinds != [JournalBroken, JournalWorks] * (len(kinds) // 2):
        wrong.append(f"what was told is not that it broke, then works: {kinds}")
    with open_project(path) as again:
        wrong += _all_there(again.graph, states[-1])
        again.close(discard=True)
    return "broken" if broken else "kept", wrong + _litter(folder)


def _all_there(graph: Graph, state: bytes) -> list[str]:
    wrong = [] if content_bytes(graph.document) == state else ["edits are lost, and nobody was told"]
    if graph.recovered is not None and (graph.recovered.dropped or not graph.recovered.fits):
        wrong.append(graph.recovered.sentence)
    return wrong


def opening(folder: Path, kind: str, at: int, fault: str, for_ever: bool) -> tuple[str, list[str]]:
    """Fault what happens while a project is opened that a crash has left; returns the outcome and the breaches."""
    path = folder / "crashed.gdaw"
    expected = content_bytes(Graph.load(path).document)
    wrong = []
    project = None
    arm(kind, at, fault, for_ever)
    try:
        project = open_project(path)
        outcome = "opened"
    except ProjectError as error:
        outcome = "refused"
        if not str(error).endswith(".") or "Errno" in str(error):
            wrong.append(f"no clear sentence: {error}")
    finally:
        library.faults_disarm()
    if project is not None:
        wrong += _all_there(project.graph, expected)
        if fault not in LYING:
            wrong += _all_there(Graph.load(image_of(project, folder)), expected)
        project.close()
    if fault not in LYING:
        with open_project(path) as again:
            wrong += _all_there(again.graph, expected)
            again.close(discard=True)
    return outcome, wrong + _litter(folder)


def _litter(folder: Path) -> list[str]:
    left = [name for name in os.listdir(folder) if name.endswith((".tmp", ".lock"))]
    return [f"left behind: {left}"] if left else []


def prepare(folder: Path) -> None:
    """A saved project, and one that a crash has left with a snapshot and three edits."""
    graph = Graph()
    graph.add("gain")
    graph.save(folder / "song.gdaw")
    graph.save(folder / "crashed.gdaw")
    project = open_project(folder / "crashed.gdaw")
    project.graph.set("gain1", gain_db=-30.0)
    project._keeper.renew()
    project.graph.set("gain1", gain_db=-31.0)
    project.graph.add("gain")
    kept = Path(journal_path(str(folder / "crashed.gdaw")))
    shutil.copy(kept, folder / "kept")
    project.close(discard=True)
    os.rename(folder / "kept", kept)


def sow(seeded: str) -> None:
    """Give journals a fault of their own, to see that it is found out."""
    match seeded:
        case "errors pass":
            journal.Journal._break = lambda *_: None  # type: ignore[method-assign]
        case "no gathering":
            journal.Renewal.start = lambda _: None  # type: ignore[method-assign]


def run(folder: Path, scene: str, seeded: str) -> dict[str, object]:
    library.faults_count.restype = ctypes.c_long
    library.faults_arm.argtypes = [ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int]
    types()
    autosave.SYNC_S = autosave.MEND_S = 1e6  # the keeper rests, so that calls come in one order
    sow(seeded)
    work = editing if scene == "editing" else opening
    before, trial = folder / "before", folder / "trial"
    before.mkdir()
    prepare(before)

    def attempt(kind: str, at: int, fault: str, for_ever: bool) -> tuple[str, list[str]]:
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(before, trial)
        return work(trial, kind, at, fault, for_ever)

    attempt("open", 0, "EIO", False)
    calls = {kind: library.faults_count(place) for place, kind in enumerate(KINDS)}
    outcomes: Counter[str] = Counter()
    breaches: list[str] = []
    for kind, count in calls.items() if not seeded else [("write", calls["write"])]:
        for fault in FAULTS.get(kind, OTHERS):
            for for_ever in (False, True) if kind not in ONCE else (False,):
                for at in range(1, count + 1):
                    try:
                        outcome, wrong = attempt(kind, at, fault, for_ever)
                    except Exception as error:
                        outcome, wrong = "fell", [f"{type(error).__name__}: {error}"]
                    outcomes[outcome] += 1
                    place = f"{kind} {at} of {count}, {fault}{' from then on' if for_ever else ''}"
                    breaches += [f"{place}: {one}" for one in wrong]
    return {"calls": calls, "outcomes": dict(outcomes), "breaches": breaches}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]), sys.argv[2], "".join(sys.argv[3:]))) + "\n")
