"""LMMS' own instruments as groups: the triple oscillator, the kicker and the player of a recording.

What surrounds each of them in LMMS goes with it: an envelope of the level, whose square is heard, and a filter whose
cutoff has an envelope of its own. A note at volume 100 of 200 is as loud as what plays it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphdaw.graph.handles import NodeHandle, PortHandle
from graphdaw.graph.song import A4, Instrument, SongTrack, Target
from graphdaw.host.songs.document.workshop import Move, Workshop, name_of

VOICES = 16
ENVELOPE_S = 5.0  # a segment whose knob is at 1; knobs are squared
CUTOFF_HZ = 6000.0  # what an envelope of the cutoff adds at 1
SHORTEST_S = 0.003

# Modes and slopes of our filter for each of theirs; None for those that are vowels.
_FILTERS: tuple[tuple[str, str] | None, ...] = (
    ("lowpass", "12dB"), ("highpass", "12dB"), ("bandpass", "12dB"), ("bandpass", "12dB"), ("notch", "12dB"),
    ("allpass", "12dB"), ("lowpass", "24dB"), ("lowpass", "24dB"), ("lowpass", "12dB"), ("bandpass", "12dB"),
    ("highpass", "12dB"), ("lowpass", "24dB"), ("bandpass", "24dB"), ("highpass", "24dB"), None,
    ("lowpass", "24dB"), ("lowpass", "12dB"), ("bandpass", "12dB"), ("highpass", "12dB"), ("notch", "12dB"), None,
    ("lowpass", "24dB"),
)  # fmt: skip
_WAVES = ("sine", "triangle", "saw", "square", "saw", "triangle", "noise", "sine")  # moog saw, exponential, user's own
_PHASE, _AMPLITUDE, _MIX, _SYNC, _FREQUENCY = range(5)
_FALL = (0.0, 0.002, 0.01, 0.04, 0.12, 0.3, 0.6, 1.0)  # where an envelope of the kicker has its points

Parameters = Mapping[str, float | str]


def value(parameters: Parameters, name: str, default: float = 0.0) -> float:
    """A parameter that is a number."""
    found = parameters.get(name, default)
    return float(found) if isinstance(found, float | int) else default


class Synth:
    """An instrument on its way to a group."""

    def __init__(self, shop: Workshop, track: SongTrack, instrument: Instrument, voices: int = VOICES) -> None:
        self.shop, self.track, self.instrument = shop, track, instrument
        self.parameters = instrument.parameters
        self.nodes: list[NodeHandle] = []
        self.voices = self.add("voices", voices=float(voices))

    def add(self, type: str, label: str = "", /, **values: float | str) -> NodeHandle:
        """A node of the group to come."""
        node = self.shop.add(type, label, **values)
        self.nodes.append(node)
        return node

    def number(self, name: str, default: float = 0.0) -> float:
        """A parameter of the instrument."""
        return value(self.parameters, name, default)

    def moves(self, name: str, node: NodeHandle, parameter: str, factor: float = 1.0, offset: float = 0.0) -> None:
        """Let automation of a parameter of the instrument move this one."""
        self.shop.moves[Target("instrument", name, self.track.id)] = Move(node, parameter, factor, offset)

    def say(self, what: str) -> None:
        """Say what was left out."""
        self.shop.say(self.track.name, what)

    def finish(self, sources: Sequence[PortHandle], gain: float = 1.0) -> NodeHandle:
        """Envelope, filter and touch behind what sounds, all in a group."""
        graph = self.shop.graph
        level = self.add("gain", "Envelope", level=0.0)
        for source in sources:
            graph.connect(source, level["in"])
        self._envelope("elvol", level)
        last = self._filter(level)
        touch = self.add("gain", "Touch", level=0.0)
        graph.connect(last["out"], touch["in"])
        graph.connect(self.voices["velocity"], touch["level"], depth=2.0 * gain)
        group = graph.group(self.nodes, name_of(self.track.name or self.instrument.name))
        graph.declare(group, "events", "in", self.voices["events"], type="event")
        graph.declare(group, "out", "out", touch["out"])
        return group

    def _envelope(self, name: str, level: NodeHandle) -> None:
        """The level's envelope, or one that is open while the note is on; a sound that rings out has no end of it."""
        amount = self.number(f"eldata.{name}.amt")
        if self.number(f"eldata.{name}.lamt"):
            self.say(f"the LFO of {name} was left out")
        if self.instrument.one_shot:
            sustain = self.number(f"eldata.{name}.sustain", 1.0) ** 2 if amount > 0.0 else 1.0
            fall = self._seconds(name, "dec") if amount > 0.0 else SHORTEST_S
            wait = max(SHORTEST_S, self._seconds(name, "hold")) if amount > 0.0 else SHORTEST_S
            attack = max(0.0005, self._seconds(name, "att")) if amount > 0.0 else 0.0005
            envelope = self.add(
                "envelope", mode="one_shot", points="4", time1_s=attack, level1=1.0, time2_s=wait, level2=1.0,
                time3_s=max(SHORTEST_S, fall), level3=sustain, time4_s=30.0, level4=sustain,
            )  # fmt: skip
        elif amount > 0.0:
            hold = self._seconds(name, "hold")
            envelope = self.add(
                "adsr",
                attack_s=max(SHORTEST_S, self._seconds(name, "att")),
                decay_s=max(SHORTEST_S, hold + self._seconds(name, "dec")),
                sustain=self.number(f"eldata.{name}.sustain") ** 2,
                release_s=max(SHORTEST_S, self._seconds(name, "rel")),
                attack_curve=-0.5,
                decay_curve=0.3 if not hold else -0.3,
                release_curve=0.5,
            )
        else:
            envelope = self.add("adsr", attack_s=0.001, sustain=1.0, release_s=0.01)
        self.shop.graph.connect(self.voices["gate"], envelope["gate"])
        self.shop.graph.connect(envelope["out"], level["level"])

    def _seconds(self, name: str, segment: str) -> float:
        return ENVELOPE_S * self.number(f"eldata.{name}.{segment}") ** 2

    def _filter(self, before: NodeHandle) -> NodeHandle:
        """The filter, if it is on."""
        if not self.number("eldata.fwet"):
            return before
        kind = int(self.number("eldata.ftype"))
        found = _FILTERS[kind] if 0 <= kind < len(_FILTERS) else None
        if found is None:
            self.say("its filter of vowels was left out")
            return before
        mode, slope = found
        cutoff_hz, q = self.number("eldata.fcut", 14_000.0), self.number("eldata.fres", 0.5)
        node = self.add("filter", mode=mode, slope=slope, cutoff_hz=cutoff_hz, q=q)
        graph = self.shop.graph
        graph.connect(before["out"], node["in"])
        self.moves("eldata.fcut", node, "cutoff_hz")
        self.moves("eldata.fres", node, "q")
        amount = self.number("eldata.elcut.amt")
        if amount:
            envelope = self.add(
                "adsr",
                attack_s=max(SHORTEST_S, self._seconds("elcut", "att")),
                decay_s=max(SHORTEST_S, self._seconds("elcut", "hold") + self._seconds("elcut", "dec")),
                sustain=self.number("eldata.elcut.sustain"),
                release_s=max(SHORTEST_S, self._seconds("elcut", "rel")),
            )
            graph.connect(self.voices["gate"], envelope["gate"])
            graph.connect(envelope["out"], node["cutoff_hz"], depth=amount * CUTOFF_HZ)
        if self.number("eldata.elres.amt") or self.number("eldata.elcut.lamt"):
            self.say("the envelope of the resonance and the LFO of the cutoff were left out")
        return node


