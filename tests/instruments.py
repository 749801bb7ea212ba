"""Instrument files made for tests: SoundFonts from lists of generators, and a voice that plays what was read of any."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphdaw.nodes.prepare.zone_map import ZoneMap
from graphdaw.nodes.prepare.zones import prepare
from tests.kernel_probe import Memory, run_kernel

KEYS, VELOCITIES, SAMPLE, INSTRUMENT = 43, 44, 53, 41
Bag = Mapping[int, int]
Modulator = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Wave:
    """A sample of a SoundFont: numbers from -1 to 1, where its loop is, and how it is tuned."""

    samples: NDArray[Any]
    rate_hz: int = 48_000
    loop: tuple[int, int] = (0, 0)
    key: int = 60
    correction: int = 0
    kind: int = 1


def span(low: int, high: int) -> int:
    """A range of keys or velocities as a generator has it."""
    return low | high << 8


def soundfont(
    waves: Sequence[Wave],
    zones: Sequence[Bag],
    presets: Sequence[Sequence[Bag]] = ([{INSTRUMENT: 0}],),
    modulators: Mapping[int, Sequence[Modulator]] | None = None,
    bits: int = 16,
) -> bytes:
    """A SoundFont of one instrument; preset n has program n. `modulators` stand in zones of the instrument."""
    pieces, fine, heads, at = [], [], [], 0
    for number, wave in enumerate(waves):
        whole = np.round(np.clip(wave.samples, -1.0, 1.0 - 2.0**-23) * (1 << 23)).astype(np.int32)
        words = np.concatenate([whole, np.zeros(46, np.int32)])
        pieces.append((words >> 8).astype("<i2").tobytes())
        fine.append((words & 255).astype(np.uint8).tobytes())
        loop = [at + place for place in wave.loop]
        name = f"wave {number}".encode()
        heads.append(
            struct.pack(
                "<20s5IBbHH",
                name,
                at,
                at + len(wave.samples),
                *loop,
                wave.rate_hz,
                wave.key,
                wave.correction,
                0,
                wave.kind,
            )
        )
        at += len(words)
    heads.append(struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0))
    instrument = _bags([zones], modulators or {})
    over = _bags(presets, {})
    preset_heads = b"".join(
        struct.pack("<20s3H3I", f"preset {k}".encode(), k, 0, begin, 0, 0, 0) for k, begin in enumerate(over[0])
    )
    sdta = _chunk(b"smpl", b"".join(pieces)) + (_chunk(b"sm24", b"".join(fine)) if bits == 24 else b"")
    pdta = b"".join(
        [
            _chunk(b"phdr", preset_heads),
            *(_chunk(kind, data) for kind, data in zip((b"pbag", b"pmod", b"pgen"), over[1:], strict=True)),
            _chunk(b"inst", b"".join(struct.pack("<20sH", b"instrument", begin) for begin in instrument[0])),
            *(_chunk(kind, data) for kind, data in zip((b"ibag", b"imod", b"igen"), instrument[1:], strict=True)),
            _chunk(b"shdr", b"".join(heads)),
        ]
    )
    info = _chunk(b"ifil", struct.pack("<2H", 2, 4)) + _chunk(b"isng", b"EMU8000\0") + _chunk(b"INAM", b"test\0\0")
    body = b"sfbk" + b"".join(_chunk(b"LIST", k + d) for k, d in ((b"INFO", info), (b"sdta", sdta), (b"pdta", pdta)))
    return _chunk(b"RIFF", body)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2)


def _bags(owners: Sequence[Sequence[Bag]], modulators: Mapping[int, Sequence[Modulator]]) -> tuple[Any, ...]:
    """Where each owner's zones begin, and the three tables of zones, modulators and generators."""
    begins, bags, mods, gens = [], [], [], []
    for zones in owners:
        begins.append(len(bags))
        for number, zone in enumerate(zones):
            bags.append((len(gens), len(mods)))
            order = sorted(zone, key=lambda which: (which in (SAMPLE, INSTRUMENT), which != KEYS, which != VELOCITIES))
            gens += [struct.pack("<2H", which, zone[which] & 0xFFFF) for which in order]
            mods += [struct.pack("<2Hh2H", *one) for one in modulators.get(number, ())]
    begins.append(len(bags))
    bags.append((len(gens), len(mods)))
    table = b"".join(struct.pack("<2H", *bag) for bag in bags)
    return begins, table, b"".join(mods) + bytes(10), b"".join(gens) + bytes(4)


def gate_of(frames: int, *notes: tuple[int, int]) -> NDArray[np.float32]:
    """A gate that is open from one frame to another, for each note."""
    gate = np.zeros(frames, np.float32)
    for begin, end in notes:
        gate[begin:end] = 1.0
    return gate


def play(
    instrument: ZoneMap,
    key: Any,
    velocity: Any = 1.0,
    *,
    frames: int = 48_000,
    notes: Sequence[tuple[int, int]] = ((0, 1 << 30),),
    rate_hz: int = 48_000,
    **more: Any,
) -> NDArray[np.float32]:
    """One voice that plays notes, each from a frame to another: (2, frames)."""
    params = {"key": np.float32(key), "velocity": np.float32(velocity)} | more.pop("params", {})
    memories = more.pop("memories", None) or Memory.of(prepare(instrument, rate_hz), 1)
    out = run_kernel(
        "zones",
        inputs={"gate": gate_of(frames, *notes)},
        params=params,
        memories=memories,
        frames=frames,
        sample_rate=rate_hz,
        **more,
    )
    return np.stack([out["out"][0], out["out.1"][0]])
