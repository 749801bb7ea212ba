"""Draws what node types do: responses, curves and waves, all measured on the engine, and the example of each type."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import soundfile
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from scipy.signal import stft, welch

import graphdaw as gd
from graphdaw.graph import examples
from graphdaw.nodes import types
from scripts.picture import draw

Signal = npt.NDArray[np.float64]
Values = Mapping[str, float | str]
Variants = Sequence[tuple[str, Values]]

RATE_HZ = 48_000
COLOURS = ("#1d4ed8", "#b45309", "#047857", "#be185d", "#6d28d9", "#57534e", "#0891b2", "#a16207")
QUIET = {
    "svg.fonttype": "none", "svg.hashsalt": "graphdaw", "font.family": "sans-serif", "font.size": 8,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#999", "axes.linewidth": 0.6,
    "axes.grid": True, "axes.axisbelow": True, "grid.color": "#e7e5e4", "grid.linewidth": 0.6,
    "axes.labelcolor": "#555",
    "xtick.color": "#777", "ytick.color": "#777", "xtick.major.size": 2, "ytick.major.size": 2, "xtick.minor.size": 0,
    "axes.titlesize": 8, "axes.titlecolor": "#333", "axes.titlelocation": "left", "legend.frameon": False,
    "legend.fontsize": 7, "legend.labelcolor": "#333", "legend.handlelength": 1.2, "lines.linewidth": 1.1,
    "figure.facecolor": "#fff", "figure.constrained_layout.use": True,
}  # fmt: skip


# Measuring


def play(type: str, signals: Mapping[str, Signal], values: Values, seconds: float, outlet: str = "") -> Signal:
    """What a node gives for signals on its inlets and parameters: shape (channels, frames)."""
    graph = gd.Graph(sample_rate=RATE_HZ)
    with tempfile.TemporaryDirectory() as folder:
        node = graph.add(type, **values)
        for inlet, signal in signals.items():
            path = Path(folder) / f"{inlet}.wav"
            soundfile.write(path, np.atleast_2d(signal).T, RATE_HZ, subtype="FLOAT")
            graph.connect(graph.add("audio_file", file=str(path)), node[inlet])
        graph.connect(node[outlet or next(iter(types()[type].outputs))], graph.add("output"))
        return np.asarray(gd.render(graph, seconds=seconds), float)


def inlet(type: str) -> str:
    """The first audio inlet."""
    return next(name for name, port in types()[type].inputs.items() if port.type == "audio")


def impulse(type: str, values: Values, seconds: float, outlet: str = "") -> Signal:
    """The impulse response, both channels driven where there are two; half full scale in, given as for a whole one."""
    begin = 1024
    signal = np.zeros(round(seconds * RATE_HZ) + begin)
    signal[begin] = 0.5
    return play(type, {inlet(type): signal}, values, len(signal) / RATE_HZ, outlet)[:, begin:] / 0.5


def tone(frequency_hz: float, seconds: float, level: float = 1.0) -> Signal:
    """A sine."""
    return level * np.sin(2.0 * np.pi * frequency_hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)


def gates(seconds: float, on: Sequence[tuple[float, float]]) -> Signal:
    """1 between the given pairs of seconds."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(sum((time >= begin) & (time < end) for begin, end in on), float)


def decibels(level: npt.ArrayLike) -> Signal:
    """Levels in dB."""
    return np.asarray(20.0 * np.log10(np.maximum(np.asarray(level, float), 1e-9)))


# Drawing


def figure(*shares: float, height: float = 2.4) -> tuple[Figure, list[Axes]]:
    """A picture of one row of axes, whose widths are given."""
    fig, shares = Figure(figsize=(7.2, height)), shares or (1.0,)
    return fig, list(fig.subplots(1, len(shares), width_ratios=shares, squeeze=False)[0])


