"""The demo: a song whose form, harmony and tunes fit together, and which sounds as a finished song does.

What is measured over the whole song is heard at 16 kHz, a third of the cost: what lies above 8 kHz changes its loudness
by some tenths of a decibel.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample_poly

import graphdaw as gd
from graphdaw.graph.clips import AudioClip, CurveClip, NoteClip
from graphdaw.graph.keys import key_of
from graphdaw.graph.strips import strips
from graphdaw.host.offline import Renderer

DEMO = Path(__file__).parent.parent / "demo"
MODULES = ("build", "drums", "harmony", "melody", "mixer", "song", "speech")
LOW_HZ = 16_000
SPOKEN = shutil.which("espeak-ng") is not None


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The demo's modules, run in a folder of their own."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("media", "*.gdaw", "__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        for name in MODULES:
            patch.delitem(sys.modules, name, raising=False)
        yield SimpleNamespace(**{name: module(name) for name in MODULES}, folder=folder)
        for name in MODULES:
            patch.delitem(sys.modules, name, raising=False)


def module(name: str) -> ModuleType:
    return __import__(name)


@pytest.fixture(scope="module")
def project(demo: SimpleNamespace) -> gd.Graph:
    """The project as it is on file."""
    demo.build.main()
    return gd.load(demo.folder / "demo.gdaw")


@pytest.fixture(scope="module")
def heard(demo: SimpleNamespace, project: gd.Graph) -> dict[str, np.ndarray]:
    """The whole song, and each strip of it, at a low rate."""
    low = gd.Graph(document=project.document.copy())
    low.sample_rate = LOW_HZ
    found: dict[str, list[np.ndarray]] = {"mix": []}
    with Renderer(low) as renderer:
        taps = {strip.group.value.label: renderer.engine.tap((strip.group.id, "out")) for strip in strips(low)}
        found |= {name: [] for name in taps}
        for _ in range(int(demo.build.SECONDS)):
            found["mix"].append(renderer.render(LOW_HZ))
            for name, tap in taps.items():
                found[name].append(tap.read())
        assert not any(tap.missed for tap in taps.values())
    return {
        name: np.concatenate([np.broadcast_to(p, (2, p.shape[1])) for p in pieces if p.size], axis=1)
        for name, pieces in found.items()
    }


def loudness(audio: np.ndarray, rate_hz: int) -> float:
    return float(pyloudnorm.Meter(rate_hz).integrated_loudness(audio.T))


def decibels(audio: np.ndarray) -> float:
    return float(10.0 * np.log10(np.mean(audio**2) + 1e-20))


def in_section(demo: SimpleNamespace, audio: np.ndarray, name: str) -> np.ndarray:
    one, timeline = demo.song.section(name), demo.song.timeline()
    begin, end = (round(timeline.seconds(t) * LOW_HZ) for t in (one.at_ticks, one.at_ticks + one.length_ticks))
    return audio[:, begin:end]


# The music


def test_the_song_has_a_form_of_about_three_minutes(demo: SimpleNamespace) -> None:
    timeline = demo.song.timeline()

    assert 150.0 <= demo.build.SECONDS <= 200.0
    names = [marker.name for marker in timeline.markers]
    assert names == ["Intro", "Verse", "Build", "Chorus", "Break", "Last chorus", "Outro"]
    for before, after in pairwise(timeline.markers):
        assert before.at_ticks + before.length_ticks == after.at_ticks
    assert len({tempo.bpm for tempo in timeline.tempos}) >= 3
    assert any(tempo.ramp for tempo in timeline.tempos)


def test_voices_of_chords_move_by_small_steps(demo: SimpleNamespace) -> None:
    for one in demo.song.SECTIONS:
        for before, after in pairwise(range(one.bars)):
            chords = one.chord(before).voices, one.chord(after).voices
            moves = [abs(key_of(a) - key_of(b)) for a, b in zip(*chords, strict=True)]
            assert max(moves) <= 5, (one.name, before, moves)
            assert sum(moves) <= (15 if after % 8 == 0 else 12), (one.name, before, moves)


def test_tunes_keep_to_the_key_stay_on_notes_of_the_chord_and_rest(demo: SimpleNamespace) -> None:
    scale = {key_of(name) % 12 for name in ("D4", "E4", "F4", "G4", "A4", "Bb4", "C4")}
    colours = {key_of(name) % 12 for name in ("C#4", "F#4")}  # of the dominant, and of the last chord
    for tunes in (demo.melody.FLUTE, demo.melody.LEAD, demo.melody.BELLS):
        for name, rows in tunes.items():
            one = demo.song.section(name)
            for beat, length, key, *_ in rows:
                chord = one.chord(int(beat // 4))
                tones = {key_of(voice) % 12 for voice in (chord.bass, *chord.voices)}
                assert key_of(key) % 12 in scale or key_of(key) % 12 in colours & tones, (name, beat, key)
                assert length < 1.5 or key_of(key) % 12 in tones, (name, beat, key)
            played = sum(length for _, length, *_ in rows)
            assert played < 0.9 * 4 * one.bars, f"the tune of {name} never rests"


def test_each_section_ends_with_a_bar_of_its_own_on_the_drums(demo: SimpleNamespace) -> None:
    for one in demo.song.SECTIONS:
        assert demo.drums.bar_of(one, one.bars - 1) != demo.drums.bar_of(one, one.bars - 2), one.name
    for bars in (*demo.drums.FILLS.values(), demo.drums.DRIVE, demo.drums.GROOVE, demo.drums.STOP):
        assert all(len(steps) == 16 for steps in bars.values())


# The project


def test_the_project_holds_sections_curves_side_chains_and_words(demo: SimpleNamespace, project: gd.Graph) -> None:
    document = project.document
    nodes = list(project.nodes.values())
    by_label = {strip.group.value.label: strip for strip in strips(project)}
    kick = by_label["Kick"].group.id

    assert project.timeline == demo.song.timeline()
    curves = [clip for node in nodes if node.type == "automation" for clip in node.clips]
    assert len(curves) >= 8
    assert all(isinstance(clip, CurveClip) and len(clip.points) >= 3 for clip in curves)
    for name in ("Bass", "Pad", "Strings"):
        wires = [w for w in document.wires.values() if w.target == by_label[name].group.id]
        assert any(w.source == kick and w.target_port == "sidechain" for w in wires)
        assert by_label[name].part("compressor").params["key"] == "sidechain"
    assert {"steps", "arpeggiator", "limiter", "reverb", "echo"} <= {node.type for node in nodes}
    kit = {node.type for node in nodes} & {"zones"}
    assert bool(kit) == demo.mixer.KIT.is_file()
    words = [clip.name for node in nodes for clip in node.clips if isinstance(clip, AudioClip)]
    assert len(words) == (len(demo.speech.PHRASES) if SPOKEN else 0)


def test_clips_lie_in_their_sections(demo: SimpleNamespace, project: gd.Graph) -> None:
    clips = [clip for node in project.nodes.values() for clip in node.clips if isinstance(clip, NoteClip)]
    places = {(one.name, one.at_ticks, one.length_ticks) for one in demo.song.SECTIONS}

    assert {(clip.name, clip.at_ticks, clip.length_ticks) for clip in clips} == places
    for clip in clips:
        assert all(note.at_ticks + note.length_ticks <= clip.length_ticks + 960 for note in clip.notes), clip.name


def test_without_words_the_song_still_plays(demo: SimpleNamespace) -> None:
    audio = gd.render(demo.build.build(()), seconds=3.0)

    assert decibels(audio[:, 48_000:]) > -50.0


# The sound


def test_the_first_twenty_seconds_are_a_stereo_sound_that_does_not_clip(project: gd.Graph) -> None:
    audio = gd.render(project, seconds=20.0)

    assert len(audio) == 2
    assert np.max(np.abs(audio)) < 10 ** (-1.0 / 20)
    assert decibels(audio[0] - audio[1]) > -45.0
    assert decibels(audio[:, -48_000:]) > decibels(audio[:, 48_000:96_000]) + 3.0


def test_it_is_as_loud_as_a_finished_song_and_never_clips(heard: dict[str, np.ndarray]) -> None:
    mix = heard["mix"]
    mono = np.repeat(mix.mean(axis=0, keepdims=True), 2, axis=0)

    assert loudness(mix, LOW_HZ) == pytest.approx(-14.0, abs=1.0)
    assert np.max(np.abs(resample_poly(mix, 4, 1, axis=1))) < 10 ** (-0.9 / 20)
    assert np.max(np.abs(mix.mean(axis=1))) < 1e-3
    assert loudness(mono, LOW_HZ) > loudness(mix, LOW_HZ) - 1.5


def test_choruses_are_the_loudest_and_the_end_is_silence(demo: SimpleNamespace, heard: dict[str, np.ndarray]) -> None:
    level = {one.name: loudness(in_section(demo, heard["mix"], one.name), LOW_HZ) for one in demo.song.SECTIONS}

    assert level["Intro"] < level["Verse"] < level["Chorus"] <= level["Last chorus"] + 0.3
    assert level["Break"] < level["Chorus"] - 2.0
    assert decibels(heard["mix"][:, -LOW_HZ // 2 :]) < -55.0


def test_every_part_is_heard_in_its_sections(demo: SimpleNamespace, heard: dict[str, np.ndarray]) -> None:
    parts = {
        **demo.drums.parts(),
        **demo.harmony.parts(),
        "Flute": demo.melody.FLUTE,
        "Lead": demo.melody.LEAD,
        "Bells": demo.melody.BELLS,
        "Riser": {"Build": ()},
        "Shaker": {"Verse": (), "Chorus": (), "Last chorus": ()},
    }
    del parts["Robot"]
    if SPOKEN:
        for phrase in demo.speech.PHRASES:
            parts.setdefault(phrase.track, {})[phrase.section] = ()
    for name, sections in parts.items():
        for section in sections:
            level = decibels(in_section(demo, heard[name], section))
            assert level > -48.0, f"{name} is at {level:.0f} dB in the {section}"
