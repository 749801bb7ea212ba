"""Nanoseconds a lane and frame of every kernel at every width: `python -m bench.kernels` writes bench/kernels.md.

Cases come from the declarations: each kernel with its parameters at their defaults, once standing and once moving in
every frame, its audio inlets fed with noise and its gates open. A few kernels have settings of their own besides.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import machine, table
from graphdaw.nodes import types
from graphdaw.nodes.base import Prepared, Recording
from tests.kernel_probe import CELL, LEVELS, WIDTHS, Memory, Signal, Stream, slots, time_kernel
from tests.nodes.subjects import Subject, subjects

OUT = Path(__file__).with_name("kernels.md")
NOTES = Path(__file__).with_name("kernels_notes.md")
"""What a profiler says, written by hand; put into the report."""
RATE_HZ = 48_000
TRIES, SECONDS = 3, 0.02
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 2 * RATE_HZ)).astype(np.float32)
PLAYING = {"auto_start": "on", "mode": "loop"}
SPECIAL: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "adsr": [("retriggered", {"inputs": {"gate": np.arange(CELL) % 40 < 30}})],
    "eq": [(f"{n} bands", {"params": {f"gain{k}_db": 3.0 for k in range(1, n + 1)}}) for n in (1, 4)],
    "lfo": [("block", {"choices": {"rate": "block"}})],
    "fm": [("feedback", {"params": {"feedback": 0.3}})],
    "noise": [(color, {"choices": {"color": color}}) for color in ("pink", "brown", "velvet")],
    **{name: [("nothing wired in", {"alone": True})] for name in ("saw", "square", "triangle", "pulse")},
    "sampler": [("pitched", {"params": {"pitch_semitones": 3.0}})],
}


@dataclass(frozen=True)
class Case:
    """A kernel with one setting."""

    subject: Subject
    text: str
    setting: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.subject.kernel}, {self.text}" if self.text else self.subject.kernel

    def nanoseconds(self, width: int, seconds: float = SECONDS) -> float:
        """A lane and frame at the best processor level: the quickest of a few tries, between which others may run."""
        return min(self._once(width, seconds) for _ in range(TRIES))

    def _once(self, width: int, seconds: float) -> float:
        node = self.subject.node
        values = {**node.defaults(), **self.setting.get("choices", {})}
        setting = {
            "inputs": {
                slot: np.ones(CELL) if slot in self.subject.controls else NOISE[0, :CELL]
                for slot in slots(self.subject.facts.ins)
                if not self.setting.get("alone")
            }
            | self.setting.get("inputs", {}),
            "params": {n: p.default for n, p in self.subject.params.items()} | self.setting.get("params", {}),
            "choices": {
                name: choice.options.index(str(values[name]))
                for name, choice in node.choices.items()
                if name in self.subject.facts.choices
            },
        }
        lent = memories(self.subject, values, width)
        return time_kernel(self.subject.kernel, width=width, seconds=seconds, memories=lent, **setting)


def cases() -> list[Case]:
    """Every kernel as it is born, with all parameters moving, and in its special settings."""
    found = []
    for subject in sorted(subjects(), key=str):
        known = subject.node.choices
        playing = {
            name: option for name, option in PLAYING.items() if option in getattr(known.get(name), "options", ())
        }
        moving = {name: np.full((1, CELL), p.default) for name, p in subject.params.items()}
        found.append(Case(subject, "", {"choices": playing}))
        if moving:
            found.append(Case(subject, "all parameters moving", {"choices": playing, "params": moving}))
        found += [
            Case(subject, text, {**setting, "choices": {**playing, **setting.get("choices", {})}})
            for text, setting in SPECIAL.get(subject.kernel, [])
        ]
    return found


@cache
def _prepared(type: str, values: tuple[tuple[str, Any], ...]) -> Prepared:
    node = types()[type]
    assert node.media_memory is not None
    sound = Recording("noise.wav", NOISE, RATE_HZ) if node.media else None
    return node.media_memory(sound, dict(values), RATE_HZ)


def memories(subject: Subject, values: dict[str, Any], width: int) -> list[Memory | None]:
    """Memory of each lane; recordings are two seconds of noise."""
    node = subject.node
    if any(media.streamed for media in node.media.values()):
        ring: Signal = NOISE[0, : 1 << 16].copy()
        return [Memory(ring, RATE_HZ, stream=Stream(written=2**60)) for _ in range(width)]
    if node.media_memory is not None:
        return [*Memory.of(_prepared(node.name, tuple(values.items())), width)]
    frames = node.memory_frames(values, RATE_HZ) if node.memory_frames else 0
    return [Memory(np.zeros(frames, np.float32)) if frames else None for _ in range(width)]


def remark(case: Case, ns: dict[int, float]) -> str:
    """Where a wide pack is slower than narrow ones that do the same work, and whether its memory explains that."""
    pairs = ((16, 1), (16, 4), (16, 8), (8, 1), (8, 4))
    found = [f"{w} slower than {w // n} of {n}" for w, n in pairs if ns[w] > 1.1 * ns[n]]
    lent = memories(case.subject, case.subject.node.defaults(), 16)
    mebibytes = sum(4 * len(part) for m in lent if m for part in (m.data, m.work) if part is not None) / (1 << 20)
    return ", ".join([*found, f"16 lanes use {mebibytes:.0f} MiB"] if found and mebibytes > 1 else found)


def report(measured: dict[str, dict[int, float]], remarks: dict[str, str]) -> str:
    """The table, and the slowest."""
    rows = [[name, *(f"{ns[width]:.2f}" for width in WIDTHS), remarks[name]] for name, ns in measured.items()]
    slowest = sorted((n for n in measured if "moving" not in n), key=lambda name: -measured[name][WIDTHS[-1]])[:10]
    facts = machine() | {"command": "python -m bench.kernels"}
    return (
        "# Kernels\n\nNanoseconds a lane and frame, slices of 128 frames at 48 kHz, processor level "
        f"{LEVELS[-1]}, best of {TRIES} runs.\n\n"
        + table(["kernel", *(f"W = {width}" for width in WIDTHS), "remark"], rows)
        + f"\nSlowest at W = {WIDTHS[-1]}, ns: {', '.join(f'{n} {measured[n][WIDTHS[-1]]:.1f}' for n in slowest)}.\n\n"
        + NOTES.read_text()
        + "\n".join(f"- {key}: {value}" for key, value in facts.items())
        + "\n"
    )


def main(wanted: list[str]) -> None:
    """Measure all kernels and write the table, or those that are named and print them."""
    measured, remarks = {}, {}
    for case in cases():
        if not wanted or case.subject.kernel in wanted:
            measured[case.name] = {width: case.nanoseconds(width) for width in WIDTHS}
            figures = "  ".join(f"{ns:8.3f}" for ns in measured[case.name].values())
            remarks[case.name] = remark(case, measured[case.name])
            print(f"{case.name:40} {figures}  {remarks[case.name]}", flush=True)
    if not wanted:
        OUT.write_text(report(measured, remarks))


if __name__ == "__main__":
    main(sys.argv[1:])
