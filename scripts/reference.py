"""Writes the reference of the node types, docs/reference/, from their declarations: `make reference`.

`python scripts/reference.py [TYPE ...]` draws the pictures of all types or of some, and writes all pages; with `--text`
it draws nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc
from pathlib import Path

from graphdaw.graph import examples
from graphdaw.nodes import NodeType, types
from graphdaw.nodes.base import Choice, Param, Port

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
PICTURES = FOLDER / "pictures"
RATE_HZ = 48_000

GROUPS = {
    "event": "Notes and events",
    "source": "Sources",
    "control": "Control and time",
    "filter": "Filters and tone",
    "dynamics": "Dynamics",
    "distortion": "Distortion",
    "delay": "Delay",
    "reverb": "Space",
    "modulation": "Movement",
    "pitch": "Pitch and spectrum",
    "spectral": "Pitch and spectrum",
    "stereo": "Stereo",
    "routing": "Routing and level",
    "level": "Routing and level",
    "mix": "Routing and level",
    "analysis": "Measuring",
    "device": "Device",
}
ORDER = (
    "Device", "Notes and events", "Sources", "Control and time", "Filters and tone", "Dynamics", "Distortion", "Delay",
    "Space", "Movement", "Pitch and spectrum", "Stereo", "Routing and level", "Measuring", "Others",
)  # fmt: skip

INLETS = "Each is an inlet of its own name too, but for fixed ones: what is wired into it is added to its value."


def group(kind: NodeType) -> str:
    """The heading a type stands under: that of the first of its tags that has one."""
    if "device" in kind.tags:
        return GROUPS["device"]
    return next((GROUPS[tag] for tag in kind.tags if tag in GROUPS), "Others")


def summary(kind: NodeType) -> str:
    """The first paragraph of a type's documentation as one line."""
    return " ".join(paragraphs(kind)[0].split())


def paragraphs(kind: NodeType) -> list[str]:
    """The documentation, paragraph by paragraph."""
    return cleandoc(kind.doc).split("\n\n")


def index() -> str:
    """The first page: all types under headings."""
    kinds = types()
    lines = [
        "# Node types",
        "",
        f"The {len(kinds)} node types, as `make reference` takes them from their declarations. `graphdaw nodes TYPE`",
        "prints the same in a terminal, `graphdaw nodes TYPE --example` a patch to begin with.",
        "",
        " · ".join(link(kind) for kind in kinds.values()),
    ]
    for title in ORDER:
        members = [kind for kind in kinds.values() if group(kind) == title]
        if members:
            rows = [(link(kind), summary(kind)) for kind in members]
            lines += ["", f"## {title}", "", *table(("type", "what it does"), rows)]
    return "\n".join(lines) + "\n"


def page(kind: NodeType) -> str:
    """One type in full."""
    lines = [f"# {kind.name}", "", f"**{summary(kind)}**", ""]
    for text in paragraphs(kind)[1:]:
        lines += [*text.splitlines(), ""]
    lines += [*picture(kind, "response", f"What {kind.name} does"), *_facts(kind)]
    lines += section("Inlets", ("name", "signal", "meaning"), map(_port, kind.inputs.values()))
    lines += section("Outlets", ("name", "signal", "meaning"), map(_port, kind.outputs.values()))
    lines += section("Parameters", ("name", "default", "range", "meaning"), map(_param, kind.params.values()))
    if any(not param.fixed for param in kind.params.values()):
        lines += ["", INLETS]
    lines += section("Choices", ("name", "options", "meaning"), map(_choice, kind.choices.values()))
    others = [(f"`{item.name}`", "a recording", item.help) for item in kind.media.values()]
    others += [(f"`{t.name}`", f"text, `{t.default}`" if t.default else "text", t.help) for t in kind.texts.values()]
    lines += section("Recordings and texts", ("name", "what", "meaning"), others)
    return "\n".join([*lines, *_example(kind), "", "[All node types](README.md)"]) + "\n"


def section(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A heading with a table, or nothing."""
    lines = table(head, rows)
    return ["", f"## {title}", "", *lines] if len(lines) > 2 else []


def _facts(kind: NodeType) -> list[str]:
    """What the compiler and the engine know of a type."""
    values = kind.defaults()
    facts = [f"Tags: {', '.join(kind.tags)}."]
    if kind.linked:
        facts.append("Both channels are worked on together.")
    latency = kind.latency_frames(values, RATE_HZ) if kind.latency_frames else 0
    if latency:
        facts.append(f"Latency as it is born: {latency} frames at 48 kHz, compensated in the rest of the graph.")
    if kind.loop_kernels[0]:
        facts.append("It may close a loop of wires.")
    return [" ".join(facts)]


def _port(port: Port) -> tuple[str, ...]:
    count = f", {port.channels} channel{'s' * (port.channels > 1)}" if port.channels else ""
    return f"`{port.name}`", port.type + count, port.help


def _param(param: Param) -> tuple[str, ...]:
    span = f"{number(param.lo)} to {number(param.hi)}{' ' * bool(param.unit)}{param.unit}"
    marks = (", logarithmic" if param.curve == "log" else "") + (", fixed" if param.fixed else "")
    return f"`{param.name}`", number(param.default), span + marks, param.help


def _choice(choice: Choice) -> tuple[str, ...]:
    default = choice.default or choice.options[0]
    return f"`{choice.name}`", ", ".join(f"**{o}**" if o == default else o for o in choice.options), choice.help


def _example(kind: NodeType) -> Iterator[str]:
    if kind.name not in examples.names():
        return
    lines = examples.source(kind.name).splitlines()
    remarks = [line.lstrip("# ") for line in lines if line.startswith("#")]
    said = " ".join(remarks).partition(": ")[2]
    yield from ["", "## Example", "", said[:1].upper() + said[1:], ""]
    yield from picture(kind, "patch", "The patch")
    yield from picture(kind, "example", "Its first four seconds: level, and spectrum from 40 Hz to 20 kHz")
    yield from ["```", *[line for line in lines if not line.startswith("#")], "```"]


def picture(kind: NodeType, what: str, title: str) -> list[str]:
    """The line that shows a picture, if there is one."""
    found = sorted(PICTURES.glob(f"{kind.name}-{what}.*"))
    return [f"![{title}](pictures/{found[0].name})", ""] if found else []


def link(kind: NodeType) -> str:
    """A type's name that leads to its page."""
    return f"[{kind.name}]({kind.name}.md)"


def number(value: float) -> str:
    """A number as people write it.

    >>> number(20000.0), number(-0.5), number(0.00001)
    ('20,000', '-0.5', '0.00001')
    """
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table, its cells on one line each."""
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *cells)]


def pages() -> dict[Path, str]:
    """Every page by the file it is in."""
    return {FOLDER / "README.md": index(), **{FOLDER / f"{kind.name}.md": page(kind) for kind in types().values()}}


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    if "--text" not in arguments:
        sys.path.insert(0, str(ROOT))
        from scripts.reference_pictures import draw_all

        draw_all(PICTURES, arguments or list(types()))
    written = pages()
    for old in set(FOLDER.glob("*.md")) - set(written):
        old.unlink()
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
