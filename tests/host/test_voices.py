"""Groups with voices: pitch, gates, stealing, glides, and that nothing clicks or hangs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

import graphdaw as gd
from graphdaw.graph.vocabulary import EditNotes, PutClip
from graphdaw.host.offline import Renderer
from tests.events import clip

RATE = 48_000


def synth(
    voices: int = 8, source: str = "sine", *, release_s: float = 0.05, attack_s: float = 0.002, **settings: float | str
) -> gd.Graph:
    """`notes1` into a group: voices, an oscillator shaped by an envelope and velocity, and out."""
    graph = gd.Graph(sample_rate=RATE)
    track = graph.add("notes")
    group = graph.group([graph.add("voices", voices=float(voices), **settings)], "synth")
    osc = graph.add_inside(group, source)
    env = graph.add_inside(group, "adsr", attack_s=attack_s, decay_s=0.05, sustain=0.7, release_s=release_s)
    gain = graph.add_inside(group, "gain", level=0.0)
    graph.connect("voices1.frequency_hz", osc["frequency_hz"])
    graph.connect("voices1.gate", env["gate"])
    graph.connect(osc, gain["in"])
    graph.connect(env, gain["level"])
    graph.declare(group, "events", "in", "voices1.events", type="event")
    graph.declare(group, "out", "out", f"{gain.id}.out")
    graph.connect(track, group["events"])
    graph.connect(group["out"], graph.add("output"))
    return graph


def play(graph: gd.Graph, seconds: float, *notes: tuple[int, int, float]) -> np.ndarray:
    graph.apply([PutClip("notes1", clip(*notes))])
    return gd.render(graph, seconds=seconds)[0]


def peaks_hz(sound: np.ndarray) -> list[float]:
    """The frequencies of the strongest partials."""
    window = np.hanning(len(sound))
    spectrum = np.abs(np.fft.rfft(sound * window, 1 << 19))
    found, _ = signal.find_peaks(spectrum, height=0.3 * spectrum.max(), distance=100)
    return [f * RATE / (1 << 19) for f in found]


def above_hz(sound: np.ndarray, hz: float) -> np.ndarray:
    return signal.sosfiltfilt(signal.butter(8, hz, "high", fs=RATE, output="sos"), sound)


def test_a_chord_sounds_at_its_pitches() -> None:
    sound = play(synth(), 2.0, (0, 3840, 57.0), (0, 3840, 61.0), (0, 3840, 64.0))

    expected = [440.0 * 2 ** ((key - 69) / 12) for key in (57, 61, 64)]
    assert peaks_hz(sound[4800:]) == pytest.approx(expected, rel=2e-4)


def test_a_note_begins_on_its_frame_and_the_voices_are_the_same_sound() -> None:
    """Each note begins from a fresh voice, so the second of two equal notes is the first one moved."""
    sound = play(synth(), 2.0, (0, 240, 69.0), (960, 240, 69.0))

    assert np.count_nonzero(sound[:1]) == 0 and np.abs(sound[:200]).max() > 0.01
    np.testing.assert_array_equal(sound[:12_000], sound[24_000:36_000])


def test_silence_between_notes_is_exact_and_voices_come_back() -> None:
    sound = play(synth(voices=1), 2.0, (0, 100, 60.0), (960, 100, 72.0), (1920, 100, 60.0))

    assert np.abs(sound[12_000:24_000]).max() == 0.0
    np.testing.assert_array_equal(sound[:12_000], sound[48_000:60_000])


def test_widths_and_blocks_do_not_change_a_bit() -> None:
    graph = synth(voices=5, source="saw")
    graph.apply([PutClip("notes1", clip(*((120 * k, 300, 48.0 + 5 * k % 24) for k in range(20))))])
    plain = gd.render(graph, seconds=2.0)
    for block in (1, 100, 333):
        np.testing.assert_array_equal(gd.render(graph, seconds=2.0, block_frames=block), plain)
    np.testing.assert_array_equal(gd.render(graph, seconds=2.0, threads=2), plain)


@pytest.mark.parametrize("steal", ["oldest", "quietest", "lowest", "highest"])
def test_stealing_never_clicks(steal: str) -> None:
    """Many more notes than voices, of sines: above 6 kHz are the attacks' corners, as where nobody is stolen."""
    graph = synth(voices=3, steal=steal, release_s=1.0, attack_s=0.02)
    notes = [(37 * k, 2000, 57.0 + 7 * k % 19) for k in range(60)]

    sound = play(graph, 2.0, *notes)
    corners = play(synth(voices=64, release_s=1.0, attack_s=0.02), 2.0, *notes)

    assert np.abs(above_hz(sound - corners, 6000.0)[2000:-2000]).max() < 10 ** (-80 / 20)
    assert np.abs(sound).max() < 3.2


