"""`graphdaw convert`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from graphdaw.cli.app import run
from graphdaw.graph.clips import AudioClip
from graphdaw.graph.song import Song, SongTrack
from graphdaw.graph.timeline import Timeline
from graphdaw.host.songs.files import read_song, write_song
from tests import lmms_files

Captured = pytest.CaptureFixture[str]


def convert(*arguments: object) -> int:
    return run(["convert", *map(str, arguments)])


@pytest.fixture
def lmms(tmp_path: Path) -> Path:
    path = tmp_path / "song.mmpz"
    path.write_bytes(lmms_files.packed(lmms_files.project()))
    return path


def test_an_lmms_project_becomes_a_midi_file_and_says_what_is_missing(tmp_path: Path, lmms: Path) -> None:
    command = [sys.executable, "-m", "graphdaw.cli", "convert", str(lmms), str(tmp_path / "song.mid")]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert ran.returncode == 0 and "'song', 6 tracks" in ran.stdout
    assert "Vox: a MIDI file holds no recordings, so its clips were left out." in ran.stderr
    names = [track.name for track in mido.MidiFile(tmp_path / "song.mid").tracks]
    assert names == ["song", "Kick", "Bass"]


def test_programs_get_json_with_the_report(tmp_path: Path, lmms: Path, capsys: Captured) -> None:
    assert convert(lmms, tmp_path / "song.dawproject", "--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["title"], told["notes"], told["automation"]) == ("song", 9, 3)
    assert {"name": "Kick", "kind": "drums", "clips": 4} in told["tracks"]
    assert any(sentence.startswith("Kick: the recordings of its instrument") for sentence in told["report"])
    assert convert(tmp_path / "song.dawproject", tmp_path / "b.mid", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["notes"] == told["notes"] and again["seconds"] == pytest.approx(told["seconds"], abs=0.01)


def test_recordings_go_from_one_file_into_the_other(tmp_path: Path, capsys: Captured) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 48_000)
    track = SongTrack("a", "A", "audio", (AudioClip("a", 0, 960, media="a.wav"),))
    assert write_song(Song("s", Timeline(), (track,)), tmp_path / "a.dawproject", [tmp_path]) == ()
    (tmp_path / "a.wav").unlink()

    assert convert(tmp_path / "a.dawproject", tmp_path / "b.dawproject") == 0

    assert capsys.readouterr().err == ""
    (clip,) = read_song(tmp_path / "b.dawproject", tmp_path / "media").tracks[0].clips
    assert isinstance(clip, AudioClip) and soundfile.info(clip.media).frames == 100


def test_a_song_becomes_a_project_that_plays_and_comes_back(tmp_path: Path, lmms: Path, capsys: Captured) -> None:
    assert convert(lmms, tmp_path / "song.gdaw", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["notes"] == 9 and any("lb302 is not known here" in sentence for sentence in told["report"])
    assert run(["check", str(tmp_path / "song.gdaw")]) == 0
    assert run(["render", str(tmp_path / "song.gdaw"), "-o", str(tmp_path / "a.wav"), "--seconds", "1"]) == 0
    capsys.readouterr()

    assert convert(tmp_path / "song.gdaw", tmp_path / "back.mid", "--json") == 0

    assert json.loads(capsys.readouterr().out)["notes"] == 9
    assert [track.name for track in mido.MidiFile(tmp_path / "back.mid").tracks][1:] == ["Kick", "Bass"]


def test_recordings_go_through_a_project(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 100)
    soundfile.write(tmp_path / "a.wav", noise, 48_000)
    track = SongTrack("a", "A", "audio", (AudioClip("a", 0, 960, media="a.wav"),))
    write_song(Song("s", Timeline(), (track,)), tmp_path / "a.dawproject", [tmp_path])
    expected = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").unlink()

    assert convert(tmp_path / "a.dawproject", tmp_path / "b.gdaw") == 0
    assert convert(tmp_path / "b.gdaw", tmp_path / "c.dawproject") == 0

    (clip,) = read_song(tmp_path / "c.dawproject", tmp_path / "media").tracks[0].clips
    assert isinstance(clip, AudioClip) and Path(clip.media).name == "a.wav"
    assert Path(clip.media).read_bytes() == expected


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("song.mmpz", "song.mmp", "ends with none of .mid, .midi, .dawproject"),
        ("song.txt", "song.mid", "ends with none of .mid"),
        ("none.mid", "song.mid", "cannot be read: No such file"),
        ("none.mid", "song.gdaw", "cannot be read: No such file"),
        ("a.gdaw", "b.gdaw", "Both files are projects"),
        ("none.gdaw", "b.mid", "none.gdaw"),
        ("song.mmpz", "none/song.mid", "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, lmms: Path, capsys: Captured, source: str, target: str, words: str
) -> None:
    assert convert(tmp_path / source, tmp_path / target) == 2

    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert words in said.err and sorted(tmp_path.iterdir()) == [lmms]


def test_a_song_that_cannot_be_read_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"mine")
    (tmp_path / "bad.mmp").write_bytes(b"<svg/>")

    assert convert(tmp_path / "bad.mmp", tmp_path / "a.mid") == 2
    assert (tmp_path / "a.mid").read_bytes() == b"mine"


def test_a_soundfont_is_for_projects_and_must_be_one(tmp_path: Path, lmms: Path, capsys: Captured) -> None:
    assert convert(lmms, tmp_path / "a.mid", "--soundfont", "gm") == 2
    assert "leave --soundfont out" in capsys.readouterr().err
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 48_000)
    assert convert(lmms, tmp_path / "a.gdaw", "--soundfont", tmp_path / "a.wav") == 2
    assert "is no SoundFont; choose an .sf2" in capsys.readouterr().err
    assert convert(lmms, tmp_path / "a.gdaw", "--soundfont", tmp_path / "none.sf2") == 2
    assert "none.sf2 cannot be read" in capsys.readouterr().err
