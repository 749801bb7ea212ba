"""Recordings in real graphs: sampler and audio_file against the file as soundfile and soxr give it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

import graphdaw as gd
from graphdaw._core import lib
from graphdaw.errors import MediaError
from graphdaw.host.offline import Renderer
from tests.drawing import draw
from tests.reference import render as model

RATE_HZ = 48_000


def recording(
    folder: Path, seconds: float = 0.4, channels: int = 2, rate_hz: int = RATE_HZ, name: str = "a.wav"
) -> Path:
    """A file of coloured noise: no two frames alike, little near half the rate."""
    noise = np.random.default_rng(channels).uniform(-1, 1, (round(seconds * rate_hz) + 8, channels))
    smooth = sum(noise[k : len(noise) - 8 + k] for k in range(8)) / 8
    path = folder / name
    soundfile.write(path, smooth.astype(np.float32), rate_hz, subtype="FLOAT" if name.endswith("wav") else None)
    return path


def as_heard(path: Path, rate_hz: int = RATE_HZ) -> np.ndarray:
    """The reference: the file as the two libraries give it, (channels, frames)."""
    audio, own_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(audio if own_hz == rate_hz else soxr.resample(audio, own_hz, rate_hz, quality="HQ")).T


def player(type: str, path: Path, **values: Any) -> gd.Graph:
    graph, nodes = draw(f"{type} p -> output o", RATE_HZ)
    graph.set(nodes["p"], file=str(path), **({"auto_start": "on"} if type == "sampler" else {}), **values)
    return graph


def underruns(renderer: Renderer, id: str) -> int:
    lowering = renderer.engine._lowering
    return int(lib.gd_stream_underruns(lowering.graph, lowering.nodes[id]))


@pytest.mark.parametrize("type", ["sampler", "audio_file"])
@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000])
def test_a_recording_plays_as_it_is(tmp_path: Path, type: str, channels: int, rate_hz: int) -> None:
    path = recording(tmp_path, channels=channels, rate_hz=rate_hz)
    expected = as_heard(path)

    audio = gd.render(player(type, path), seconds=0.5)

    assert audio.shape == (channels, RATE_HZ // 2)
    length = expected.shape[1]
    np.testing.assert_allclose(audio[:, :length], expected, atol=2e-6)
    assert not audio[:, length + 8 :].any()


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("type", ["sampler", "audio_file"])
def test_other_formats_play_too(tmp_path: Path, type: str, name: str) -> None:
    path = recording(tmp_path, name=name)
    expected = as_heard(path)[:, : RATE_HZ // 5]

    audio = gd.render(player(type, path), seconds=0.2)

    np.testing.assert_allclose(audio, expected, atol=2e-6)


@pytest.mark.parametrize("type", ["sampler", "audio_file"])
def test_a_level_and_what_follows_apply(tmp_path: Path, type: str) -> None:
    path = recording(tmp_path, channels=1)
    graph = player(type, path, gain_db=-9.0)
    graph.insert(graph.add("pan", pan=0.4), next(iter(graph.wires)))

    audio = gd.render(graph, seconds=0.3)

    mono = as_heard(path)[:, : audio.shape[1]] * 10 ** (-9 / 20)
    expected = model("pan", {"in": np.repeat(mono, 2, axis=0)}, {"pan": 0.4}, RATE_HZ, frames=audio.shape[1])["out"]
    np.testing.assert_allclose(audio, expected, atol=2e-6)


@pytest.mark.parametrize("mode", ["one_shot", "loop", "gated", "gated_loop"])
def test_a_triggered_sampler_is_its_model(tmp_path: Path, mode: str) -> None:
    path = recording(tmp_path, seconds=0.05, channels=2, rate_hz=44_100)
    graph, nodes = draw("lfo t(shape=square, rate_hz=23.4, phase=0.3) -> sampler p -> output o")
    graph.set(nodes["p"], file=str(path), mode=mode, pitch_semitones=-5.0, start_s=0.004)
    frames = 4_800

    audio = gd.render(graph, seconds=frames / RATE_HZ)

    turns = np.arange(frames) * 23.4 / RATE_HZ + 0.3
    trigger = np.where(turns % 1 < 0.5, 1.0, -1.0)[None]
    values = {"mode": mode, "auto_start": "off", "pitch_semitones": -5.0, "start_s": 0.004, "gain_db": 0.0}
    media = {"file": (as_heard(path), float(RATE_HZ))}
    expected = model(
        "sampler", {"trigger": np.repeat(trigger, 2, axis=0)}, values, RATE_HZ, frames=frames, channels=2, media=media
    )["out"]
    np.testing.assert_allclose(audio, expected, atol=2e-4)  # places in single precision, some of them near a fade


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_a_looped_file_goes_round_without_a_gap(tmp_path: Path, rate_hz: int) -> None:
    """Whole cycles of a tone, so that a seam would show."""
    path = tmp_path / "tone.wav"
    tone = 0.5 * np.sin(2 * np.pi * 100 * np.arange(rate_hz // 10) / rate_hz)
    soundfile.write(path, tone.astype(np.float32), rate_hz, subtype="FLOAT")

    audio = gd.render(player("audio_file", path, loop="on"), seconds=3.0)[0]

    expected = 0.5 * np.sin(2 * np.pi * 100 * np.arange(len(audio)) / RATE_HZ)
    np.testing.assert_allclose(audio[480:], expected[480:], atol=1e-4)  # the resampler begins in silence


@pytest.mark.parametrize("block", [1, 64, 100, 1_024, 50_000])
def test_block_size_changes_no_bit_of_a_stream(tmp_path: Path, block: int) -> None:
    path = recording(tmp_path, seconds=1.5, rate_hz=44_100)
    graph = player("audio_file", path, loop="on")
    with Renderer(graph, block_frames=1_000) as renderer:
        expected = renderer.render(100_000)
    with Renderer(graph, block_frames=block) as renderer:
        pieces = [renderer.render(count) for count in (1, 63, 30_000, 69_936)]
        assert underruns(renderer, "audio_file1") == 0

    assert np.array_equal(np.concatenate(pieces, axis=1), expected)


@pytest.mark.parametrize("loop", ["on", "off"])
def test_a_stream_begins_where_it_is_told(tmp_path: Path, loop: str) -> None:
    path = recording(tmp_path, seconds=0.5, rate_hz=44_100)

    audio = gd.render(player("audio_file", path, start_s=0.2, loop=loop), seconds=0.2)

    np.testing.assert_allclose(audio, as_heard(path)[:, 9_600:19_200], atol=2e-6)


def test_the_fastest_tape_is_never_short_of_sound_offline(tmp_path: Path) -> None:
    path = recording(tmp_path, seconds=9.0, channels=1)
    with Renderer(player("audio_file", path, speed=4.0)) as renderer:
        audio = renderer.render(2 * RATE_HZ)
        assert underruns(renderer, "audio_file1") == 0

    expected = soxr.resample(as_heard(path)[0], 4 * RATE_HZ, RATE_HZ, quality="VHQ")[: 2 * RATE_HZ]
    window = np.hanning(len(expected))
    low = slice(0, 2 * 12_000)
    spectra = [np.fft.rfft(window * signal)[low] for signal in (audio[0], expected)]
    assert np.sum(np.abs(spectra[0] - spectra[1]) ** 2) < 1e-4 * np.sum(np.abs(spectra[1]) ** 2)


def test_a_long_stream_is_never_short_of_sound_offline(tmp_path: Path) -> None:
    """Many times the length of the ring between disk and sound."""
    path = recording(tmp_path, seconds=8.0, channels=2)
    graph = player("audio_file", path)
    with Renderer(graph) as renderer:
        audio = renderer.render(9 * RATE_HZ)
        assert underruns(renderer, "audio_file1") == 0

    np.testing.assert_array_equal(audio[:, : 8 * RATE_HZ], as_heard(path))
    assert not audio[:, 8 * RATE_HZ :].any()


def test_a_project_takes_its_recordings_along(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(), there.mkdir()
    path = recording(here, rate_hz=44_100)
    graph = player("sampler", path, pitch_semitones=-3.0)
    graph.add("audio_file", file=str(recording(here, channels=1, name="b.wav"))) >> graph["output1"]
    expected = gd.render(graph, seconds=0.5)
    graph.save(here / "song.gdaw")
    shutil.move(here / "song.gdaw", there / "renamed.gdaw")
    shutil.rmtree(here)

    again = gd.load(str(there / "renamed.gdaw"))

    assert np.array_equal(gd.render(again, seconds=0.5), expected)


@pytest.mark.parametrize("type", ["sampler", "audio_file"])
def test_a_missing_recording_is_named(tmp_path: Path, type: str) -> None:
    graph = player(type, tmp_path / "gone.wav")

    with pytest.raises(MediaError, match=r"gone\.wav is missing; put it back"):
        gd.render(graph, seconds=0.1)


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("no sound in here")

    with pytest.raises(MediaError, match=r"text\.wav is no recording"):
        gd.render(player("sampler", path), seconds=0.1)


def test_a_session_plays_on_without_a_missing_recording(tmp_path: Path) -> None:
    graph = player("audio_file", tmp_path / "gone.wav")
    graph.add("sine") >> graph["output1"]
    with gd.Session(graph, device="hand") as session:
        session.play()
        session.step(4)

        assert np.abs(session.step()).max() > 0.1
        assert "gone.wav" in session.engine.problems["audio_file1"]


def test_another_recording_fades_in_while_playing(tmp_path: Path) -> None:
    first, second = recording(tmp_path, seconds=1.0), recording(tmp_path, seconds=1.0, channels=1, name="b.wav")
    graph = player("audio_file", first)
    with Renderer(graph) as renderer:
        renderer.render(6_400)
        graph.set("audio_file1", file=str(second))
        renderer.render(640)
        audio = renderer.render(6_400)
        assert underruns(renderer, "audio_file1") == 0

    expected = as_heard(second)[0, 640:7_040]
    np.testing.assert_allclose(audio[0], expected, atol=2e-6)


def test_a_recording_begins_when_its_node_is_added(tmp_path: Path) -> None:
    path = recording(tmp_path, seconds=0.5, channels=1)
    graph, nodes = draw("gain g -> output o")
    with Renderer(graph) as renderer:
        renderer.render(6_400)
        with graph.transaction("add"):
            graph.add("audio_file", file=str(path)) >> nodes["g"]
        audio = renderer.render(9_600)[0]

    np.testing.assert_allclose(audio[256:], as_heard(path)[0, 256:9_600], atol=2e-6)  # after the fade


def test_many_samplers_share_one_recording(tmp_path: Path) -> None:
    path = recording(tmp_path, channels=1)
    graph, nodes = draw("output o(gain_db=-24)")
    for _ in range(16):
        graph.add("sampler", file=str(path), auto_start="on") >> nodes["o"]

    audio = gd.render(graph, seconds=0.3)

    np.testing.assert_allclose(audio[0], 16 * 10 ** (-24 / 20) * as_heard(path)[0, : audio.shape[1]], atol=1e-5)
