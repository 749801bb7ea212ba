"""A program that edits and saves a project at random until it is killed, and what must be left of it.

The program is forked, so that a trial costs milliseconds. It tells through a pipe when a step is done. The same steps
from the same seed on a graph without a journal say what the project must hold.

`python -m tests.kill.killed 10000` is the long form; it prints what came of it as JSON.
"""

from __future__ import annotations

import gc
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import graphdaw as gd
from graphdaw.errors import GraphdawError
from graphdaw.graph import Graph, autosave, records
from graphdaw.graph.codec import content_bytes
from graphdaw.graph.journal import journal_path
from graphdaw.graph.opened import open_project
from graphdaw.nodes.base import registry
from tests.graph.conftest import TYPES
from tests.graph.random_edits import act

DONE = b"."
RENEWAL_CHANGES = 25
UNDONE = 12


class Outcome(NamedTuple):
    """What one trial came to: steps acknowledged, saves among them, what was wrong with what was left."""

    acknowledged: int
    saves: int = 0
    recovered: int = 0
    renewed: bool = False
    fault: str = ""


def step(graph: Graph, dice: random.Random, save: Callable[[], object]) -> bool:
    """One random step: an edit, a turn of a knob, a step back or forth, or a save; returns whether it was a save."""
    kind = dice.random()
    if kind < 0.08:
        save()
        return True
    try:
        if kind < 0.18:
            graph.undo()
        elif kind < 0.26:
            graph.redo()
        elif kind < 0.36:
            turn(graph, dice)
        else:
            act(graph, dice)
    except GraphdawError:
        pass
    return False


def turn(graph: Graph, dice: random.Random) -> None:
    """Turn a knob in a live transaction, sometimes back again; its parts are one step here."""
    node = graph.add("t_filter") if not graph.nodes else graph[dice.choice(list(graph.nodes))]
    if node.type != "t_filter":
        node = graph.add("t_filter")
    try:
        with graph.transaction("turn", live=True):
            for _ in range(dice.randint(1, 6)):
                graph.set(node, cutoff_hz=dice.uniform(20, 20_000), q=dice.uniform(0.5, 9))
            if dice.random() < 0.3:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass


def edit_until_killed(path: str, seed: int, told: int) -> None:
    """The program: opens the project, which recovers it, and goes on until somebody ends it."""
    autosave.SYNC_S, autosave.MEND_S = 0.001, 0.0  # so that a short life sees as much of the keeper as a long one
    project = open_project(path)
    project._keeper._max_changes = RENEWAL_CHANGES
    dice = random.Random(seed)
    os.write(told, DONE)
    while True:
        step(project.graph, dice, project.save)
        os.write(told, DONE)


