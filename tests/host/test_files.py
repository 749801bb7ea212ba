"""Writing sound: what is read back is what was written, and a file is complete or not there."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from graphdaw.errors import MediaError
from graphdaw.host.files import AudioWriter, write_audio
from graphdaw.host.media import load_media

RATE_HZ = 48_000


def chord(frames: int = 20_000, channels: int = 2) -> np.ndarray:
    time = np.arange(frames) / RATE_HZ
    return np.stack([0.4 * np.sin(2 * np.pi * (330 + 110 * c) * time) for c in range(channels)]).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "bits", "step"),
    [("a.wav", None, 2**-23), ("a.wav", 16, 2**-15), ("a.wav", 32, 0.0), ("a.flac", 24, 2**-23)],
)
def test_lossless_formats_give_back_what_went_in(tmp_path: Path, name: str, bits: int | None, step: float) -> None:
    audio = chord()

    written = write_audio(tmp_path / name, audio, RATE_HZ, bits)

    np.testing.assert_allclose(load_media(tmp_path / name, RATE_HZ), audio, atol=step, rtol=0)
    assert (written.frames, written.channels, written.clipped) == (20_000, 2, False)
    assert written.peak == np.max(np.abs(audio))


@pytest.mark.parametrize("name", ["a.ogg", "a.mp3"])
def test_lossy_formats_keep_the_tune(tmp_path: Path, name: str) -> None:
    audio = chord(48_000, 1)

    write_audio(tmp_path / name, audio, RATE_HZ)

    back = load_media(tmp_path / name, RATE_HZ)[0, :48_000]
    assert int(np.argmax(np.abs(np.fft.rfft(back * np.hanning(len(back)))))) == 330
    assert np.sqrt(np.mean(back**2)) == pytest.approx(0.4 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_blocks_of_any_size_make_the_same_sound(tmp_path: Path, ending: str) -> None:
    audio = chord()
    whole, blocks = tmp_path / f"whole.{ending}", tmp_path / f"blocks.{ending}"
    write_audio(whole, audio, RATE_HZ)

    with AudioWriter(blocks, sample_rate_hz=RATE_HZ, channels=2) as writer:
        for start in range(0, 20_000, 777):
            writer.write(audio[:, start : start + 777])

    assert np.array_equal(load_media(blocks, RATE_HZ), load_media(whole, RATE_HZ))


def test_peaks_past_full_scale_are_cut_off_and_reported(tmp_path: Path) -> None:
    loud = chord() * 4.0

    assert write_audio(tmp_path / "a.wav", loud, RATE_HZ).clipped
    assert not write_audio(tmp_path / "b.wav", loud, RATE_HZ, 32).clipped
    assert np.max(np.abs(load_media(tmp_path / "a.wav", RATE_HZ))) <= 1.0
    assert np.array_equal(load_media(tmp_path / "b.wav", RATE_HZ), loud)


def test_a_file_past_four_gigabytes_is_announced_as_rf64(tmp_path: Path) -> None:
    with AudioWriter(tmp_path / "a.wav", sample_rate_hz=RATE_HZ, channels=2, expected_frames=1 << 30) as writer:
        writer.write(chord())

    assert soundfile.info(tmp_path / "a.wav").format == "RF64"


@pytest.mark.parametrize(
    ("name", "channels", "rate_hz", "bits", "says"),
    [
        ("a.xyz", 2, RATE_HZ, None, ".flac, .mp3, .ogg, .opus, .wav"),
        ("a", 2, RATE_HZ, None, "no ending"),
        ("none/a.wav", 2, RATE_HZ, None, "does not exist"),
        ("a.mp3", 3, RATE_HZ, None, "1 to 2"),
        ("a.flac", 9, RATE_HZ, None, "1 to 8"),
        ("a.wav", 0, RATE_HZ, None, "0 channels"),
        ("a.mp3", 2, 96_000, None, "48000 Hz"),
        ("a.mp3", 2, 12_345, None, "12345 Hz"),
        ("a.flac", 2, RATE_HZ, 32, "16, 24"),
        ("a.ogg", 2, RATE_HZ, 16, "none to choose"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, channels: int, rate_hz: int, bits: int | None, says: str
) -> None:
    with pytest.raises(MediaError) as refusal:
        AudioWriter(tmp_path / name, sample_rate_hz=rate_hz, channels=channels, bit_depth=bits)

    assert says in str(refusal.value)
    assert str(tmp_path / name) in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_an_error_midway_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"the take before")

    with suppress(KeyboardInterrupt), AudioWriter(path, sample_rate_hz=RATE_HZ, channels=2) as writer:
        writer.write(chord())
        raise KeyboardInterrupt

    assert path.read_bytes() == b"the take before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    program = f"""
import resource, signal
import numpy as np
from graphdaw.host.files import write_audio
from graphdaw.host.media import MediaError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
for name in ("a.wav", "a.flac"):
    try:
        write_audio({str(tmp_path)!r} + "/" + name, np.random.default_rng(1).random((2, 500_000), np.float32), 48_000)
    except MediaError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    write_audio({str(tmp_path)!r} + "/b.wav", np.zeros((1, 100), np.float32), 48_000)
except MediaError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    lines = run.stdout.splitlines()
    assert len(lines) == 3
    assert all("could not be written" in line for line in lines[:2])
    assert "b.wav cannot be written: the system refused the data" in lines[2]
    assert list(tmp_path.iterdir()) == []


def test_a_file_has_the_rights_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_audio(tmp_path / "a.wav", chord(64), RATE_HZ)
    finally:
        os.umask(before)

    assert (tmp_path / "a.wav").stat().st_mode & 0o777 == 0o640


def test_what_a_killed_render_left_goes_with_the_next_one_and_one_under_way_stays(tmp_path: Path) -> None:
    program = f"""
import os, signal, numpy as np
from graphdaw.host.files import AudioWriter
writer = AudioWriter({str(tmp_path / "a.wav")!r}, sample_rate_hz=48_000, channels=1)
writer.write(np.zeros((1, 50_000), np.float32))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    (left,) = tmp_path.iterdir()

    with AudioWriter(tmp_path / "a.wav", sample_rate_hz=48_000, channels=1) as writer:
        writer.write(np.zeros((1, 100), np.float32))
        (under_way,) = tmp_path.iterdir()
        assert under_way != left
        write_audio(tmp_path / "a.wav", np.zeros((1, 10), np.float32), 48_000)
        assert under_way.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
