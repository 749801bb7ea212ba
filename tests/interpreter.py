"""A slow, obvious interpreter of a whole document in double precision: what a render should sound like.

It walks the flat graph in order, node by node over all frames, and asks the models in `tests/reference` for each node.
Nodes on a loop are walked again every 64 frames, each time for as long as their past is known.

Numbers that the engine keeps in single precision on purpose (parameters, steps of an oscillator's phase, a saw's place
in its turn, delays in frames) are rounded the same way here: 1e-7 of a pitch is inaudible, but after some thousand
frames it is a phase that is off by more than -120 dB. All else is in double precision.
"""

from __future__ import annotations

import zlib
from typing import Any

import networkx as nx
import numpy as np

from graphdaw.graph.flatten import Flat, FlatWire
from graphdaw.graph.model import Document, Node, settings
from graphdaw.nodes import registry
from tests.reference import LOOP, Array, render
from tests.reference.delay import between
from tests.reference.lfo import SONG_BPM, beats

WORD = 2**32 - 1


def single(x: Any) -> Any:
    """Rounded to single precision."""
    return np.asarray(x, np.float32).astype(float)


def seed_of(id: str, channel: int) -> int:
    """A channel's seed: the node's name, mixed with the channel."""
    x = zlib.crc32(id.encode()) ^ (channel * 0x9E3779B9) & WORD
    x = ((x ^ x >> 16) * 0x7FEB352D) & WORD
    x = ((x ^ x >> 15) * 0x846CA68B) & WORD
    return x ^ x >> 16


def interpret(document: Document, frames: int, shake: float = 0.0) -> Array:
    """The first frames of a document, shape (channels, frames); at least one channel.

    With `shake` every sample that leaves a node and every parameter but pitches, which are counted out exactly, is off
    by up to that part of itself, at random: how far the result then moves says what the document makes of rounding.
    """
    return Interpreter(document, frames, shake).run()


