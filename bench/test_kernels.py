"""Nanoseconds a lane and frame of every kernel, at every width and at the best processor level.

Run `pytest bench/test_kernels.py`; the figure stands in the column `ns` of the saved extra information and on stdout
with `-s`. Inputs are noise, or a gate; parameters stand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphdaw.nodes import types
from graphdaw.nodes.base import Recording
from graphdaw.nodes.prepare import recording, wavetable
from tests.kernel_probe import CELL, LEVELS, WIDTHS, Memory, Stream, time_kernel

RECORDING = np.random.default_rng(2).uniform(-1, 1, 1 << 16).astype(np.float32)
RECORDINGS = Memory.of(recording.prepare(Recording("noise", RECORDING[None], 48_000.0)), 16)
TABLES = Memory.of(wavetable.prepare(None, "sine_to_saw", 0), 16)
STREAMS = [Memory(RECORDING, 48_000.0, stream=Stream(written=2**60)) for _ in range(16)]

CASES: dict[str, dict[str, Any]] = {
    "sine": {},
    "sine, modulated": {"inputs": {"pm": np.random.default_rng(1).uniform(-1, 1, CELL)}},
    "sine, frequency moves": {"params": {"frequency_hz": np.full((1, CELL), 440.0)}},
    "saw": {},
    "saw, frequency moves": {"params": {"frequency_hz": np.full((1, CELL), 440.0)}},
    "adsr": {"inputs": {"gate": np.ones(CELL)}},
    "adsr, retriggered": {"inputs": {"gate": np.arange(CELL) % 40 < 30}},
    "adsr, sustain moves": {
        "inputs": {"gate": np.arange(CELL) % 40 < 30},
        "params": {"sustain": np.full((1, CELL), 0.5)},
    },
    "lfo": {},
    "lfo, block": {"choices": {"rate": "block"}},
    "noise": {},
    "noise, pink": {"choices": {"color": "pink"}},
    "sampler": {"choices": {"auto_start": "on", "mode": "loop"}, "memories": RECORDINGS},
    "sampler, pitched": {
        "choices": {"auto_start": "on", "mode": "loop"},
        "memories": RECORDINGS,
        "params": {"pitch_semitones": 3.0},
    },
    "sampler, pitched up": {
        "choices": {"auto_start": "on", "mode": "loop"},
        "memories": RECORDINGS,
        "params": {"pitch_semitones": 13.0},
    },
    "wavetable": {"memories": TABLES, "params": {"frequency_hz": 400.0}},
    "wavetable, frequency moves": {"memories": TABLES, "params": {"frequency_hz": np.full((1, CELL), 440.0)}},
    "audio_file": {"memories": STREAMS},
    "gain": {"inputs": {"in": np.random.default_rng(1).uniform(-1, 1, CELL)}},
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_kernel_time(benchmark: Any, case: str, width: int) -> None:
    kernel = case.split(",")[0]
    assert types()[kernel].kernel == kernel
    ns = benchmark.pedantic(
        time_kernel, args=(kernel,), kwargs={"width": width, **CASES[case], "seconds": 0.02}, rounds=3
    )
    benchmark.extra_info["ns"] = ns
    print(f"{case:32} W={width:<2} {LEVELS[-1]}  {ns:.4f} ns a lane and frame")
    assert 0 < ns < 1000
