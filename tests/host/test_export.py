"""Exports: read back by soundfile, their loudness by pyloudnorm, their rate by scipy; regions, stems and tails."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy import signal

import graphdaw as gd
from graphdaw.errors import CancelledError, EngineError, MediaError
from graphdaw.host.export import Exported, ExportSettings, export
from tests.drawing import draw

RATE_HZ = 48_000
BUSY = """
    noise n(color=pink) -> gain hit(level=0) -> pan p(pan=-0.3) -> output o(gain_db=-6)
    lfo beat(shape=square, rate_hz=2) -> adsr e(attack_s=0.01, decay_s=0.1, release_s=0.1)
    e -> hit.level
    sine s(frequency_hz=330) -> gain soft(gain_db=-12) -> pan q(pan=0.5) -> o
"""


def busy() -> gd.Graph:
    graph, _ = draw(BUSY)
    return graph


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def one(graph: gd.Graph, path: Path, **how: object) -> Exported:
    (made,) = export(graph, path, ExportSettings(**{"to_s": 4.0, **how}))  # type: ignore[arg-type]
    return made


def loudness(path: Path) -> float:
    audio, rate_hz = soundfile.read(path)
    return float(pyloudnorm.Meter(rate_hz).integrated_loudness(audio))


def true_peak_db(path: Path) -> float:
    """Read at sixteen times the rate."""
    peaks = np.abs(signal.resample_poly(read(path).astype(np.float64), 16, 1, axis=1))
    return float(20 * np.log10(np.max(peaks)))


def test_a_mix_is_what_a_render_is(tmp_path: Path) -> None:
    graph = busy()

    made = one(graph, tmp_path / "a.wav", bit_depth=32)

    assert np.array_equal(read(tmp_path / "a.wav"), gd.render(graph, seconds=4.0))
    assert (made.file.frames, made.file.channels, made.stem) == (4 * RATE_HZ, 2, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "opus", "mp3"])
def test_every_format_holds_the_sound(tmp_path: Path, ending: str) -> None:
    graph, _ = draw("sine s(frequency_hz=440) -> gain g(gain_db=-6) -> output o")
    path = tmp_path / f"a.{ending}"

    one(graph, path, to_s=2.0)

    heard = read(path)[0]
    middle = heard[RATE_HZ // 2 : RATE_HZ * 3 // 2]
    assert soundfile.info(path).samplerate == RATE_HZ
    assert abs(len(heard) - 2 * RATE_HZ) <= 2_400  # what MP3 pads
    assert int(np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle)))))) == 440
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(10 ** (-6 / 20), rel=0.02)


def test_better_quality_takes_more_room(tmp_path: Path) -> None:
    for ending in ("ogg", "mp3"):
        small, large = tmp_path / f"small.{ending}", tmp_path / f"large.{ending}"
        one(busy(), small, quality=0.1)
        one(busy(), large, quality=0.9)
        assert large.stat().st_size > 1.3 * small.stat().st_size


def test_a_region_is_the_same_frames_of_the_mix(tmp_path: Path) -> None:
    graph = busy()
    one(graph, tmp_path / "mix.wav", bit_depth=32)

    one(graph, tmp_path / "region.wav", from_s=1.2345, to_s=2.5, bit_depth=32)

    begin, end = round(1.2345 * RATE_HZ), round(2.5 * RATE_HZ)
    assert np.array_equal(read(tmp_path / "region.wav"), read(tmp_path / "mix.wav")[:, begin:end])


def test_latency_is_taken_off(tmp_path: Path) -> None:
    bare, _ = draw("sine s(frequency_hz=440) -> gain g(gain_db=-20) -> output o")
    late, _ = draw("sine s(frequency_hz=440) -> gain g(gain_db=-20) -> limiter l(band=full) -> output o")

    one(bare, tmp_path / "bare.wav", bit_depth=32)
    one(late, tmp_path / "late.wav", bit_depth=32)

    # 20 dB below the ceiling the limiter passes everything, so the two differ by nothing but the second channel
    assert np.array_equal(read(tmp_path / "late.wav")[0], read(tmp_path / "bare.wav")[0])


def test_another_rate_is_what_scipy_makes_of_it(tmp_path: Path) -> None:
    """In the middle of the band, where every good filter gives the same."""
    graph, _ = draw("sine s(frequency_hz=1234) -> gain g(gain_db=-6) -> output o")

    one(graph, tmp_path / "a.wav", to_s=1.0, rate_hz=96_000, bit_depth=32)

    taps = signal.firwin(8_191, 0.5, window=("kaiser", 14.0))
    expected = signal.resample_poly(gd.render(graph, seconds=1.0)[0].astype(np.float64), 2, 1, window=taps)
    heard = read(tmp_path / "a.wav")[0]
    assert heard.shape == (96_000,)
    np.testing.assert_allclose(heard[9_000:-9_000], expected[9_000:-9_000], atol=2e-6)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 88_200])
def test_another_rate_has_the_length_of_the_region_and_no_aliases(tmp_path: Path, rate_hz: int) -> None:
    graph, _ = draw("saw s(frequency_hz=1000) -> gain g(gain_db=-6) -> output o")

    one(graph, tmp_path / "a.wav", to_s=1.0, rate_hz=rate_hz, bit_depth=32)

    heard = read(tmp_path / "a.wav")[0]
    window = signal.windows.blackmanharris(len(heard), sym=False)
    levels = 20 * np.log10(np.abs(np.fft.rfft(heard * window)) / window.sum() * 2 + 1e-12)
    between = np.ones(len(levels), bool)  # 1 Hz a bin: everything that is no harmonic of 1,000 Hz
    for harmonic in range(0, len(levels), 1_000):
        between[max(0, harmonic - 60) : harmonic + 60] = False
    assert len(heard) == rate_hz
    assert levels[1_000] > -20 and levels[between].max() < -75


def test_a_rate_that_the_format_lacks_is_replaced_by_the_next(tmp_path: Path) -> None:
    graph, _ = draw("sine s(frequency_hz=440) -> output o")
    graph.sample_rate = 44_100

    made = one(graph, tmp_path / "a.opus", to_s=0.5)

    assert made.file.sample_rate_hz == 48_000
    with pytest.raises(MediaError, match="44100 Hz: Opus takes 8000"):
        one(graph, tmp_path / "b.opus", rate_hz=44_100)


@pytest.mark.parametrize("target", [-23.0, -14.0])
def test_loudness_is_reached_by_gain_alone(tmp_path: Path, target: float) -> None:
    made = one(busy(), tmp_path / "a.wav", loudness_lufs=target, ceiling_db=0.0, bit_depth=32)

    assert loudness(tmp_path / "a.wav") == pytest.approx(target, abs=0.1)
    assert made.level.loudness_lufs == pytest.approx(target, abs=0.01)
    assert not made.level.limited
    scaled = gd.render(busy(), seconds=4.0) * np.float32(10 ** (made.level.gain_db / 20))
    np.testing.assert_allclose(read(tmp_path / "a.wav"), scaled, atol=1e-6)


def test_a_mono_mix_is_measured_as_one_channel(tmp_path: Path) -> None:
    graph, _ = draw("noise n(color=pink) -> gain g(gain_db=-20) -> output o")

    one(graph, tmp_path / "a.wav", loudness_lufs=-20.0)

    assert soundfile.info(tmp_path / "a.wav").channels == 1
    assert loudness(tmp_path / "a.wav") == pytest.approx(-20.0, abs=0.1)


def test_without_leave_for_a_limiter_the_ceiling_decides(tmp_path: Path) -> None:
    made = one(busy(), tmp_path / "a.wav", loudness_lufs=-6.0, ceiling_db=-2.0, bit_depth=32)

    assert true_peak_db(tmp_path / "a.wav") == pytest.approx(-2.0, abs=0.15)
    assert made.level.loudness_lufs is not None and made.level.loudness_lufs < -7.0
    assert loudness(tmp_path / "a.wav") == pytest.approx(made.level.loudness_lufs, abs=0.1)


def test_with_leave_for_a_limiter_loudness_and_ceiling_are_kept(tmp_path: Path) -> None:
    graph = busy()
    target = one(graph, tmp_path / "free.wav", loudness_lufs=0.0, ceiling_db=-1.0).level.loudness_lufs
    assert target is not None

    made = one(graph, tmp_path / "a.wav", loudness_lufs=target + 4.0, limit=True, bit_depth=32)

    assert made.level.limited
    assert loudness(tmp_path / "a.wav") == pytest.approx(target + 4.0, abs=0.1)
    assert true_peak_db(tmp_path / "a.wav") <= -1.0
    assert made.file.frames == 4 * RATE_HZ
    late = signal.correlate(read(tmp_path / "a.wav")[0][:RATE_HZ], read(tmp_path / "free.wav")[0][:RATE_HZ])
    assert int(np.argmax(late)) == RATE_HZ - 1, "the limiter's latency is taken off"


def test_the_highest_sample_comes_to_a_level(tmp_path: Path) -> None:
    one(busy(), tmp_path / "a.wav", normalize_db=-3.0, bit_depth=32)

    assert np.max(np.abs(read(tmp_path / "a.wav"))) == pytest.approx(10 ** (-3 / 20), rel=1e-6)


def test_silence_can_have_no_loudness_and_stays_silent_when_normalized(tmp_path: Path) -> None:
    graph, _ = draw("sine s -> gain g(level=0) -> output o")

    with pytest.raises(MediaError, match="silent"):
        one(graph, tmp_path / "a.wav", loudness_lufs=-14.0)
    assert list(tmp_path.iterdir()) == []
    one(graph, tmp_path / "a.wav", normalize_db=0.0)
    assert not read(tmp_path / "a.wav").any()


def test_sixteen_bits_are_dithered_by_triangular_noise(tmp_path: Path) -> None:
    """A level between two steps is kept by the mean, and the error is the same at every level between them."""
    step = 2.0**-15
    errors = []
    for part in (0.0, 0.25, 0.5):
        graph, _ = draw("sine s(frequency_hz=50) -> gain g(level=0.3) -> output o")
        graph.set("gain1", level=(1000.0 + part) * step)
        wave = gd.render(graph, seconds=4.0)[0].astype(np.float64)
        one(graph, tmp_path / "a.wav", bit_depth=16)
        errors.append((read(tmp_path / "a.wav")[0] - wave) / step)

    for error in errors:
        assert np.max(np.abs(error)) <= 1.5
        assert np.mean(error) == pytest.approx(0.0, abs=0.01)
        assert np.var(error) == pytest.approx(1 / 4, rel=0.03)  # two dice of 1/12 each, and rounding
    spectrum = np.abs(np.fft.rfft(errors[1])) ** 2
    thirds = np.array_split(spectrum[1:], 3)
    np.testing.assert_allclose([np.mean(part) for part in thirds], np.mean(spectrum[1:]), rtol=0.05)  # white
    assert np.max(spectrum[1:]) < 25 * np.mean(spectrum[1:])  # and no tone in it


def test_without_dither_sixteen_bits_are_the_nearest(tmp_path: Path) -> None:
    graph = busy()

    one(graph, tmp_path / "a.wav", bit_depth=16, dither=False)

    expected = np.rint(gd.render(graph, seconds=4.0).astype(np.float64) * 32_768) / 32_768
    assert np.array_equal(read(tmp_path / "a.wav"), expected)


def test_two_exports_are_equal_to_the_byte(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        one(busy(), tmp_path / name, bit_depth=16, loudness_lufs=-20.0)

    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_tail_ends_where_nothing_is_heard(tmp_path: Path) -> None:
    """A burst into an echo of a quarter second, each repeat 12 dB lower: seven more are above -96 dBFS."""
    graph, handles = draw("""
        lfo beat(shape=square, rate_hz=0.05) -> adsr e(attack_s=0, decay_s=0.1, sustain=0, release_s=0.01)
        noise n -> gain hit(level=0) -> delay d(time_s=0.25, feedback=0.25, mix=1) -> output o
    """)
    graph.connect(handles["e"], handles["hit"]["level"])
    plain = gd.render(graph, seconds=8.0)[0]

    made = one(graph, tmp_path / "a.wav", to_s=0.5, tail_s=8.0, bit_depth=32)

    last = int(np.flatnonzero(np.abs(plain) > 10 ** (-96 / 20))[-1]) + 1
    assert RATE_HZ // 2 < last < 6 * RATE_HZ
    assert made.file.frames == last
    assert np.array_equal(read(tmp_path / "a.wav")[0], plain[:last])


def test_a_tail_that_never_ends_is_cut(tmp_path: Path) -> None:
    graph, _ = draw("sine s -> output o")

    assert one(graph, tmp_path / "a.wav", to_s=0.5, tail_s=0.25).file.frames == 36_000


STEMS = """
    noise n(color=pink) -> gain drums(gain_db=-12) -> limiter l(ceiling_db=-20) -> output o
    sine s(frequency_hz=220) -> gain bass(gain_db=-12) -> send to(bus=room) -> o
    saw k(frequency_hz=330) -> gain keys(gain_db=-18) -> send also(bus=room)
    return back(bus=room) -> reverb r(mix=1) -> o
