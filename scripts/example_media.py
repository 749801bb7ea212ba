"""Makes the recordings that the example patches play: graphdaw/examples/media/.

Nothing in them was recorded by others: the voice is espeak-ng's, drums are rendered by GraphDAW, the guitar is the
plucked string of Karplus and Strong (1983), the rooms are noise that decays faster the higher it is. They are made once
and kept, because another version of espeak-ng or libvorbis gives other bits.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

import graphdaw as gd
from graphdaw.graph.examples import FOLDER
from graphdaw.host.media import load_media

Samples = npt.NDArray[np.float64]

MEDIA = FOLDER / "media"
RATE_HZ = 44_100
BEAT_S = 0.5  # 120 BPM
PHRASE = "Everything is a node. Patch it, while it sounds."
KICK, SNARE, HAT, OPEN = "x.....x...x.....", "....x.......x..x", "x.x.x.x.x.x.x...", "..............x."
ARPEGGIO = (110.0, 164.81, 246.94, 261.63, 329.63, 261.63, 246.94, 164.81)  # A minor ninth


def voice() -> Path:
    """A spoken sentence at espeak-ng's own rate, mono."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.wav"
        subprocess.run(["espeak-ng", "-v", "en-gb", "-s", "145", "-p", "40", "-w", str(path), PHRASE], check=True)
        spoken, rate_hz = soundfile.read(path)
    loud = np.flatnonzero(np.abs(spoken) > 1e-3)
    return write("voice.flac", spoken[None, loud[0] : loud[-1] + 1], int(rate_hz))


def drums() -> Path:
    """Two bars of drums, stereo; what rings past the end goes on at the beginning."""
    hits = {
        KICK: (hit("sine", frequency_hz=48.0, sweep=190.0, decay_s=0.35), 1.0, 0.0),
        SNARE: (
            hit("noise", frequency_hz=2_600.0, decay_s=0.16) + hit("sine", frequency_hz=185.0, decay_s=0.1),
            0.8,
            0.1,
        ),
        HAT: (hit("noise", frequency_hz=9_500.0, decay_s=0.05), 0.35, -0.35),
        OPEN: (hit("noise", frequency_hz=8_000.0, decay_s=0.3), 0.3, -0.35),
    }
    chance = np.random.default_rng(120)
    loop = np.zeros((2, round(8 * BEAT_S * RATE_HZ)))
    for pattern, (sound, level, side) in hits.items():
        sides = np.array([[np.cos((side + 1) * np.pi / 4)], [np.sin((side + 1) * np.pi / 4)]])
        for step, mark in enumerate(2 * pattern):
            if mark == "x":
                late = 0.012 * (step % 2)
                add_round(loop, sides * sound * level * chance.uniform(0.75, 1.0), (step / 4 * BEAT_S + late) * RATE_HZ)
    return write("drums.ogg", np.tanh(1.4 * loop), RATE_HZ)


def hit(source: str, *, frequency_hz: float, decay_s: float, sweep: float = 0.0) -> Samples:
    """One drum: a tone whose pitch falls by `sweep`, or noise around a frequency, under a decaying envelope."""
    graph = gd.Graph(sample_rate=RATE_HZ)
    gate = graph.add("lfo", shape="square", rate_hz=0.1)
    tone = graph.add(source, frequency_hz=frequency_hz) if source == "sine" else graph.add(source)
    shape = graph.add("adsr", attack_s=0.0005, decay_s=decay_s, sustain=0.0)
    level = graph.add("gain", level=0.0)
    gate >> shape
    graph.connect(shape, level["level"])
    if source == "sine":
        fall = graph.add("adsr", attack_s=0.0, decay_s=0.12, sustain=0.0)
        gate >> fall
        graph.connect(fall, tone["frequency_hz"], depth=sweep)
        tone >> level >> graph.add("output")
    else:
        tone >> graph.add("filter", mode="bandpass", cutoff_hz=frequency_hz, q=0.8) >> level >> graph.add("output")
    return np.asarray(gd.render(graph, seconds=1.0)[0], float)


