"""Stretching itself, by Signalsmith Stretch: piece by piece, each with what lies around it, joined before each mark.

What is transposed is made longer by as much and then played faster: the library's own transposing is some cents off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from python_stretch import Signalsmith

from graphdaw.host.rates import changed
from graphdaw.host.stretch.plan import Piece

Samples = npt.NDArray[np.float32]

AROUND_S = 0.25  # that each piece hears and makes before and after itself: two of the stretcher's blocks
JOIN_S = 0.03  # over which one piece goes over into the next, so that what begins at a mark is the next one's own


def stretched(
    samples: Samples,
    rate_hz: float,
    pieces: Sequence[Piece],
    pitch_semitones: float,
    progress: Callable[[float], None] = lambda _done: None,
) -> Samples:
    """The pieces of a recording of shape (channels, frames), one after the other."""
    faster = 2.0 ** (pitch_semitones / 12.0)
    if faster != 1.0:
        longer = [Piece(piece.begin, piece.end, max(1, round(piece.frames * faster))) for piece in pieces]
        sound = changed(stretched(samples, rate_hz, longer, 0.0, progress), rate_hz * faster, rate_hz)
        return _cut(sound, 0, sum(piece.frames for piece in pieces))
    whole = sum(piece.frames for piece in pieces)
    out = np.zeros((samples.shape[0], whole), np.float32)
    join = round(JOIN_S * rate_hz)
    at = 0
    for piece in pieces:
        lead = min(join, at)  # how far into the piece before it reaches back
        sound = _one(samples, rate_hz, piece, lead)
        if lead:
            out[:, at - lead : at] = _joined(out[:, at - lead : at], sound[:, :lead])
        out[:, at : at + piece.frames] = sound[:, lead:]
        at += piece.frames
        progress(at / whole)
    return out


def _one(samples: Samples, rate_hz: float, piece: Piece, lead: int) -> Samples:
    """A piece, and `lead` frames of what would come before it."""
    length = piece.end - piece.begin
    ratio = piece.frames / length
    around = round(AROUND_S * rate_hz / min(1.0, ratio)) + int(lead / ratio) + 1
    begin = int(piece.begin)
    source = _cut(samples, begin - around, int(np.ceil(piece.end)) + around)
    start = round((piece.begin - begin + around) * ratio)
    if ratio == 1.0 and piece.begin == begin:
        return source[:, start - lead : start + piece.frames]
    machine = Signalsmith.Stretch()
    machine.preset(samples.shape[0], rate_hz)
    machine.setTimeFactor(1.0 / ratio)
    return _cut(np.asarray(machine.process(source), np.float32), start - lead, start + piece.frames)


def _cut(samples: Samples, begin: int, end: int) -> Samples:
    """Frames of a sound, silent where it has none."""
    out = np.zeros((samples.shape[0], end - begin), np.float32)
    first, last = max(begin, 0), min(end, samples.shape[1])
    if first < last:
        out[:, first - begin : last - begin] = samples[:, first:last]
    return out


def _joined(before: Samples, after: Samples) -> Samples:
    """One sound going over into another at constant power, whether they are alike or not."""
    rise = np.sin(np.linspace(0.0, np.pi / 2, before.shape[1] + 2)[1:-1]) ** 2
    power = np.sqrt(float(np.sum(before**2)) * float(np.sum(after**2)))
    likeness = max(0.0, float(np.sum(before * after)) / power) if power > 0.0 else 1.0
    level = np.sqrt(rise**2 + (1.0 - rise) ** 2 + 2.0 * likeness * rise * (1.0 - rise))
    joined: Samples = ((before * (1.0 - rise) + after * rise) / level).astype(np.float32)
    return joined