def frequencies(axis: Axes, low: float = 20.0, high: float = 20_000.0) -> None:
    """A logarithmic axis of frequencies."""
    axis.set_xscale("log")
    axis.set_xlim(low, high)
    marks = [mark for mark in (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000) if low <= mark <= high]
    axis.set_xticks(marks, [f"{mark // 1000}k" if mark >= 1000 else str(mark) for mark in marks])
    axis.set_xticks([], minor=True)
    axis.set_xlabel("Hz")


def legend(axis: Axes, count: int) -> None:
    """Names of the curves, if there are several, beside them."""
    if count > 1:
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def magnitude(type: str, variants: Variants, *, floor_db: float = -48.0, top_db: float = 18.0) -> Figure:
    """Magnitude responses."""
    fig, (axis,) = figure()
    grid = np.geomspace(20.0, 20_000.0, 400)
    for colour, (label, values) in zip(COLOURS, variants, strict=False):
        found = np.fft.rfft(impulse(type, values, 1.0)[0], 1 << 17)
        at = np.clip(np.round(grid * (1 << 17) / RATE_HZ).astype(int), 0, len(found) - 1)
        axis.plot(grid, np.clip(decibels(np.abs(found[at])), floor_db - 20.0, None), color=colour, label=label)
    axis.set_ylim(floor_db, top_db)
    axis.set_ylabel("dB")
    frequencies(axis)
    legend(axis, len(variants))
    return fig


def static(type: str, variants: Variants, *, floor_db: float = -60.0) -> Figure:
    """Level that comes out for each level of a steady tone."""
    fig, (axis,) = figure(height=2.8)
    levels, each = np.arange(floor_db, 0.5, 1.0), 0.8
    steps = np.concatenate([tone(1000.0, each, 10 ** (level / 20)) for level in levels])
    for colour, (label, values) in zip(COLOURS, variants, strict=False):
        out = play(type, {inlet(type): steps}, values, len(steps) / RATE_HZ)[0].reshape(len(levels), -1)
        rms = np.sqrt(np.mean(out[:, -4_800:] ** 2, axis=1)) * np.sqrt(2.0)
        axis.plot(levels, decibels(rms), color=colour, label=label)
    axis.plot(levels, levels, color="#d6d3d1", linewidth=0.8, zorder=0)
    axis.set(xlabel="level in, dBFS", ylabel="level out, dBFS", xlim=(floor_db, 0), ylim=(floor_db, 6))
    axis.set_box_aspect(0.8)
    legend(axis, len(variants))
    return fig


