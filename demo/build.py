r"""Builds the demo project, demo/demo.gdaw, through the public API: forty seconds of music from a patched graph.

    drums -> opening low-pass -> breaks ------------\
                     \-> moving band -> echo -> pan -\
    voice -> telephone band -> rests -----------------> mix -> fade -> output
                                 \-> echo -> pan ----/
    eight saws -> pans -> moving low-pass -> pump --/
    bass saw -> low-pass -> eighth notes ----------/
    two plucked sines -> echo -> pan -------------/

Nothing but nodes keeps the time. Three square LFOs are the harmony: their signs tell four chords apart, and each
oscillator hears them through wires whose depths add up to its note in each chord. Triangle LFOs that cross a threshold
open and close envelopes: the breaks of the drums, the rests of the voice.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import graphdaw as gd
from graphdaw.graph.graph import NodeHandle, PortHandle

PROJECT = Path(__file__).with_name("demo.gdaw")
BEAT_S = 60.0 / 96.0
BAR_S = 4 * BEAT_S
SECONDS = 16 * BAR_S

# A minor ninth, F major ninth, C major ninth, G with a fourth, two bars each; the voices stay or move by steps.
CHORDS = {
    "bass": (55.00, 43.65, 65.41, 49.00),
    "low": (164.81, 164.81, 164.81, 146.83),
    "mid": (196.00, 174.61, 196.00, 196.00),
    "high": (246.94, 220.00, 246.94, 261.63),
    "top": (261.63, 261.63, 293.66, 293.66),
    "pluck": (659.26, 523.25, 587.33, 587.33),
    "answer": (493.88, 440.00, 392.00, 392.00),
}
# Signs of the three LFOs during the chords: rows of a Walsh matrix, so any four notes are a sum of them and a constant.
SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, -1, 1], [1, -1, 1, -1]])


def build(drums: Path | None, voice: Path | None) -> gd.Graph:
    """The demo with the recordings that are there."""
    graph = gd.Graph(sample_rate=48_000)
    mix = graph.add("mix", gain1_db=-2.0, gain2_db=-1.0, gain3_db=-3.0, gain4_db=-7.0)
    graph.set(mix, gain5_db=-25.0, gain6_db=-15.0, gain7_db=-21.0, gain8_db=-23.0)
    add_fades(graph, mix)
    if drums is not None:
        add_drums(graph, mix["in1"], mix["in2"], drums)
    if voice is not None:
        add_voice(graph, mix["in3"], mix["in4"], voice)
    harmony = add_harmony(graph)
    add_pad(graph, harmony, mix["in5"])
    add_bass(graph, harmony, mix["in6"])
    add_plucks(graph, harmony, mix["in7"], mix["in8"])
    return graph


def add(graph: gd.Graph, type: str, label: str, **values: float | str) -> NodeHandle:
    """A node with a title."""
    node = graph.add(type, **values)
    graph.look(node, label=label)
    return node


def gated(
    graph: gd.Graph, label: str, gate: NodeHandle, attack_s: float, decay_s: float, sustain: float, release_s: float
) -> NodeHandle:
    """A gain that is closed until an envelope, which the gate starts, opens it."""
    shape = add(graph, "adsr", label, attack_s=attack_s, decay_s=decay_s, sustain=sustain, release_s=release_s)
    level = add(graph, "gain", label, level=0.0)
    graph.connect(gate, shape)
    graph.connect(shape, level["level"])
    return level


def on_but(graph: gd.Graph, label: str, period_s: float, middle_s: float, rest_s: float) -> NodeHandle:
    """A gate that is open except for `rest_s` around `middle_s` in each period: a triangle above or below 0.5."""
    phase = (0.75 - middle_s / period_s) % 1.0
    open_for = 1.0 - rest_s / period_s
    rate_hz = 1.0 / period_s
    return add(graph, "lfo", label, shape="triangle", rate_hz=rate_hz, amount=0.5, offset=open_for, phase=phase)


def add_fades(graph: gd.Graph, mix: NodeHandle) -> None:
    """Softly in, and out from the last bar on; an LFO's first half is the gate."""
    gate = add(graph, "lfo", "whole piece", shape="square", rate_hz=0.5 / (SECONDS - 3.4))
    mix >> gated(graph, "fade", gate, 0.4, 0.0, 1.0, 5.0) >> graph.add("output")


def add_drums(graph: gd.Graph, dry: PortHandle, wet: PortHandle, path: Path) -> None:
    """The loop, heard through a wall at first, with a break every eighth bar; beside it a swept band, in echoes."""
    drums = add(graph, "audio_file", "drums", file=str(path), loop="on")
    wall = add(graph, "filter", "wall", mode="lowpass", cutoff_hz=180.0, q=0.9)
    start = add(graph, "lfo", "from the start", shape="square", rate_hz=0.001)
    opening = add(graph, "adsr", "opening", attack_s=4.0 * BAR_S, sustain=1.0)
    squared = add(graph, "gain", "squared", level=0.0)
    breaks = on_but(graph, "breaks", 8 * BAR_S, 7.5 * BAR_S, BAR_S)
    graph.connect(start, opening)
    opening >> squared
    graph.connect(opening, squared["level"])
    graph.connect(squared, wall["cutoff_hz"], depth=19_000.0)
    played = gated(graph, "drums on", breaks, 0.002, 0.0, 1.0, 0.06)
    drums >> wall >> played >> dry
    band = add(graph, "filter", "moving band", mode="bandpass", cutoff_hz=1_800.0, q=2.5)
    sweep = add(graph, "lfo", "sweep", rate_hz=0.5 / BAR_S)
    echo = add(graph, "delay", "echo", time_s=0.75 * BEAT_S, feedback=0.45, mix=1.0)
    graph.connect(sweep, band["cutoff_hz"], depth=1_300.0)
    played >> band >> echo >> add(graph, "pan", "aside", pan=0.5, law="balance") >> wet