class Interpreter:
    """One render."""

    def __init__(self, document: Document, frames: int, shake: float) -> None:
        self.frames, self.rate = frames, float(document.sample_rate)
        self.flat = Flat(document)
        self.random, self.shake = np.random.default_rng(7), shake
        self.offsets: dict[tuple[str, str], float] = {}
        self.into: dict[tuple[str, str], list[FlatWire]] = {}
        for wire in sorted(self.flat.wires.values(), key=lambda w: (w.order, w.key)):
            self.into.setdefault((wire.target, wire.target_port), []).append(wire)
        self.in_loop = self._delays_in_loops()
        self.channels = self._channels()
        self.noise: dict[str, Array] = {}
        self.signals: dict[tuple[str, str], Array] = {}

    # What follows from the wires

    def _graph(self, *, cut_delays: set[str], cut_feedback: bool) -> nx.DiGraph:
        graph = nx.DiGraph()
        graph.add_nodes_from(self.flat.nodes)
        for wire in self.flat.wires.values():
            type = self.flat.nodes[wire.target].type
            cut = type == "feedback" and cut_feedback
            cut |= type == "delay" and wire.target in cut_delays and wire.target_port != "time_s"
            if not cut:
                graph.add_edge(wire.source, wire.target)
        return graph

    def _delays_in_loops(self) -> set[str]:
        """A delay closes a loop if one runs through it that meets no feedback node."""
        graph = self._graph(cut_delays=set(), cut_feedback=True)
        found: set[str] = set()
        for part in nx.strongly_connected_components(graph):
            if len(part) > 1 or any(graph.has_edge(id, id) for id in part):
                found |= {id for id in part if self.flat.nodes[id].type == "delay"}
        return found

    def _channels(self) -> dict[str, int]:
        """Lanes of every node: as many as the widest wire into it brings; linked nodes have one."""
        lanes = dict.fromkeys(self.flat.nodes, 1)
        moving = True
        while moving:
            moving = False
            for wire in self.flat.wires.values():
                brought = 2 if self._linked(wire.source) else lanes[wire.source]
                if not self._linked(wire.target) and brought > lanes[wire.target]:
                    lanes[wire.target], moving = brought, True
        return lanes

    def _linked(self, id: str) -> bool:
        return self.flat.nodes[id].type == "pan"

    # The walk

    def run(self) -> Array:
        whole = self._graph(cut_delays=set(), cut_feedback=False)
        cut = self._graph(cut_delays=self.in_loop, cut_feedback=True)
        place = {id: i for i, id in enumerate(nx.topological_sort(cut))}
        parts = nx.condensation(whole)
        for part in nx.topological_sort(parts):
            members = sorted(parts.nodes[part]["members"], key=place.__getitem__)
            loops = len(members) > 1 or whole.has_edge(members[0], members[0])
            for frames in range(LOOP, self.frames + LOOP, LOOP) if loops else (self.frames,):
                for id in members:
                    self._play(self.flat.nodes[id], min(frames, self.frames))
        outputs = [self.signals[id, "out"] for id, node in self.flat.nodes.items() if node.type == "output"]
        width = max(len(signal) for signal in outputs)
        return sum((fitted(signal, width) for signal in outputs), np.zeros((width, self.frames)))

    def _play(self, node: Node, frames: int) -> None:
        kind, lanes = registry[node.type], self.channels[node.id]
        inputs = {}
        for name, port in kind.inputs.items():
            if (node.id, name) in self.into:
                inputs[name] = self._inlet(node.id, name, port.channels, port.channels or lanes, frames)
        values: dict[str, Any] = settings(node)
        for name, param in kind.params.items():
            if not param.fixed:
                values[name] = self._parameter(node.id, name, values[name], param.lo, param.hi, lanes, frames)
        seeds = [seed_of(node.id, c) for c in range(lanes)]
        play = getattr(self, f"_{node.type}", None)
        if play is not None:
            outputs = {"out": play(node.id, inputs, values, lanes, frames)}
        else:
            outputs = render(node.type, inputs, values, self.rate, frames=frames, channels=lanes, seeds=seeds)
        for name, signal in outputs.items():
            self.signals[node.id, name] = signal * self._shaken(node.id, signal.shape)

    def _shaken(self, id: str, shape: tuple[int, ...]) -> Array | float:
        if not self.shake:
            return 1.0
        if id not in self.noise:
            self.noise[id] = 1 + self.shake * self.random.uniform(-1, 1, (shape[0], self.frames))
        return self.noise[id][:, : shape[1]]

    def _heard(self, wire: FlatWire, frames: int) -> Array:
        """What a wire carries; zeros for the frames a loop has not come to yet."""
        signal = self.signals.get((wire.source, wire.source_port))
        if signal is None:
            return np.zeros((2 if self._linked(wire.source) else self.channels[wire.source], frames))
        missing = max(0, frames - signal.shape[1])
        return np.pad(signal, ((0, 0), (0, missing)))[:, :frames] * single(wire.depth)

    def _inlet(self, id: str, port: str, fixed: int, width: int, frames: int) -> Array:
        """The sum of the wires; channels that a fixed inlet does not have fold onto those it has."""
        total = np.zeros((width, frames))
        for wire in self.into[id, port]:
            signal = self._heard(wire, frames)
            if fixed and len(signal) > 1:
                for c, row in enumerate(signal):
                    total[c % width] += row
            else:
                total += fitted(signal, width)
        return total

    def _parameter(self, id: str, name: str, value: float, lo: float, hi: float, lanes: int, frames: int) -> Array:
        """The value set plus what the wires add in its unit, within its range."""
        if self.shake and name not in ("frequency_hz", "rate_hz", "tempo_bpm") and (id, name) not in self.offsets:
            self.offsets[id, name] = 1 + self.shake * self.random.uniform(-1, 1)
        total = np.full((lanes, frames), single(value) * self.offsets.get((id, name), 1.0))
        wires = self.into.get((id, name), ())
        for wire in wires:
            total += fitted(self._heard(wire, frames), lanes)
        if wires:
            total = total * self._shaken(f"{id}.{name}", total.shape)
        return np.clip(total, single(lo), single(hi))

    # Nodes that need a word more than their model says

    def _turns(self, frequency_hz: Array) -> Array:
        """Turns a frame as oscillators count them: in single precision, below half a turn, in units of 2^-32."""
        turns = np.minimum(frequency_hz.astype(np.float32) * np.float32(1 / self.rate), np.float32(0.49999997))
        return np.floor((turns * np.float32(2**32) + np.float32(0.5)).astype(float)) / 2**32

    def _sine(self, id: str, inputs: dict[str, Array], values: dict[str, Any], lanes: int, frames: int) -> Array:
        turned = {**values, "frequency_hz": self._turns(values["frequency_hz"]) * self.rate}
        if "pm" in inputs:
            inputs["pm"] = np.trunc(np.clip(inputs["pm"], -127, 127) * 2**24) / 2**24
        return render("sine", inputs, turned, self.rate, frames=frames, channels=lanes)["out"]

    def _saw(self, id: str, inputs: dict[str, Array], values: dict[str, Any], lanes: int, frames: int) -> Array:
        turned = {**values, "frequency_hz": self._turns(values["frequency_hz"]) * self.rate}
        if "pm" in inputs:
            inputs["pm"] = np.trunc(np.clip(inputs["pm"], -127, 127) * 2**24) / 2**24
        return render("saw", inputs, turned, self.rate, frames=frames, channels=lanes)["out"]

    def _lfo(self, id: str, inputs: dict[str, Array], values: dict[str, Any], lanes: int, frames: int) -> Array:
        """The phase wraps, and is kept to 2^-24 turns."""
        hz = values["rate_hz"].astype(np.float32)
        if values["sync"] != "free":
            tempo = np.where(values["tempo_bpm"] < 1.0, SONG_BPM, values["tempo_bpm"])
            hz = tempo.astype(np.float32) * np.float32(1 / (60 * beats(values["sync"])))
            values = {**values, "sync": "free"}
        turns = single(hz * np.float32(1 / self.rate))
        phase = np.trunc(values["phase"] * 2**24) / 2**24 % 1.0
        kept = {**values, "rate_hz": turns * self.rate, "phase": phase}
        seeds = [seed_of(id, c) for c in range(lanes)]
        return render("lfo", inputs, kept, self.rate, frames=frames, channels=lanes, seeds=seeds)["out"]

    def _adsr(self, id: str, inputs: dict[str, Array], values: dict[str, Any], lanes: int, frames: int) -> Array:
        """A segment's factor a frame is a number just below 1: of a long one, single precision keeps few digits."""
        for name in ("attack_s", "decay_s", "release_s"):
            slow = np.maximum(values[name] * self.rate, 1.0)
            values[name] = values[name] * (1 + self.shake * slow * np.sign(self.offsets.get((id, name), 1.0) - 1))
        return render("adsr", inputs, values, self.rate, frames=frames, channels=lanes)["out"]

    def _gain(self, id: str, inputs: dict[str, Array], values: dict[str, Any], lanes: int, frames: int) -> Array:
        source = inputs.get("in", np.zeros((lanes, frames)))
        return source * 10 ** (values["gain_db"] / 20) * values["level"]

    def _delay(self, id: str, inputs: dict[str, Array], values: dict[str, Any], lanes: int, frames: int) -> Array:
        delay = single(values["time_s"].astype(np.float32) * np.float32(self.rate))
        if id not in self.in_loop:
            timed = {**values, "time_s": delay / self.rate}
            inputs = {name: safe(signal) for name, signal in inputs.items()}
            return render("delay", inputs, timed, self.rate, frames=frames, channels=lanes)["out"]
        cubic = values["interpolation"] == "cubic"
        delay = np.clip(delay, LOOP + cubic, values["max_time_s"] * self.rate)
        line, out = np.zeros((lanes, frames)), np.zeros((lanes, frames))
        source = inputs.get("in", np.zeros((lanes, frames)))
        for c in range(lanes):
            for i in range(frames):
                out[c, i] = between(line[c], i - delay[c, i], values["interpolation"])
                line[c, i] = safe(source[c, i] + values["feedback"][c, i] * out[c, i])
        return out

    def _feedback(self, id: str, inputs: dict[str, Array], values: dict[str, Any], lanes: int, frames: int) -> Array:
        kept = {name: safe(signal) for name, signal in inputs.items()}
        return render("feedback", kept, values, self.rate, frames=frames, channels=lanes)["out"]


def fitted(signal: Array, width: int) -> Array:
    """One channel for all, or each channel to its own; those that are missing are silent."""
    if len(signal) == 1:
        return np.broadcast_to(signal, (width, signal.shape[1]))
    return np.pad(signal[:width], ((0, max(0, width - len(signal))), (0, 0)))


def safe(x: Any) -> Any:
    """What a delay line takes: nothing beyond 120 dB, and nothing below -400."""
    return np.where((np.abs(x) >= 1e-20) & (np.abs(x) < 1e6), x, 0.0)
