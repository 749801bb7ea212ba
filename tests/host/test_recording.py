"""Recording: pre-roll, moved takes, many channels, names, and what a crash left."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

import graphdaw as gd
from graphdaw._core import ffi, lib
from graphdaw.errors import EngineError
from graphdaw.graph.takes import clips_of_take
from graphdaw.host.device import DeviceSettings
from graphdaw.host.engine import Engine
from graphdaw.host.events import TakeFinished
from graphdaw.host.left_takes import recover_takes
from graphdaw.host.offline import Renderer
from graphdaw.host.tape import Take
from tests.drawing import draw
from tests.host.test_tape import RATE_HZ, patch, read

BLOCK = 128


GATE_HZ = 3.7


def gate_edges() -> tuple[list[int], list[int]]:
    """Frames of a second at which a square wave of `GATE_HZ` goes up, and at which it goes down."""
    up = np.append(np.append(False, (np.arange(RATE_HZ) * GATE_HZ / RATE_HZ) % 1 < 0.5), False)
    return np.flatnonzero(up[1:] & ~up[:-1]).tolist(), np.flatnonzero(~up[1:] & up[:-1]).tolist()


@pytest.mark.parametrize("preroll_s", [0.0, 0.25, 0.5])
def test_a_take_begins_so_much_before_record_was_called(tmp_path: Path, preroll_s: float) -> None:
    with Renderer(patch()) as renderer:
        before = renderer.render(30_000)
        renderer.engine.record("record1", tmp_path / "take.wav", bit_depth=32, preroll_s=preroll_s)
        after = renderer.render(1_000)
        (take,) = renderer.engine.stop_recording("record1")

    start = 30_000 - round(preroll_s * RATE_HZ)
    assert (take.start_frame, take.preroll_frames) == (start, 30_000 - start)
    np.testing.assert_array_equal(read(take.path), np.concatenate([before, after], axis=1)[:, start:])


def test_each_take_begins_so_much_before_its_gate_opened(tmp_path: Path) -> None:
    with Renderer(patch(gate_hz=GATE_HZ)) as renderer:
        renderer.engine.record("record1", tmp_path / "take.wav", bit_depth=32, preroll_s=0.3)
        audio = renderer.render(RATE_HZ)
        takes = renderer.engine.stop_recording("record1")

    ups, downs = gate_edges()
    assert [take.preroll_frames for take in takes] == [min(up, 14_400) for up in ups]  # before 0 nothing was heard
    for take, up, down in zip(takes, ups, downs, strict=True):
        assert take.start_frame == max(0, up - 14_400)
        np.testing.assert_array_equal(read(take.path), audio[:, take.start_frame : down])


def test_a_preroll_longer_than_the_memory_is_refused(tmp_path: Path) -> None:
    with Renderer(patch()) as renderer:
        with pytest.raises(EngineError, match="remembers 10 s; set its buffer_s"):
            renderer.engine.record("record1", tmp_path / "take.wav", preroll_s=10.5)
        renderer.engine.graph.set("record1", buffer_s=60.0)
        renderer.engine.record("record1", tmp_path / "take.wav", preroll_s=59.0)
    assert recover_takes(tmp_path) == []


@pytest.mark.parametrize("late_frames", [1, 100, 5_000])
def test_what_is_heard_late_is_moved_to_where_it_belongs(tmp_path: Path, late_frames: int) -> None:
    """A take's frames are those of the gate, of sound that came so much later."""
    with Renderer(patch(gate_hz=GATE_HZ)) as renderer:
        renderer.engine.record("record1", tmp_path / "take.wav", bit_depth=32, late_frames=lambda: late_frames)
        audio = renderer.render(RATE_HZ)
        takes = renderer.engine.stop_recording("record1")

    for take, up, down in zip(takes, *gate_edges(), strict=True):
        assert take.start_frame == up
        np.testing.assert_array_equal(read(take.path), audio[:, up + late_frames : down + late_frames])


def test_no_take_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_bytes(b"mine")
    paths = []
    with Renderer(patch()) as renderer:
        for _ in range(2):
            renderer.engine.record("record1", tmp_path / "take.wav")
            renderer.render(1_000)
            paths += [take.path.name for take in renderer.engine.stop_recording("record1")]

    assert paths == ["take-2.wav", "take-3.wav"]
    assert (tmp_path / "take.wav").read_bytes() == b"mine"