def guitar() -> Path:
    """Eight plucked notes that ring on, mono."""
    line = np.zeros((1, round(8 * BEAT_S * RATE_HZ)))
    for step, pitch_hz in enumerate(ARPEGGIO):
        add_round(line, string(pitch_hz, step)[None], step * BEAT_S * RATE_HZ)
    return write("guitar.ogg", line, RATE_HZ)


def string(pitch_hz: float, seed: int, seconds: float = 1.8) -> Samples:
    """A string after Karplus and Strong, with an all-pass filter for the part of its period below a frame."""
    period = RATE_HZ / pitch_hz - 0.5
    whole = int(period)
    rest = (1.0 - (period - whole)) / (1.0 + (period - whole))
    burst = np.random.default_rng(seed).uniform(-1, 1, whole)
    ring = np.convolve(burst, np.ones(6) / 6, mode="same")
    ring -= ring.mean()
    out = np.zeros(round(seconds * RATE_HZ))
    last = held = passed = 0.0
    for frame in range(len(out)):
        at = frame % whole
        now = ring[at]
        mean = 0.996 * 0.5 * (now + last)
        passed = rest * mean + held - rest * passed
        held, last = mean, now
        out[frame] = ring[at] = passed
    return out * np.minimum(1.0, (len(out) - np.arange(len(out))) / 4_000)


def room(name: str, channels: int, seconds: float, rate_hz: int, reflections: int) -> Path:
    """An impulse response: some early reflections, then noise whose octaves decay each at its own rate."""
    chance = np.random.default_rng(channels)
    frames = round(seconds * rate_hz)
    time = np.arange(frames) / rate_hz
    frequencies = np.fft.rfftfreq(frames, 1 / rate_hz)
    sound = np.zeros((channels, frames))
    for octave in 62.5 * 2.0 ** np.arange(9):
        band = np.exp(-(((np.log2(np.maximum(frequencies, 1.0) / octave)) / 0.55) ** 2))
        noise = np.fft.irfft(np.fft.rfft(chance.normal(size=(channels, frames))) * band, frames)
        decay_s = seconds * (0.9 if octave < 500 else 0.9 * (500 / octave) ** 0.3)
        sound += noise * 10.0 ** (-3.0 * time / decay_s) * np.minimum(1.0, time / 0.02)
    for _ in range(reflections):
        at = chance.uniform(0.003, 0.05)
        sound[chance.integers(channels), round(at * rate_hz)] += chance.choice((-1, 1)) * 2.0 * np.exp(-at / 0.03)
    fade = np.minimum(1.0, (frames - np.arange(frames)) / (0.1 * frames))
    return write(name, sound * fade, rate_hz)


def add_round(target: Samples, sound: Samples, start: float) -> None:
    """Add a sound at a frame; what reaches past the end goes on at the beginning, so that the loop has no seam."""
    places = (round(start) + np.arange(min(sound.shape[1], target.shape[1]))) % target.shape[1]
    target[:, places] += sound[:, : len(places)]


def write(name: str, sound: Samples, rate_hz: int) -> Path:
    """Write a recording with its peak at -3 dBFS."""
    level = sound * (10 ** (-3 / 20) / np.max(np.abs(sound)))
    kind = {"subtype": "VORBIS", "compression_level": 0.6} if name.endswith("ogg") else {"subtype": "PCM_16"}
    soundfile.write(MEDIA / name, level.T.astype(np.float32), rate_hz, **kind)
    return MEDIA / name


def main() -> None:
    """Make all of them and say how long they are."""
    MEDIA.mkdir(exist_ok=True)
    halls = (room("hall.flac", 2, 1.6, 32_000, 24), room("room.flac", 4, 0.5, 32_000, 40))
    for path in (voice(), drums(), guitar(), *halls):
        channels, frames = load_media(path, RATE_HZ).shape
        print(f"{path.name}: {channels} channels, {frames / RATE_HZ:.3f} s, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
