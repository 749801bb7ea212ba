"""Nanoseconds a lane and frame of every kernel, at every width and at the best processor level.

Run `pytest bench/test_kernels.py`; the figure stands in the column `ns` of the saved extra information and on stdout
with `-s`. Inputs are noise, or a gate; parameters stand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphdaw.nodes import types
from tests.kernel_probe import CELL, LEVELS, WIDTHS, Memory, Stream, time_kernel

RECORDING = np.random.default_rng(2).uniform(-1, 1, 1 << 16).astype(np.float32)
RECORDINGS = [Memory(RECORDING, 48_000.0) for _ in range(16)]
STREAMS = [Memory(RECORDING, 48_000.0, stream=Stream(written=2**60)) for _ in range(16)]
NOISE = np.random.default_rng(3).uniform(-1, 1, CELL)
LINES = [Memory(np.zeros(8192, np.float32)) for _ in range(16)]

CASES: dict[str, dict[str, Any]] = {
    "sine": {},
    "sine, modulated": {"inputs": {"pm": np.random.default_rng(1).uniform(-1, 1, CELL)}},
    "sine, frequency moves": {"params": {"frequency_hz": np.full((1, CELL), 440.0)}},
    "saw": {},
    "saw, frequency moves": {"params": {"frequency_hz": np.full((1, CELL), 440.0)}},
    "eq, one band": {"inputs": {"in": NOISE}, "params": {"gain1_db": 3.0}},
    "eq, four bands": {"inputs": {"in": NOISE}, "params": {f"gain{k}_db": 3.0 for k in range(1, 5)}},
    "eq, a band moves": {"inputs": {"in": NOISE}, "params": {"gain1_db": np.linspace(-9, 9, CELL)[None, :]}},
    "filter": {"inputs": {"in": NOISE}},
    "filter, cutoff moves": {"inputs": {"in": NOISE}, "params": {"cutoff_hz": np.full((1, CELL), 900.0)}},
    "ladder": {"inputs": {"in": NOISE}},
    "comb": {"inputs": {"in": NOISE}, "memories": LINES},
    "formant": {"inputs": {"in": NOISE}},
    "split_bands": {"inputs": {"in": NOISE}},
    "multiband": {"inputs": {"in": NOISE, "in.1": NOISE}},
    "dynamic_eq": {"inputs": {"in": NOISE, "in.1": NOISE}},
    "haas": {"inputs": {"in": NOISE, "in.1": NOISE}, "memories": LINES},
    "stereo_width": {"inputs": {"in": NOISE, "in.1": NOISE}},
    "dc_block": {"inputs": {"in": NOISE}},
    "matrix": {"inputs": {f"in{k}": NOISE for k in range(1, 7)}},
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
