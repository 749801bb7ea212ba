"""FluidSynth as an independent reading of SoundFonts."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

RATE_HZ = 48_000
LEAD_S = 0.1
FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


@dataclass(frozen=True)
class Played:
    """A note for FluidSynth: the preset, how it is struck, how long it is held and how long it is listened to."""

    program: int
    key: int
    velocity: int
    held_s: float = 1.0
    heard_s: float = 1.5
    bank: int = 0


def fluidsynth(font: Path, notes: Sequence[Played], folder: Path) -> list[NDArray[Any]]:
    """Each note by itself, (2, frames) from its start on, without reverb and chorus, all controllers at their tops."""
    events: list[tuple[float, mido.Message]] = []
    begin = 0.0
    for note in notes:
        channel = 9 if note.bank == 128 else 0
        setting = [
            mido.Message("control_change", channel=channel, control=7, value=127),
            mido.Message("program_change", channel=channel, program=note.program),
        ]
        events += [(begin, message) for message in setting]
        key = {"channel": channel, "note": note.key}
        events.append((begin + LEAD_S, mido.Message("note_on", velocity=note.velocity, **key)))
        events.append((begin + LEAD_S + note.held_s, mido.Message("note_off", **key)))
        begin += LEAD_S + note.heard_s + 0.2
        events.append((begin - 0.1, mido.Message("control_change", channel=channel, control=120, value=0)))
    events.append((begin, mido.Message("control_change", control=120, value=0)))
    file = mido.MidiFile(ticks_per_beat=10_000)  # at 120 beats a minute, 20,000 a second
    track, last = mido.MidiTrack(), 0
    for time_s, message in sorted(events, key=lambda event: event[0]):
        tick = round(time_s * 20_000)
        track.append(message.copy(time=tick - last))
        last = tick
    file.tracks.append(track)
    file.save(folder / "notes.mid")
    out = folder / "notes.wav"
    command = [
        "fluidsynth",
        "-ni",
        "-q",
        "-R",
        "0",
        "-C",
        "0",
        "-g",
        "1",
        "-r",
        str(RATE_HZ),
        "-O",
        "float",
        "-T",
        "wav",
    ]
    subprocess.run([*command, "-F", out, font, folder / "notes.mid"], check=True, capture_output=True)
    sound, _ = soundfile.read(out)
    heard, begin = [], 0.0
    for note in notes:
        first = round((begin + LEAD_S) * RATE_HZ)
        heard.append(sound[first : first + round(note.heard_s * RATE_HZ)].T)
        begin += LEAD_S + note.heard_s + 0.2
    return heard


@pytest.fixture(scope="session")
def font() -> Path:
    """Debian's General MIDI font, of the package fluid-soundfont-gm."""
    assert FONT.is_file(), "scripts/system.sh installs fluid-soundfont-gm"
    return FONT


def partial(sound: NDArray[Any], near_hz: float) -> tuple[float, float]:
    """Frequency and level in dB of the strongest partial within half a semitone."""
    window = np.hanning(len(sound))
    size = np.abs(np.fft.rfft(sound * window))
    bins = np.arange(len(size)) * RATE_HZ / len(sound)
    inside = np.flatnonzero(np.abs(np.log2(np.maximum(bins, 1.0) / near_hz)) < 1 / 24)
    top = int(inside[np.argmax(size[inside])])
    left, middle, right = np.log(size[top - 1 : top + 2] + 1e-30)
    shift = 0.5 * (left - right) / (left - 2.0 * middle + right)
    return float((top + shift) * RATE_HZ / len(sound)), float(20.0 * np.log10(2.0 * size[top] / window.sum() + 1e-30))
