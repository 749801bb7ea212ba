"""The workloads every contestant renders, with the numbers that must be the same for all of them."""

from __future__ import annotations

import math
import random
import tempfile
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

SAMPLE_RATE_HZ = 48_000
BLOCK_FRAMES = 128
SECONDS = 30.0

FILTER_Q = 4.0
FILTER_SWEEP_HZ = 800.0
ATTACK_S, DECAY_S, SUSTAIN, RELEASE_S = 0.003, 0.08, 0.4, 0.05
RETRIGGER_HZ = 2.0
DELAY_FEEDBACK = 0.6
DELAY_MOVE_S = 0.001
DELAY_MOST_S = 0.04
BUSES = 8
BAND_Q = 1.0
THRESHOLD_DB, RATIO, COMPRESS_S, RECOVER_S = -24.0, 4.0, 0.005, 0.1
REVERB_S, REVERB_SHARE = 2.2, 0.2
LOOP_S, RESPONSE_S, CONVOLVED_SHARE = 4.0, 2.0, 0.3


@dataclass(frozen=True, slots=True)
class Workload:
    """One row of the table: what is rendered, and how many times the best peer is to be reached."""

    name: str
    text: str
    count: int
    factor: float


workloads: dict[str, Workload] = {
    row.name: row
    for row in (
        Workload("W1", "500 sines, each with a gain, summed to stereo", 500, 6.0),
        Workload("W2", "a chain of 1,000 gains on one mono noise", 1000, 1.2),
        Workload("W3", "64 voices: saw, resonant low-pass moved once a block, envelope, pan, sum", 64, 8.0),
        Workload("W3a", "the same, cutoff moved every sample", 64, 5.0),
        Workload(
            "W4",
            "64 looping stereo players, each 4 EQ bands, compressor, gain, pan, into 8 buses and a reverb",
            64,
            5.0,
        ),
        Workload("W5", "a stereo player through a stereo impulse response of 2 s, without latency", 1, 1.5),
        Workload("W6", "100 feedback delay lines, read position modulated", 100, 4.0),
        Workload("S1-100", "100 sines summed", 100, 5.0),
        Workload("S1-1000", "1,000 sines summed", 1000, 6.0),
        Workload("S1-10000", "10,000 sines summed", 10_000, 9.0),
    )
}

PLAIN = tuple(name for name in workloads if name not in ("W4", "W5"))
"""Rows of oscillators, gains, filters and delay lines: every contestant is described in them."""
BUILD = "build-1000"
"""Milliseconds from Python to a compiled graph: a noise and a chain of 1,000 gains (the graph of W2)."""
EDIT = "W7"
"""Microseconds from the call to the edit being audible, in a playing graph of 1,000 nodes (W2 or S1-1000)."""
CORES = {"two-cores": "S1-10000", "two-cores-W4": "W4"}
"""Speed of a workload on two cores over its speed on one."""
MEMORY = "memory"
"""Bytes a node, document and plan together."""


def sine_hz(count: int) -> list[float]:
    """Frequencies in Hz of the oscillators of W1 and S1."""
    return [100.0 + n * 3000.0 / count for n in range(count)]


def chain_levels(count: int) -> list[float]:
    """Linear gains of W2; neighbours cancel, so that the chain neither grows nor dies."""
    return [1.25 if n % 2 else 0.8 for n in range(count)]


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of W3 and W3a; pan is -1 (left) to 1 (right)."""

    frequency_hz: float
    cutoff_hz: float
    sweep_rate_hz: float
    pan: float


def voices(count: int) -> list[Voice]:
    """The voices of W3 and W3a."""
    return [Voice(55.0 + 7.0 * n, 1200.0 + 20.0 * n, 0.3 + 0.05 * n, 2.0 * n / (count - 1) - 1.0) for n in range(count)]


@dataclass(frozen=True, slots=True)
class Line:
    """One delay line of W6."""

    time_s: float
    move_rate_hz: float

    @property
    def decay_s(self) -> float:
        """Time to fall by 60 dB, for peers that take a decay in place of a feedback."""
        return self.time_s * math.log(0.001) / math.log(DELAY_FEEDBACK)


def lines(count: int) -> list[Line]:
    """The delay lines of W6."""
    return [Line(0.010 + 0.0002 * n, 0.1 + 0.03 * n) for n in range(count)]


@dataclass(frozen=True, slots=True)
class Player:
    """One player of W4: four bands (a low shelf, two bells, a high shelf), a place, a bus."""

    frequencies_hz: tuple[float, float, float, float]
    gains_db: tuple[float, float, float, float]
    gain_db: float
    pan: float
    bus: int


def players(count: int) -> list[Player]:
    """The players of W4."""
    return [
        Player(
            (80.0 + n, 250.0 + 10.0 * n, 2000.0 + 30.0 * n, 8000.0 + 20.0 * n),
            (3.0, -4.0, 2.0 + n / 32.0, -3.0),
            -12.0 - n / 16.0,
            2.0 * n / (count - 1) - 1.0,
            n % BUSES,
        )
        for n in range(count)
    ]


def recording(name: str, seconds: float, decay_s: float = 0.0) -> str:
    """A file of stereo noise, which falls by 60 dB in `decay_s` if that is given; made once, in 16 bits."""
    path = Path(tempfile.gettempdir()) / f"graphdaw-bench-{name}-{seconds:g}.wav"
    if not path.exists():
        dice, count = random.Random(name), round(seconds * SAMPLE_RATE_HZ)
        fall = math.log(0.001) / (decay_s * SAMPLE_RATE_HZ) if decay_s else 0.0
        samples = (dice.uniform(-16e3, 16e3) * math.exp(fall * (n // 2)) for n in range(2 * count))
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as scratch, wave.open(scratch, "wb") as file:
            file.setparams((2, 2, SAMPLE_RATE_HZ, count, "NONE", ""))
            file.writeframes(array("h", map(int, samples)).tobytes())
        Path(scratch.name).replace(path)
    return str(path)


def loop_file() -> str:
    """What the players of W4 and W5 play."""
    return recording("loop", LOOP_S)


def response_file() -> str:
    """The impulse response of W5."""
    return recording("response", RESPONSE_S, RESPONSE_S)
