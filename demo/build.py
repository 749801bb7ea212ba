"""Builds the demo project, demo/demo.gdaw, through the public API: drums and a voice through a patched graph.

    voice -> band -> echo -> pan ----------\
    drums -> tone -> glue -----------------> mix -> output
    four saws -> pad tone -> pad level ----/
    bass -> bass tone -> bass level ------/

Slow LFOs move the filters, the pan and the echo; a square LFO changes the chord every four bars by moving each saw
from its note in the first chord to its note in the second.
"""

from __future__ import annotations

from pathlib import Path

import graphdaw as gd

HERE = Path(__file__).parent
PROJECT = HERE / "demo.gdaw"
BEAT_S = 60.0 / 96.0
BAR_S = 4 * BEAT_S
SECONDS = 16 * BAR_S

# A minor ninth, then F major seventh: the voices move by steps or stay.
FIRST = {"bass": 55.00, "low": 164.81, "mid": 196.00, "high": 246.94, "top": 261.63}
SECOND = {"bass": 43.65, "low": 164.81, "mid": 174.61, "high": 220.00, "top": 261.63}


def build(drums: Path | None, voice: Path | None) -> gd.Graph:
    """The demo with the recordings that are there."""
    graph = gd.Graph(sample_rate=48_000)
    mix = graph.add("mix")
    out = graph.add("output")
    graph.connect(mix, out)
    graph.look(mix, label="mix")
    add_chords(graph, mix)
    if drums is not None:
        add_drums(graph, mix, drums)
    if voice is not None:
        add_voice(graph, mix, voice)
    return graph


def add_chords(graph: gd.Graph, mix: gd.NodeHandle) -> None:
    """Four saws and a bass; a square LFO with a period of eight bars moves them between two chords."""
    change = graph.add("lfo", shape="square", rate_hz=1.0 / (8 * BAR_S))
    graph.look(change, label="chord change")
    swell = graph.add("lfo", rate_hz=1.0 / (4 * BAR_S))
    graph.look(swell, label="pad swell")
    tone = graph.add("filter", mode="lowpass", cutoff_hz=700.0, q=1.2)
    level = graph.add("gain", gain_db=-27.0)
    graph.connect(swell, tone["cutoff_hz"], depth=350.0)
    for part in ("low", "mid", "high", "top"):
        for detune in (0.9985, 1.0015):
            graph.connect(_gliding_saw(graph, change, part, detune), tone)
    bass_tone = graph.add("filter", mode="lowpass", cutoff_hz=220.0, q=1.6)
    bass_level = graph.add("gain", gain_db=-17.0)
    _gliding_saw(graph, change, "bass", 1.0) >> bass_tone >> bass_level >> mix
    place = graph.add("pan")
    drift = graph.add("lfo", rate_hz=1.0 / (3 * BAR_S))
    graph.connect(drift, place["pan"], depth=0.35)
    tone >> level >> place >> mix


def _gliding_saw(graph: gd.Graph, change: gd.NodeHandle, part: str, detune: float) -> gd.NodeHandle:
    """A saw halfway between its two notes, which the LFO (-1 to 1) moves to one or the other."""
    first, second = FIRST[part] * detune, SECOND[part] * detune
    saw = graph.add("saw", frequency_hz=(first + second) / 2.0)
    if first != second:
        graph.connect(change, saw["frequency_hz"], depth=(first - second) / 2.0)
    return saw


def add_drums(graph: gd.Graph, mix: gd.NodeHandle, drums: Path) -> None:
    """The loop, dry, and beside it a band of it that an LFO sweeps into an echo."""
    loop = graph.add("audio_file", file=str(drums), loop="on")
    graph.look(loop, label="drums")
    dry = graph.add("gain", gain_db=-4.0)
    loop >> dry >> mix
    band = graph.add("filter", mode="bandpass", cutoff_hz=1_800.0, q=2.5)
    sweep = graph.add("lfo", rate_hz=1.0 / (2 * BAR_S))
    graph.connect(sweep, band["cutoff_hz"], depth=1_300.0)
    echo = graph.add("delay", time_s=0.75 * BEAT_S, feedback=0.45, mix=1.0)
    wet = graph.add("gain", gain_db=-15.0)
    loop >> band >> echo >> wet >> mix


def add_voice(graph: gd.Graph, mix: gd.NodeHandle, voice: Path) -> None:
    """The speech through a telephone band, answered by a dotted echo, slowly moving from side to side."""
    speech = graph.add("audio_file", file=str(voice), loop="on")
    graph.look(speech, label="voice")
    band = graph.add("filter", mode="highpass", cutoff_hz=260.0, q=0.8)
    soften = graph.add("filter", mode="lowpass", cutoff_hz=4_200.0, q=0.9)
    breathe = graph.add("lfo", rate_hz=1.0 / (2 * BAR_S))
    graph.connect(breathe, soften["cutoff_hz"], depth=1_600.0)
    dry = graph.add("gain", gain_db=-5.0)
    echo = graph.add("delay", time_s=0.75 * BEAT_S, feedback=0.42, mix=1.0)
    wet = graph.add("gain", gain_db=-12.0)
    place = graph.add("pan")
    wander = graph.add("lfo", rate_hz=1.0 / (1.5 * BAR_S))
    graph.connect(wander, place["pan"], depth=0.7)
    speech >> band >> soften >> dry >> mix
    soften >> echo >> wet >> place >> mix


def main() -> gd.Graph:
    """Make the recordings and save the project."""
    import make_media

    made = {path.stem: path for path in make_media.main()}
    graph = build(made.get("drums"), made.get("voice"))
    graph.save(PROJECT)
    return graph


if __name__ == "__main__":
    print(f"{PROJECT}: {main()}")
