"""The library of instruments: presets that are groups as text, those that come with GraphDAW and the user's own.

    # Velvet Pad
    # tags: pad, warm, slow
    # Three oscillators a voice behind a filter that opens slowly.
    graph 48000
    node group1 group @order=1 @label="Velvet Pad"
      ...

A preset lies in the folder of its family, `pads/velvet_pad.txt`. Its group has an inlet `events` and an outlet `out`;
the nodes `macro` in it that have a label are its knobs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from graphdaw.errors import GroupingError, ProjectError, TextError, UnknownPresetError, suggestion
from graphdaw.graph import examples, outside, own_state, text
from graphdaw.graph.clip import graft, selection
from graphdaw.graph.graph import Graph
from graphdaw.graph.handles import NodeHandle
from graphdaw.graph.media_values import media_values, with_media
from graphdaw.graph.model import GROUP, Document, Node
from graphdaw.graph.parse import MAX_TEXT, parse
from graphdaw.graph.ports import inlets, node_of, outlets, title
from graphdaw.graph.project import disk
from graphdaw.graph.project.publish import why_not_written
from graphdaw.graph.structure import outside_paths
from graphdaw.graph.vocabulary import Edit

FOLDER = Path(__file__).resolve().parent.parent / "presets"
OWN = "own"  # the family of what lies in the user's folder itself
SUFFIX = ".txt"
TAGS = "tags:"
MACRO = "macro"
MAX_HEAD = 8192  # characters of the remarks on top
MAX_PRESETS = 100_000  # files looked at in a folder
LINE = 116


@dataclass(frozen=True, slots=True)
class Preset:
    """An instrument in the library, as its file says what it is."""

    name: str
    family: str
    tags: tuple[str, ...]
    description: str
    path: str


def presets(tag: str = "", family: str = "") -> list[Preset]:
    """The instruments there are, by family and name; raises UnknownPresetError for a tag or family that none has.

    Your own come from the folder that `graphdaw presets --folder` tells, and take the place of shipped ones that are
    called the same.

    >>> import graphdaw as gd
    >>> gd.presets(family="keys", tag="organ")[0].family
    'keys'
    """
    found = _all()
    for what, wanted, known in (
        ("tag", tag, sorted({each for preset in found for each in preset.tags})),
        ("family", family, sorted({preset.family for preset in found})),
    ):
        if wanted and wanted not in known:
            plural = "tags" if what == "tag" else "families"
            raise UnknownPresetError(f"No preset has the {what} {wanted!r}; {suggestion(wanted, known, plural)}")
    return [p for p in found if tag in ("", *p.tags) and family in ("", p.family)]


def find(name: str) -> Preset:
    """The instrument of this name, however it is capitalised, or in this .txt file; raises UnknownPresetError."""
    if name.endswith(SUFFIX):
        return _preset(Path(name), "")
    found = _all()
    for preset in found:
        if preset.name.casefold() == name.casefold():
            return preset
    names = [preset.name for preset in found]
    raise UnknownPresetError(f"There is no preset {name!r}; {suggestion(name, names, 'names')}", allowed=names)


def source(preset: Preset) -> str:
    """An instrument as text, its remarks included; raises ProjectError."""
    try:
        with open(preset.path, encoding="utf-8", newline="", opener=outside.regular) as file:
            return file.read(MAX_TEXT)
    except (OSError, ValueError) as error:
        raise ProjectError(f"{preset.path} cannot be read: {error}; choose another preset.") from error


def read(preset: Preset) -> Document:
    """The group of an instrument, alone in a document; raises ProjectError or TextError."""
    part = examples.read(preset.path)
    tops = part.inside("")
    if [node.type for node in tops] != [GROUP]:
        raise ProjectError(f"{preset.path} is no preset: it must hold one group and nothing beside it.")
    _check_ports(part, tops[0], preset.path)
    return part


def adding(document: Document, name: str, parent: str = "") -> tuple[Preset, list[Edit]]:
    """An instrument and the edits that put it into a document, its group first; they are not yet made."""
    preset = find(name)
    part = read(preset)
    chosen = outside_paths(document) - document.foreign
    document.foreign |= part.foreign - chosen
    for type, sketch in part.sketches.items():
        document.sketches.setdefault(type, sketch)
    return preset, graft(document, part, parent)


def macros(graph: Graph, group: NodeHandle | str) -> dict[str, str]:
    """The knobs of an instrument by their labels, and the nodes that they are: set their `value`, from -1 to 1.

    >>> import graphdaw as gd
    >>> g = gd.Graph()
    >>> pad = g.add_preset("Velvet Pad")
    >>> g.set(gd.macros(g, pad)["Brightness"], value=0.5)
    """
    document = graph.document
    node = node_of(document, _id(group))
    found = [inner for inner in document.below(node.id) if inner.type == MACRO and inner.label]
    return {inner.label: inner.id for inner in sorted(found, key=lambda n: (n.order, n.id))}


def save_preset(
    graph: Graph,
    group: NodeHandle | str,
    path: str | os.PathLike[str],
    *,
    tags: Iterable[str] = (),
    description: str = "",
) -> Preset:
    """Write a group with an inlet `events` and an outlet `out` as an instrument; raises ProjectError, GroupingError.

    A name alone, such as "Glass Bass", puts it into your own folder, where `presets` finds it; a path ends in .txt.
    The instrument is called as the group is labelled, or else after the file. Its recordings must lie in the folder of
    the file; `graphdaw.graph.preset.save_preset` makes a file that holds them.
    """
    document = graph.document
    node = node_of(document, _id(group))
    if node.type != GROUP:
        raise GroupingError(f"Node {title(node)} is no group; group an instrument to keep it.", node=node.id)
    _check_ports(document, node, f"Group {node.id!r}")
    target = _target(os.fspath(path))
    name = " ".join(node.label.split()) or target.stem
    head = [f"# {name}", *_tag_line(tags), *_wrapped(" ".join(description.split()))]
    written = "\n".join(head) + "\n" + text.show(_relative(_part(document, node, name), target.parent.absolute()))
    _write(target, written)
    return _preset(target, "")


def _id(node: NodeHandle | str) -> str:
    return node if isinstance(node, str) else node.id


def _all() -> list[Preset]:
    own = own_state.presets_folder()
    found = {preset.name.casefold(): preset for folder in (FOLDER, own) for preset in _inside(folder)}
    return sorted(found.values(), key=lambda preset: (preset.family, preset.name))


def _inside(folder: Path) -> Iterator[Preset]:
    """The presets of a folder; a file that cannot be read as one is no reason to hear of none."""
    try:
        families = [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir()]
    except OSError:
        return
    seen = 0
    for place in (folder, *sorted(families)):
        for path in sorted(place.glob(f"*{SUFFIX}")):
            seen += 1
            if seen > MAX_PRESETS:
                return
            try:
                yield _preset(path, OWN if place == folder else place.name)
            except (ProjectError, TextError):
                continue


def _preset(path: Path, family: str) -> Preset:
    """What the remarks on top of a file say."""
    try:
        with open(path, encoding="utf-8", opener=outside.regular) as file:
            head = file.read(MAX_HEAD)
    except UnicodeDecodeError as error:
        raise TextError(f"{path} is no text; choose a preset.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ProjectError(f"{path} cannot be read: {reason}; choose another preset.") from error
    remarks = []
    for line in head.splitlines():
        if not line.startswith("#"):
            break
        remarks.append(line[1:].strip())
    tags = next((line for line in remarks if line.startswith(TAGS)), "")
    said = [line for line in remarks[1:] if line and line != tags]
    listed = tuple(tag.strip() for tag in tags.removeprefix(TAGS).split(",") if tag.strip())
    name = remarks[0] if remarks and remarks[0] else path.stem
    if not family:
        family = OWN if path.parent == own_state.presets_folder() else path.absolute().parent.name
    return Preset(name, family, listed, " ".join(said), str(path))


def _check_ports(document: Document, node: Node, where: str) -> None:
    if inlets(document, node).get("events") != "event" or outlets(document, node).get("out") != "audio":
        raise GroupingError(
            f"{where} is no instrument: its group needs an inlet 'events' for notes and an outlet 'out' for sound.",
            node=node.id,
        )


# Saving


def _target(path: str) -> Path:
    if path.endswith(SUFFIX):
        return Path(path)
    if not path or os.sep in path or path.startswith("."):
        raise ProjectError(f"{path!r} is neither a name nor a .txt file; give the instrument a name such as 'Lead'.")
    stem = "".join(c if c.isalnum() else "_" for c in path.casefold()).strip("_") or "preset"
    return own_state.presets_folder() / f"{stem}{SUFFIX}"


def _tag_line(tags: Iterable[str]) -> list[str]:
    words = [" ".join(tag.replace(",", " ").split()) for tag in tags]
    return [f"# {TAGS} {', '.join(word for word in words if word)}"] if any(words) else []


def _wrapped(description: str) -> list[str]:
    lines: list[str] = []
    for word in description.split():
        if lines and len(lines[-1]) + len(word) < LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(f"# {word}")
    return lines


def _part(document: Document, node: Node, name: str) -> Document:
    """The group alone, as if it had been built first, so that equal instruments are equal texts."""
    part = selection(document, [node.id])
    fresh = Graph(document=Document(document.sample_rate))
    fresh.document.sketches = part.sketches
    edits = graft(fresh.document, part)
    fresh.apply(edits, "preset", trusted=False)
    top = fresh.document.inside("")[0]
    fresh.look(top.id, label=name)
    return fresh.document


def _relative(part: Document, folder: Path) -> Document:
    """Recordings by their paths from the file's folder, or from that of the examples."""
    for node in list(part.nodes.values()):
        found = {value: _from(folder, value) or _from(examples.FOLDER, value) for _, value in media_values(node)}
        far = [value for value, near in found.items() if not near]
        if far:
            raise ProjectError(
                f"Node {title(node)} plays {far[0]}, which does not lie in {folder}; copy it there and choose it anew, "
                "or save the group with graphdaw.graph.preset.save_preset, whose files hold recordings."
            )
        if found:
            part.nodes[node.id] = with_media(node, found)
    part.media = {}
    if parse(text.show(part)) != part:
        raise ProjectError("The group holds what a text cannot; save it with graphdaw.graph.preset.save_preset.")
    return part


def _from(folder: Path, value: str) -> str:
    path = Path(value)
    return path.relative_to(folder).as_posix() if path.is_absolute() and path.is_relative_to(folder) else ""


def _write(target: Path, written: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with disk.temporary(str(target.parent), target.name) as (temporary, handle):
            with os.fdopen(os.dup(handle), "wb") as file:
                file.write(written.encode())
                file.flush()
                os.fsync(handle)
            os.replace(temporary, target)
    except OSError as error:
        raise ProjectError(why_not_written(str(target), error)) from error
