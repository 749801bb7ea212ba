"""Reading recordings: exact at their own rate, resampled as soxr does it, and refused in one sentence."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from graphdaw.errors import MediaError
from graphdaw.host import media, rates
from graphdaw.host.media import MediaStream, load_media


def noise(frames: int, channels: int = 2) -> np.ndarray:
    return (np.random.default_rng(frames).standard_normal((channels, frames)) * 0.2).astype(np.float32)


def recording(folder: Path, audio: np.ndarray, rate_hz: int, name: str = "a.wav") -> Path:
    path = folder / name
    soundfile.write(path, audio.T, rate_hz, subtype="FLOAT" if name.endswith("wav") else None)
    return path


def read_all(stream: MediaStream, step: int) -> np.ndarray:
    pieces = []
    while (piece := stream.read(step)).shape[1]:
        pieces.append(piece)
    return np.concatenate(pieces, axis=1)


def test_a_recording_at_its_own_rate_is_untouched(tmp_path: Path) -> None:
    audio = noise(70_001)

    loaded = load_media(recording(tmp_path, audio, 48_000), 48_000)

    assert loaded.dtype == np.float32
    assert np.array_equal(loaded, audio)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 96_000])
def test_another_rate_is_resampled_as_soxr_resamples_the_whole(tmp_path: Path, rate_hz: int) -> None:
    audio = noise(rate_hz // 3, 1)

    loaded = load_media(recording(tmp_path, audio, rate_hz), 48_000)

    expected = soxr.resample(audio.T, rate_hz, 48_000, quality=rates.QUALITY).T
    assert loaded.shape == expected.shape
    np.testing.assert_allclose(loaded, expected, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("step", [1, 64, 1_000, 40_000])
def test_a_stream_read_in_any_steps_is_the_loaded_recording(tmp_path: Path, rate_hz: int, step: int) -> None:
    path = recording(tmp_path, noise(3_001 if step == 1 else 50_000), rate_hz)

    with MediaStream(path, 48_000) as stream:
        streamed = read_all(stream, step)
        length = stream.frames

    assert streamed.shape[1] == length
    assert np.array_equal(streamed, load_media(path, 48_000))


@settings(max_examples=25, deadline=None)
@given(frame=st.integers(0, 54_421), rate_hz=st.sampled_from([44_100, 48_000, 11_025]))
def test_seeking_lands_where_reading_on_would(
    tmp_path_factory: pytest.TempPathFactory, frame: int, rate_hz: int
) -> None:
    path = recording(tmp_path_factory.mktemp("seek"), noise(50_000), rate_hz)
    whole = load_media(path, 48_000)

    with MediaStream(path, 48_000) as stream:
        stream.read(777)
        stream.seek(frame)
        piece = stream.read(500)

    expected = whole[:, frame : frame + 500]
    assert piece.shape == expected.shape
    np.testing.assert_allclose(piece, expected, atol=2e-6)


def test_a_loop_runs_across_the_seam_without_a_gap(tmp_path: Path) -> None:
    cycles = np.sin(2 * np.pi * 441.0 / 44_100 * np.arange(44_100))[None].astype(np.float32)

    with MediaStream(recording(tmp_path, cycles, 44_100), 48_000, loop=True) as stream:
        looped = np.concatenate([stream.read(9_999) for _ in range(15)], axis=1)[0]

    expected = np.sin(2 * np.pi * 441.0 / 48_000 * np.arange(len(looped)))
    np.testing.assert_allclose(looped[1_000:], expected[1_000:], atol=1e-4)


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3", "a.aiff"])
def test_other_formats_are_read_too(tmp_path: Path, name: str) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 440.0 / 44_100 * np.arange(44_100)))[None].astype(np.float32)

    loaded = load_media(recording(tmp_path, tone, 44_100, name), 44_100)

    assert loaded.shape[0] == 1
    spectrum = np.abs(np.fft.rfft(loaded[0, :44_100] * np.hanning(44_100)))
    assert int(np.argmax(spectrum)) == 440


def test_mp3_is_the_same_in_any_steps_and_after_any_seek(tmp_path: Path) -> None:
    time = np.arange(200_000) / 48_000
    swell = (0.4 * np.sin(2 * np.pi * 330.0 * time) * np.sin(time))[None].astype(np.float32)
    path = recording(tmp_path, swell, 48_000, "a.mp3")
    whole = soundfile.read(path, dtype="float32", always_2d=True)[0].T

    with MediaStream(path, 48_000) as stream:
        np.testing.assert_allclose(read_all(stream, 1_000), whole, atol=1e-6)
        for frame in (0, 5_000, 100_000, 160_001):
            stream.seek(frame)
            np.testing.assert_allclose(stream.read(9_000), whole[:, frame : frame + 9_000], atol=1e-6)


def test_numbers_that_are_not_finite_become_silence(tmp_path: Path) -> None:
    audio = noise(100, 1)
    audio[0, 10:13] = [np.nan, np.inf, -np.inf]

    loaded = load_media(recording(tmp_path, audio, 48_000), 48_000)

    audio[0, 10:13] = 0.0
    assert np.array_equal(loaded, audio)


def test_memory_stays_constant_while_streaming(tmp_path: Path) -> None:
    with MediaStream(recording(tmp_path, noise(400_000), 44_100), 48_000) as stream:
        most = 0
        while stream.read(512).shape[1]:
            most = max(most, stream._pending.shape[1])

    assert most < 4 * media.CHUNK_FRAMES


def broken(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.wav"
    if kind == "text":
        path.write_text("this is not sound\n" * 100)
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "silent":
        soundfile.write(path, np.zeros((0, 1), np.float32), 48_000)
    elif kind == "folder":
        path.mkdir()
    elif kind == "crowd":
        soundfile.write(path, np.zeros((8, media.MAX_CHANNELS + 1), np.float32), 48_000)
    elif kind == "headless":
        good = recording(folder, noise(1_000), 48_000, "good.wav").read_bytes()
        path.write_bytes(b"RIFF" + b"\xff" * 40 + good[44:])
    elif kind == "no channels":
        good = bytearray(recording(folder, noise(1_000), 48_000, "good.wav").read_bytes())
        good[22:24] = b"\0\0"
        path.write_bytes(good)
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "does not exist"),
        ("text", "no recording"),
        ("empty", "is empty"),
        ("silent", "no sound"),
        ("folder", "not a file"),
        ("crowd", "65 channels"),
        ("headless", "no recording"),
        ("no channels", "no recording"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence_naming_the_file(tmp_path: Path, kind: str, says: str) -> None:
    path = broken(tmp_path, kind)

    with pytest.raises(MediaError) as refusal:
        load_media(path, 48_000)

    message = str(refusal.value)
    assert str(path) in message
    assert says in message
    assert message.endswith(".")
    assert "\n" not in message


def test_a_recording_too_long_for_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording(tmp_path, noise(2_000), 48_000)
    monkeypatch.setattr(media, "MAX_LOADED_BYTES", 4 * 2 * 1_999)

    with pytest.raises(MediaError, match="too long"):
        load_media(path, 48_000)


@pytest.mark.parametrize("rate_hz", [0, -1, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(tmp_path: Path, rate_hz: float) -> None:
    with pytest.raises(MediaError, match="Hz"):
        load_media(recording(tmp_path, noise(10), 48_000), rate_hz)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_files_are_refused_or_read_but_never_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    name = data.draw(st.sampled_from(["a.wav", "a.flac", "a.ogg"]))
    path = recording(folder, noise(2_000), 44_100, name)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, min(len(content) - 1, 4_000)))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])

    with suppress(MediaError):
        assert np.isfinite(load_media(path, 48_000)).all()
