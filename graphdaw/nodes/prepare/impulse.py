"""Impulse responses as `convolver` reads them: trimmed, cut up and transformed (see csrc/dsp/convolve.h)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphdaw.nodes.base import Prepared, Recording

HEAD, PAD, PLANE_HEAD, STATE = 128, 32, 64, 64  # as CONV_HEAD, CONV_PAD, CONV_PLANE_HEAD; room for ConvState
Taps = NDArray[np.float64]


def plain_hall(sample_rate_hz: int) -> Taps:
    """A stereo hall of noise that decays by 60 dB in 2 s, and in 0.7 s at 8 kHz; heard where no recording is chosen."""
    t = np.arange(int(1.8 * sample_rate_hz)) / sample_rate_hz
    rng, taps = np.random.default_rng(4), []
    for _ in range(2):
        bands = np.fft.rfft(rng.standard_normal(t.size))
        hz = np.fft.rfftfreq(t.size, 1 / sample_rate_hz)
        low, high = (np.fft.irfft(bands * part, t.size) for part in (hz < 2500, (hz >= 2500) & (hz < 12_000)))
        attack = 1 - np.exp(-t / 0.012)
        taps.append(attack * (low * 10 ** (-3 * t / 2.0) + high * 10 ** (-3 * t / 0.8)))
    hall = np.array(taps)
    return np.asarray(hall / np.sqrt((hall**2).sum(axis=1).mean()))


def impulse_response(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Taps:
    """What the node convolves with, (paths, taps): cut, faded, turned round and brought to level."""
    taps = plain_hall(sample_rate_hz) if recording is None else np.asarray(recording.samples, float)
    taps = taps[: 4 if len(taps) >= 4 else 2]
    first, length = (round(float(values[name]) * sample_rate_hz) for name in ("start_s", "length_s"))
    taps = taps[:, first : first + length if length else None].copy()
    fade = min(taps.shape[1], round(float(values["fade_s"]) * sample_rate_hz))
    if fade:
        taps[:, -fade:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 1) / (fade + 1))
    if values["reverse"] == "on":
        taps = taps[:, ::-1]
    energy = (taps**2).sum() / (2 if len(taps) == 4 else len(taps))
    if values["normalise"] == "on" and energy > 0:
        taps = taps / np.sqrt(energy)
    return taps if taps.shape[1] else np.zeros((len(taps), 1))


def partition_sizes(taps: int) -> tuple[int, ...]:
    """Sizes of partitions, smallest first, that need the least work for a response of that length."""
    choices: list[tuple[int, ...]] = [(HEAD,)]
    choices += [(HEAD, b) for b in (512, 1024, 2048)]
    choices += [(HEAD, b, c) for b in (512, 1024, 2048) for c in (2048, 4096, 8192) if c > b]
    return min(choices, key=lambda sizes: sum(_work(size, count) for size, count, _ in levels(taps, sizes)))


def _work(size: int, count: int) -> float:
    """Effort a frame, in multiplications of one complex number by another."""
    return count + 1.1 * math.log2(size) + (0 if size == HEAD else 1)


def levels(taps: int, sizes: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """(size, partitions, first tap) of every level: the first begins one block of its own in, the others two."""
    result = []
    begins = [HEAD, *(2 * size for size in sizes[1:])]
    for size, begin, end in zip(sizes, begins, [*begins[1:], taps], strict=True):
        if begin < taps:
            result.append((size, -(-(min(end, taps) - begin) // size), begin))
    return result


def spectrum(taps: Taps) -> NDArray[np.complex128]:
    """Spectrum of (..., size) taps and as many zeros, in the order of csrc/dsp/fft.h, scaled for its way back."""
    size = taps.shape[-1]
    angle = np.pi * np.arange(size) / (2 * size)
    values = np.fft.ifft(taps * np.exp(1j * angle))  # its scale of 1 / size is that of the transform back
    bits = size.bit_length() - 1
    order = np.zeros(size, np.int64)
    for bit in range(bits):
        order |= (np.arange(size) >> bit & 1) << (bits - 1 - bit)
    scrambled = values[..., order].reshape(*taps.shape[:-1], size // 64, 16, 4)
    return np.asarray(scrambled.swapaxes(-1, -2).reshape(taps.shape))


def convolver_memory(recording: Recording | None, values: Mapping[str, Any], sample_rate_hz: int) -> Prepared:
    """The plane that the kernel reads, and the frames of work it needs beside it."""
    taps = impulse_response(recording, values, sample_rate_hz)
    paths, length = taps.shape
    plan = levels(length, partition_sizes(length))
    largest = max([size for size, _, _ in plan], default=HEAD)
    words = [length, paths, len(plan), 0, 4 * largest - 1, 2 * largest - 1, STATE, STATE + 8 * largest]
    parts: list[NDArray[Any]] = [np.zeros((paths, HEAD))]
    parts[0][:, : min(HEAD, length)] = taps[:, :HEAD]
    at, work = PLANE_HEAD + paths * HEAD, STATE + 12 * largest
    for size, count, begin in plan:
        stride = 2 * size + PAD
        words += [size, count, at, work, work + 2 * count * stride]
        cut = np.zeros((paths, count * size))
        cut[:, : min(count * size, length - begin)] = taps[:, begin : begin + count * size]
        bins = spectrum(cut.reshape(paths, count, size))
        block = np.zeros((paths, count, stride))
        block[..., :size], block[..., size + PAD // 2 : 2 * size + PAD // 2] = bins.real, bins.imag
        parts.append(block)
        at, work = at + block.size, work + 2 * count * stride + 2 * stride
    words[3] = work
    head = np.zeros(PLANE_HEAD, np.uint32)
    head[: len(words)] = words
    plane = np.concatenate([head.view(np.float32), *(part.astype(np.float32).ravel() for part in parts)])
    room = 1 << int(0.5 * sample_rate_hz + 2 * HEAD).bit_length()
    return Prepared(plane[None, :], float(sample_rate_hz), work_frames=work + 2 * room)
