"""The names that programs rely on, and what it costs to import them."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

import graphdaw as gd

# DESIGN.md: add freely, rename never.
FIXED = {"Graph", "Session", "load", "render"}
HEAVY = {
    "scipy",
    "soundfile",
    "soxr",
    "sounddevice",
    "networkx",
    "rich",
    "typer",
    "mido",
    "defusedxml",
    "platformdirs",
    "pythonosc",
    "rtmidi",
}
CLI = str(Path(sys.executable).with_name("graphdaw"))


def test_the_fixed_names_are_there() -> None:
    assert set(gd.__all__) >= FIXED


def test_every_promised_name_resolves_and_says_what_it_is() -> None:
    undocumented = [name for name in gd.__all__ if not name.startswith("__") and not getattr(gd, name).__doc__]

    assert undocumented == []
    assert sorted(set(gd.__all__)) == sorted(gd.__all__)
    assert set(gd.__all__) <= set(dir(gd))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = gd.no_such_name


def loaded_by(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import graphdaw") & HEAVY == set()


def test_building_a_graph_loads_no_device_and_no_codec() -> None:
    loaded = loaded_by("import graphdaw as gd; g = gd.Graph(); g.connect(g.add('sine'), g.add('output'))")

    assert loaded & (HEAVY) == set()


def processor_s(*command: str) -> float:
    """Processor time of the cheapest of three runs; other programs on the machine do not count."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(times)


def modules_loaded_by(*arguments: str) -> int:
    """How many modules a fresh Python imports for this, by its own count."""
    run = subprocess.run([sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True)
    return sum(line.startswith("import time:") for line in run.stderr.splitlines())


def test_starting_loads_few_modules() -> None:
    bare = modules_loaded_by("-c", "pass")

    assert modules_loaded_by("-c", "import graphdaw") - bare < 150
    assert modules_loaded_by("-m", "graphdaw.cli", "--help") - bare < 350


def test_starting_costs_little_more_than_python_itself() -> None:
    bare = processor_s(sys.executable, "-c", "pass")

    assert processor_s(sys.executable, "-c", "import graphdaw") < 25 * bare
    assert processor_s(CLI, "--help") < 60 * bare