def test_stolen_voices_leave_no_more_than_were_asked_for() -> None:
    graph = synth(voices=2, release_s=0.01)
    graph.set("adsr1", sustain=1.0)

    sound = play(graph, 1.0, (0, 1920, 57.0), (240, 1920, 64.0), (480, 1920, 69.0), (720, 1920, 76.0))

    assert peaks_hz(sound[-20_000:]) == pytest.approx([440.0, 440.0 * 2 ** (7 / 12)], rel=1e-3)


def test_nobody_gives_way_where_that_is_asked_for() -> None:
    graph = synth(voices=1, steal="nobody")

    sound = play(graph, 1.0, (0, 1920, 57.0), (480, 1920, 69.0))

    assert peaks_hz(sound[-20_000:]) == pytest.approx([220.0], rel=1e-3)


def test_legato_glides_without_a_new_beginning_and_goes_back_to_a_held_key() -> None:
    graph = synth(voices=1, mode="legato", glide_s=0.05)

    sound = play(graph, 2.0, (0, 3840, 57.0), (960, 960, 69.0))

    assert peaks_hz(sound[5_000:22_000]) == pytest.approx([220.0], rel=1e-3)
    assert peaks_hz(sound[30_000:46_000]) == pytest.approx([440.0], rel=1e-3)
    assert peaks_hz(sound[55_000:90_000]) == pytest.approx([220.0], rel=1e-3)
    envelope = np.abs(signal.hilbert(sound[6_000:90_000]))
    assert envelope[500:-500].min() > 0.6  # no gap, no new attack


def test_mono_plays_one_note_at_a_time() -> None:
    sound = play(synth(voices=4, mode="mono"), 1.5, (0, 2880, 57.0), (960, 960, 69.0))

    assert peaks_hz(sound[30_000:46_000]) == pytest.approx([440.0], rel=1e-3)


def test_unison_is_detuned_and_as_loud_as_one() -> None:
    graph = synth(voices=8, unison=2.0, detune_cents=50.0)

    sound = play(graph, 4.0, (0, 9600, 69.0))

    expected = [440.0 * 2 ** (cents / 1200) for cents in (-50, 50)]
    assert peaks_hz(sound[4_800:]) == pytest.approx(expected, rel=1e-4)
    assert np.sqrt(np.mean(sound[48_000:] ** 2)) == pytest.approx(0.7 / np.sqrt(2), rel=0.05)


def test_a_choke_group_silences_its_other_keys() -> None:
    graph = synth(voices=4, choke="42 46", release_s=2.0)
    graph.set("adsr1", sustain=1.0)

    sound = play(graph, 1.0, (0, 3840, 46.0), (480, 3840, 42.0))

    assert peaks_hz(sound[-20_000:]) == pytest.approx([440.0 * 2 ** ((42 - 69) / 12)], rel=1e-3)