"""


def summed(files: list[Exported]) -> tuple[np.ndarray, np.ndarray]:
    mix, *stems = [np.broadcast_to(read(made.file.path), (2, made.file.frames)) for made in files]
    return mix, np.sum(np.stack(stems), axis=0, dtype=np.float64)


def test_tracks_sum_to_the_mix_though_one_is_late(tmp_path: Path) -> None:
    graph, _ = draw(STEMS)

    files = export(graph, tmp_path / "a.wav", ExportSettings(to_s=2.0, stems="tracks", bit_depth=32, tail_s=1.0))

    assert [made.stem for made in files] == ["", "limiter1", "send1", "gain3"]
    assert [made.file.path.name for made in files][:2] == ["a.wav", "a.limiter1.wav"]
    assert len({made.file.frames for made in files}) == 1
    mix, total = summed(files)
    np.testing.assert_allclose(total, mix, atol=2e-6)


def test_stems_get_the_gain_of_the_mix(tmp_path: Path) -> None:
    graph, _ = draw(STEMS)

    files = export(
        graph,
        tmp_path / "a.wav",
        ExportSettings(to_s=2.0, stems="tracks", bit_depth=32, rate_hz=44_100, normalize_db=-6.0),
    )

    mix, total = summed(files)
    assert np.max(np.abs(mix)) == pytest.approx(10 ** (-6 / 20), rel=1e-6)
    np.testing.assert_allclose(total, mix, atol=1e-5)


def test_groups_are_tracks_and_outputs_can_be_stems(tmp_path: Path) -> None:
    graph, handles = draw("""
        sine s(frequency_hz=220) -> gain a(gain_db=-12) -> output o
        sine t(frequency_hz=330) -> gain b(gain_db=-12) -> output p
        b -> o
    """)
    band = graph.group([handles["s"], handles["a"]], "band")
    graph.look(band, label="The band")

    tracks = export(graph, tmp_path / "a.wav", ExportSettings(to_s=0.5, stems="tracks", bit_depth=32))
    outputs = export(graph, tmp_path / "b.wav", ExportSettings(to_s=0.5, stems="outputs", bit_depth=32))

    assert [made.stem for made in tracks] == ["", "The band", "gain2"]
    assert tracks[1].file.path.name == "a.The-band.wav"
    assert [made.stem for made in outputs] == ["", "output1", "output2"]
    for files in (tracks, outputs):
        mix, *stems = [read(made.file.path)[0] for made in files]
        np.testing.assert_allclose(sum(stems), mix, atol=1e-6)
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    level = 10 ** (-12 / 20)
    np.testing.assert_allclose(read(outputs[2].file.path)[0], level * np.sin(2 * np.pi * 330 * t), atol=1e-4)


def test_progress_goes_up_to_the_end(tmp_path: Path) -> None:
    for how in ({}, {"stems": "tracks"}, {"loudness_lufs": -20.0, "limit": True}):
        told: list[float] = []
        export(busy(), tmp_path / "a.wav", ExportSettings(to_s=1.0, **how), progress=told.append)  # type: ignore[arg-type]

        assert told == sorted(told)
        assert 0.0 < told[0] < 0.5 and 0.9 < told[-1] <= 1.0


@pytest.mark.parametrize("how", [{}, {"loudness_lufs": -20.0}])
def test_an_export_that_is_stopped_leaves_what_was_there(tmp_path: Path, how: dict[str, float]) -> None:
    (tmp_path / "a.wav").write_bytes(b"the mix before")
    stop = threading.Event()

    def tell(done: float) -> None:
        if done > 0.6:
            stop.set()

    with pytest.raises(CancelledError):
        export(busy(), tmp_path / "a.wav", ExportSettings(to_s=10.0, **how), progress=tell, stop=stop)

    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"the mix before"


def test_edits_made_meanwhile_are_not_heard(tmp_path: Path) -> None:
    graph = busy()
    expected = gd.render(graph, seconds=4.0)

    def tell(done: float) -> None:
        graph.set("output1", gain_db=-60.0)

    export(graph, tmp_path / "a.wav", ExportSettings(to_s=4.0, bit_depth=32), progress=tell)

    assert np.array_equal(read(tmp_path / "a.wav"), expected)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"from_s": 2.0, "to_s": 2.0}, "would be empty"),
        ({"from_s": -1.0}, "would be empty"),
        ({"loudness_lufs": -14.0, "normalize_db": 0.0}, "not both"),
        ({"loudness_lufs": -14.0, "ceiling_db": 1.0}, "-30 to 0"),
        ({"bit_depth": 12}, "12 bits"),
        ({"quality": 0.5}, "loses nothing"),
        ({"stems": "songs"}, "tracks"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    tmp_path: Path, how: dict[str, object], says: str
) -> None:
    with pytest.raises((MediaError, EngineError), match=says):
        one(busy(), tmp_path / "a.wav", **how)

    assert list(tmp_path.iterdir()) == []


def test_more_than_two_channels_have_no_loudness(tmp_path: Path) -> None:
    graph, _ = draw("input i(channels=4) -> output o")

    with pytest.raises(MediaError, match="4 channels"):
        one(graph, tmp_path / "a.wav", loudness_lufs=-14.0)
    assert list(tmp_path.iterdir()) == []
