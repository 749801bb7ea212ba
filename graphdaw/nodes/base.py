"""What a node type is: ports, parameters and choices, declared once and read by every layer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

Samples = Any  # a float32 array of numpy's, which declarations do without
ZoneMap = Any  # of `prepare/zone_map.py`, which needs numpy too

type_of_wire = ("audio", "control", "event", "video", "latent")


@dataclass(frozen=True, slots=True)
class Port:
    """An inlet or outlet; `channels` 0 means "as many as are wired in"."""

    name: str = ""
    type: str = "audio"
    channels: int = 0
    help: str = ""


class In(Port):
    """A declared inlet."""


@dataclass(frozen=True, slots=True)
class Out(Port):
    """A declared outlet; what comes from one that `sets` takes the place of a parameter's own value."""

    sets: bool = False


@dataclass(frozen=True, slots=True)
class Param:
    """A number with a range; `curve` tells a knob how to travel, `ramp_s` how fast a set value is reached.

    A `fixed` parameter shapes the node's memory: changing it replaces the node with a cross-fade, and it has no inlet.
    """

    default: float
    lo: float
    hi: float
    unit: str = ""
    curve: str = "linear"
    ramp_s: float = 0.005
    fixed: bool = False
    help: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few named settings; the first is the default unless `default` names another."""

    options: tuple[str, ...]
    default: str = ""
    help: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that shapes the node, such as a formula or the name of a bus.

    Changing it replaces the node with a cross-fade. `check` raises ValueError for a text that is none, with a sentence
    that says where and what would work.
    """

    default: str = ""
    check: Callable[[str], object] | None = None
    help: str = ""
    name: str = ""

    def fault(self, text: str) -> str:
        """What is wrong with a text, "" if nothing is."""
        try:
            if self.check is not None:
                self.check(text)
        except ValueError as error:
            return str(error)
        return ""


@dataclass(frozen=True, slots=True)
class Media:
    """A recording the node plays: a path, or the hash of media inside the project.

    A `streamed` one is read from disk while it plays, any other is held in memory: converted to the graph's rate, or
    as it stands in the file with `own_rate`. An `instrument` is a file of many recordings, such as a SoundFont, whose
    `media_memory` gets a `ZoneMap` in place of a `Recording`; the text `preset` of the node chooses among its sounds.
    """

    help: str = ""
    name: str = ""
    streamed: bool = False
    own_rate: bool = False
    instrument: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole recording: `samples` of shape (channels, frames), and what else its file says.

    `loop` is the first frame of the loop and the one after its last; `cycle_frames` the length of one cycle of a
    wavetable; both are 0 where the file names none.
    """

    name: str
    samples: Samples
    rate_hz: float
    loop: tuple[int, int] = (0, 0)
    cycle_frames: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the lanes of a node read instead of a recording: `planes` of shape (count, frames), shared, only read.

    Lane n reads plane n % count, at `rate_hz` and with `loop` as the kernel understands them; each lane also gets
    `work_frames` of its own to write, zeroed, which the kernel finds by `work_of`.
    """

    planes: Samples = ()
    rate_hz: float = 0.0
    loop: tuple[int, int] = (0, 0)
    work_frames: int = 0


MediaMemory = Callable[[Recording | ZoneMap | None, Mapping[str, Any], int], Prepared]


def as_recorded(recording: Recording | None, *_: object) -> Prepared:
    """The recording itself, a plane a channel."""
    if recording is None:
        return Prepared()
    return Prepared(recording.samples, recording.rate_hz, recording.loop)


