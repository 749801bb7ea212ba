"""Sound through a graph: arrays go into its `input` nodes and come out of its `output`, as fast as it goes."""

from __future__ import annotations

from types import TracebackType

import numpy as np
import numpy.typing as npt

from graphdaw._core import ffi, lib
from graphdaw.graph.graph import Graph
from graphdaw.host.engine import Engine

Samples = npt.NDArray[np.float32]


class Processor:
    """A graph with nobody else to call it; what goes in need not be a block of any size."""

    def __init__(self, graph: Graph) -> None:
        self.engine = Engine(graph)
        self.channels = max(1, self.engine.channels)
        self.latency_frames = self.engine.latency_frames()

    def process(self, block: Samples) -> Samples:
        """As many frames as go in, each `latency_frames` late; both of shape (channels, frames)."""
        heard = np.ascontiguousarray(block)
        played = np.empty((self.channels, block.shape[1]), np.float32)
        ins = [ffi.from_buffer("float[]", plane) for plane in heard]
        outs = [ffi.from_buffer("float[]", plane) for plane in played]
        lib.gd_engine_process(
            self.engine.pointer,
            ffi.new("float *[]", ins),
            len(ins),
            ffi.new("float *[]", outs),
            len(outs),
            block.shape[1],
        )
        return played

    def close(self) -> None:
        """Free the engine."""
        self.engine.close()

    def __enter__(self) -> Processor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