def test_recording_anew_loses_nothing_between_two_takes(tmp_path: Path) -> None:
    with Renderer(patch()) as renderer:
        engine = renderer.engine
        engine.record("record1", tmp_path / "a.wav", bit_depth=32)
        first = renderer.render(10_000)
        engine.record("record1", tmp_path / "b.wav", bit_depth=32)
        second = renderer.render(10_000)

    np.testing.assert_array_equal(read(tmp_path / "a.wav"), first)
    np.testing.assert_array_equal(read(tmp_path / "b.wav"), second)


def test_a_replaced_node_goes_on_in_the_next_take(tmp_path: Path) -> None:
    with Renderer(patch()) as renderer:
        engine = renderer.engine
        engine.record("record1", tmp_path / "take.wav", bit_depth=32)
        first = renderer.render(10_240)
        engine.graph.set("record1", buffer_s=2.0)
        second = renderer.render(10_240)
        takes = engine.stop_recording("record1")

    assert [take.path.name for take in takes] == ["take.wav", "take-2.wav"]
    assert sum(take.frames for take in takes) == 20_480
    np.testing.assert_array_equal(read(takes[0].path), first)
    np.testing.assert_array_equal(read(takes[1].path)[:, 256:], second[:, 256:])  # before that it is faded in


def test_what_a_format_cannot_hold_is_kept_as_wav(tmp_path: Path) -> None:
    """FLAC has eight channels at most."""
    graph, _ = draw("input i(channels=12) -> record r -> output o", RATE_HZ)
    with Renderer(graph) as renderer:
        renderer.engine.record("record1", tmp_path / "take.flac")
        renderer.render(4_800)
        (take,) = renderer.engine.stop_recording("record1")
        told = renderer.engine.problems["record1"]

    assert take.path == tmp_path / "take.wav" and read(take.path).shape == (12, 4_800)
    assert "cannot hold 12 channels" in told and told.endswith("The take was kept as take.wav.")
    assert [path.name for path in tmp_path.iterdir()] == ["take.wav"]


def test_sixty_four_inputs_are_recorded_for_a_while_and_each_is_in_its_place(tmp_path: Path) -> None:
    graph, _ = draw("input i(channels=64) -> record r -> output o", RATE_HZ)
    sound = np.random.default_rng(1).uniform(-1, 1, (64, 20 * BLOCK)).astype(np.float32)
    with Engine(graph) as engine:
        engine.record("record1", tmp_path / "take.wav", bit_depth=32)
        out = np.zeros((64, BLOCK), np.float32)
        outs = ffi.new("float *[]", [ffi.from_buffer("float[]", plane) for plane in out])
        for block in range(400):
            heard = np.roll(sound, block, axis=0)[:, block % 20 * BLOCK :][:, :BLOCK].copy()
            ins = ffi.new("float *[]", [ffi.from_buffer("float[]", plane) for plane in heard])
            lib.gd_engine_process(engine.pointer, ins, 64, outs, 64, BLOCK)
            engine.catch_up()
        (take,) = engine.stop_recording("record1")

    assert (take.channels, take.frames, take.lost_frames) == (64, 400 * BLOCK, 0)
    written = read(take.path)
    for block in range(400):
        heard = np.roll(sound, block, axis=0)[:, block % 20 * BLOCK :][:, :BLOCK]
        np.testing.assert_array_equal(written[:, block * BLOCK :][:, :BLOCK], heard)


@pytest.mark.parametrize("depth", [16, 24, 32])
def test_numbers_that_are_none_and_peaks_over_full_scale(tmp_path: Path, depth: int) -> None:
    graph, _ = draw("input i -> record r -> output o", RATE_HZ)
    heard = np.array([0.0, 1.5, -1.5, np.nan, np.inf, 0.25, -1.0, 1e-9] * 16, np.float32)
    with Engine(graph) as engine:
        engine.record("record1", tmp_path / "take.wav", bit_depth=depth)
        silence = np.zeros(BLOCK, np.float32)
        planes = [ffi.new("float *[]", [ffi.from_buffer("float[]", plane)]) for plane in (heard, silence)]
        lib.gd_engine_process(engine.pointer, planes[0], 1, planes[1], 1, BLOCK)
        (take,) = engine.stop_recording("record1")

    full = 2.0 ** (depth - 1)
    expected = np.nan_to_num(heard.astype(np.float64), nan=0.0, posinf=0.0)
    if depth < 32:
        expected = np.clip(np.round(expected * full), -full, full - 1) / full
    np.testing.assert_array_equal(read(take.path)[0], expected.astype(np.float32))
    assert (take.peak, take.clipped) == (1.5, depth < 32)