def trial(path: str, seed: int) -> Outcome:
    """Let the program run on the project and kill it; then compare what opens with what it had acknowledged."""
    before, ahead = gd.load(path), gd.load(path)
    dice = random.Random(seed)
    at_most = dice.choice([1, 3, 10, 40])
    wait_s = dice.uniform(0.0, 0.004)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read_end)
            edit_until_killed(path, seed, write_end)
        finally:
            os._exit(1)
    os.close(write_end)
    told = _listen(read_end, at_most)
    time.sleep(wait_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while more := os.read(read_end, 65536):
        told += len(more)
    os.close(read_end)
    if not os.WIFSIGNALED(status):
        return Outcome(told, fault=f"the program ended by itself with {status}")
    return _compare(path, seed, before, ahead, max(told - 1, 0))


def _listen(told: int, enough: int) -> int:
    """Wait until the program has acknowledged some steps; returns how many it has."""
    count = 0
    while count < enough and select.select([told], [], [], 20.0)[0]:
        news = os.read(told, 65536)
        if not news:
            break
        count += len(news)
    return count


def _compare(path: str, seed: int, graph: Graph, ahead: Graph, acknowledged: int) -> Outcome:
    """Every acknowledged step must be there, and of the step that was being made none, all, or its parts so far.

    `graph` and `ahead` are the project before; the second one is taken a step further, where that is to be looked at.
    """
    try:
        after = gd.load(path)
    except GraphdawError as error:
        return Outcome(acknowledged, fault=f"it does not open: {error}")
    recovered = after.recovered
    found = content_bytes(after.document)
    dice = random.Random(seed)
    saves = sum(step(graph, dice, lambda: None) for _ in range(acknowledged))
    same = found == content_bytes(graph.document)
    fault = undo_fault(after, graph) if same else "an acknowledged edit is lost, or one is doubled"
    if fault and found in _on_the_way(ahead, seed, acknowledged):
        # a step that was being made may leave everything as it was: a knob set to where it stands
        fault = undo_fault(gd.load(path), ahead) if same else ""
    if recovered is not None and (recovered.dropped or not recovered.fits):
        fault = fault or recovered.sentence
    return Outcome(acknowledged, saves, recovered.applied if recovered is not None else 0, _was_renewed(path), fault)


def _on_the_way(graph: Graph, seed: int, acknowledged: int) -> list[bytes]:
    """What the project holds while the step after the acknowledged ones is made; it is made then."""
    dice = random.Random(seed)
    for _ in range(acknowledged):
        step(graph, dice, lambda: None)
    possible: list[bytes] = []
    forget = graph.observe(lambda _: possible.append(content_bytes(graph.document)))
    step(graph, dice, lambda: None)
    forget()
    return possible


def _was_renewed(path: str) -> bool:
    """Whether the journal went on from a snapshot of its own."""
    contents = records.read(journal_path(path))
    return contents is not None and contents.snapshot is not None and bool(contents.snapshot.document)


def undo_fault(found: Graph, expected: Graph) -> str:
    """What is wrong with taking steps back and making them again; empty if nothing is."""
    steps = 0
    while found.history.past and steps < UNDONE:
        if not expected.history.past:
            return "a step can be undone that was never made"
        found.undo()
        expected.undo()
        steps += 1
        if content_bytes(found.document) != content_bytes(expected.document):
            return f"undoing {steps} steps leads elsewhere"
    while steps:
        found.redo()
        expected.redo()
        steps -= 1
        if content_bytes(found.document) != content_bytes(expected.document):
            return "redoing leads elsewhere"
    return ""


def litter(folder: str) -> list[str]:
    """Files beside the projects that no project should leave once it was opened and closed again."""
    return sorted(name for name in os.listdir(folder) if not name.endswith((".gdaw", ".kept")))


def run(kills: int, seed: int, folder: str) -> dict[str, Any]:
    """Many trials, ten on each project, so that what one kill leaves is what the next one starts from."""
    os.environ["XDG_STATE_HOME"] = os.path.join(folder, "state")
    songs = os.path.join(folder, "songs")
    os.mkdir(songs)
    began = time.monotonic()
    outcomes = []
    for number in range(kills):
        path = os.path.join(songs, f"song{number // 10}.gdaw")
        if number % 10 == 0:
            gd.Graph().save(path)
        outcomes.append(trial(path, seed + number))
        if number % 10 == 9 or number == kills - 1:
            with open_project(path) as project:
                project.save()
    return {
        "kills": kills,
        "acknowledged": sum(one.acknowledged for one in outcomes),
        "saves": sum(one.saves for one in outcomes),
        "recovered": sum(one.recovered for one in outcomes),
        "renewed": sum(one.renewed for one in outcomes),
        "faults": [f"seed {seed + number}: {one.fault}" for number, one in enumerate(outcomes) if one.fault],
        "litter": litter(songs),
        "seconds": round(time.monotonic() - began, 1),
    }


if __name__ == "__main__":
    registry.update(TYPES)
    gc.freeze()  # a fork then copies less
    with tempfile.TemporaryDirectory() as place:
        found = run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 1_000_000_000, place)
    sys.stdout.write(json.dumps(found) + "\n")
    sys.exit(bool(found["faults"] or found["litter"]))