def transfer(type: str, variants: Variants) -> Figure:
    """Output over input of a slow wave, and the spectrum that it makes of a tone."""
    fig, (curve, spectrum) = figure(1.0, 1.6)
    wave, loud = tone(20.0, 0.5, 1.0), tone(220.0, 1.0, 0.5)
    for colour, (label, values) in zip(COLOURS, variants, strict=False):
        out = play(type, {inlet(type): wave}, values, 0.5)[0]
        latency = types()[type].latency_frames
        late = latency({**types()[type].defaults(), **values}, RATE_HZ) if latency else 0
        half = slice(RATE_HZ // 4 + 600, RATE_HZ // 4 + 1_800)
        curve.plot(wave[half][::6], out[half.start + late : half.stop + late][::6], color=colour, label=label)
        _harmonics(spectrum, play(type, {inlet(type): loud}, values, 1.0)[0], colour, label)
    curve.set(xlabel="in", ylabel="out", xlim=(-1, 1))
    _spectrum_axis(spectrum)
    legend(spectrum, len(variants))
    return fig


def _harmonics(axis: Axes, sound: Signal, colour: str, label: str) -> None:
    window = np.blackman(32_768)
    level = decibels(2.0 * np.abs(np.fft.rfft(sound[-32_768:] * window)) / window.sum())
    hz = np.fft.rfftfreq(32_768, 1 / RATE_HZ)
    edges = np.unique(np.round(np.geomspace(30.0, 20_000.0, 450) * 32_768 / RATE_HZ).astype(int))
    peaks = np.maximum.reduceat(level, edges)[:-1]
    axis.plot(hz[edges[:-1]], peaks, color=colour, label=label, linewidth=0.8)


def _spectrum_axis(axis: Axes, floor_db: float = -120.0) -> None:
    frequencies(axis, 30.0)
    axis.set(ylabel="dBFS", ylim=(floor_db, 6.0))


def wave(
    type: str, variants: Variants, *, seconds: float = 0.025, signals: Mapping[str, Signal] | None = None
) -> Figure:
    """A source's wave and its spectrum."""
    fig, (shape, spectrum) = figure(1.0, 1.2)
    for colour, (label, values) in zip(COLOURS, variants, strict=False):
        sound = play(type, signals or {}, values, 1.5)[0]
        part = sound[RATE_HZ // 4 :][: round(seconds * RATE_HZ)]
        thin = max(1, len(part) // 600)
        shape.plot(np.arange(len(part))[::thin] / RATE_HZ * 1e3, part[::thin], color=colour, label=label)
        _harmonics(spectrum, sound, colour, label)
    shape.set(xlabel="ms", ylim=(-1.25, 1.25))
    _spectrum_axis(spectrum)
    legend(spectrum, len(variants))
    return fig


def colour(type: str, variants: Variants) -> Figure:
    """The power of noise at each frequency, in a sixth of an octave."""
    fig, (axis,) = figure()
    for shade, (label, values) in zip(COLOURS, variants, strict=False):
        hz, power = welch(play(type, {}, values, 20.0)[0], RATE_HZ, nperseg=1 << 15)
        middles = np.geomspace(20.0, 20_000.0, 61)
        means = [np.mean(power[(hz >= m / 1.07) & (hz < m * 1.07)]) for m in middles]
        axis.plot(middles, 0.5 * decibels(means), color=shade, label=label)
    axis.set_ylabel("dB a hertz")
    frequencies(axis)
    legend(axis, len(variants))
    return fig


def motion(
    type: str, variants: Variants, seconds: float, signals: Mapping[str, Signal] | None = None, outlet: str = ""
) -> Figure:
    """A control signal over time; what comes in is drawn in grey."""
    fig, (axis,) = figure(height=2.0)
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    thin = max(1, len(time) // 700)
    for signal in (signals or {}).values():
        axis.fill_between(time[:: 4 * thin], signal[:: 4 * thin], color="#e7e5e4", linewidth=0)
    for colour, (label, values) in zip(COLOURS, variants, strict=False):
        out = play(type, signals or {}, values, seconds, outlet)[0]
        axis.plot(time[::thin], out[::thin], color=colour, label=label)
    axis.set(xlabel="s", xlim=(0.0, seconds))
    legend(axis, len(variants))
    return fig


def decay(type: str, variants: Variants, seconds: float = 4.0) -> Figure:
    """Level of the impulse response and its energy decay (Schroeder's backward integration)."""
    fig, (first, fall) = figure(1.2, 1.0)
    for number, (colour, (label, values)) in enumerate(zip(COLOURS, variants, strict=False)):
        response = impulse(type, values, seconds)
        energy = np.cumsum((response**2).sum(0)[::-1])[::-1]
        time = np.arange(len(energy)) / RATE_HZ
        fall.plot(time[::400], 0.5 * decibels(energy / max(energy[0], 1e-30))[::400], color=colour, label=label)
        if number == 0:
            early = response[0, : RATE_HZ // 4]
            first.plot(np.arange(len(early) // 16) * 16 / RATE_HZ * 1e3, _peaks(early, 16), color=colour, linewidth=0.5)
            first.set_title(label)
    first.set(xlabel="ms", xlim=(0, 250))
    fall.set(xlabel="s", ylabel="dB", ylim=(-80, 3), xlim=(0, seconds))
    legend(fall, len(variants))
    return fig


def _peaks(signal: Signal, every: int) -> Signal:
    """The largest swing of each group of frames, with its sign, so that thinning loses no peak."""
    groups = signal[: len(signal) // every * every].reshape(-1, every)
    return groups[np.arange(len(groups)), np.abs(groups).argmax(axis=1)]


def echoes(type: str, variants: Variants, seconds: float = 2.0) -> Figure:
    """The impulse response over time."""
    fig, (axis,) = figure(height=2.0)
    for colour, (label, values) in zip(COLOURS, variants, strict=False):
        response = impulse(type, values, seconds)
        for channel, line in enumerate(response[:2]):
            axis.plot(
                np.arange(len(line) // 32) * 32 / RATE_HZ, _peaks(line, 32), color=COLOURS[channel] if len(response) > 1
                else colour, label=("left", "right")[channel] if len(response) > 1 else label, linewidth=0.8, alpha=0.8,
            )  # fmt: skip
    axis.set(xlabel="s", xlim=(0, seconds))
    legend(axis, 2)
    return fig


def through(type: str, values: Values, signals: Mapping[str, Signal], seconds: float, title: str) -> Figure:
    """Spectra over time of what comes out for signals."""
    fig, (axis,) = figure(height=2.4)
    _spectra(axis, play(type, signals, values, seconds)[0], seconds)
    axis.set_title(title)
    return fig


def levels(type: str, variants: Variants, source: Signal, *, floor_db: float = 0.0) -> Figure:
    """Peak level over time, what comes in drawn in grey; in decibels down to a floor, if there is one."""
    fig, (axis,) = figure(height=2.0)
    frames = len(source) // 240 * 240
    time = np.arange(frames // 240) * 240 / RATE_HZ

    def peaks(sound: Signal) -> Signal:
        peak = np.abs(sound[:frames].reshape(-1, 240)).max(1)
        return np.maximum(decibels(peak), floor_db - 3.0) if floor_db else np.asarray(peak)

    axis.fill_between(time, peaks(source), floor_db, color="#e7e5e4", linewidth=0)
    for shade, (label, values) in zip(COLOURS, variants, strict=False):
        out = play(type, {inlet(type): source}, values, len(source) / RATE_HZ)[0]
        axis.plot(time, peaks(out), color=shade, label=label)
    axis.set(xlabel="s", ylabel="peak, dBFS" if floor_db else "peak", xlim=(0.0, time[-1]), ylim=(floor_db, None))
    legend(axis, len(variants))
    return fig


def laws(type: str, param: str, variants: Variants, signals: Sequence[Mapping[str, Signal]]) -> Figure:
    """Level of each channel over a parameter, for steady signals in; dashed is the second."""
    fig, (axis,) = figure(height=2.2)
    declared = types()[type].params[param]
    ramp = np.linspace(declared.lo, declared.hi, RATE_HZ)
    for shade, (label, values) in zip(COLOURS, variants, strict=False):
        rows = [row for given in signals for row in play(type, {**given, param: ramp}, {**values, param: 0.0}, 1.0)]
        for row, dashes in zip(rows, ("-", "--", "-.", ":"), strict=False):
            axis.plot(ramp[480::200], row[480::200], dashes, color=shade, label=label if dashes == "-" else None)
    axis.set(xlabel=param, ylabel="level", xlim=(declared.lo, declared.hi))
    legend(axis, len(variants))
    return fig


def bands(type: str, outlets: Sequence[str], values: Values) -> Figure:
    """The magnitude at each outlet, and of their sum."""
    fig, (axis,) = figure()
    grid = np.geomspace(20.0, 20_000.0, 400)
    at = np.round(grid * (1 << 17) / RATE_HZ).astype(int)
    found = [np.fft.rfft(impulse(type, values, 1.0, outlet)[0], 1 << 17)[at] for outlet in outlets]
    for shade, label, one in zip(COLOURS, outlets, found, strict=False):
        axis.plot(grid, decibels(np.abs(one)), color=shade, label=label)
    axis.plot(grid, decibels(np.abs(sum(found))), color="#57534e", label="sum", linewidth=0.8)
    axis.set(ylabel="dB", ylim=(-60.0, 6.0))
    frequencies(axis)
    legend(axis, len(outlets) + 1)
    return fig


def noise(seconds: float) -> Signal:
    """White noise."""
    return np.random.default_rng(1).uniform(-0.5, 0.5, round(seconds * RATE_HZ))


def ramp(seconds: float, begin: float, end: float) -> Signal:
    """A straight line."""
    return np.linspace(begin, end, round(seconds * RATE_HZ))


def strokes(seconds: float, every_s: float = 0.5) -> Signal:
    """A tone that is struck again and again, and falls by 60 dB in a second."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ % every_s
    return np.asarray(0.7 * np.sin(2.0 * np.pi * 220.0 * time) * 10.0 ** (-3.0 * time) * np.minimum(1.0, time / 0.002))


def sweep(seconds: float, low: float = 100.0, high: float = 4_000.0) -> Signal:
    """A sine that rises through the octaves."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return 0.5 * np.sin(2 * np.pi * low * seconds / np.log(high / low) * ((high / low) ** (time / seconds) - 1.0))


def _spectra(axis: Axes, sound: Signal, seconds: float) -> None:
    size = 4096
    hz, time, spectrum = stft(np.pad(sound, (0, size)), RATE_HZ, nperseg=2048, noverlap=2048 - 256, nfft=size)
    rows = np.geomspace(40.0, 20_000.0, 200)
    near = np.clip(np.searchsorted(hz, rows), 1, len(hz) - 1)
    image = decibels(np.abs(spectrum[near]))
    columns = np.linspace(0, np.searchsorted(time, seconds) - 1, 900).astype(int)
    axis.imshow(
        image[:, columns], origin="lower", aspect="auto", cmap="Blues", vmin=image.max() - 85.0, vmax=image.max(),
        extent=(0.0, seconds, np.log10(rows[0]), np.log10(rows[-1])), interpolation="bilinear",
    )  # fmt: skip
    marks = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
    axis.set_yticks([np.log10(mark) for mark in marks], [f"{m // 1000}k" if m >= 1000 else str(m) for m in marks])
    axis.set(ylabel="Hz", xlabel="s")
    axis.grid(visible=False)


def example(type: str, seconds: float = 4.0) -> Figure:
    """Level and spectra of a type's example."""
    sound = np.asarray(gd.render(gd.example(type), seconds=seconds), float)
    fig = Figure(figsize=(7.2, 3.0))
    level, spectra = fig.subplots(2, 1, height_ratios=(1.0, 3.2), sharex=True)
    bins = sound[:, : sound.shape[1] // 240 * 240].reshape(len(sound), -1, 240)
    time = np.arange(bins.shape[1]) * 240 / RATE_HZ
    for colour, channel in zip(COLOURS, bins, strict=False):
        level.fill_between(time, channel.min(1), channel.max(1), color=colour, alpha=0.45, linewidth=0)
    peak = np.ceil(np.abs(sound).max() * 10.0) / 10.0
    level.set(ylim=(-peak, peak), yticks=(-peak, 0, peak), xlim=(0, seconds))
    _spectra(spectra, sound.mean(axis=0), seconds)
    return fig


def save(fig: Figure, path: Path) -> None:
    """Curves as SVG, images as PNG of few colours."""
    if path.suffix == ".svg":
        fig.savefig(path, metadata={"Date": None})
        return
    fig.savefig(path, dpi=100, metadata={"Software": None})
    with Image.open(path) as image:
        image.convert("RGB").quantize(28, dither=Image.Dither.NONE).save(path, optimize=True)


def draw_all(folder: Path, names: Sequence[str]) -> None:
    """All pictures of some types; those of types that have gone are removed."""
    from scripts.reference_responses import CURVES, IMAGES

    mpl.rcParams.update(QUIET)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.stem.rpartition("-")[0] not in types():
            old.unlink()
    for name in names:
        for old in folder.glob(f"{name}-response.*"):
            old.unlink()
        for suffix, makers in (("svg", CURVES), ("png", IMAGES)):
            if name in makers:
                save(makers[name](), folder / f"{name}-response.{suffix}")
        if name in examples.names():
            (folder / f"{name}-patch.svg").write_text(draw(gd.example(name)))
            save(example(name), folder / f"{name}-example.png")
        print(name)