def test_a_file_tells_other_programs_when_and_where_it_was_recorded(tmp_path: Path) -> None:
    with Renderer(patch()) as renderer:
        renderer.render(12_345)
        renderer.engine.record("record1", tmp_path / "take.wav")
        renderer.render(100)

    data = (tmp_path / "take.wav").read_bytes()
    chunk = data[data.index(b"bext") + 8 :]
    assert chunk[256:288].rstrip(b"\0") == b"GraphDAW"
    assert int.from_bytes(chunk[338:346], "little") == 12_345


def test_finished_takes_are_told_in_order(tmp_path: Path) -> None:
    told: list[object] = []
    with gd.Session(patch(gate_hz=GATE_HZ), device="hand") as session:
        session.observe(told.append, TakeFinished)
        session.record("record1", tmp_path / "take.wav")
        session.play()
        session.step(RATE_HZ // BLOCK)
        takes = session.stop_recording("record1")

    assert len(takes) == 4
    assert told == [TakeFinished("record1", take) for take in takes]


# What a crash left


def left_behind(folder: Path, name: str, frames: int, token: str = "0badcafe") -> np.ndarray:
    """A take as a crash leaves it: its header a little behind what is there, and the last frame cut in two."""
    with Renderer(patch()) as renderer:
        renderer.render(1_000)
        renderer.engine.record("record1", folder / "whole.wav", bit_depth=32)
        audio = renderer.render(frames)
    data = bytearray((folder / "whole.wav").read_bytes())
    (folder / "whole.wav").unlink()
    at = data.index(b"data") + 4
    data[at : at + 4] = (frames // 2 * 8).to_bytes(4, "little")
    (folder / f".{name}.{token}-1.part.wav").write_bytes(data + b"cut")
    return audio


def test_a_take_that_a_crash_left_is_found_whole_and_named(tmp_path: Path) -> None:
    (tmp_path / "song-recovered.wav").write_bytes(b"mine")
    audio = left_behind(tmp_path, "song.flac", 5_000)

    (take,) = recover_takes(tmp_path)

    path = tmp_path / "song-recovered-2.wav"
    assert take == Take(path, 2, 5_000, RATE_HZ, 1_000, complete=False, recovered=True)
    np.testing.assert_array_equal(read(path), audio)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["song-recovered-2.wav", "song-recovered.wav"]
    assert recover_takes(tmp_path) == []


def test_a_take_that_is_still_being_recorded_is_left_alone(tmp_path: Path) -> None:
    with Renderer(patch()) as renderer:
        renderer.engine.record("record1", tmp_path / "take.wav")
        renderer.render(RATE_HZ)
        renderer.engine.recorder.catch_up()
        assert recover_takes(tmp_path) == []
        renderer.render(RATE_HZ)
        (take,) = renderer.engine.stop_recording("record1")

    assert take.frames == 2 * RATE_HZ and read(tmp_path / "take.wav").shape == (2, 2 * RATE_HZ)


def test_what_is_no_take_is_left_alone(tmp_path: Path) -> None:
    left_behind(tmp_path, "held.wav", 100)
    held = tmp_path / ".held.wav.0badcafe-1.part.wav"
    secret = tmp_path / "secret"
    secret.write_bytes(held.read_bytes())
    (tmp_path / ".link.wav.0badcafe-1.part.wav").symlink_to(secret)
    (tmp_path / ".text.wav.0badcafe-1.part.wav").write_text("no sound")
    (tmp_path / ".other.wav.part.wav").write_bytes(held.read_bytes())
    sine = tmp_path / ".sine.wav.0badcafe-1.part.wav"
    soundfile.write(sine, np.zeros(100), RATE_HZ, format="WAV")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    with held.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert recover_takes(tmp_path) == []

    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_every_damaged_header_is_taken_or_left_but_never_believed(tmp_path: Path) -> None:
    """Whatever stands in the header, the file's length says how much there is."""
    left_behind(tmp_path, "take.wav", 100)
    part = tmp_path / ".take.wav.0badcafe-1.part.wav"
    data, random = part.read_bytes(), np.random.default_rng(5)
    core, rate, bits = ffi.new("GdTake *"), ffi.new("uint32_t *"), ffi.new("uint32_t *")
    for _ in range(400):
        damaged = bytearray(data)
        for at in random.integers(0, 700, random.integers(1, 4)):
            damaged[at] = random.integers(0, 256)
        size = len(data) if random.random() < 0.7 else int(random.integers(0, len(data)))
        part.write_bytes(damaged[:size])
        error = lib.gd_tape_repair(ffi.new("char[]", bytes(part)), core, rate, bits)
        assert error in (0, errno.EILSEQ)
        if not error:
            assert core.frames * core.channels * bits[0] // 8 <= size
            os.close(core.file)


# Takes and the transport


def test_a_take_tells_its_place_in_the_piece(tmp_path: Path) -> None:
    with Renderer(patch()) as renderer:
        engine = renderer.engine
        renderer.render(10_240)
        engine.record("record1", tmp_path / "before.wav")
        renderer.render(1_280)
        engine.locate(480_000)
        renderer.render(2_560)
        before = engine.stop_recording("record1")
        place = engine.position_frames
        engine.record("record1", tmp_path / "after.wav", preroll_s=0.01)
        renderer.render(1_280)
        after = engine.stop_recording("record1")

    assert 480_000 < place < 483_000
    assert [take.start_frame for take in (*before, *after)] == [10_240, place - 480]


def test_a_beginning_anew_ends_a_take_and_begins_the_next(tmp_path: Path) -> None:
    with Renderer(patch()) as renderer:
        engine = renderer.engine
        engine.record("record1", tmp_path / "take.wav", bit_depth=32)
        first = renderer.render(10_000)
        engine.restart(96_000)
        second = renderer.render(5_000)
        takes = engine.stop_recording("record1")

    assert [(take.start_frame, take.frames) for take in takes] == [(0, 10_000), (96_000, 5_000)]
    np.testing.assert_array_equal(read(takes[0].path), first)
    np.testing.assert_array_equal(read(takes[1].path), second)


def test_a_take_that_is_counted_in_lies_where_it_was_played(tmp_path: Path) -> None:
    graph = patch()
    with Renderer(graph) as renderer:
        engine = renderer.engine
        engine.roll(False)
        renderer.render(12_800)
        engine.record("record1", tmp_path / "take.wav", bit_depth=32)
        engine.roll(True, count_in_frames=6_400)
        heard = renderer.render(48_000)
        (take,) = engine.stop_recording("record1")
    (clip,) = clips_of_take(take, graph.timeline)
    begun = -take.start_frame  # frames of the take before the piece

    assert 6_400 <= begun <= 6_400 + 256 and take.frames == 48_000
    assert (clip.at_ticks, clip.start_s) == (0, pytest.approx(begun / 48_000))
    np.testing.assert_array_equal(read(take.path), heard)


def test_what_the_disk_has_yet_to_write_when_time_begins_anew_is_kept(tmp_path: Path) -> None:
    for number in range(20):  # in some of them the disk is behind
        with Renderer(patch()) as renderer:
            engine = renderer.engine
            engine.record("record1", tmp_path / f"take{number}.wav", bit_depth=32)
            renderer.render(10_000)
            engine.restart(96_000)
            takes = engine.stop_recording("record1")

        assert [take.frames for take in takes] == [10_000]


def test_a_device_at_another_rate_goes_on_in_a_take_at_that_rate(tmp_path: Path) -> None:
    with gd.Session(patch(), device="hand") as session:
        session.record("record1", tmp_path / "take.wav", bit_depth=32)
        session.play()
        session.step(100)
        session.change_device(DeviceSettings("hand", sample_rate_hz=44_100))
        session.step(100)
        takes = session.stop_recording("record1")

    assert [take.sample_rate_hz for take in takes] == [48_000, 44_100]
    assert [take.frames for take in takes] == [12_800, 12_800]
    assert [soundfile.info(take.path).samplerate for take in takes] == [48_000, 44_100]


def test_a_file_of_more_than_four_gigabytes_counts_in_64_bits(tmp_path: Path) -> None:
    left_behind(tmp_path, "long.wav", 100)
    part = tmp_path / ".long.wav.0badcafe-1.part.wav"
    os.truncate(part, 5 << 30)  # a hole: it takes no room

    (take,) = recover_takes(tmp_path)

    with soundfile.SoundFile(take.path) as file:
        assert (file.frames, file.channels, file.samplerate) == (take.frames, 2, RATE_HZ)
        assert take.frames == ((5 << 30) - 690) // 8
        file.seek(take.frames - 10)
        assert file.read(dtype="float32").shape == (10, 2)


def test_a_session_finds_what_a_crash_left_beside_its_project(tmp_path: Path) -> None:
    audio = left_behind(tmp_path, "take.wav", 5_000)
    patch().save(tmp_path / "song.gdaw")

    with gd.open(tmp_path / "song.gdaw") as project, gd.Session(project, device="hand") as session:
        (take,) = session.recovered_takes

    assert take.path == tmp_path / "take-recovered.wav"
    np.testing.assert_array_equal(read(take.path), audio)
