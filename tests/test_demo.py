"""The demo: real recordings where their sources are installed, and music in any case."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import graphdaw as gd
from graphdaw.host.media import load_media

DEMO = Path(__file__).parent.parent / "demo"


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo's programs in a folder of their own."""
    shutil.copytree(DEMO, tmp_path / "demo", ignore=shutil.ignore_patterns("media", "*.gdaw", "__pycache__"))
    monkeypatch.syspath_prepend(str(tmp_path / "demo"))
    for name in ("build", "make_media"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path / "demo"


def test_it_makes_the_recordings_whose_sources_are_installed(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import make_media

    made = {path.name: load_media(path, 48_000) for path in make_media.main()}

    assert ("drums.flac" in made) == make_media.KIT.is_dir()
    assert ("voice.flac" in made) == (shutil.which("espeak-ng") is not None)
    remarks = capsys.readouterr().err
    assert ("hydrogen-drumkits" in remarks) == ("drums.flac" not in made)
    assert ("espeak-ng" in remarks) == ("voice.flac" not in made)
    for audio in made.values():
        assert np.max(np.abs(audio)) == pytest.approx(0.7, abs=0.01)
        bars = audio.shape[1] / (4 * make_media.BEAT_S * 48_000)
        assert bars == pytest.approx(round(bars), abs=1e-3)


def test_it_saves_a_project_that_sounds_and_is_stereo(demo: Path) -> None:
    import build

    graph = build.main()
    loaded = gd.load(demo / "demo.gdaw")
    audio = gd.render(loaded, seconds=6.0)

    assert loaded.nodes.keys() == graph.nodes.keys()
    assert len(audio) == 2
    assert 0.2 < np.max(np.abs(audio)) < 1.0
    assert np.max(np.abs(audio[0] - audio[1])) > 0.01
    seconds = audio[:, 48_000:].reshape(2, 5, 48_000)
    assert np.sqrt(np.mean(seconds**2, axis=(0, 2))).min() > 0.01


def test_without_any_recording_the_chords_still_play(demo: Path) -> None:
    import build

    audio = gd.render(build.build(None, None), seconds=2.0)

    assert np.sqrt(np.mean(audio[:, 48_000:] ** 2)) > 0.01


def test_it_fades_out_before_its_end(demo: Path) -> None:
    import build

    audio = gd.render(build.build(None, None), seconds=build.SECONDS)

    last = audio[:, -4_800:]
    assert np.max(np.abs(last)) < 0.003
    assert np.max(np.abs(audio[:, -7 * 48_000 : -6 * 48_000])) > 0.03