@dataclass(frozen=True, slots=True)
class NodeType:
    """A node type as plain data, made from a `Node` subclass."""

    name: str
    kernel: str
    doc: str
    linked: bool
    inputs: dict[str, Port] = field(default_factory=dict)
    outputs: dict[str, Port] = field(default_factory=dict)
    params: dict[str, Param] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    texts: dict[str, Text] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    loop_kernels: tuple[str, str] = ("", "")
    always_loop: bool = False
    taped: bool = False
    clips: str = ""
    at_once: tuple[str, ...] = ()
    memory_frames: Callable[[Mapping[str, Any], int], int] | None = None
    media_memory: MediaMemory | None = None
    latency_frames: Callable[[Mapping[str, Any], int], int] | None = None
    placed: Callable[[Mapping[str, Any]], bool] | None = None
    channel_count: Callable[[Mapping[str, Any]], int] | None = None
    data: Callable[[Any, Mapping[str, Any]], bytes] | None = None
    outside: bool = False

    def defaults(self) -> dict[str, float | str]:
        """Every parameter, choice and text at its default."""
        values: dict[str, float | str] = {n: p.default for n, p in self.params.items()}
        values.update({n: c.default or c.options[0] for n, c in self.choices.items()})
        values.update(dict.fromkeys(self.media, ""))
        values.update({n: t.default for n, t in self.texts.items()})
        return values


registry: dict[str, NodeType] = {}
hidden: dict[str, NodeType] = {}
"""Types that no document holds: what the engine makes of those that it does. Their names are no plain words."""


def find(name: str) -> NodeType | None:
    """The type of that name, hidden ones too; None where there is none."""
    return registry.get(name) or hidden.get(name)


class Node:
    """Base of declarations: subclass it, list ports and parameters as class attributes, and the type is registered.

    Class arguments: `kernel` (the C body; default the type's name; "" for none), `linked` (channels share one lane and
    have a kernel port each; otherwise the kernel is repeated per channel), `loop_kernels` (read and write half used
    when the node closes a cycle), `always_loop` (split even outside a cycle), `at_once` (inlets and parameters of the
    read half: they act without delay even then, so a cycle through them alone is none that can be played), `taped`
    (half of its memory is a ring of samples, which the disk side writes to a file), `clips` (which clips of the
    piece it holds: "notes", "curve" or "audio"), `outside` (it exchanges events with other threads), `tags`.

    A trailing underscore is dropped from attribute names, so that `in_` declares the port `in`. A subclass may define
    static methods `placed(values)` (where it begins depends on the place in the piece: a locate puts a new one in its
    stead, with a cross-fade), `memory_frames(values, sample_rate_hz)` (per lane), `latency_frames(values,
    sample_rate_hz)` and `channel_count(values)` (of a source: how many channels it has at least, from its fixed
    parameters), or
    `media_memory(recording, values, sample_rate_hz)` in place of `memory_frames`: it gives what lanes read and how much
    they write, from the node's recording (None where it has none), its choices and its fixed parameters. It runs on
    whatever thread edits the graph; a `MediaError` it raises names the file and the way out. A static method
    `data(node, values)` gives the bytes that the kernel finds in its box, made anew, without a fade, whenever clips,
    texts or fixed parameters change.
    """

    type: ClassVar[NodeType]

    def __init_subclass__(
        cls,
        *,
        kernel: str | None = None,
        linked: bool = False,
        loop_kernels: tuple[str, str] = ("", ""),
        always_loop: bool = False,
        taped: bool = False,
        clips: str = "",
        outside: bool = False,
        at_once: tuple[str, ...] = (),
        tags: tuple[str, ...] = (),
    ) -> None:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        parts: dict[type, dict[str, Any]] = {In: {}, Out: {}, Param: {}, Choice: {}, Media: {}, Text: {}}
        for attribute, value in vars(cls).items():
            if type(value) in parts:
                port = attribute.rstrip("_")
                object.__setattr__(value, "name", port)
                parts[type(value)][port] = value
        methods = {
            method: vars(cls)[method].__func__
            for method in ("memory_frames", "media_memory", "latency_frames", "channel_count", "placed", "data")
            if method in vars(cls)
        }
        if any(not media.streamed for media in parts[Media].values()):
            methods.setdefault("media_memory", as_recorded)
        cls.type = registry[name] = NodeType(
            name=name,
            kernel=name if kernel is None else kernel,
            doc=(cls.__doc__ or "").strip(),
            linked=linked,
            inputs=parts[In],
            outputs=parts[Out],
            params=parts[Param],
            choices=parts[Choice],
            media=parts[Media],
            texts=parts[Text],
            tags=tags,
            loop_kernels=loop_kernels,
            always_loop=always_loop,
            taped=taped,
            clips=clips,
            outside=outside,
            at_once=at_once,
            **methods,
        )