def triple_oscillator(shop: Workshop, track: SongTrack, instrument: Instrument, voices: int) -> NodeHandle:
    """Three oscillators that are mixed or modulate each other; where the two sides differ, a set for each."""
    synth = Synth(shop, track, instrument, voices)
    wide = any(synth.number(f"finel{k}") != synth.number(f"finer{k}") or synth.number(f"pan{k}") for k in range(3))
    if not wide:
        return synth.finish(_oscillator(synth, 0, "l"))
    sides = []
    for side, place in (("l", -1.0), ("r", 1.0)):
        pan = synth.add("pan", pan=place, law="balance")
        for source in _oscillator(synth, 0, side):
            shop.graph.connect(source, pan["in"])
        sides.append(pan["out"])
    return synth.finish(sides)


def _oscillator(synth: Synth, k: int, side: str) -> list[PortHandle]:
    """What oscillator `k` gives together with those that it mixes with or that modulate it."""
    graph = synth.shop.graph
    shape = _WAVES[int(min(max(synth.number(f"wavetype{k}"), 0), len(_WAVES) - 1))]
    if synth.number(f"wavetype{k}") == 7:
        synth.say(f"the wave of oscillator {k + 1} is its user's own, and became a sine")
    oscillator = synth.add(shape, f"Oscillator {k + 1}")
    pan = synth.number(f"pan{k}") / 100
    beside = min(1.0, 1.0 + pan) if side == "r" else min(1.0, 1.0 - pan)
    level = synth.add("gain", level=synth.number(f"vol{k}", 33.0) / 100 * beside)
    graph.connect(oscillator["out"], level["in"])
    if side == "l" or not pan:
        synth.moves(f"vol{k}", level, "level", 0.01)
    if shape != "noise":
        semitones = synth.number(f"coarse{k}") + synth.number(f"fine{side}{k}") / 100
        graph.connect(synth.voices["frequency_hz"], oscillator["frequency_hz"], depth=2 ** (semitones / 12))
    if k == 2:
        return [level["out"]]
    others = _oscillator(synth, k + 1, side)
    how = int(synth.number(f"modalgo{k + 1}", _MIX))
    if how == _AMPLITUDE:
        product = synth.add("ring_mod", wave="inlet")
        graph.connect(level["out"], product["in"])
        for other in others:
            graph.connect(other, product["carrier"])
        return [product["out"]]
    if how in (_PHASE, _FREQUENCY) and shape != "noise":
        if how == _FREQUENCY:
            synth.say(f"oscillator {k + 2} moves the frequency of oscillator {k + 1}: here it moves its phase")
        for other in others:
            graph.connect(other, oscillator["pm"])
        return [level["out"]]
    if how == _SYNC and shape not in ("noise", "sine"):
        for other in others:
            graph.connect(other, oscillator["sync"])
        return [level["out"]]
    if how != _MIX:
        synth.say(f"oscillator {k + 2} does not modulate oscillator {k + 1}, which is a {shape}: they are mixed")
    return [level["out"], *others]