def test_a_scale_and_its_keys_are_heard_and_keys_without_a_degree_are_not() -> None:
    """The just major scale on white keys: C and G are a pure fifth, C sharp is no key."""
    graph = synth(scale="9/8 5/4 4/3 3/2 5/3 15/8 2/1", key_map="12 0 127 60 60 264.0 7 0 x 1 x 2 3 x 4 x 5 x 6")
    sound = play(graph, 2.0, (0, 3840, 60.0), (0, 3840, 61.0), (0, 3840, 67.0))

    assert peaks_hz(sound[4800:]) == pytest.approx([264.0, 396.0], rel=2e-4)
    with Renderer(graph) as renderer:
        renderer.render(4800)
        graph.set("voices1", scale="")  # twelve equal steps, from the next note on
        graph.apply([PutClip("notes1", clip((240, 3840, 67.0)))])
        later = renderer.render(24_000)[0]
    assert peaks_hz(later[8000:])[-1] == pytest.approx(264.0 * 2 ** (4 / 12), rel=2e-4)


def test_a_key_between_two_lies_between_them_in_pitch() -> None:
    sound = play(synth(scale="300.0 1200.0"), 2.0, (0, 3840, 69.5))  # from the 300 cents of key 69 to the octave

    assert peaks_hz(sound[4800:]) == pytest.approx([440.0 * 2 ** (450 / 1200)], rel=2e-4)


def test_edits_of_an_instrument_that_plays_reach_every_voice() -> None:
    graph = synth()
    graph.apply([PutClip("notes1", clip((0, 9600, 57.0), (0, 9600, 69.0)))])
    with Renderer(graph) as renderer:
        renderer.render(10_000)
        graph.set("gain1", gain_db=-96.0)
        renderer.render(4_800)
        assert np.abs(renderer.render(4_800)).max() < 1e-4
        graph.set("gain1", gain_db=0.0)
        graph.set("voices1", voices=2.0)
        renderer.render(4_800)
        assert peaks_hz(renderer.render(20_000)[0]) == pytest.approx([220.0, 440.0], rel=1e-3)
        graph.apply([EditNotes("notes1", "c1", (0, 1), ())])
        renderer.render(20_000)
        assert np.abs(renderer.render(4_800)).max() == 0.0


def test_what_is_added_to_a_playing_instrument_is_heard_in_every_voice() -> None:
    graph = synth()
    graph.apply([PutClip("notes1", clip((0, 96_000, 57.0), (0, 96_000, 69.0)))])
    with Renderer(graph) as renderer:
        renderer.render(10_000)
        graph.connect(graph.add_inside("group1", "sine", frequency_hz=1_000.0), "gain1.in")
        renderer.render(2_000)
        assert len(peaks_hz(renderer.render(30_000)[0])) == 3
        graph.remove("sine2")
        renderer.render(2_000)
        assert peaks_hz(renderer.render(30_000)[0]) == pytest.approx([220.0, 440.0], rel=1e-3)
        assert renderer.engine.node_cost("sine1") is not None


def test_a_tap_inside_hears_all_voices() -> None:
    graph = synth()
    graph.apply([PutClip("notes1", clip((0, 9600, 57.0), (0, 9600, 69.0)))])
    with gd.Session(graph, device="hand") as session, session.tap("gain1.out") as tap:
        session.play()
        session.step(300)
        heard = tap.read()

    assert peaks_hz(heard[0, -12_000:]) == pytest.approx([220.0, 440.0], rel=3e-3)


def test_ungrouping_and_grouping_while_it_plays_end_in_the_same_sound() -> None:
    graph = synth(voices=2)
    graph.apply([PutClip("notes1", clip((0, 240, 69.0), (1920, 240, 69.0)))])
    expected = gd.render(graph, seconds=2.0)
    with Renderer(graph) as renderer:
        renderer.render(12_000)
        graph.ungroup("group1")
        renderer.render(4_000)
        graph.undo()
        renderer.render(32_000)
        np.testing.assert_allclose(renderer.render(12_000), expected[:, 48_000:60_000], atol=1e-6)
