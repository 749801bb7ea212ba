"""Wavetables as their kernel reads them: each cycle drawn again with fewer and fewer harmonics, half an octave apart.

The kernel reads between samples with a cubic B-spline, which dims harmonic h of a table of n samples by sinc(h / n)^4
(Michael Unser, "Splines: A Perfect Fit for Signal and Image Processing", 1999); tables are drawn that much brighter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from graphdaw.errors import MediaError
from graphdaw.nodes.base import Prepared, Recording

Samples = npt.NDArray[np.float32]
Spectra = npt.NDArray[Any]  # complex

OCTAVE_HALVES = 20  # tables of a cycle; table k holds harmonics up to 2^(9.5 - k / 2), in SIZES[k] samples
HARMONICS = tuple(int(2 ** (9.5 - k / 2) + 1e-9) for k in range(OCTAVE_HALVES))
SIZES = (4096, 4096, 2048, 2048, 2048, 2048, 1024, 1024, 512, 512, 256, 256, 128, 128, *[64] * 6)
MARGIN = 4  # samples of a table that stand twice, so that four in a row can be read anywhere
CYCLE_FRAMES = sum(SIZES) + OCTAVE_HALVES * MARGIN  # all tables of one cycle
MAX_CYCLES = 512
USUAL_FRAMES = 2_048  # a cycle, where nothing says otherwise


def prepare(recording: Recording | None, table: str, frame_samples: int) -> Prepared:
    """The tables of a recording, or of the built-in wavetable of that name."""
    spectra = built_in(table) if recording is None else spectra_of(recording, frame_samples)
    return Prepared(tables(spectra)[None])


def spectra_of(recording: Recording, frame_samples: int) -> Spectra:
    """Harmonics 1 and up of each cycle; channels beyond the first are not used."""
    samples = recording.samples[0].astype(np.float64)
    size = frame_samples or recording.cycle_frames
    if size == 0:
        whole = len(samples) < 2 * USUAL_FRAMES and len(samples) % USUAL_FRAMES
        size = len(samples) if whole else USUAL_FRAMES
    count = len(samples) // size
    if count < 1 or size < 2:
        raise MediaError(
            f"{recording.name} has {len(samples)} samples, fewer than one cycle of {size}; set frame_samples to the "
            "length of its cycles or choose another."
        )
    if count > MAX_CYCLES:
        raise MediaError(
            f"{recording.name} has {count} cycles of {size} samples, and a wavetable holds {MAX_CYCLES}; choose a "
            "shorter one or set frame_samples to the length of its cycles."
        )
    spectra: Spectra = np.fft.rfft(samples[: count * size].reshape(count, size), axis=1)[:, 1:] * (2.0 / size)
    if size % 2 == 0:
        spectra[:, -1] *= 0.5  # the harmonic at half the rate stands for both of its sides
    return spectra


def tables(spectra: Spectra) -> Samples:
    """Cycles of given harmonics, complex amplitudes from the first up, as the kernel reads them: by table, then cycle.

    A table begins with its last sample and ends with its first three, and holds the sixth of the spline.
    """
    parts = []
    for harmonics, size in zip(HARMONICS, SIZES, strict=True):
        kept = min(harmonics, spectra.shape[1])
        bins = np.zeros((len(spectra), size // 2 + 1), np.complex128)
        bins[:, 1 : kept + 1] = spectra[:, :kept] / np.sinc(np.arange(1, kept + 1) / size) ** 4
        cycles = np.fft.irfft(bins, axis=1) * (size / 2 / 6)
        parts.append(np.concatenate([cycles[:, -1:], cycles, cycles[:, : MARGIN - 1]], axis=1).ravel())
    return (np.concatenate(parts) + 0.0).astype(np.float32)  # no zero with a sign


# The built-in wavetables, as complex amplitudes of harmonics 1 and up, in which a sine wave has -1j.

STEPS = 32  # cycles of a table whose shape glides
FINE = 16_384  # samples of a cycle that is drawn to be analysed: what folds down from above is below -80 dB
H = np.arange(1, HARMONICS[0] + 1)
SAW: Spectra = -2j / np.pi / H
SPOKEN_HZ = 110.0  # the pitch at which vowels have the formants of a man's voice
VOWELS = (  # a e i o u: first three formants in Hz, after Gordon Peterson and Harold Barney, "Control Methods Used in a
    (730.0, 1090.0, 2440.0),  # Study of the Vowels", 1952
    (530.0, 1840.0, 2480.0),
    (270.0, 2290.0, 3010.0),
    (570.0, 840.0, 2410.0),
    (300.0, 870.0, 2240.0),
)
BANDWIDTHS_HZ, LEVELS = (80.0, 100.0, 140.0), (1.0, 0.6, 0.35)


def basic() -> Spectra:
    """Sine, triangle, sawtooth, square."""
    odd = H % 2
    return np.stack([-1j * (H == 1), -8j / np.pi**2 * odd * (-1.0) ** (H // 2) / H**2, SAW, 2 * odd * SAW])


def sine_to_saw() -> Spectra:
    """A sawtooth whose harmonics come in one after the other, from below."""
    corner = np.geomspace(1.0, HARMONICS[0], STEPS)[:, None]
    gain = 1 / np.sqrt(1 + (H / corner) ** 8)
    gain[0] = H == 1
    return SAW * gain


def pwm() -> Spectra:
    """Pulses, from a square to one of a fiftieth."""
    width = np.geomspace(0.5, 0.02, STEPS)[:, None]
    return 4 / np.pi / H * np.sin(np.pi * H * width) + 0j


def sync() -> Spectra:
    """A sawtooth that begins again after each cycle, at 1 to 8 times its pitch."""
    time = np.arange(FINE) / FINE
    return analysed(1 - 2 * (np.linspace(1, 8, STEPS)[:, None] * time % 1))


def vowels() -> Spectra:
    """A voice from a over e, i and o to u."""
    glide = np.linspace(0, len(VOWELS) - 1, STEPS)
    shape = np.zeros((STEPS, len(H)))
    for k, (bandwidth, level) in enumerate(zip(BANDWIDTHS_HZ, LEVELS, strict=True)):
        formant = np.interp(glide, range(len(VOWELS)), [vowel[k] for vowel in VOWELS])[:, None]
        shape += level / (1 + ((H * SPOKEN_HZ - formant) / bandwidth) ** 2)
    return (shape + 0.02) * SAW


def harmonics() -> Spectra:
    """A soft tone over which one harmonic after the other stands out, from the first to the 32nd."""
    spectra: Spectra = -1j * (0.5 * 0.5 ** (H - 1) + (np.arange(1, STEPS + 1)[:, None] == H))
    return spectra


def fm() -> Spectra:
    """A sine whose phase another of the same pitch moves, further and further: John Chowning's brass."""
    turns = 2 * np.pi * np.arange(FINE) / FINE
    return analysed(np.sin(turns + np.linspace(0, 8, STEPS)[:, None] * np.sin(turns)))


def analysed(cycles: npt.NDArray[np.float64]) -> Spectra:
    """The harmonics of drawn cycles, shape (count, FINE)."""
    spectra: Spectra = np.fft.rfft(cycles, axis=1)[:, 1 : len(H) + 1] * (2 / FINE)
    return spectra


SHAPES: dict[str, Callable[[], Spectra]] = {
    "basic": basic,
    "sine_to_saw": sine_to_saw,
    "pwm": pwm,
    "sync": sync,
    "vowels": vowels,
    "harmonics": harmonics,
    "fm": fm,
}


def built_in(name: str) -> Spectra:
    """The wavetable of that name, each cycle with a peak of 1."""
    spectra = SHAPES[name]()
    bins = np.concatenate([np.zeros((len(spectra), 1)), spectra], axis=1)
    peaks = np.abs(np.fft.irfft(bins, n=SIZES[0], axis=1)).max(axis=1) * (SIZES[0] / 2)
    scaled: Spectra = spectra / peaks[:, None]
    return scaled
