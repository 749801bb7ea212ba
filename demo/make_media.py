"""Makes the demo's two recordings: a voice (espeak-ng) and a drum loop (samples of Debian's hydrogen-drumkits).

Both are made on the machine that plays them, so that nothing recorded by others lies in this repository. Each returns
None, with a remark on what to install, where its source is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graphdaw.errors import MediaError
from graphdaw.host.files import write_audio
from graphdaw.host.media import load_media

Samples = npt.NDArray[np.float32]

RATE_HZ = 48_000
TEMPO_BPM = 96.0
BEAT_S = 60.0 / TEMPO_BPM
MEDIA = Path(__file__).with_name("media")

# Free to use in compositions: its licence (GPL-2+) carries an exception that says so.
KIT = Path("/usr/share/hydrogen/data/drumkits/ColomboAcousticDrumkit")
DRUMS = {  # file, level in decibels, place from -1 (left) to 1 (right)
    "kick": ("bassdrum-4mics-br-stereo-normal3.flac", -3.0, 0.0),
    "snare": ("snare-opaque-normal-mic-rimshot2.flac", -2.0, 0.05),
    "ghost": ("snare-opaque-normal-mic-normal_shot3.flac", -18.0, 0.05),
    "rim": ("stick-rim-9.flac", -8.0, -0.4),
    "hat": ("hihat-closed-4.flac", -2.0, 0.35),
    "hat soft": ("hihat-closed-1.flac", -3.0, 0.35),
    "open": ("hihat-open-1.flac", -11.0, 0.35),
}
# Two bars of sixteenths: where each drum is struck.
PATTERN = {
    "kick": (0, 7, 10, 16, 19, 26),
    "snare": (4, 12, 20, 28),
    "ghost": (9, 15, 25, 30, 31),
    "rim": (3, 22),
    "hat": (0, 4, 8, 12, 16, 20, 24, 28),
    "hat soft": (2, 6, 10, 18, 22, 26, 3, 11, 19, 27),
    "open": (14, 30),
}
SWING = 0.14  # how late every second sixteenth comes, in sixteenths

PHRASES = {  # beat within four bars: what is said there
    0.0: "Everything is a node.",
    4.0: "This voice. These drums.",
    8.5: "Patch it, while it sounds.",
    13.0: "Graph, daw.",
}
BARS_OF_SPEECH = 4


def make_drums() -> Path | None:
    """Two bars of drums, or None without the samples."""
    if not KIT.is_dir():
        return _missing("drums", "hydrogen-drumkits")
    frames = round(8 * BEAT_S * RATE_HZ)
    loop = np.zeros((2, frames), np.float32)
    chance = np.random.default_rng(96)
    for name, steps in PATTERN.items():
        file, level_db, place = DRUMS[name]
        sound = _stereo(load_media(KIT / file, RATE_HZ), place) * 10.0 ** (level_db / 20.0)
        for step in steps:
            late = SWING if step % 2 else 0.0
            start = round((step + late) * BEAT_S / 4 * RATE_HZ + chance.uniform(0, 120))
            _mix_round(loop, sound * chance.uniform(0.82, 1.0), start)
    return _write("drums.flac", loop)


def make_voice() -> Path | None:
    """Four bars with a few spoken phrases, or None without espeak-ng."""
    if shutil.which("espeak-ng") is None:
        return _missing("voice", "espeak-ng")
    line = np.zeros((1, round(4 * BARS_OF_SPEECH * BEAT_S * RATE_HZ)), np.float32)
    for beat, words in PHRASES.items():
        _mix_round(line, _say(words), round(beat * BEAT_S * RATE_HZ))
    return _write("voice.flac", line)


def _say(words: str) -> Samples:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.wav"
        command = ["espeak-ng", "-v", "en-gb", "-s", "150", "-p", "38", "-a", "120", "-w", str(path), words]
        subprocess.run(command, check=True, capture_output=True)
        return load_media(path, RATE_HZ)[:1]


def _stereo(sound: Samples, place: float) -> Samples:
    """Two channels of equal power around `place`."""
    angle = (place + 1.0) * np.pi / 4.0
    sides = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(np.sqrt(2.0))
    return (sound if len(sound) == 2 else np.repeat(sound[:1], 2, axis=0)) * sides


def _mix_round(target: Samples, sound: Samples, start: int) -> None:
    """Add a sound at a frame; what reaches past the end goes on at the beginning, so that the loop has no seam."""
    frames = target.shape[1]
    places = (start + np.arange(min(sound.shape[1], frames))) % frames
    target[:, places] += sound[:, : len(places)]


def _write(name: str, audio: Samples) -> Path:
    MEDIA.mkdir(exist_ok=True)
    loudest = max(float(np.max(np.abs(audio))), 1e-9)
    return write_audio(MEDIA / name, audio * np.float32(0.7 / loudest), RATE_HZ).path


def _missing(what: str, package: str) -> None:
    sys.stderr.write(f"No {what} in the demo: {package} is not installed (apt-get install {package}).\n")


def main() -> list[Path]:
    """Make what can be made."""
    made = []
    for make in (make_drums, make_voice):
        try:
            if (path := make()) is not None:
                made.append(path)
        except (MediaError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"The demo goes on without one recording: {error}\n")
    return made


if __name__ == "__main__":
    for path in main():
        print(path)
