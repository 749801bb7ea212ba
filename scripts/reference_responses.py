"""Which picture says most about a node type: settings and test signals of the responses in the reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from graphdaw.graph.examples import FOLDER
from graphdaw.nodes import types
from scripts.reference_pictures import (
    RATE_HZ,
    Variants,
    bands,
    colour,
    decay,
    echoes,
    gates,
    laws,
    levels,
    magnitude,
    motion,
    noise,
    ramp,
    static,
    strokes,
    sweep,
    through,
    tone,
    transfer,
    wave,
)

KEYS = [(0.1, 0.6), (0.9, 1.6)]
BEATS = [(n / 4, n / 4 + 0.1) for n in range(8)]
ONE = np.ones(RATE_HZ)


def options(type: str, choice: str, **values: float | str) -> Variants:
    """One variant for each option of a choice."""
    return [(option, {choice: option, **values}) for option in types()[type].choices[choice].options]


def steps(name: str, settings: tuple[float, ...], unit: str = "", **values: float | str) -> Variants:
    """One variant for each value of a parameter."""
    return [(f"{value:g}{unit}", {name: value, **values}) for value in settings]


def only(**values: float | str) -> Variants:
    """One setting."""
    return [("", values)]


def media(name: str) -> str:
    """A recording of the examples."""
    return str(FOLDER / "media" / name)


def eq_bands() -> Variants:
    """Each kind of band, alone."""
    kinds = ("bell", "low shelf", "high shelf", "low cut 12", "low cut 24", "high cut 12", "high cut 24", "notch")
    alone: dict[str, float | str] = {"type1": 0.0, "type8": 0.0, "frequency2_hz": 1000.0, "gain2_db": 9.0}
    return [(name, {**alone, "type2": float(number)}) for number, name in enumerate(kinds, 1)]


CURVES: dict[str, Callable[[], Figure]] = {
    "adsr": lambda: motion("adsr", only(attack_s=0.1, decay_s=0.4, sustain=0.6), 2.0, {"gate": gates(2.0, KEYS)}),
    "bitcrush": lambda: transfer("bitcrush", steps("bits", (2.0, 4.0, 8.0), " bits", rate_hz=192_000.0)),
    "clock": lambda: motion("clock", only(rate="1/4"), 4.0),
    "comb": lambda: magnitude("comb", steps("feedback", (0.9, 0.5, -0.9), frequency_hz=220.0)),
    "compressor": lambda: static("compressor", steps("ratio", (1.5, 2.0, 4.0, 10.0), ": 1")),
    "convolver": lambda: decay("convolver", only(file=media("hall.flac"), mix=1.0), 2.0),
    "crossfade": lambda: laws("crossfade", "position", options("crossfade", "law"), [{"a": ONE}, {"b": ONE}]),
    "dc_block": lambda: magnitude("dc_block", steps("cutoff_hz", (5.0, 20.0, 100.0), " Hz")),
    "delay": lambda: echoes("delay", only(time_s=0.25, feedback=0.6)),
    "divider": lambda: motion("divider", steps("divide", (2.0,)), 2.0, {"clock": gates(2.0, BEATS)}),
    "drive": lambda: transfer("drive", options("drive", "curve", drive_db=12.0)),
    "echo": lambda: echoes("echo", only(route="ping_pong", mix=1.0, feedback=0.6), 3.0),
    "eq": lambda: magnitude("eq", eq_bands(), floor_db=-36.0, top_db=12.0),
    "expander": lambda: static("expander", steps("ratio", (1.5, 2.0, 4.0), ": 1"), floor_db=-80.0),
    "filter": lambda: magnitude("filter", options("filter", "mode", cutoff_hz=1000.0, q=3.0)),
    "fm": lambda: wave("fm", only(), signals={"trigger": gates(1.5, [(0.0, 1.5)])}),
    "follower": lambda: levels("follower", options("follower", "detector"), strokes(2.0)),
    "formant": lambda: magnitude("formant", steps("vowel", (0.0, 1.0, 2.0, 3.0, 4.0)), floor_db=-60.0),
    "gate": lambda: levels("gate", only(threshold_db=-20.0, hold_s=0.01), strokes(2.0), floor_db=-90.0),
    "haas": lambda: echoes("haas", only(), 0.1),
    "ladder": lambda: magnitude("ladder", steps("resonance", (0.0, 0.4, 0.8, 0.95), cutoff_hz=800.0)),
    "lfo": lambda: motion("lfo", options("lfo", "shape"), 2.0),
    "limiter": lambda: static("limiter", steps("ceiling_db", (-1.0, -6.0, -12.0), " dB", drive_db=0.0)),
    "noise": lambda: colour("noise", options("noise", "color")),
    "onset": lambda: motion("onset", only(), 2.0, {"in": strokes(2.0)}, "rise"),
    "pan": lambda: laws("pan", "pan", options("pan", "law"), [{"in": ONE}]),
    "pulse": lambda: wave("pulse", steps("width", (0.1, 0.25, 0.5))),
    "quantize": lambda: motion(
        "quantize",
        [(s, {"scale": s}) for s in ("chromatic", "major", "minor_pentatonic")],
        1.0,
        {"in": ramp(1.0, 0.0, 12.0)},
    ),
    "random": lambda: motion("random", options("random", "shape", rate_hz=4.0), 3.0),
    "reverb": lambda: decay("reverb", steps("decay_s", (2.2, 0.8, 5.0), " s", mix=1.0)),
    "sample_hold": lambda: motion(
        "sample_hold", options("sample_hold", "mode"), 2.0, {"in": tone(1.0, 2.0), "trigger": gates(2.0, BEATS)}
    ),
    "saw": lambda: wave("saw", only()),
    "sequencer": lambda: motion(
        "sequencer", only(value1=0.0, value2=3.0, value3=7.0, value4=10.0), 2.0, {"trigger": gates(2.0, BEATS)}
    ),
    "sine": lambda: wave("sine", only(frequency_hz=110.0)),
    "slew": lambda: motion("slew", options("slew", "shape", rise_s=0.2, fall_s=0.4), 2.0, {"in": gates(2.0, KEYS)}),
    "split_bands": lambda: bands("split_bands", ("band1", "band2", "band3", "band4"), {"bands": "4"}),
    "square": lambda: wave("square", steps("sub", (0.0, 1.0))),
    "supersaw": lambda: wave("supersaw", steps("detune", (0.1, 0.5)), seconds=0.05),
    "transient": lambda: levels(
        "transient",
        [("attack +12 dB", {"attack_db": 12.0}), ("sustain +12 dB", {"attack_db": 0.0, "sustain_db": 12.0})],
        strokes(2.0),
        floor_db=-48.0,
    ),
    "tremolo": lambda: levels("tremolo", options("tremolo", "shape", rate_hz=2.0), tone(220.0, 2.0, 0.5)),
    "triangle": lambda: wave("triangle", only()),
    "waveshaper": lambda: transfer("waveshaper", options("waveshaper", "shape", drive_db=6.0)),
    "wavetable": lambda: wave("wavetable", steps("position", (0.0, 0.5, 1.0), frequency_hz=110.0)),
}
"""Drawn as lines."""

IMAGES: dict[str, Callable[[], Figure]] = {
    "chorus": lambda: through("chorus", {}, {"in": noise(4.0)}, 4.0, "white noise through it"),
    "denoise": lambda: through(
        "denoise",
        {"profile": "adaptive", "reduction_db": 40.0},
        {"in": strokes(4.0) + 0.05 * noise(4.0)},
        4.0,
        "a struck tone in noise",
    ),
    "flanger": lambda: through("flanger", {}, {"in": noise(8.0)}, 8.0, "white noise through it"),
    "freq_shift": lambda: through(
        "freq_shift", {"shift_hz": 300.0}, {"in": strokes(3.0)}, 3.0, "a 220 Hz tone, 300 Hz up"
    ),
    "modal": lambda: through("modal", {}, {"trigger": gates(4.0, [(0.1, 0.2), (2.0, 2.1)])}, 4.0, "struck twice"),
    "phaser": lambda: through("phaser", {}, {"in": noise(5.0)}, 5.0, "white noise through it"),
    "pitch_shift": lambda: through("pitch_shift", {"pitch_semitones": 7.0}, {"in": sweep(4.0)}, 4.0, "a fifth up"),
    "pluck": lambda: through("pluck", {}, {"trigger": gates(4.0, [(0.1, 0.2), (2.0, 2.1)])}, 4.0, "plucked twice"),
    "ring_mod": lambda: through("ring_mod", {"frequency_hz": 500.0}, {"in": sweep(4.0)}, 4.0, "times 500 Hz"),
    "rotary": lambda: through("rotary", {"speed": 1.0}, {"in": noise(4.0)}, 4.0, "white noise through it"),
    "vibrato": lambda: through(
        "vibrato", {"depth_cents": 200.0}, {"in": tone(1000.0, 2.0, 0.5)}, 2.0, "a tone of 1 kHz, 200 cents"
    ),
}
"""Drawn as images: spectra over time."""
