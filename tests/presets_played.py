"""Playing instruments of the library, and measuring what they sound like."""

from __future__ import annotations

import numpy as np
import pyloudnorm
from scipy import signal

import graphdaw as gd
from graphdaw.graph.clips import Note, NoteClip
from graphdaw.graph.library import Preset
from graphdaw.graph.vocabulary import PutClip

RATE = 48_000
LINEAR = {"transient": {"attack_db": 0.0, "sustain_db": 0.0}, "compressor": {"ratio": 1.0}, "drive": {"mix": 0.0}}
Played = tuple[float, float, float, float]  # start and length in seconds, key, velocity


def rig(preset: Preset, *notes: Played, steady: bool = False, linear: bool = False, **macros: float) -> gd.Graph:
    """Notes into an instrument into the output, at 120 beats a minute.

    `steady` holds its sequences on the key, `linear` keeps behind the voices what answers to their sum from doing so.
    """
    graph = gd.Graph(sample_rate=RATE)
    track, group = graph.add("notes"), graph.add_preset(preset.name)
    track >> group >> graph.add("output")
    knobs = gd.macros(graph, group)
    for label, value in macros.items():
        graph.set(knobs[label], value=value)
    for node in list(graph.nodes.values()):
        if steady and node.type == "sequencer":
            steps = range(1, 17)
            graph.set(node.id, **{f"value{k}": 0.0 for k in steps}, **{f"gate{k}": 1.0 for k in steps})
        if linear and node.type in LINEAR:
            graph.set(node.id, **LINEAR[node.type])
    made = (Note(k, round(at * 1920), round(s * 1920), key, velocity=v) for k, (at, s, key, v) in enumerate(notes))
    graph.apply([PutClip(track.id, NoteClip("c1", 0, 1 << 30, notes=tuple(made)))])
    return graph


def played(preset: Preset, seconds: float, *notes: Played, **more: float) -> np.ndarray:
    """What is heard, in stereo; `more` is what `rig` takes."""
    sound = gd.render(rig(preset, *notes, **more), seconds=seconds)  # type: ignore[arg-type]
    return np.broadcast_to(sound, (2, sound.shape[1]))


def home(preset: Preset) -> float:
    """A key in the middle of its range; of a kit its snare."""
    return 38.0 if "kit" in preset.tags else 36.0 if "bass" in preset.tags else 60.0


def phrase(preset: Preset) -> list[Played]:
    """Four seconds of what it is for: a beat, eighths, a note or a chord of C major, held twice, from 0.1 s on."""
    if "kit" in preset.tags:
        beat = [(0.1 + 0.25 * k, 0.2, (36.0, 42.0, 38.0, 42.0)[k % 4], 0.8) for k in range(16)]
        return beat + [(0.1 + 0.25 * k, 0.2, 42.0, 0.6) for k in range(16)]
    if preset.family == "drums":
        return [(0.1 + 0.25 * k, 0.2, 60.0, 0.8) for k in range(16)]
    single = {"bass", "mono"} & set(preset.tags)
    keys = [home(preset)] if single else [60.0, 64.0, 67.0]
    return [(0.1 + 2.0 * k, 1.8, key, 0.8) for k in range(2) for key in keys]


def loudness_lufs(sound: np.ndarray) -> float:
    """By ITU-R BS.1770."""
    return float(pyloudnorm.Meter(RATE).integrated_loudness(sound.T.astype(float)))


def true_peak_db(sound: np.ndarray) -> float:
    """Of the wave between the samples, by fourfold oversampling."""
    return decibels(float(np.abs(signal.resample_poly(sound, 4, 1, axis=1)).max()))


def decibels(level: float) -> float:
    return float(20.0 * np.log10(max(level, 1e-12)))


def level_db(sound: np.ndarray) -> float:
    return decibels(float(np.sqrt(np.mean(sound**2))))


def brightness_hz(sound: np.ndarray) -> float:
    """The centre of the power as the ear weighs it: the A curve of IEC 61672."""
    power = (np.abs(np.fft.rfft(sound, axis=1)) ** 2).sum(axis=0)
    f2 = np.fft.rfftfreq(sound.shape[1], 1 / RATE) ** 2
    curve = 12194.0**2 * f2**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2))
    weighed = power * curve**2
    return float((weighed * np.sqrt(f2)).sum() / weighed.sum())


def cents_off(sound: np.ndarray, key: float) -> float:
    """How far the centre of the power within 60 cents of a key's fundamental lies from it."""
    pitch, size = 440.0 * 2 ** ((key - 69.0) / 12.0), 1 << 19
    power = sum(np.abs(np.fft.rfft(channel * np.hanning(len(channel)), size)) ** 2 for channel in sound)
    f = np.fft.rfftfreq(size, 1 / RATE)
    near = np.abs(1200.0 * np.log2(np.maximum(f, 1.0) / pitch)) < 60.0
    return float(1200.0 * np.log2((power * f)[near].sum() / power[near].sum() / pitch))