def add_voice(graph: gd.Graph, dry: PortHandle, wet: PortHandle, path: Path) -> None:
    """The speech through a telephone band, silent in bars 9 to 12, with an echo that wanders from side to side."""
    voice = add(graph, "audio_file", "voice", file=str(path), loop="on")
    thin = add(graph, "filter", "thin", mode="highpass", cutoff_hz=260.0, q=0.8)
    soft = add(graph, "filter", "soft", mode="lowpass", cutoff_hz=4_200.0, q=0.9)
    breath = add(graph, "lfo", "breath", rate_hz=0.5 / BAR_S)
    spoken = gated(graph, "voice on", on_but(graph, "rests", SECONDS, 10 * BAR_S, 4 * BAR_S), 0.01, 0.0, 1.0, 0.2)
    echo = add(graph, "delay", "echo", time_s=0.75 * BEAT_S, feedback=0.42, mix=1.0)
    place = add(graph, "pan", "place")
    wander = add(graph, "lfo", "wander", rate_hz=1.0 / (1.5 * BAR_S))
    voice >> thin >> soft >> spoken >> dry
    graph.connect(breath, soft["cutoff_hz"], depth=1_600.0)
    spoken >> echo >> place >> wet
    graph.connect(wander, place["pan"], depth=0.7)


def add_harmony(graph: gd.Graph) -> list[NodeHandle]:
    """Three square LFOs; a chord lasts two bars, the round of four eight."""
    rounds = 1.0 / (8 * BAR_S)
    turns = (("halves", rounds, 0.0), ("middle", rounds, 0.25), ("each", 2.0 * rounds, 0.0))
    return [add(graph, "lfo", f"chord {name}", shape="square", rate_hz=rate, phase=at) for name, rate, at in turns]


def follow(graph: gd.Graph, harmony: list[NodeHandle], type: str, part: str, detune: float = 1.0) -> NodeHandle:
    """An oscillator that plays its note of each chord."""
    mean, *depths = (float(depth) for depth in SIGNS @ np.array(CHORDS[part]) / 4.0 * detune)
    oscillator = add(graph, type, part, frequency_hz=round(mean, 3))
    for lfo, depth in zip(harmony, depths, strict=True):
        if depth:
            graph.connect(lfo, oscillator["frequency_hz"], depth=round(depth, 4))
    return oscillator


def add_pad(graph: gd.Graph, harmony: list[NodeHandle], to: PortHandle) -> None:
    """Four notes of two saws each through a filter that swells, a little softer on every beat."""
    tone = add(graph, "filter", "pad tone", mode="lowpass", cutoff_hz=900.0, q=1.2)
    swell = add(graph, "lfo", "swell", rate_hz=1.0 / (8 * BAR_S), phase=0.75)
    pump = add(graph, "gain", "pump", level=0.8)
    beat = add(graph, "lfo", "beat", rate_hz=1.0 / BEAT_S, phase=0.75)
    graph.connect(swell, tone["cutoff_hz"], depth=550.0)
    graph.connect(beat, pump["level"], depth=0.25)
    for detune, side in ((0.9985, -0.75), (1.0015, 0.75)):
        place = add(graph, "pan", "left" if side < 0 else "right", pan=side)
        for part in ("low", "mid", "high", "top"):
            follow(graph, harmony, "saw", part, detune) >> place
        place >> tone
    tone >> pump >> to


def add_bass(graph: gd.Graph, harmony: list[NodeHandle], to: PortHandle) -> None:
    """A saw in eighth notes, whose filter opens with each."""
    eighths = add(graph, "lfo", "eighths", shape="square", rate_hz=2.0 / BEAT_S)
    tone = add(graph, "filter", "bass tone", cutoff_hz=160.0, q=1.6)
    bite = add(graph, "adsr", "bite", attack_s=0.004, decay_s=0.18, sustain=0.1, release_s=0.1)
    graph.connect(eighths, bite)
    graph.connect(bite, tone["cutoff_hz"], depth=420.0)
    follow(graph, harmony, "saw", "bass") >> tone >> gated(graph, "bass on", eighths, 0.006, 0.3, 0.35, 0.12) >> to


def add_plucks(graph: gd.Graph, harmony: list[NodeHandle], left: PortHandle, right: PortHandle) -> None:
    """Two soft bells in rhythms that drift against each other, from bar 5 on, each with echoes on its side."""
    enter = on_but(graph, "from bar 5", SECONDS, 2 * BAR_S, 4 * BAR_S)
    for part, beats, side, to in (("pluck", 0.75, -0.5, left), ("answer", 1.25, 0.5, right)):
        rhythm = add(graph, "lfo", f"{part} rhythm", shape="square", rate_hz=1.0 / (beats * BEAT_S))
        bell = gated(graph, f"{part} struck", rhythm, 0.004, 0.5, 0.0, 0.3)
        echo = add(graph, "delay", "echo", time_s=0.5 * BEAT_S, feedback=0.5, mix=0.4)
        fade = gated(graph, f"{part} on", enter, 2.0 * BAR_S, 0.0, 1.0, 2.0)
        follow(graph, harmony, "sine", part) >> bell >> fade >> echo >> add(graph, "pan", part, pan=side) >> to


def main() -> gd.Graph:
    """Make the recordings and save the project."""
    import make_media

    made = {path.stem: path for path in make_media.main()}
    graph = build(made.get("drums"), made.get("voice"))
    graph.save(PROJECT)
    return graph


if __name__ == "__main__":
    print(f"{PROJECT}: {main()}")
