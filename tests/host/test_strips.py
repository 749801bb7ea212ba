"""Mixer strips, buses and tracks, by what is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.errors import UnknownNodeError
from graphdaw.graph.clips import Note, NoteClip
from graphdaw.graph.vocabulary import PutClip
from tests.audio_tracks import noise, recorded, sine


def test_a_new_strip_leaves_the_sound_as_it_is(tmp_path: Path) -> None:
    x = noise(20_000, 2)
    graph = gd.Graph()
    track = graph.add_track("Drums")
    graph.put_audio(track.clips, recorded(tmp_path / "a.wav", x))

    y = gd.render(graph, seconds=20_000 / 48_000)

    np.testing.assert_allclose(y, x, atol=1e-6)
    assert track.strip.group.value.label == "Drums"


def test_the_parts_of_a_strip_do_what_they_say(tmp_path: Path) -> None:
    x = np.tile(sine(48_000, 1_000.0), (2, 1))
    graph = gd.Graph()
    track = graph.add_track("Tone")
    graph.put_audio(track.clips, recorded(tmp_path / "a.wav", x))
    graph.set(track.strip.part("trim"), gain_db=-6.0)
    graph.set(track.strip.part("pan"), pan=1.0)
    graph.set(track.strip.part("fader"), gain_db=-3.0)

    y = gd.render(graph, seconds=1.0)[:, 4_800:]

    assert np.abs(y[1]).max() == pytest.approx(10 ** (-9 / 20), rel=1e-3)
    assert np.abs(y[0]).max() < 1e-6
    with pytest.raises(UnknownNodeError, match="has no part 'reverb'"):
        track.strip.part("reverb")


def test_sends_reach_their_bus_behind_and_before_the_fader(tmp_path: Path) -> None:
    x = noise(24_000, 2)
    graph = gd.Graph()
    graph.add_bus("hall")
    track = graph.add_track("Voice")
    graph.put_audio(track.clips, recorded(tmp_path / "a.wav", x))
    graph.set(track.strip.part("fader"), gain_db=-6.0)
    behind = track.strip.send("hall", -6.0)
    level = 10 ** (-6 / 20)

    np.testing.assert_allclose(gd.render(graph, seconds=0.5), x * (level + level**2), atol=1e-5)
    graph.remove(behind)
    track.strip.send("hall", -6.0, before_fader=True)
    np.testing.assert_allclose(gd.render(graph, seconds=0.5), x * (level + level), atol=1e-5)


def test_tracks_lead_into_a_bus_and_that_into_the_main_one(tmp_path: Path) -> None:
    x = noise(24_000, 2)
    path = recorded(tmp_path / "a.wav", x)
    graph = gd.Graph()
    main = graph.add_bus("main")
    drums = graph.add_bus("drums")
    for name in ("Kick", "Snare"):
        graph.put_audio(graph.add_track(name, bus="drums").clips, path)
    graph.put_audio(graph.add_track("Voice").clips, path)
    graph.set(drums.part("fader"), gain_db=-12.0)
    graph.set(main.part("fader"), gain_db=-6.0)

    expected = x * (2 * 10 ** (-12 / 20) + 1) * 10 ** (-6 / 20)
    np.testing.assert_allclose(gd.render(graph, seconds=0.5), expected, atol=1e-5)
    with pytest.raises(UnknownNodeError, match="no bus 'drms'; did you mean 'drums'"):
        graph.add_track("Hat", bus="drms")


def test_adding_a_track_is_one_step_back() -> None:
    graph = gd.Graph()
    before = graph.document.copy()
    graph.add_track("Bass", instrument="saw")
    graph.undo()

    assert graph.document == before


def test_a_side_chain_makes_room_for_another_sound(tmp_path: Path) -> None:
    tone = np.tile(sine(96_000, 1_000.0) * 0.25, (2, 1))
    beat = np.zeros((2, 96_000), np.float32)
    beat[:, 48_000:] = 0.9
    graph = gd.Graph()
    bass, kick = graph.add_track("Bass"), graph.add_track("Kick")
    graph.put_audio(bass.clips, recorded(tmp_path / "a.wav", tone))
    graph.put_audio(kick.clips, recorded(tmp_path / "b.wav", beat))
    graph.set(kick.strip.part("fader"), level=0.0)
    graph.set(bass.strip.part("compressor"), threshold_db=-20.0, ratio=100.0, knee_db=0.0)
    bass.strip.side_chain(kick.clips)

    y = gd.render(graph, seconds=2.0)[0]

    assert np.abs(y[40_000:48_000]).max() == pytest.approx(0.25, rel=1e-3)
    over_db = 20 * np.log10(0.9) + 20
    expected = 0.25 * 10 ** (-over_db * 0.99 / 20)
    assert np.abs(y[90_000:]).max() == pytest.approx(expected, rel=0.01)


def test_a_track_with_an_oscillator_plays_notes_at_their_pitch() -> None:
    graph = gd.Graph()
    lead = graph.add_track("Lead", instrument="sine")
    graph.apply([PutClip(lead.clips.id, NoteClip("c1", 0, 3840, notes=(Note(1, 0, 3840, 69.0, velocity=1.0),)))])

    y = gd.render(graph, seconds=1.5)[0][24_000:]

    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    assert np.argmax(spectrum) * 48_000 / len(y) == pytest.approx(440.0, abs=1.0)
    assert np.abs(y).max() == pytest.approx(0.7 * 10 ** (-12 / 20), rel=0.02)


def test_an_instrument_that_is_there_already_is_taken() -> None:
    graph = gd.Graph()
    group = graph.add_track("One", instrument="saw").instrument
    other = graph.add_track("Two", instrument=group)

    assert other.instrument == group
    assert len([node for node in graph.nodes.values() if node.type == "voices"]) == 1
