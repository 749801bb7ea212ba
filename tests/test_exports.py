"""The names that programs rely on, and what it costs to import them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import graphdaw as gd

# DESIGN.md: add freely, rename never.
FIXED = {"Graph", "Session", "load", "render"}
HEAVY = {"scipy", "soundfile", "soxr", "sounddevice", "networkx", "rich", "typer", "mido", "platformdirs"}
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

    assert loaded & (HEAVY - {"networkx"}) == set()


def best_of_five(*command: str) -> float:
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return min(times)


def test_starting_costs_little_more_than_python_itself() -> None:
    bare = best_of_five(sys.executable, "-c", "pass")

    assert best_of_five(sys.executable, "-c", "import graphdaw") - bare < 0.15
    assert best_of_five(CLI, "--help") - bare < 0.35
