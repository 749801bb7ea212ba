"""Audio clips: each sample on its frame, at the clip's level and speed, and no click where it goes on elsewhere."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import MediaError
from graphdaw.graph.clips import AudioClip
from graphdaw.graph.project import media_path
from graphdaw.graph.timeline import Loop, Tempo, Timeline
from graphdaw.graph.vocabulary import PutClip, SetClip, SetTimeline, TakeClip
from graphdaw.host.offline import Renderer
from tests.audio_tracks import BEAT, DECLICK, RATE, falling, noise, recorded, sine, track

NODE = "audio_clips1"


def render(graph: gd.Graph, frames: int, block: int = 1024) -> np.ndarray:
    return gd.render(graph, seconds=frames / graph.sample_rate, block_frames=block)


# Places


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("block", [1, 100, 1024])
def test_a_file_sounds_on_its_frames_as_it_is(tmp_path: Path, channels: int, block: int) -> None:
    x = noise(5_000, channels)
    path = recorded(tmp_path / "a.wav", x)

    y = render(track(AudioClip("c1", 480, 1920, media=path)), 20_000, block)

    assert y.shape == (channels, 20_000)
    np.testing.assert_array_equal(y[:, 12_000:17_000], x)
    assert not y[:, :12_000].any() and not y[:, 17_000:].any()


def test_a_clip_ends_where_it_ends_and_begins_where_it_says_in_the_recording(tmp_path: Path) -> None:
    x = noise(48_000)
    path = recorded(tmp_path / "a.wav", x)

    y = render(track(AudioClip("c1", 960, 480, media=path, start_s=0.25)), 48_000)

    np.testing.assert_array_equal(y[:, BEAT : BEAT + 12_000], x[:, 12_000:24_000])
    assert not y[:, BEAT + 12_000 :].any()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(200, 4000), st.floats(40, 300), st.booleans()), max_size=3),
    st.floats(40, 300),
    st.booleans(),
    st.lists(st.integers(0, 6000), min_size=1, max_size=5, unique=True),
    st.sampled_from([44_100, 48_000, 96_000]),
)
def test_clips_lie_on_their_frames_through_any_tempo_map(
    tmp_path: Path, later: list[tuple[int, float, bool]], bpm: float, ramp: bool, ticks: list[int], rate: int
) -> None:
    tempos, tick = [Tempo(0, bpm, ramp)], 0
    for gap, then, ramps in later:
        tick += gap
        tempos.append(Tempo(tick, then, ramps))
    path = recorded(tmp_path / f"{rate}.wav", np.ones((1, 1), np.float32), rate)
    clips = [AudioClip(f"c{k}", at, 960, media=path) for k, at in enumerate(ticks)]

    exact = sorted(seconds_of(tempos, at) * rate for at in ticks)
    y = render(track(*clips, sample_rate=rate, tempos=tuple(tempos)), int(exact[-1]) + 3)

    heard = np.repeat(np.flatnonzero(y[0]), np.rint(y[0][y[0] != 0]).astype(int))
    assert len(heard) == len(exact)
    assert np.abs(heard - exact).max() <= 0.5 + 1e-6 * exact[-1]


def seconds_of(tempos: list[Tempo], tick: float) -> float:
    """When a tick comes, by the trapezoids of 60 / bpm over very small parts of a beat."""
    gone = 0.0
    for k, tempo in enumerate(tempos):
        end = tempos[k + 1].at_ticks if k + 1 < len(tempos) else math.inf
        until = min(tick, end)
        if until <= tempo.at_ticks:
            break
        to = tempos[k + 1].bpm if tempo.ramp and end < math.inf else tempo.bpm
        steps = np.linspace(tempo.at_ticks, until, 4_001)
        share = (steps - tempo.at_ticks) / (end - tempo.at_ticks)
        gone += float(np.trapezoid(60.0 / (tempo.bpm + (to - tempo.bpm) * share), steps / 960.0))
    return gone


def test_what_is_repeated_begins_anew_on_its_ticks(tmp_path: Path) -> None:
    x = noise(48_000)
    path = recorded(tmp_path / "a.wav", x)

    clip = AudioClip("c1", 960, 1500, media=path, loop_ticks=480, offset_ticks=240)
    y = render(track(clip), 96_000)[0]

    np.testing.assert_array_equal(y[BEAT : BEAT + 6_000], x[0, 6_000:12_000])
    for turn in range(3):
        begin = BEAT + 6_000 + 12_000 * turn
        length = min(12_000, BEAT + 37_500 - begin)
        np.testing.assert_array_equal(y[begin : begin + length], x[0, :length])
    assert not y[BEAT + 37_500 :].any()


def test_an_offset_reaches_back_before_the_start_of_the_piece(tmp_path: Path) -> None:
    x = noise(48_000)
    path = recorded(tmp_path / "a.wav", x)

    clip = AudioClip("c1", 0, 960, media=path, offset_ticks=960)
    y = render(track(clip, tempos=(Tempo(0, 60.0, ramp=True), Tempo(960, 240.0))), 10_000)

    np.testing.assert_array_equal(y[0], np.pad(x[0, 48_000:], (0, 10_000))[:10_000])


def test_muted_clips_and_clips_without_a_recording_are_silent(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", noise(1_000))

    assert not render(track(AudioClip("c1", 0, 960, media=path, muted=True), AudioClip("c2", 0, 960)), 2_000).any()


# Levels


def test_gain_and_fades_follow_their_laws(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", np.ones((1, 48_000), np.float32))

    clip = AudioClip("c1", 0, 1920, media=path, gain_db=-6.0, fade_in_s=0.1, fade_out_s=0.25)
    y = render(track(clip), 50_000)[0]

    expected = np.full(48_000, 10 ** (-6 / 20))
    expected[:4_800] *= np.sin(np.pi / 2 * np.arange(4_800) / 4_800)
    expected[-12_000:] *= np.sin(np.pi / 2 * np.arange(12_000, 0, -1) / 12_000)
    np.testing.assert_allclose(y[:48_000], expected, atol=3e-7)


def test_clips_that_fade_over_the_same_stretch_keep_their_power(tmp_path: Path) -> None:
    a, b = recorded(tmp_path / "a.wav", noise(96_000, seed=1)), recorded(tmp_path / "b.wav", noise(96_000, seed=2))
    fade = {"fade_in_s": 0.5, "fade_out_s": 0.5}

    y = render(track(AudioClip("c1", 0, 1920, media=a, **fade), AudioClip("c2", 960, 1920, media=b, **fade)), 60_000)

    overlap = y[0, BEAT : 2 * BEAT]
    assert [np.sqrt(np.mean(part**2)) for part in np.split(overlap, 8)] == pytest.approx(
        [1 / math.sqrt(12)] * 8, rel=0.03
    )


def test_overlapping_clips_are_added(tmp_path: Path) -> None:
    a, b = noise(10_000, seed=1), noise(10_000, 2, seed=2)
    first, second = recorded(tmp_path / "a.wav", a), recorded(tmp_path / "b.wav", b)

    y = render(track(AudioClip("c1", 0, 960, media=first), AudioClip("c2", 120, 960, media=second)), 12_000)

    np.testing.assert_array_equal(y[:, 3_000:10_000], a[:, 3_000:] + b[:, :7_000])


# Speed


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.99, 1.01, 1.5, 2.0, 3.3])
@pytest.mark.parametrize("turned", [False, True])
def test_speed_moves_the_pitch_to_within_a_cent_without_noise(tmp_path: Path, speed: float, turned: bool) -> None:
    path = recorded(tmp_path / "a.wav", sine(200_000, 1_000.0))

    y = render(track(AudioClip("c1", 0, 9600, media=path, speed=speed, reversed=turned)), 40_000)[0][4_096:-4_096]

    t = np.arange(len(y)) / RATE
    found = max(np.linspace(-1.0, 1.0, 41), key=lambda cents: power(y, t, 1_000.0 * speed * 2 ** (cents / 1200)))
    assert abs(found) <= 0.1
    hz = 1_000.0 * speed
    basis = np.stack([np.sin(2 * np.pi * hz * t), np.cos(2 * np.pi * hz * t)], axis=1)
    rest = y - basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    assert 20 * np.log10(np.sqrt(np.mean(rest**2)) / np.sqrt(0.5)) < -66.0


def power(y: np.ndarray, t: np.ndarray, hz: float) -> float:
    return abs(np.sum(np.hanning(len(y)) * y * np.exp(-2j * np.pi * hz * t)))


@pytest.mark.parametrize("block", [1, 77, 1024])
def test_a_resampled_clip_is_the_same_at_any_block(tmp_path: Path, block: int) -> None:
    path = recorded(tmp_path / "a.wav", noise(20_000, 2))
    graph = track(
        AudioClip("c1", 3, 960, media=path, speed=1.37, fade_out_s=0.2),
        AudioClip("c2", 100, 960, media=path, speed=0.61, start_s=0.1, reversed=True),
    )

    np.testing.assert_array_equal(render(graph, 20_000, block), render(graph, 20_000, 512))


def test_reversed_clips_count_from_the_end_of_the_recording(tmp_path: Path) -> None:
    x = noise(10_000, 2)
    path = recorded(tmp_path / "a.wav", x)

    y = render(track(AudioClip("c1", 0, 1920, media=path, reversed=True, start_s=0.05)), 12_000)

    np.testing.assert_array_equal(y[:, :7_600], x[:, ::-1][:, 2_400:])
    assert not y[:, 7_600:].any()


def test_a_recording_at_another_rate_is_converted(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", sine(44_100, 441.0, 44_100), 44_100)

    y = render(track(AudioClip("c1", 0, 1920, media=path)), 40_000)[0]

    np.testing.assert_allclose(y[1_000:39_000], sine(40_000, 441.0)[1_000:39_000], atol=2e-4)


# Going on elsewhere


def test_a_loop_begins_as_it_is_and_what_it_leaves_falls_in_5_ms(tmp_path: Path) -> None:
    x = noise(96_000)[0]
    path = recorded(tmp_path / "a.wav", x)

    y = render(track(AudioClip("c1", 0, 3840, media=path), loop=Loop(0, 960)), 3 * BEAT)[0]

    np.testing.assert_array_equal(y[:BEAT], x[:BEAT])
    np.testing.assert_allclose(y[BEAT : BEAT + DECLICK], x[:DECLICK] + falling() * x[BEAT : BEAT + DECLICK], atol=1e-6)
    np.testing.assert_array_equal(y[BEAT + DECLICK : 2 * BEAT], x[DECLICK:BEAT])


def test_a_loop_into_the_middle_of_a_clip_is_cross_faded(tmp_path: Path) -> None:
    x = noise(96_000)[0]
    path = recorded(tmp_path / "a.wav", x)

    y = render(track(AudioClip("c1", 0, 3840, media=path), loop=Loop(480, 960)), 2 * BEAT)[0]

    was, now = x[BEAT : BEAT + DECLICK], x[12_000 : 12_000 + DECLICK]
    np.testing.assert_allclose(y[BEAT : BEAT + DECLICK], now + falling() * (was - now), atol=1e-6)
    np.testing.assert_array_equal(y[BEAT + DECLICK : BEAT + 12_000], x[12_000 + DECLICK : BEAT])


def test_locating_pausing_and_going_on_never_click(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", sine(480_000, 100.0))
    steepest = 2 * math.pi * 100 / RATE
    graph = track(AudioClip("c1", 0, 19_200, media=path))
    with gd.Session(graph, device="hand") as session, session.tap(NODE) as tap:
        session.play()
        for act in (
            lambda: session.locate(3.3337),
            session.pause,
            session.play,
            lambda: session.locate(0.00251),
            lambda: graph.apply([SetTimeline(Timeline((Tempo(0, 173.0),)))]),
            lambda: graph.apply([SetClip(NODE, "c1", {"gain_db": -20.0})]),
            lambda: graph.apply([SetClip(NODE, "c1", {"start_s": 0.0123})]),
            lambda: graph.apply([TakeClip(NODE, "c1")]),
            graph.undo,
        ):
            session.step(20)
            act()
        session.step(20)
        y = tap.read()[0]

    assert np.abs(y).max() > 0.9
    rise = math.pi / 2 / DECLICK * 2.0  # two waves that pass into each other may differ by 2
    assert np.abs(np.diff(y[1_000:])).max() < 1.5 * steepest + 1.05 * rise


def test_an_edit_leaves_alone_what_it_does_not_touch(tmp_path: Path) -> None:
    a, b = recorded(tmp_path / "a.wav", noise(96_000, seed=1)), recorded(tmp_path / "b.wav", noise(96_000, seed=2))
    untouched = AudioClip("c1", 0, 3840, media=a, speed=1.01)

    def played(edit: bool) -> np.ndarray:
        graph = track(untouched, AudioClip("c9", 4800, 960, media=b))
        with Renderer(graph) as renderer:
            before = renderer.render(5_000)
            if edit:
                graph.apply(
                    [SetClip(NODE, "c9", {"at_ticks": 5_000}), PutClip(NODE, AudioClip("c8", 9600, 960, media=b))]
                )
            return np.concatenate([before, renderer.render(40_000)], axis=1)

    np.testing.assert_array_equal(played(True), played(False))


def test_a_clip_that_is_taken_away_falls_and_one_that_is_put_below_the_cursor_rises(tmp_path: Path) -> None:
    x, z = noise(96_000, seed=1)[0], noise(96_000, seed=2)[0]
    a, b = recorded(tmp_path / "a.wav", x), recorded(tmp_path / "b.wav", z)
    graph = track(AudioClip("c1", 0, 3840, media=a))
    with Renderer(graph) as renderer:
        renderer.render(5_120)
        graph.apply([TakeClip(NODE, "c1"), PutClip(NODE, AudioClip("c2", 0, 3840, media=b))])
        y = renderer.render(4_096)[0]

    was, now = x[5_120:9_216], z[5_120:9_216]
    np.testing.assert_allclose(y[:DECLICK], now[:DECLICK] + falling() * (was - now)[:DECLICK], atol=1e-6)
    np.testing.assert_array_equal(y[DECLICK:], now[DECLICK:])


def test_a_stereo_clip_widens_a_mono_track_while_it_plays(tmp_path: Path) -> None:
    x, z = noise(96_000, 1, seed=1), noise(96_000, 2, seed=2)
    a, b = recorded(tmp_path / "a.wav", x), recorded(tmp_path / "b.wav", z)
    graph = track(AudioClip("c1", 0, 3840, media=a))
    with Renderer(graph) as renderer:
        renderer.render(8_192)
        graph.apply([PutClip(NODE, AudioClip("c2", 960, 3840, media=b))])
        renderer.render(8_192)
        y = renderer.render(16_384)

    assert y.shape[0] == 2
    np.testing.assert_array_equal(y[:, :7_616], np.repeat(x[:, 16_384:BEAT], 2, axis=0))
    np.testing.assert_array_equal(y[:, 7_616:], x[:, BEAT:32_768] + z[:, : 32_768 - BEAT])


# Recordings


def test_a_recording_is_decoded_once_and_let_go_when_nobody_plays_it(tmp_path: Path) -> None:
    paths = [recorded(tmp_path / f"{k}.wav", noise(48_000, seed=k)) for k in range(3)]
    graph = track(*(AudioClip(f"c{k}", 960 * k, 960, media=paths[0]) for k in range(5)))
    graph.add("audio_clips") >> graph["output1"]
    graph.apply([PutClip("audio_clips2", AudioClip("c1", 0, 960, media=paths[0]))])
    with Renderer(graph) as renderer:
        prepared = renderer.engine._recordings.prepared
        renderer.render(2_048)
        assert len(prepared._held) == 1
        graph.apply([TakeClip(NODE, f"c{k}") for k in range(5)])
        graph.remove("audio_clips2")
        renderer.render(4_096)
        assert renderer.engine.settled()
        graph.apply([PutClip(NODE, AudioClip("c7", 0, 960, media=paths[1]))])
        renderer.render(4_096)
        graph.apply([PutClip(NODE, AudioClip("c8", 0, 960, media=paths[2]))])
        renderer.render(4_096)

        assert [key[0] for key in prepared._held] == paths[1:]


def test_recordings_that_take_too_much_memory_are_refused_in_one_sentence(tmp_path: Path) -> None:
    first = recorded(tmp_path / "a.wav", noise(48_000))
    second = recorded(tmp_path / "b.wav", noise(480_000))
    graph = track(AudioClip("c1", 0, 960, media=first))
    with gd.Session(graph, device="hand") as session:
        session.engine._recordings.prepared.limit_bytes = 1 << 20
        graph.apply([PutClip(NODE, AudioClip("c2", 960, 960, media=second))])

        assert session.engine.problems[NODE].startswith(
            f"Clip 'c2' is silent: {second} does not fit into memory any more"
        )
        graph.undo()
        assert NODE not in session.engine.problems


def test_a_recording_that_is_missing_is_silent_live_and_refused_offline(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", noise(48_000))
    graph = track(AudioClip("c1", 0, 960, media=path), AudioClip("c2", 0, 960, media=str(tmp_path / "none.wav")))

    with pytest.raises(MediaError, match=r"none\.wav"):
        render(graph, 100)
    with gd.Session(graph, device="hand") as session, session.tap(NODE) as tap:
        assert "Clip 'c2' is silent" in session.engine.problems[NODE]
        session.play()
        session.step(4)
        assert np.abs(tap.read()).max() > 0.1


def test_a_clip_that_is_repeated_without_end_is_refused(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.wav", noise(100))

    with pytest.raises(MediaError, match="repeated too often"):
        render(track(AudioClip("c1", 0, 1 << 39, media=path, loop_ticks=1)), 100)


def test_a_recording_inside_a_project_plays_and_is_unpacked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = noise(20_000)
    path = recorded(tmp_path / "a.wav", x)
    track(AudioClip("c1", 0, 960, media=path)).save(tmp_path / "song.gdaw")
    Path(path).unlink()
    graph = gd.load(str(tmp_path / "song.gdaw"))
    looked: list[str] = []
    monkeypatch.setattr(
        "graphdaw.host.audio_tracks.media_path", lambda *found: (looked.append(found[1]), media_path(*found))[1]
    )
    with Renderer(graph) as renderer:
        y = renderer.render(10_000)
        graph.apply([SetClip(NODE, "c1", {"gain_db": -6.0})])
        renderer.render(1_000)

    np.testing.assert_array_equal(y, x[:, :10_000])
    assert len(looked) == 1
