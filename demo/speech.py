"""The voice of the demo's song: phrases that espeak-ng speaks, each with its place.

They are made on the machine that plays them, so that nothing recorded by others lies in this repository. Without
espeak-ng there is a remark on what to install, and the song goes without words.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from graphdaw.errors import MediaError
from graphdaw.graph.clips import TICKS_PER_QUARTER
from graphdaw.host.files import write_audio
from graphdaw.host.media import load_media
from song import BAR_TICKS, section

RATE_HZ = 48_000
MEDIA = Path(__file__).with_name("media")
PEAK = 0.5
QUIET = 0.01  # below which a phrase has not begun, or has ended


class Phrase(NamedTuple):
    """What is said, in which bar and on which beat of a section (counted from 0), how fast, how high, and by whom."""

    words: str
    section: str
    bar: int
    beat: float
    words_a_minute: int = 150
    pitch: int = 36
    track: str = "Voice"

    @property
    def at_ticks(self) -> int:
        """Where it begins."""
        return section(self.section).at_ticks + self.bar * BAR_TICKS + round(self.beat * TICKS_PER_QUARTER)

    @property
    def path(self) -> Path:
        """Its recording."""
        name = "".join(letter if letter.isalpha() else "_" for letter in self.words.lower()).strip("_")
        return MEDIA / f"{name}_{self.pitch}.flac"


PHRASES = (
    Phrase("Everything is a node.", "Verse", 0, 1.0),
    Phrase("The drums. The bass. And this voice.", "Verse", 2, 1.0, 160),
    Phrase("Patch it, while it sounds.", "Verse", 4, 1.0),
    Phrase("Nothing clicks. Nothing waits.", "Verse", 6, 1.0),
    Phrase("Louder.", "Build", 0, 1.0, 140, 40),
    Phrase("Wider.", "Build", 2, 1.0, 140, 44),
    Phrase("Higher.", "Build", 4, 1.0, 140, 50),
    Phrase("Now!", "Build", 7, 3.0, 150, 55),
    Phrase("What you hear", "Break", 0, 1.0, 120, 30, "Robot"),
    Phrase("is what you render.", "Break", 2, 1.0, 120, 30, "Robot"),
    Phrase("Bit, for bit.", "Break", 4, 1.0, 120, 30, "Robot"),
    Phrase("Everything is a node.", "Chorus", 7, 0.5, 130, 30, "Robot"),
    Phrase("Everything is a node.", "Last chorus", 7, 0.5, 130, 30, "Robot"),
    Phrase("Everything is a node.", "Last chorus", 15, 0.5, 130, 30, "Robot"),
    Phrase("Everything is a node.", "Outro", 1, 1.0, 130, 34),
    Phrase("Graph. Daw.", "Outro", 5, 1.0, 120, 30),
)


def make() -> tuple[Phrase, ...]:
    """Speak all phrases; none without espeak-ng."""
    if shutil.which("espeak-ng") is None:
        sys.stderr.write("No voice in the demo: espeak-ng is not installed (apt-get install espeak-ng).\n")
        return ()
    MEDIA.mkdir(exist_ok=True)
    try:
        for phrase in PHRASES:
            _speak(phrase)
    except (MediaError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"The demo goes on without its voice: {error}\n")
        return ()
    return PHRASES


def _speak(phrase: Phrase) -> None:
    """One phrase, without the silence around it, as loud as the others."""
    raw = phrase.path.with_suffix(".wav")
    how = ["-v", "en-gb", "-s", str(phrase.words_a_minute), "-p", str(phrase.pitch), "-w", str(raw)]
    subprocess.run(["espeak-ng", *how, phrase.words], check=True, capture_output=True)
    spoken = load_media(raw, RATE_HZ)[:1]
    raw.unlink()
    loudest = max(float(np.max(np.abs(spoken))), 1e-9)
    heard = np.flatnonzero(np.abs(spoken[0]) > QUIET * loudest)
    if len(heard):
        spoken = spoken[:, heard[0] : heard[-1] + 1]
    write_audio(phrase.path, spoken * np.float32(PEAK / loudest), RATE_HZ)
