"""What tests of audio tracks play: recordings made of numbers, and tracks of clips of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

import graphdaw as gd
from graphdaw.graph.clips import AudioClip
from graphdaw.graph.timeline import Loop, Tempo, Timeline
from graphdaw.graph.vocabulary import PutClip, SetTimeline

Samples = npt.NDArray[np.float32]
RATE = 48_000
BEAT = 24_000  # frames of a quarter note at 120 beats a minute
DECLICK = 240  # frames of 5 ms


def recorded(path: Path, samples: Samples, rate: int = RATE) -> str:
    """The path of a file that holds these planes to the bit."""
    soundfile.write(path, np.atleast_2d(samples).T, rate, subtype="FLOAT")
    return str(path)


def noise(frames: int, channels: int = 1, seed: int = 1) -> Samples:
    """Planes of white noise, anywhere between -0.5 and 0.5."""
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (channels, frames)).astype(np.float32)


def sine(frames: int, hz: float, rate: int = RATE) -> Samples:
    """A sine from phase 0 on."""
    return np.sin(2.0 * np.pi * hz * np.arange(frames) / rate).astype(np.float32)


def track(
    *clips: AudioClip, sample_rate: int = RATE, tempos: tuple[Tempo, ...] = (), loop: Loop | None = None
) -> gd.Graph:
    """`audio_clips1` with these clips, into an output."""
    graph = gd.Graph(sample_rate=sample_rate)
    graph.add("audio_clips") >> graph.add("output")
    graph.apply([PutClip("audio_clips1", clip) for clip in clips])
    graph.apply([SetTimeline(Timeline(tempos or (Tempo(0, 120.0),), loop=loop))])
    return graph


def falling(frames: int = DECLICK) -> npt.NDArray[np.float64]:
    """How much of what was is left after a jump."""
    return 0.5 + 0.5 * np.cos(np.pi * (np.arange(frames) + 0.5) / frames)
