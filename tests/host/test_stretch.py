"""Stretched recordings: pitch by the spectrum, attacks by their energy; and helpers that die, hang or are unwanted."""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError as NeverBegun
from pathlib import Path

import numpy as np
import pytest
import soundfile

from graphdaw.errors import CancelledError, MediaError
from graphdaw.host.stretch import helpers
from graphdaw.host.stretch.cache import Cache
from graphdaw.host.stretch.jobs import Job, Stretched, Stretcher
from graphdaw.host.stretch.plan import marks_of, pieces_of
from graphdaw.nodes.base import Recording

RATE_HZ = 48_000
PATIENCE_S = 60


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stretcher]:
    """One whose helper runs on, for tests that ask only what it makes."""
    made = Stretcher(Cache(tmp_path_factory.mktemp("cache")), helpers=1)
    yield made
    made.close()


@pytest.fixture
def stretcher(tmp_path: Path) -> Iterator[Stretcher]:
    made = Stretcher(Cache(tmp_path / "cache"), helpers=1)
    yield made
    made.close()


def recording(samples: np.ndarray, rate_hz: float = RATE_HZ) -> Recording:
    return Recording("a sound", np.atleast_2d(samples).astype(np.float32), rate_hz)


def tone(hz: float, seconds: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def heard(made: Stretched) -> np.ndarray:
    audio, rate_hz = soundfile.read(made.path, dtype="float32", always_2d=True)
    assert (audio.shape, rate_hz) == ((made.frames, made.channels), made.sample_rate_hz)
    return audio.T


def pitch_hz(audio: np.ndarray, rate_hz: float = RATE_HZ) -> float:
    """The highest peak of the spectrum, between bins by a parabola."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 8 * len(audio)))
    k = int(np.argmax(spectrum))
    a, b, c = np.log(spectrum[k - 1 : k + 2])
    return float((k + 0.5 * (a - c) / (a - 2 * b + c)) * rate_hz / (8 * len(audio)))


def cents(hz: float, expected: float) -> float:
    return float(1200 * np.log2(hz / expected))


@pytest.mark.parametrize("ratio", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_a_tone_keeps_its_pitch_and_level_and_has_the_length_asked_for(
    shared: Stretcher, ratio: float, rate_hz: int
) -> None:
    both = np.stack([tone(220, 2.0, rate_hz), tone(1_234, 2.0, rate_hz)])

    audio = heard(shared.stretch(recording(both, rate_hz), ratio=ratio).result(PATIENCE_S))

    assert audio.shape == (2, round(2.0 * rate_hz * ratio))
    middle = audio[:, audio.shape[1] // 4 : -audio.shape[1] // 4]
    for channel, hz in zip(middle, (220, 1_234), strict=True):
        assert abs(cents(pitch_hz(channel, rate_hz), hz)) < 2.0
        assert np.sqrt(2 * np.mean(channel**2)) == pytest.approx(0.5, rel=0.12)


@pytest.mark.parametrize("semitones", [-12.0, -0.5, 7.0, 12.0])
def test_a_transposed_tone_keeps_its_length(shared: Stretcher, semitones: float) -> None:
    job = shared.stretch(recording(tone(440, 2.0)), ratio=1.0, pitch_semitones=semitones)

    audio = heard(job.result(PATIENCE_S))[0]

    assert len(audio) == 2 * RATE_HZ
    assert abs(cents(pitch_hz(audio[20_000:-20_000]), 440 * 2 ** (semitones / 12))) < 2.0


def test_the_farthest_that_is_possible_is_possible(shared: Stretcher) -> None:
    for ratio, semitones in ((8.0, 24.0), (0.125, -24.0)):
        job = shared.stretch(recording(tone(440, 3.0)), ratio=ratio, pitch_semitones=semitones)

        audio = heard(job.result(PATIENCE_S))[0]

        assert len(audio) == round(3.0 * ratio * RATE_HZ)
        assert np.isfinite(audio).all() and np.max(np.abs(audio)) > 0.2


def test_a_ratio_of_one_is_the_recording_itself(shared: Stretcher) -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, (2, 30_000)).astype(np.float32)

    assert np.array_equal(heard(shared.stretch(recording(noise), ratio=1.0).result(PATIENCE_S)), noise)


def drums(beats_s: list[float], length_s: float) -> np.ndarray:
    """A burst of noise at each beat, over a bass."""
    audio = 0.02 * tone(55, length_s)
    dice = np.random.default_rng(3)
    for beat in beats_s:
        at = round(beat * RATE_HZ)
        audio[at : at + 3_000] += dice.normal(0, 0.3, 3_000) * np.exp(-np.arange(3_000) / 500)
    return audio


def attack_s(audio: np.ndarray, near_s: float) -> float:
    """When 5 % of the energy around a beat, above 2 kHz, has come."""
    begin, end = round((near_s - 0.06) * RATE_HZ), round((near_s + 0.06) * RATE_HZ)
    bright = np.diff(np.diff(audio))[max(begin, 0) : end] ** 2
    rising = np.cumsum(bright) / np.sum(bright)
    return (max(begin, 0) + int(np.searchsorted(rising, 0.05))) / RATE_HZ


@pytest.mark.parametrize("ratio", [0.5, 0.75, 1.5, 2.0])
def test_attacks_lie_where_a_ratio_puts_them(shared: Stretcher, ratio: float) -> None:
    beats = [0.25 + 0.5 * k for k in range(7)]

    audio = heard(shared.stretch(recording(drums(beats, 4.0)), ratio=ratio).result(PATIENCE_S))[0]

    late_s = [attack_s(audio, beat * ratio) - beat * ratio for beat in beats]
    assert np.max(np.abs(late_s)) < 0.005


def test_attacks_lie_on_their_marks(shared: Stretcher) -> None:
    """An uneven player, put onto an even beat."""
    played = [0.0, 0.52, 0.93, 1.55, 1.98, 2.61, 2.95, 3.5]
    even = [0.5 * k for k in range(8)]
    marks = [*zip(played, even, strict=True), (4.0, 4.1)]

    audio = heard(shared.stretch(recording(drums(played, 4.0)), marks=marks).result(PATIENCE_S))[0]

    assert len(audio) == round(4.1 * RATE_HZ)
    late_s = [attack_s(audio, beat) - beat for beat in even[1:]]
    assert np.max(np.abs(late_s)) < 0.005


def test_pieces_are_joined_without_a_gap_or_a_bump(shared: Stretcher) -> None:
    marks = [(0.0, 0.0), (1.0, 0.8), (2.0, 2.0), (3.0, 3.3), (4.0, 4.0)]
    noise = np.random.default_rng(5).normal(0, 0.1, 4 * RATE_HZ)

    audio = heard(shared.stretch(recording(noise), marks=marks).result(PATIENCE_S))[0]

    levels = np.sqrt(np.mean(audio[: len(audio) // 960 * 960].reshape(-1, 960).astype(np.float64) ** 2, axis=1))
    assert levels[5:-5].min() > 0.07 and levels[5:-5].max() < 0.14


def test_marks_choose_a_part_of_the_recording(shared: Stretcher) -> None:
    steps = np.repeat([0.1, 0.2, 0.3, 0.4], RATE_HZ)

    audio = heard(shared.stretch(recording(steps), marks=[(1.0, 5.0), (3.0, 7.0)]).result(PATIENCE_S))[0]

    assert np.array_equal(audio, steps[RATE_HZ : 3 * RATE_HZ].astype(np.float32))


def test_neighbours_that_are_stretched_alike_are_one_piece() -> None:
    marks = marks_of([(0.0, 0.0), (1.0, 1.5), (2.0, 3.0), (3.0, 3.5)], None, 0.0, "a")

    assert [piece.frames for piece in pieces_of(marks, 1_000.0)] == [3_000, 500]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, "give one of them"),
        ({"ratio": 1.0, "marks": [(0, 0), (1, 1)]}, "give one of them"),
        ({"ratio": float("nan")}, "finite"),
        ({"ratio": 9.0}, "0.125 to 8"),
        ({"ratio": -1.0}, "between 0"),
        ({"marks": [(0, 0)]}, "2 to"),
        ({"marks": [(0, 0), (1, 1), (0.5, 2)]}, "do not come after"),
        ({"marks": [(0, 0), (1, float("inf"))]}, "between 0"),
        ({"marks": [(0, 0), (0.000001, 0.000001)]}, "nothing"),
        ({"ratio": 1.0, "pitch_semitones": 100.0}, "24"),
        ({"ratio": 1.0, "pitch_semitones": float("nan")}, "24"),
    ],
)
def test_what_cannot_be_stretched_so_is_one_sentence(shared: Stretcher, how: dict[str, object], says: str) -> None:
    with pytest.raises(MediaError, match=says):
        shared.stretch(recording(tone(440, 0.1)), **how).result(PATIENCE_S)  # type: ignore[arg-type]


def test_files_that_are_none_or_missing_are_one_sentence(shared: Stretcher, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")

    for name in ("text.wav", "missing.wav"):
        with pytest.raises(MediaError, match=name):
            shared.stretch(tmp_path / name, ratio=2.0).result(PATIENCE_S)


def written(path: Path, seconds: float = 0.5) -> Path:
    soundfile.write(path, tone(440, seconds), RATE_HZ, "PCM_16")
    return path


def helper_pid(job: Job) -> int:
    """The process that works at a job."""
    assert job._helper is not None and job._helper._process is not None
    return job._helper._process.pid


def test_what_was_made_once_is_found_again(stretcher: Stretcher, tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav")
    first = stretcher.stretch(path, ratio=1.5).result(PATIENCE_S)

    again = Stretcher(stretcher.cache, helpers=1)
    copied = written(tmp_path / "copy.wav")
    assert again.stretch(copied, ratio=1.5).result(PATIENCE_S) == first
    other = again.stretch(copied, ratio=1.25).result(PATIENCE_S)
    again.close()

    assert other.path != first.path
    assert {p.suffix for p in stretcher.cache.folder.iterdir()} == {".wav", ".json"}
    assert len(list(stretcher.cache.folder.iterdir())) == 4


@pytest.mark.parametrize("harm", ["flip", "cut", "record", "gone"])
def test_a_damaged_entry_is_made_again(stretcher: Stretcher, tmp_path: Path, harm: str) -> None:
    path = written(tmp_path / "a.wav")
    made = stretcher.stretch(path, ratio=1.5).result(PATIENCE_S)
    whole, sound = made.path.read_bytes(), heard(made)
    record = made.path.with_suffix(".json")
    match harm:
        case "flip":
            made.path.write_bytes(whole[:1_000] + bytes([whole[1_000] ^ 1]) + whole[1_001:])
        case "cut":
            made.path.write_bytes(whole[:5_000])
        case "record":
            record.write_text(json.dumps([1]))
        case _:
            made.path.unlink()

    assert stretcher.stretch(path, ratio=1.5).result(PATIENCE_S) == made
    assert np.array_equal(heard(made), sound)


def test_the_cache_drops_what_was_not_used_for_longest(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", most_bytes=2_500)
    cache.make_room()
    for number, name in enumerate("abc"):
        (tmp_path / "made").write_bytes(bytes(1_000))
        cache.put(name, tmp_path / "made")
        os.utime(cache.folder / f"{name}.json", (number, number))
    assert len(list(cache.folder.glob("*.wav"))) == 3, "what this program holds stays"

    later = Cache(tmp_path / "cache", most_bytes=2_500)
    assert later.find("a") is not None  # which makes it the newest
    later.trim()

    assert sorted(path.stem for path in cache.folder.glob("*.wav")) == ["a", "c"]


def test_what_a_killed_program_left_is_swept(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.make_room()
    (cache.folder / ".0abc.wav.0123456789ab.tmp").write_bytes(b"half")

    cache.make_room()

    assert list(cache.folder.iterdir()) == []


def until(true: object, seconds: float = PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.005)


def long_job(stretcher: Stretcher, seconds: float = 300.0) -> Job:
    """One that takes a while, with a mark now and then."""
    noise = np.random.default_rng(1).normal(0, 0.1, round(seconds * RATE_HZ))
    marks = [(s, s * (1.5 + 0.001 * (s % 2))) for s in np.arange(0.0, seconds, 3.0)]
    return stretcher.stretch(recording(noise), marks=marks)


def test_a_helper_that_is_killed_is_told_of_and_replaced(stretcher: Stretcher, tmp_path: Path) -> None:
    job = long_job(stretcher)
    until(lambda: job.progress > 0.05)
    pid = helper_pid(job)

    os.kill(pid, 9)

    with pytest.raises(MediaError, match="ended by signal 9; try again"):
        job.result(PATIENCE_S)
    assert stretcher.stretch(written(tmp_path / "a.wav"), ratio=2.0).result(PATIENCE_S).frames == RATE_HZ
    assert not list(stretcher.cache.folder.glob("*.tmp"))


def test_a_helper_that_hangs_is_ended_and_replaced(tmp_path: Path) -> None:
    stretcher = Stretcher(Cache(tmp_path / "cache"), helpers=1, patience=(5.0, 0.0))
    try:
        job = long_job(stretcher, 60.0)
        until(lambda: job.progress > 0.05)
        pid = helper_pid(job)
        os.kill(pid, 19)  # SIGSTOP
        with pytest.raises(MediaError, match="hung and was ended; try again"):
            job.result(PATIENCE_S)
    finally:
        stretcher.close()
    assert not Path(f"/proc/{pid}").exists()


def test_a_cancelled_job_ends_its_helper_at_once(stretcher: Stretcher, tmp_path: Path) -> None:
    job, waiting = long_job(stretcher), stretcher.stretch(written(tmp_path / "a.wav"), ratio=2.0)
    until(lambda: job.progress > 0.05)
    pid = helper_pid(job)

    assert waiting.cancel() and job.cancel()

    with pytest.raises(CancelledError):
        job.result(PATIENCE_S)
    with pytest.raises(NeverBegun):
        waiting.result(PATIENCE_S)
    assert not Path(f"/proc/{pid}").exists()
    assert not list(stretcher.cache.folder.iterdir())
    assert stretcher.stretch(written(tmp_path / "b.wav"), ratio=2.0).result(PATIENCE_S)
    assert not job.cancel()


def test_closing_ends_everything(tmp_path: Path) -> None:
    stretcher = Stretcher(Cache(tmp_path / "cache"), helpers=1)
    jobs = [long_job(stretcher), stretcher.stretch(written(tmp_path / "a.wav"), ratio=2.0)]
    until(lambda: jobs[0].progress > 0.05)
    pid = helper_pid(jobs[0])

    stretcher.close()

    assert all(job.done() for job in jobs)
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(MediaError, match="closed"):
        stretcher.stretch(tmp_path / "a.wav", ratio=2.0)


def test_progress_goes_up_and_the_callers_thread_does_none_of_it(stretcher: Stretcher) -> None:
    marks = [(s, s * (1.5 + 0.1 * (s % 2))) for s in range(12)]
    used_s = time.thread_time()
    job = stretcher.stretch(recording(tone(440, 11.0)), marks=marks)
    used_s = time.thread_time() - used_s
    told = []
    while not job.done():
        told.append(job.progress)
        time.sleep(0.002)

    assert used_s < 0.05
    assert all(a <= b for a, b in itertools.pairwise(told)) and len(set(told)) > 3
    assert job.result().frames > 0 and job.progress == 1.0


def test_the_same_is_not_made_twice_at_once(tmp_path: Path) -> None:
    stretcher = Stretcher(Cache(tmp_path / "cache"), helpers=2)
    path = written(tmp_path / "a.wav", 3.0)
    asked: list[str] = []
    run = helpers.Helper.run

    def counted(self: helpers.Helper, job: dict[str, str], *rest: object) -> None:
        asked.append(job["name"])
        run(self, job, *rest)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(helpers.Helper, "run", counted)
        results = {job.result(PATIENCE_S) for job in [stretcher.stretch(path, ratio=1.5) for _ in range(4)]}
    stretcher.close()

    assert len(results) == 1 and len(asked) == 1


def test_a_helper_without_the_library_says_so(tmp_path: Path) -> None:
    blocked = (
        "import sys; sys.modules['python_stretch'] = None; from graphdaw.host.stretch import worker; worker.main()"
    )
    helper = helpers.Helper((sys.executable, "-c", blocked))
    job = {"name": "a", "rate_hz": 1.0, "raw": True, "source": "", "channels": 1, "marks": [], "target": ""}
    try:
        with pytest.raises(MediaError, match="python-stretch: install it"):
            helper.run(job, PATIENCE_S, lambda _: None, threading.Event())
    finally:
        helper.close()