def kicker(shop: Workshop, track: SongTrack, instrument: Instrument, voices: int) -> NodeHandle:
    """A sine that falls in pitch and level, each by a power of the time."""
    synth = Synth(shop, track, instrument, min(voices, 4))
    start_hz, end_hz = synth.number("startfreq", 150.0), synth.number("endfreq", 40.0)
    length_s = max(0.01, synth.number("decay", 440.0) / 1000)
    graph = shop.graph
    sine = synth.add("sine", "Skin", frequency_hz=0.0)
    if synth.number("startnote") and synth.number("endnote"):
        graph.connect(synth.voices["frequency_hz"], sine["frequency_hz"])
    else:
        fall = synth.add("envelope", "Pitch", **_fall(synth.number("slope", 0.06), length_s))
        graph.set(sine, frequency_hz=max(0.0, end_hz))
        graph.connect(synth.voices["gate"], fall["gate"])
        graph.connect(fall["out"], sine["frequency_hz"], depth=start_hz - end_hz)
    fade = synth.add("envelope", "Fall", **_fall(synth.number("env", 0.163), length_s))
    level = synth.add("gain", level=0.0)
    graph.connect(synth.voices["gate"], fade["gate"])
    graph.connect(fade["out"], level["level"])
    graph.connect(sine["out"], level["in"])
    last = level
    if synth.number("dist") > 0.0:
        last = synth.add("drive", curve="soft", oversampling="1x", drive_db=12.0 * min(synth.number("dist"), 2.0))
        graph.connect(level["out"], last["in"])
    if synth.number("noise") > 0.0 or synth.number("click") > 0.0:
        synth.say("the noise and click of its kicker were left out")
    return synth.finish([last["out"]], min(synth.number("gain", 1.0), 4.0))


def _fall(power: float, length_s: float) -> dict[str, float | str]:
    """The settings of an envelope that is 1 - (t / length)^power."""
    values: dict[str, float | str] = {"mode": "one_shot", "points": str(len(_FALL))}
    before = 0.0
    for k, time in enumerate(_FALL, 1):
        values |= {
            f"time{k}_s": length_s * (time - before),
            f"level{k}": 1.0 - time ** max(power, 1e-3),
            f"curve{k}": 0.0,
        }
        before = time
    return values


def recording_player(
    shop: Workshop, track: SongTrack, instrument: Instrument, voices: int, path: str, length_s: float
) -> NodeHandle:
    """A recording that follows the keys."""
    synth = Synth(shop, track, instrument, voices)
    number, graph = synth.number, shop.graph
    looped = bool(number("looped"))
    mode = "loop" if looped else "one_shot"
    values: dict[str, float | str] = {"file": path, "mode": mode}
    if number("reversed"):
        values["direction"] = "backward"
    start, end, loop = number("sframe"), number("eframe", 1.0), number("lframe")
    values |= {"start_s": start * length_s, "end_s": end * length_s if end < 1.0 else 0.0}
    if looped:
        values["loop_start_s"] = max(loop, start) * length_s
    player = synth.add("sampler", **values)
    pitch = synth.add("math", "Key", operation="subtract", b=A4)
    graph.connect(synth.voices["key"], pitch["in"])
    graph.connect(pitch["out"], player["pitch_semitones"])
    graph.connect(synth.voices["gate"], player["trigger"])
    return synth.finish([player["out"]], number("amp", 100.0) / 100)
