"""Running one kernel over numpy arrays, the way the engine runs it: what every kernel test stands on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from graphdaw import _core
from graphdaw.nodes import types
from graphdaw.nodes.base import Prepared
from tests.reference import CELL, LOOP

ffi, lib = _core.ffi, _core.lib
Signal = NDArray[np.float32]

WIDTHS = (1, 4, 8, 16)
WIDEST = {"base": 4, "v3": 8, "v4": 16}  # lanes that a processor level packs together
LEVELS = tuple(level for level in ("base", "v3", "v4") if lib.gd_cpu_use_level(level.encode()))  # ends at the best


@dataclass
class Stream:
    """What the disk side of a streamed recording has done so far; the kernel's side is written back after a run."""

    written: int = 0
    consumed: int = 0
    ends_at: int = 2**64 - 1
    underruns: int = 0


@dataclass
class Memory:
    """Memory of one lane: a ring to write, or a recording to read and what is written beside it."""

    data: Signal
    rate_hz: float = 0.0
    loop_start: int = 0
    loop_end: int = 0
    stream: Stream | None = None
    work: Signal | None = None

    @staticmethod
    def of(prepared: Prepared, lanes: int) -> list[Memory]:
        """What an engine makes of prepared media: planes that lanes share, and work of their own."""
        planes = np.ascontiguousarray(prepared.planes, np.float32)
        none = np.zeros(0, np.float32)
        return [
            Memory(
                planes[lane % len(planes)] if len(planes) else none,
                prepared.rate_hz,
                *prepared.loop,
                work=np.zeros(prepared.work_frames, np.float32) if prepared.work_frames else None,
            )
            for lane in range(lanes)
        ]


@dataclass(frozen=True)
class Facts:
    """What a kernel says of itself."""

    state_rows: int
    flags: int
    ins: tuple[str, ...]
    outs: tuple[str, ...]
    params: tuple[str, ...]
    choices: tuple[str, ...]


@dataclass
class State:
    """Kernel state that one run leaves for the next; `packs` fills up by itself."""

    packs: list[Any] = field(default_factory=list)
    idle: bool = False


@contextmanager
def at_level(level: str) -> Iterator[None]:
    """Use a processor level for a while; raises if the processor has it not."""
    before = lib.gd_cpu_level()
    if not lib.gd_cpu_use_level(level.encode()):
        raise ValueError(f"this processor has no level {level}")
    try:
        yield
    finally:
        lib.gd_cpu_use_level(before)


def facts(kernel: str) -> Facts:
    """Port, parameter and choice names of a kernel, in its own order; linked ports stand once a channel."""
    c = ffi.new("GdKernelFacts *")
    if not lib.gd_kernel_facts(kernel.encode(), c):
        raise KeyError(kernel)

    def texts(names: Any, count: int) -> tuple[str, ...]:
        return tuple(ffi.string(names[i]).decode() for i in range(count))

    return Facts(
        c.state_rows,
        c.flags,
        texts(c.in_names, c.ins),
        texts(c.out_names, c.outs),
        texts(c.param_names, c.params),
        texts(c.choice_names, c.choices),
    )


def halves() -> set[str]:
    """Kernels of nodes that close a loop, which run in shorter slices."""
    return {kernel for declared in types().values() for kernel in declared.loop_kernels}


