r"""Builds the demo project, demo/demo.gdaw, through the public API: a voice and drums through a patched graph.

    drums -----------------------------------\
    drums -> moving band -> echo -> pan ------\
    voice -> telephone band -------------------> mix -> fade -> output
    voice -> telephone band -> echo -> pan ---/
    eight saws -> pans -> moving low-pass ---/
    bass saw -> low-pass -------------------/

Slow LFOs move the filters and a pan; a square LFO changes the chord every four bars by moving each saw from its note in
the first chord to its note in the second; an envelope fades the whole in and out.
"""

from __future__ import annotations

from pathlib import Path

import graphdaw as gd
from graphdaw.graph.graph import NodeHandle, PortHandle

PROJECT = Path(__file__).with_name("demo.gdaw")
BEAT_S = 60.0 / 96.0
BAR_S = 4 * BEAT_S
SECONDS = 16 * BAR_S

# A minor ninth, then F major seventh: the voices move by steps or stay.
FIRST = {"bass": 55.00, "low": 164.81, "mid": 196.00, "high": 246.94, "top": 261.63}
SECOND = {"bass": 43.65, "low": 164.81, "mid": 174.61, "high": 220.00, "top": 261.63}


def build(drums: Path | None, voice: Path | None) -> gd.Graph:
    """The demo with the recordings that are there."""
    graph = gd.Graph(sample_rate=48_000)
    mix = graph.add("mix", gain1_db=-1.0, gain2_db=1.0, gain3_db=-2.0, gain4_db=-6.0, gain5_db=-28.0, gain6_db=-22.0)
    add_fades(graph, mix)
    if drums is not None:
        add_drums(graph, mix["in1"], mix["in2"], drums)
    if voice is not None:
        add_voice(graph, mix["in3"], mix["in4"], voice)
    add_chords(graph, mix["in5"], mix["in6"])
    return graph


def add(graph: gd.Graph, type: str, label: str, **values: float | str) -> NodeHandle:
    """A node with a title."""
    node = graph.add(type, **values)
    graph.look(node, label=label)
    return node


def add_fades(graph: gd.Graph, mix: NodeHandle) -> None:
    """A gain that an envelope opens and, shortly before the end, closes; an LFO's first half is the gate."""
    gate = add(graph, "lfo", "gate", shape="square", rate_hz=0.5 / (SECONDS - 5.0))
    fade = add(graph, "adsr", "fade", attack_s=0.5, sustain=1.0, release_s=5.0)
    master = add(graph, "gain", "master", level=0.0)
    graph.connect(gate, fade)
    graph.connect(fade, master["level"])
    mix >> master >> graph.add("output")


def add_drums(graph: gd.Graph, dry: PortHandle, wet: PortHandle, path: Path) -> None:
    """The loop, dry, and beside it a band of it, swept by an LFO, through an echo."""
    drums = add(graph, "audio_file", "drums", file=str(path), loop="on")
    band = add(graph, "filter", "moving band", mode="bandpass", cutoff_hz=1_800.0, q=2.5)
    sweep = add(graph, "lfo", "sweep", rate_hz=0.5 / BAR_S)
    echo = add(graph, "delay", "echo", time_s=0.75 * BEAT_S, feedback=0.45, mix=1.0)
    graph.connect(drums, dry)
    graph.connect(sweep, band["cutoff_hz"], depth=1_300.0)
    drums >> band >> echo >> add(graph, "pan", "aside", pan=0.5, law="balance") >> wet


def add_voice(graph: gd.Graph, dry: PortHandle, wet: PortHandle, path: Path) -> None:
    """The speech through a telephone band, answered by an echo that wanders from side to side."""
    voice = add(graph, "audio_file", "voice", file=str(path), loop="on")
    thin = add(graph, "filter", "thin", mode="highpass", cutoff_hz=260.0, q=0.8)
    soft = add(graph, "filter", "soft", mode="lowpass", cutoff_hz=4_200.0, q=0.9)
    breath = add(graph, "lfo", "breath", rate_hz=0.5 / BAR_S)
    echo = add(graph, "delay", "echo", time_s=0.75 * BEAT_S, feedback=0.42, mix=1.0)
    place = add(graph, "pan", "place")
    wander = add(graph, "lfo", "wander", rate_hz=1.0 / (1.5 * BAR_S))
    voice >> thin >> soft >> dry
    graph.connect(breath, soft["cutoff_hz"], depth=1_600.0)
    soft >> echo >> place >> wet
    graph.connect(wander, place["pan"], depth=0.7)


def add_chords(graph: gd.Graph, pad: PortHandle, bass: PortHandle) -> None:
    """Four notes of two saws each, and a bass; a square LFO moves them between two chords."""
    change = add(graph, "lfo", "chord change", shape="square", rate_hz=1.0 / (8 * BAR_S))
    tone = add(graph, "filter", "pad tone", mode="lowpass", cutoff_hz=700.0, q=1.2)
    swell = add(graph, "lfo", "swell", rate_hz=1.0 / (4 * BAR_S))
    graph.connect(swell, tone["cutoff_hz"], depth=350.0)
    for detune, side in ((0.9985, -0.75), (1.0015, 0.75)):
        place = add(graph, "pan", "left" if side < 0 else "right", pan=side)
        for part in ("low", "mid", "high", "top"):
            gliding_saw(graph, change, part, detune) >> place
        place >> tone
    tone >> pad
    gliding_saw(graph, change, "bass", 1.0) >> add(graph, "filter", "bass tone", cutoff_hz=220.0, q=1.6) >> bass


def gliding_saw(graph: gd.Graph, change: NodeHandle, part: str, detune: float) -> NodeHandle:
    """A saw halfway between its two notes, which the LFO (-1 to 1) moves to one or the other."""
    first, second = FIRST[part] * detune, SECOND[part] * detune
    saw = add(graph, "saw", part, frequency_hz=round((first + second) / 2.0, 3))
    if first != second:
        graph.connect(change, saw["frequency_hz"], depth=round((first - second) / 2.0, 3))
    return saw


def main() -> gd.Graph:
    """Make the recordings and save the project."""
    import make_media

    made = {path.stem: path for path in make_media.main()}
    graph = build(made.get("drums"), made.get("voice"))
    graph.save(PROJECT)
    return graph


if __name__ == "__main__":
    print(f"{PROJECT}: {main()}")
