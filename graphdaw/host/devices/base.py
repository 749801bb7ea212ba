"""A device as the rest of the host sees it, and its caller in the core: maps, turn, fades and counters."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.host.devices.bounded import TookTooLongError, bounded
from graphdaw.host.devices.settings import FADE_FRAMES
from graphdaw.host.engine import Engine

WANTED_PRIORITY = 65
CLOSE_S = 1.5  # a driver that takes longer is left to itself
LEAVE_S = 5.0  # a call of the engine that takes longer hangs
POLL_S = 0.0005


def channels_heard(engine: Engine) -> int:
    """How many of a device's channels the graph's `input` nodes listen to: 0 where it has none, else at least 2."""
    document = engine.graph.document
    listening = [document.settings(id) for id, node in document.nodes.items() if node.type == "input"]
    ends = [int(str(one["first"]).removeprefix("in")) - 1 + round(float(one["channels"])) for one in listening]
    return max(2, *ends) if ends else 0


class Device(ABC):
    """Something that calls an engine while it has its turn; between turns it plays silence.

    `inputs` and `outputs` are the device's channels behind the graph's. All times are of the clock that never jumps.
    """

    def __init__(self, engine: Engine, name: str, block_frames: int, fade_frames: int | None) -> None:
        self.engine = engine
        self.name = name
        self.block_frames = block_frames
        self.inputs: tuple[int, ...] = ()
        self.outputs: tuple[int, ...] = ()
        self._fade_frames = FADE_FRAMES if fade_frames is None else fade_frames
        self._caller: Any = None
        self._opened_ns = time.monotonic_ns()

    # What a kind of device does

    hangs = False  # there is a driver behind it that may be lost, and may take for ever to let go

    @abstractmethod
    def _let_go(self) -> None:
        """Stop and free what calls."""

    @property
    def sample_rate_hz(self) -> int:
        """Frames a second."""
        return self.engine.sample_rate

    @property
    def latency_frames(self) -> tuple[int, int]:
        """Frames from the outside to `input` nodes, and from the outputs to the outside, as the driver says."""
        return 0, 0

    # What all do

    def _make_caller(
        self, inputs: Sequence[int], outputs: Sequence[int], device_ins: int, device_outs: int, block_frames: int
    ) -> Any:
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        ins, outs = ffi.new("uint32_t[]", [*inputs, 0]), ffi.new("uint32_t[]", [*outputs, 0])
        spec = ffi.new(
            "GdCallerSpec *",
            {
                "ins": ins,
                "outs": outs,
                "in_count": len(inputs),
                "out_count": len(outputs),
                "device_ins": device_ins,
                "device_outs": device_outs,
                "block": block_frames,
                "fade_frames": self._fade_frames,
            },
        )
        self._caller = lib.gd_caller_new(self.engine.pointer, spec)
        if self._caller == ffi.NULL:
            raise MemoryError(f"no memory for {self.name}")
        return self._caller

    def take(self) -> None:
        """Begin its turn, fading in; whoever had it before must have left."""
        lib.gd_caller_take(self._caller)
        lib.gd_caller_open(self._caller, True)

    def fade_out(self) -> None:
        """Fade to silence and rest; returns when that is done, or when the device does not call."""
        if self._caller is None:
            return
        lib.gd_caller_open(self._caller, False)
        patience_s = 0.05 + 4 * self.block_frames / self.sample_rate_hz
        end = time.monotonic() + patience_s + self._fade_frames / self.sample_rate_hz
        while not self.facts()["silent"] and self.silent_for_s() < patience_s and time.monotonic() < end + patience_s:
            time.sleep(POLL_S)

    def leave(self, wait_s: float = LEAVE_S) -> None:
        """End its turn: afterwards it touches nothing of the engine, whatever its driver does."""
        if self._caller is not None and not lib.gd_caller_leave(self._caller, wait_s):
            raise EngineError(f"{self.name} is stuck inside a call of the engine; end the program.")

    def shut(self, wait_s: float | None = CLOSE_S) -> bool:
        """Let the driver go, waiting at most `wait_s` (None: for ever); False if it hangs and was left behind."""
        try:
            bounded(self._let_go, wait_s if self.hangs else None)
        except TookTooLongError:
            self._caller = None  # never freed: what hangs still points at it
            return False
        caller, self._caller = self._caller, None
        if caller is not None:
            lib.gd_caller_free(caller)
        return True

    def close(self) -> None:
        """Fade out, stop calling and let the driver go; afterwards the engine may be freed."""
        self.fade_out()
        self.leave()
        self.shut()

    def facts(self) -> dict[str, Any]:
        """What its caller counts: calls, xruns, frames, last_ns, now_ns, silent, gone."""
        facts = ffi.new("GdCallerFacts *")
        lib.gd_caller_facts(self._caller, facts)
        return {name: getattr(facts, name) for name, _ in ffi.typeof("GdCallerFacts").fields}

    def silent_for_s(self) -> float:
        """How long ago the driver called last, or was opened."""
        facts = self.facts()
        return float(facts["now_ns"] - (facts["last_ns"] or self._opened_ns)) * 1e-9

    def priority(self) -> int | None:
        """The real-time priority of the thread that calls, asked for where it has none; None: not known yet."""
        found = int(lib.gd_caller_priority(self._caller, WANTED_PRIORITY)) if self._caller is not None else -1
        return None if found < 0 else found
