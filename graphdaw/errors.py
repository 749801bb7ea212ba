"""Every error a user can meet: one sentence that names the place and the way out, plus fields for machines."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_NAME = 256  # characters; whatever is longer was no slip of the hand, and comparing it takes long


class GraphdawError(Exception):
    """Base of all errors GraphDAW raises on purpose."""

    code = "error"


class GraphError(GraphdawError):
    """An edit that cannot be made; `node`, `port`, `wire` say where and `allowed` what would have worked."""

    code = "graph"

    def __init__(
        self, message: str, *, node: str = "", port: str = "", wire: str = "", allowed: Iterable[str] = ()
    ) -> None:
        super().__init__(message)
        self.node = node
        self.port = port
        self.wire = wire
        self.allowed = tuple(allowed)


class UnknownTypeError(GraphError):
    """No node type has this name."""

    code = "unknown_type"


class UnknownNodeError(GraphError):
    """No node has this id."""

    code = "unknown_node"


class UnknownWireError(GraphError):
    """No wire has this id, or none runs between these ports."""

    code = "unknown_wire"


class UnknownClipError(GraphError):
    """The node has no clip of this id, or the clip no note of this number."""

    code = "unknown_clip"


class UnknownPortError(GraphError):
    """The node has no inlet or outlet of this name."""

    code = "unknown_port"


class UnknownParameterError(GraphError):
    """The node has no parameter, choice or media of this name."""

    code = "unknown_parameter"


class OutOfRangeError(GraphError):
    """A number outside the range of its parameter."""

    code = "out_of_range"


class NotFiniteError(GraphError):
    """A number that is infinite or not a number."""

    code = "not_finite"


class ValueKindError(GraphError):
    """A text where a number is needed, a number where a text is, or a choice that does not exist."""

    code = "value_kind"


class WireTypeError(GraphError):
    """Two ports whose types do not go together."""

    code = "type_mismatch"


class ClipKindError(GraphError):
    """A clip on a node that does not hold such clips, or an edit of notes in a clip that has none."""

    code = "clip_kind"


class TimelineError(GraphError):
    """Tempos, signatures, markers or a loop that do not go together."""

    code = "timeline"


class CycleError(GraphError):
    """A loop without a delay or feedback node; `wires` names its wires in order."""

    code = "cycle"

    def __init__(self, message: str, *, wires: Iterable[str], node: str = "", wire: str = "") -> None:
        super().__init__(message, node=node, wire=wire)
        self.wires = tuple(wires)


class DuplicateWireError(GraphError):
    """The same two ports are already wired."""

    code = "duplicate_wire"


class DuplicateIdError(GraphError):
    """The id is taken."""

    code = "duplicate_id"


class NameFormError(GraphError):
    """A name or text in a form the document does not take."""

    code = "name_form"


class GroupingError(GraphError):
    """A wire or move across the wall of a group, or a group that does not allow what is asked."""

    code = "grouping"


class UnknownPresetError(GraphError):
    """No preset has this name, tag or family."""

    code = "unknown_preset"


class HistoryError(GraphdawError):
    """Nothing to undo or redo, or undo inside an open transaction."""

    code = "history"


class PatchError(GraphdawError):
    """A patch that cannot be read or applied; `edit` is the place of the edit at fault, -1 for the patch as a whole."""

    code = "patch"

    def __init__(self, message: str, *, edit: int = -1, allowed: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.edit = edit
        self.allowed = tuple(allowed)


class EngineError(GraphdawError):
    """A graph that cannot be played as it is."""

    code = "engine"


class TextError(GraphdawError):
    """Text that is not a graph; names the line."""

    code = "text"

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class ProjectError(GraphdawError):
    """A project file that cannot be read or written; names the file and the way out."""

    code = "project"


class VersionError(ProjectError):
    """A project of a version that this GraphDAW cannot read; the file is sound."""

    code = "version"


class MediaError(ProjectError):
    """A recording that is missing, damaged, or named by a path the user has not chosen."""

    code = "media"


class CancelledError(GraphdawError):
    """Long work that was told to stop, and left nothing half done."""

    code = "cancelled"


def brief(words: object, most: int = 200) -> str:
    """What a library says went wrong, without the end of what it may quote."""
    text = str(words)
    return text if len(text) <= most else text[:most] + "..."


def near(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names most like `name`, best first, three at most; none that is much less like it than the best."""
    if len(name) > LONGEST_NAME:
        return ()
    close = difflib.get_close_matches(name, list(names), n=3, cutoff=0.5)
    likeness = [difflib.SequenceMatcher(None, other, name).ratio() for other in close]
    return tuple(other for other, like in zip(close, likeness, strict=True) if like > likeness[0] - 0.1)


def suggestion(name: str, names: Iterable[str], noun: str) -> str:
    """The end of a sentence that offers near matches, or lists what there is."""
    known = list(names)
    close = near(name, known)
    if close:
        return f"did you mean {' or '.join(repr(n) for n in close)}?"
    if not known:
        return f"it has no {noun}."
    shown = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    return f"its {noun} are: {shown}."
