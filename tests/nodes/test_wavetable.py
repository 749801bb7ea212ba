"""wavetable against the Fourier series of its cycles: what sounds, what must not, and how it morphs."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.nodes import types
from graphdaw.nodes.base import Prepared, Recording
from graphdaw.nodes.prepare import wavetable as tables
from tests.kernel_probe import Memory, Signal, run_kernel
from tests.nodes.forms import each_form

FRAMES = 1 << 15
H = np.arange(1, 1_025)


def saw_cycle(size: int = 2_048) -> Signal:
    """A sawtooth of all harmonics a cycle can hold, without its highest."""
    turns = np.arange(size) / size
    return np.sum([np.sin(2 * np.pi * h * turns) / h for h in range(1, size // 2)], axis=0).astype(np.float32)


def recording(*cycles: Signal, **facts: Any) -> Recording:
    return Recording("table.wav", np.concatenate(cycles)[None].astype(np.float32), 44_100.0, **facts)


def play(prepared: Prepared, frames: int = FRAMES, lanes: int = 1, **setting: Any) -> Signal:
    return run_kernel("wavetable", memories=Memory.of(prepared, lanes), frames=frames, **setting)["out"]


def spectrum(signal: Signal) -> Signal:
    """Amplitudes of whole cycles in FRAMES frames, through a window that spreads a line by eight bins at -120 dB."""
    turns = np.arange(FRAMES) / FRAMES
    terms = (0.27105140069342, -0.43329793923448, 0.21812299954311, -0.06592544638803, 0.01081174209837)
    window = np.sum([a * np.cos(2 * np.pi * k * turns) for k, a in enumerate((*terms, -0.00077658482522))], axis=0)
    return np.abs(np.fft.rfft(signal[-FRAMES:] * window)) / (FRAMES / 2) / terms[0]


def whole_hz(frequency_hz: float, rate: float) -> tuple[float, int]:
    """A pitch near the one given that fits an odd number of times into FRAMES frames, and that number."""
    cycles = int(frequency_hz * FRAMES / rate) // 2 * 2 + 1
    return cycles * rate / FRAMES, cycles


def brightest(frequency_hz: float, rate: float) -> int:
    """A harmonic that is sure to be heard in full."""
    return max(1, int(0.6 * rate / 2 / frequency_hz))


@each_form
@pytest.mark.parametrize("frequency_hz", [30.0, 440.0, 3_000.0])
def test_harmonics_are_those_of_the_cycle(form: tuple[int, str], frequency_hz: float) -> None:
    rate = 44_100.0
    pitch, cycles = whole_hz(frequency_hz, rate)
    out = play(
        tables.prepare(recording(saw_cycle()), "basic", 0),
        params={"frequency_hz": pitch}, sample_rate=rate, width=form[0], level=form[1],
    )  # fmt: skip

    heard = spectrum(out[0])[cycles * np.arange(1, 1 + min(700, brightest(pitch, rate)))]

    expected = 1 / np.arange(1, len(heard) + 1)
    np.testing.assert_allclose(20 * np.log10(heard / expected), 0.0, atol=0.01)


PITCHES_HZ = (110.0, 261.6, 700.0, 1_000.0, 1_760.0, 2_637.0, 3_951.0, 5_000.0)
AT_RATES = [(f, rate) for rate in (8_000, 44_100, 48_000, 96_000) for f in PITCHES_HZ if 300 < f * 1e4 / rate < 3_300]


def alias_db(out: Signal, cycles: int) -> float:
    """The strongest line between the harmonics, below the strongest of all."""
    power = spectrum(out)
    between = np.abs((np.arange(len(power)) + cycles / 2) % cycles - cycles / 2) > 8
    return float(20 * np.log10(power[between].max() / power.max()))


@pytest.mark.parametrize(("frequency_hz", "rate"), AT_RATES)
def test_aliases_of_built_in_tables_lie_below_minus_80_db(frequency_hz: float, rate: int) -> None:
    pitch, cycles = whole_hz(frequency_hz, rate)
    for table in ("basic", "sync", "pwm"):
        params = {"frequency_hz": pitch, "position": 0.7}
        out = play(tables.prepare(None, table, 0), params=params, sample_rate=rate)
        assert alias_db(out[0], cycles) < -80.0, table


def test_aliases_of_a_sawtooth_lie_below_minus_95_db() -> None:
    for frequency_hz in PITCHES_HZ:
        pitch, cycles = whole_hz(frequency_hz, 44_100)
        out = play(
            tables.prepare(recording(saw_cycle()), "basic", 0), params={"frequency_hz": pitch}, sample_rate=44_100
        )
        assert alias_db(out[0], cycles) < -95.0, frequency_hz


def test_a_cycle_of_noise_is_read_with_images_below_minus_80_db() -> None:
    """Harmonics of equal strength are the worst that interpolation can meet."""
    rate = 44_100.0
    flat = np.exp(2j * np.pi * np.random.default_rng(1).random(724))[None]
    for frequency_hz in (110.0, 311.0, 1_244.0, 4_978.0):
        pitch, cycles = whole_hz(frequency_hz, rate)
        out = play(Prepared(tables.tables(flat)[None]), params={"frequency_hz": pitch}, sample_rate=rate)
        assert alias_db(out[0], cycles) < -80.0


def test_a_swept_pitch_fades_from_version_to_version() -> None:
    """Against sines, each of which fades out within an eighth of an octave as its version comes to its limit."""
    rate, frames = 48_000.0, 8_000
    frequency_hz = np.float32(1_500.0 * 3.0 ** (np.arange(frames) / frames))
    out = play(tables.prepare(None, "basic", 0), frames, params={"frequency_hz": frequency_hz[None], "position": 2 / 3})

    turns = np.concatenate([[0], np.cumsum(frequency_hz.astype(float))[:-1]]) / rate
    limit = 2 * np.log2(2 * frequency_hz / rate) + 19  # the darkest version of which something is above half the rate
    mantissa = 2 * frequency_hz / rate / 2 ** np.floor(np.log2(2 * frequency_hz / rate))
    limit += 2 * (0.0861 - np.log2(mantissa) + mantissa - 1)  # the kernel's logarithm
    version = np.floor(limit).astype(int) + 1
    far = np.clip(1 - (version - limit) / 0.25, 0, 1)
    expected = np.zeros(frames)
    held = np.array([*tables.HARMONICS, 1])
    for h in range(1, 17):
        level = (held[version] >= h) * (1 - far) + (held[version + 1] >= h) * far
        expected += level * np.sin(2 * np.pi * h * turns) / h
    scale = np.dot(out[0], expected) / np.dot(expected, expected)  # the table's, whose peak is 1
    np.testing.assert_allclose(out[0] / scale, expected, atol=2e-3)
    assert (far > 0).any() and len(set(version)) > 2


@each_form
def test_position_fades_from_one_cycle_to_the_next(form: tuple[int, str]) -> None:
    """Linear between neighbours: sine, its octave and its third harmonic."""
    cycles = [np.sin(2 * np.pi * k * np.arange(2_048) / 2_048).astype(np.float32) for k in (1, 2, 3)]
    position = np.linspace(0, 1, 4_000)
    out = play(
        tables.prepare(recording(*cycles), "basic", 0), 4_000, width=form[0], level=form[1],
        params={"frequency_hz": 100.0, "position": position[None]},
    )[0]  # fmt: skip

    turns = 100.0 / 48_000 * np.arange(4_000)
    waves = np.sin(2 * np.pi * np.arange(1, 4)[:, None] * turns)
    weights = np.maximum(0.0, 1 - np.abs(2 * position - np.arange(3)[:, None]))
    np.testing.assert_allclose(out, np.sum(weights * waves, axis=0), atol=2e-5)


def test_phase_modulation_shifts_the_cycle() -> None:
    cycle = np.sin(2 * np.pi * np.arange(600) / 600).astype(np.float32)
    pm = 0.7 * np.sin(np.arange(4_000) / 50.0)
    out = play(
        tables.prepare(recording(cycle), "basic", 0), 4_000, params={"frequency_hz": 200.0}, inputs={"pm": pm[None]}
    )[0]

    turns = 200.0 / 48_000 * np.arange(4_000)
    np.testing.assert_allclose(out, np.sin(2 * np.pi * (turns + pm)), atol=1e-4)


@pytest.mark.parametrize(
    ("samples", "facts", "frame_samples", "count"),
    [
        (8 * 2_048, {}, 0, 8),
        (8 * 2_048, {"cycle_frames": 1_024}, 0, 16),
        (8 * 2_048, {"cycle_frames": 1_024}, 512, 32),
        (600, {}, 0, 1),
        (2_048, {}, 0, 1),
        (5_000, {}, 0, 2),
    ],
)
def test_files_are_cut_into_cycles(samples: int, facts: dict[str, Any], frame_samples: int, count: int) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, samples)
    prepared = tables.prepare(recording(noise, **facts), "basic", frame_samples)

    assert prepared.planes.shape == (1, count * tables.CYCLE_FRAMES)


def test_what_is_no_wavetable_is_named_with_the_way_out() -> None:
    with pytest.raises(
        MediaError, match=r"table\.wav has 100 samples, fewer than one cycle of 2048; set frame_samples"
    ):
        tables.prepare(recording(np.zeros(100)), "basic", 2_048)
    with pytest.raises(MediaError, match=r"table\.wav has 700 cycles .* choose a shorter one"):
        tables.prepare(recording(np.zeros(70_000)), "basic", 100)


@pytest.mark.parametrize("table", types()["wavetable"].choices["table"].options)
def test_built_in_tables_are_loud_and_never_beyond_full_scale(table: str) -> None:
    for position in np.linspace(0, 1, 5):
        out = play(tables.prepare(None, table, 0), 4_800, params={"frequency_hz": 100.0, "position": position})
        assert np.sqrt(np.mean(out**2)) > 0.08 and np.abs(out).max() < 1.02 and abs(out.mean()) < 1e-3


def test_a_serum_table_is_played_at_any_pitch(tmp_path: Path) -> None:
    """The file's own rate means nothing; its `clm ` chunk says how long a cycle is."""
    path = tmp_path / "table.wav"
    cycle = np.sin(2 * np.pi * np.arange(256) / 256)
    soundfile.write(path, np.tile(cycle, 4).astype(np.float32), 96_000, subtype="FLOAT")
    whole, text = path.read_bytes(), b"<!>256 10000000 wavetable"
    chunk = b"clm " + struct.pack("<I", len(text)) + text + b"\0"
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8 + len(chunk)) + whole[8:12] + chunk + whole[12:])
    graph = gd.Graph(sample_rate=48_000)
    graph.add("wavetable", file=str(path), frequency_hz=300.0) >> graph.add("output")

    audio = gd.render(graph, seconds=0.1)[0]

    np.testing.assert_allclose(audio, np.sin(2 * np.pi * 300 / 48_000 * np.arange(4_800)), atol=1e-4)


def test_without_memory_it_is_silent() -> None:
    assert not run_kernel("wavetable", memories=[None, Memory(np.ones(77, np.float32))], frames=100)["out"].any()