def slots(names: Sequence[str]) -> list[str]:
    """Names with a number where one stands twice: ("in", "in") becomes "in", "in.1"."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        count = seen[name] = seen.get(name, -1) + 1
        result.append(f"{name}.{count}" if count else name)
    return result


def run_kernel(
    name: str,
    *,
    width: int = 16,
    level: str | None = None,
    inputs: Mapping[str, ArrayLike] | None = None,
    params: Mapping[str, ArrayLike] | None = None,
    cells: Mapping[str, ArrayLike] | None = None,
    choices: Mapping[str, str | int] | None = None,
    memories: Sequence[Memory | None] | None = None,
    seeds: Sequence[int] | None = None,
    channels: Sequence[int] | None = None,
    device: ArrayLike | None = None,
    frames: int | None = None,
    lanes: int | None = None,
    sample_rate: float = 48_000.0,
    time: int = 0,
    position: int = 0,
    slices: int | Iterable[int] = CELL,
    state: State | None = None,
    seconds: float | None = None,
) -> dict[str, Signal]:
    """Outputs of a kernel by port name, each float32 of shape (lanes, frames).

    Inputs are (frames,) or (lanes, frames); an unwired one reads zeros. A parameter of shape () or (lanes,) stands,
    one of shape (lanes, frames) or (1, frames) moves every frame, and in `cells` one of that shape moves once a cell
    of 128 frames. Parameters and choices left out are at the declared default of the node type of that name. The
    second channel of a linked port `in` is called `in.1`. `device` holds (channels, frames) heard by the device. More
    lanes than `width` run as several packs. `slices` holds slice lengths, used over and over, and cut at
    cells, or every 64 frames for half of a node that closes a loop. A `width` beyond the level's widest pack stands for
    that. `position` is the first frame's place in the piece. A `state` makes the next run with it go on where this one
    stopped.
    With `seconds` the first slice runs over and over for that long, and the only output is its time, "ns".
    """
    fact = facts(name)
    width = min(width, WIDEST.get(level or LEVELS[-1], width))
    wired = {k: np.atleast_2d(np.asarray(v, np.float32)) for k, v in (inputs or {}).items()}
    given = {k: np.asarray(v, np.float32) for k, v in (params or {}).items()}
    once_a_cell = {k: np.atleast_2d(np.asarray(v, np.float32)) for k, v in (cells or {}).items()}
    known = {*slots(fact.ins), *fact.params, *fact.choices}
    if unknown := {*wired, *given, *once_a_cell, *(choices or {})} - known:
        raise KeyError(f"{name} has no {sorted(unknown)}")
    moving = [*wired.values(), *once_a_cell.values(), *(v for v in given.values() if v.ndim == 2)]
    if frames is None:
        frames = moving[0].shape[1] if moving else CELL
    counts = [len(a) for a in moving] + [v.shape[0] for v in given.values() if v.ndim == 1]
    lanes = lanes or max([1, *counts, *(len(x) for x in (memories, seeds, channels) if x is not None)])

    declared = types().get(name)
    standing = declared.defaults() if declared else {}
    c_name = ffi.new("char[]", name.encode())
    hold: list[Any] = []

    def pointer(kind: str, array: NDArray[Any]) -> Any:
        hold.append(array)
        return ffi.cast(kind, array.ctypes.data)

    outputs = {slot: np.full((lanes, frames), np.nan, np.float32) for slot in slots(fact.outs)}
    streams: dict[int, tuple[Stream, Any]] = {}
    keep = state is not None and bool(state.packs)
    idle = True
    for pack, first in enumerate(range(0, lanes, width)):
        count = min(width, lanes - first)
        rows = slice(first, first + count)

        def planes(array: NDArray[np.float32]) -> Any:
            full = np.broadcast_to(array, (lanes, *array.shape[1:]))[rows]  # noqa: B023
            return pointer("float *", np.ascontiguousarray(full, np.float32))

        c = ffi.new("GdProbe *")
        c.kernel = c_name
        hold.append(c)
        c.grid = LOOP if name in halves() else CELL
        c.width, c.lanes, c.frames, c.time, c.sample_rate_hz = width, count, frames, time, sample_rate
        c.position = position
        for i, choice in enumerate(fact.choices):
            value = (choices or {}).get(choice, standing.get(choice, 0))
            c.choice[i] = types()[name].choices[choice].options.index(value) if isinstance(value, str) else value
        ins = ffi.new("float *[]", [planes(wired[s]) if s in wired else ffi.NULL for s in slots(fact.ins)])
        own = {slot: np.empty((count, frames), np.float32) for slot in outputs}
        outs = ffi.new("float *[]", [pointer("float *", a) for a in own.values()])
        values, moves = [], []
        for p in fact.params:
            array = once_a_cell.get(p, given.get(p, np.float32(standing.get(p, 0.0))))
            moves.append(2 if p in once_a_cell else 1 if array.ndim == 2 else 0)
            values.append(planes(np.atleast_1d(array)))
        c_params, c_moves = ffi.new("float *[]", values), ffi.new("uint8_t[]", bytes(moves))
        setattr(c, "in", ffi.cast("float **", ins))
        c.out, c.param, c.moves = outs, ffi.cast("float **", c_params), c_moves
        hold += [ins, outs, c_params, c_moves]
        if memories is not None:
            c_memories = ffi.new("GdProbeMemory *[]", [_lend(m, streams, hold) for m in memories[rows]])
            c.memory = c_memories
            hold.append(c_memories)
        c.seed = pointer("uint32_t *", np.array((seeds or range(1, lanes + 1))[rows], np.uint32))
        c.channel = pointer("uint8_t *", np.array((channels or [0] * lanes)[rows], np.uint8))
        if device is not None:
            heard = [pointer("float *", row) for row in np.atleast_2d(np.ascontiguousarray(device, np.float32))]
            c_device = ffi.new("float *[]", heard)
            c.device_in, c.device_channels = c_device, len(heard)
            hold.append(c_device)
        lengths = np.array([slices] if isinstance(slices, int) else list(slices), np.uint32)
        c.slices, c.slice_count = pointer("uint32_t *", lengths), len(lengths)
        if state is not None:
            if not keep:
                state.packs.append(aligned(max(1, fact.state_rows * width)))
            c.state, c.keep_state = ffi.cast("void *", state.packs[pack].ctypes.data), keep
        with at_level(level or LEVELS[-1]):
            if seconds is not None:
                return {"ns": np.array(lib.gd_kernel_time(c, seconds), np.float32)}
            error = lib.gd_kernel_probe(c)
        if error:
            raise ValueError(f"probe of {name} failed with {error}")
        idle = idle and c.idle
        for slot, array in own.items():
            outputs[slot][rows] = array
    for stream, c_stream in streams.values():
        stream.written, stream.consumed = c_stream.written, c_stream.consumed
        stream.ends_at, stream.underruns = c_stream.ends_at, c_stream.underruns
    if state is not None:
        state.idle = idle
    return outputs


def time_kernel(name: str, *, width: int, seconds: float = 0.02, **setting: Any) -> float:
    """Nanoseconds a lane and frame of one full pack; the other arguments are those of `run_kernel`."""
    return float(run_kernel(name, width=width, lanes=width, frames=CELL, seconds=seconds, **setting)["ns"])


def aligned(words: int) -> NDArray[np.uint32]:
    """Zeroed words that begin at a multiple of 64 bytes."""
    raw = np.zeros(words + 16, np.uint32)
    skip = (-raw.ctypes.data % 64) // 4
    return raw[skip : skip + words]


def _lend(memory: Memory | None, streams: dict[int, tuple[Stream, Any]], hold: list[Any]) -> Any:
    """The C view of one lane's memory; lanes that share a `Stream` share its C form too."""
    if memory is None:
        return ffi.NULL
    if memory.data.dtype != np.float32 or not memory.data.flags.c_contiguous:
        raise TypeError("memory is contiguous float32: the kernel writes into it")
    c = ffi.new("GdProbeMemory *")
    c.data, c.frames = ffi.cast("float *", memory.data.ctypes.data), len(memory.data)
    c.rate_hz, c.loop_start, c.loop_end = memory.rate_hz, memory.loop_start, memory.loop_end
    if memory.work is not None:
        c.work, c.work_frames = ffi.cast("float *", memory.work.ctypes.data), len(memory.work)
    hold.append(c)
    if memory.stream is not None:
        s = memory.stream
        if id(s) not in streams:
            streams[id(s)] = (s, ffi.new("GdProbeStream *", [s.written, s.consumed, s.ends_at, s.underruns]))
        c.stream = streams[id(s)][1]
    return c
