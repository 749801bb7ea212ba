"""Imports point one way: nodes, graph, host, ai_nodes, cli and ui; and each library has one home."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "graphdaw"
LAYERS = {"nodes": 1, "graph": 2, "host": 3, "ai_nodes": 4, "cli": 5, "ui": 5}
EVERYWHERE = {"errors": 0, "units": 0}  # words that every layer uses; they import nothing of ours
CORE_HOME = "graphdaw/host/"  # who may touch the compiled module

# The one file or folder that may import a library; a new one is decided here.
HOMES = {
    "aalink": "graphdaw/host/link.py",
    "av": "graphdaw/host/video.py",
    "defusedxml": "graphdaw/graph/xml_files.py",
    "mido": "graphdaw/host/midi_files.py",
    "msgspec": "graphdaw/graph/",
    "mutagen": "graphdaw/host/tags.py",
    "onnxruntime": "graphdaw/ai_nodes/",
    "pedalboard": "graphdaw/host/",
    "platformdirs": "graphdaw/graph/own_state.py",
    "pyqtgraph": "graphdaw/ui/",
    "pythonosc": "graphdaw/host/osc/",
    "PyQt6": "graphdaw/ui/",
    "python_stretch": "graphdaw/host/stretch/",
    "rich": "graphdaw/cli/",
    "rtmidi": "graphdaw/host/midi/",
    "sounddevice": "graphdaw/host/devices/portaudio.py",
    "soundfile": "graphdaw/host/",
    "soxr": "graphdaw/host/rates.py",
    "textual": "graphdaw/ui/",
    "torch": "graphdaw/ai_nodes/",
    "typer": "graphdaw/cli/",
}
VOCABULARY = {"numpy"}  # arrays are how samples are spoken of, above the declarations

FILES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT.parent).as_posix()


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a file imports, wherever in the file it does so."""
    package = list(path.relative_to(ROOT.parent).with_suffix("").parts)[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def layer(parts: tuple[str, ...]) -> int | None:
    """The layer of a module by its path below graphdaw/; None for the package itself, which gathers the rest."""
    return {**LAYERS, **EVERYWHERE}.get(parts[0]) if parts else None


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    own = layer(path.relative_to(ROOT).with_suffix("").parts)
    wrong = []
    for line, name in imports(path):
        package, *below = name.split(".")
        if package != "graphdaw" or own is None:
            continue
        if below[:1] == ["_core"]:
            if not name_of(path).startswith(CORE_HOME):
                wrong.append(f"{name_of(path)}:{line} imports the compiled core: {CORE_HOME} does")
            continue
        other = layer(tuple(below))
        if other is None and own < LAYERS["cli"]:
            wrong.append(f"{name_of(path)}:{line} imports the package that gathers it: {name}")
        elif other is not None and (other > own or (other == own and below[0] != path.relative_to(ROOT).parts[0])):
            wrong.append(f"{name_of(path)}:{line} imports a layer above or beside its own: {name}")
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_each_library_has_one_home(path: Path) -> None:
    wrong = []
    for line, name in imports(path):
        library = name.split(".")[0]
        if library in sys.stdlib_module_names or library == "graphdaw" or library in VOCABULARY:
            continue
        home = HOMES.get(library)
        if home is None:
            wrong.append(f"{name_of(path)}:{line} imports {library}, which has no home yet: give it one in HOMES")
        elif not name_of(path).startswith(home):
            wrong.append(f"{name_of(path)}:{line} imports {library}: only {home} does")
    assert wrong == []


def test_declarations_import_nothing_but_the_standard_library() -> None:
    named = {name.split(".")[0] for path in (ROOT / "nodes").glob("*.py") for _, name in imports(path)}

    assert named - set(sys.stdlib_module_names) <= {"graphdaw"}


def test_every_folder_has_a_place_in_the_layers() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/*.py")}

    assert folders <= set(LAYERS)


def test_seeded_violations_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path / "graphdaw")
    for place, text in {"nodes/a.py": "from graphdaw.host import media", "graph/b.py": "import soundfile"}.items():
        path = tmp_path / "graphdaw" / place
        path.parent.mkdir(parents=True)
        path.write_text(text)

    with pytest.raises(AssertionError, match="above or beside"):
        test_imports_point_one_way(tmp_path / "graphdaw/nodes/a.py")
    with pytest.raises(AssertionError, match="only graphdaw/host/ does"):
        test_each_library_has_one_home(tmp_path / "graphdaw/graph/b.py")
