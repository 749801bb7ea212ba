"""scsynth and supernova, rendering OSC scores offline; synth definitions are compiled by supriya.

`python -m bench.peers.scsynth --supernova` takes the other server.
"""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import tempfile
import time
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

from supriya import Envelope, SynthDef, SynthDefBuilder, ugens
from supriya.osc import OscMessage
from supriya.ugens import compile_synthdefs

from bench import definitions as d
from bench.peers.common import Result, children_cpu_s, measure_command, median_of, rendered, run_all

Command = tuple[str | int | float | bytes, ...]
SOURCE_BUS = 16.0


def sine() -> SynthDef:
    """One oscillator with a gain, to both outputs."""
    with SynthDefBuilder(frequency=440.0, gain=0.001) as b:
        tone = ugens.SinOsc.ar(frequency=b["frequency"]) * b["gain"]
        ugens.Out.ar(bus=0, source=[tone, tone])
    return b.build(name="sine")


def chain(count: int) -> SynthDef:
    """A noise through many gains, all in one synth: the form that scsynth runs fastest."""
    with SynthDefBuilder(**{f"g{n}": level for n, level in enumerate(d.chain_levels(count))}) as b:
        signal = ugens.WhiteNoise.ar()
        for n in range(count):
            signal = signal * b[f"g{n}"]
        ugens.Out.ar(bus=0, source=signal)
    return b.build(name="chain")


def voice(every_frame: bool) -> SynthDef:
    """Saw, resonant low-pass, envelope and pan."""
    with SynthDefBuilder(frequency=110.0, cutoff=1200.0, sweep=0.3, position=0.0) as b:
        lfo = ugens.SinOsc.ar if every_frame else ugens.SinOsc.kr
        cutoff = lfo(frequency=b["sweep"]) * d.FILTER_SWEEP_HZ + b["cutoff"]
        signal = ugens.RLPF.ar(
            source=ugens.Saw.ar(frequency=b["frequency"]), frequency=cutoff, reciprocal_of_q=1.0 / d.FILTER_Q
        )
        shape = Envelope.adsr(d.ATTACK_S, d.DECAY_S, d.SUSTAIN, d.RELEASE_S)
        signal = signal * ugens.EnvGen.ar(envelope=shape, gate=ugens.LFPulse.kr(frequency=d.RETRIGGER_HZ))
        ugens.Out.ar(bus=0, source=ugens.Pan2.ar(source=signal, position=b["position"], level=1 / 16))
    return b.build(name="voice")


def source() -> SynthDef:
    """The noise that feeds the delay lines, on a bus of its own."""
    with SynthDefBuilder() as b:
        ugens.Out.ar(bus=SOURCE_BUS, source=ugens.WhiteNoise.ar() * 0.05)
    return b.build(name="source")


def line() -> SynthDef:
    """One feedback delay line, its read position moved once a block and ramped within it."""
    with SynthDefBuilder(time=0.01, rate=0.1, decay=0.1) as b:
        moved = ugens.SinOsc.kr(frequency=b["rate"]) * d.DELAY_MOVE_S + b["time"]
        signal = ugens.CombL.ar(
            source=ugens.In.ar(bus=SOURCE_BUS),
            maximum_delay_time=d.DELAY_MOST_S,
            delay_time=moved,
            decay_time=b["decay"],
        )
        ugens.Out.ar(bus=0, source=signal)
    return b.build(name="line")


def player() -> SynthDef:
    """A looping stereo player through four bands, a compressor, a gain and a balance, into a bus."""
    names = [f"{what}{band}" for band in range(4) for what in ("hz", "db")]
    with SynthDefBuilder(level=0.1, position=0.0, bus=SOURCE_BUS, **dict.fromkeys(names, 100.0)) as b:
        sound = ugens.PlayBuf.ar(channel_count=2, buffer_id=0, loop=1)
        sound = ugens.BLowShelf.ar(source=sound, frequency=b["hz0"], reciprocal_of_s=1.0 / d.BAND_Q, gain=b["db0"])
        for band in (1, 2):
            sound = ugens.BPeakEQ.ar(
                source=sound, frequency=b[f"hz{band}"], reciprocal_of_q=1.0 / d.BAND_Q, gain=b[f"db{band}"]
            )
        sound = ugens.BHiShelf.ar(source=sound, frequency=b["hz3"], reciprocal_of_s=1.0 / d.BAND_Q, gain=b["db3"])
        sound = ugens.Compander.ar(
            source=sound,
            control=sound,
            threshold=10 ** (d.THRESHOLD_DB / 20),
            slope_above=1 / d.RATIO,
            clamp_time=d.COMPRESS_S,
            relax_time=d.RECOVER_S,
        )
        placed = ugens.Balance2.ar(left=sound[0], right=sound[1], position=b["position"], level=b["level"])
        ugens.Out.ar(bus=b["bus"], source=placed)
    return b.build(name="player")


def bus() -> SynthDef:
    """One of the buses of the mixer, passed on to the master."""
    with SynthDefBuilder(bus=SOURCE_BUS, master=SOURCE_BUS) as b:
        ugens.Out.ar(bus=b["master"], source=ugens.In.ar(bus=b["bus"], channel_count=2) * 1.0)
    return b.build(name="bus")


def master() -> SynthDef:
    """The reverb of the mixer; FreeVerb, the one that supriya knows, once a channel."""
    with SynthDefBuilder(bus=SOURCE_BUS) as b:
        sound = ugens.In.ar(bus=b["bus"], channel_count=2)
        ugens.Out.ar(bus=0, source=ugens.FreeVerb.ar(source=sound, mix=d.REVERB_SHARE, room_size=0.8, damping=0.5))
    return b.build(name="master")


def mixer(count: int) -> tuple[list[SynthDef], list[Command]]:
    """Buses lie two channels apart from SOURCE_BUS on, the master behind them; order of running is order of adding."""
    end = SOURCE_BUS + 2.0 * d.BUSES
    commands: list[Command] = [("/b_allocRead", 0, d.loop_file(), 0, 0)]
    for n, x in enumerate(d.players(count)):
        bands = [
            (f"hz{k}", hz, f"db{k}", db) for k, (hz, db) in enumerate(zip(x.frequencies_hz, x.gains_db, strict=True))
        ]
        place = ("level", 10 ** (x.gain_db / 20), "position", x.pan, "bus", SOURCE_BUS + 2.0 * x.bus)
        commands.append(("/s_new", "player", 1000 + n, 1, 0, *place, *(item for band in bands for item in band)))
    for n in range(d.BUSES):
        commands.append(("/s_new", "bus", 2000 + n, 1, 0, "bus", SOURCE_BUS + 2.0 * n, "master", end))
    return [player(), bus(), master()], [*commands, ("/s_new", "master", 3000, 1, 0, "bus", end)]


def synths(name: str) -> tuple[list[SynthDef], list[Command]]:
    """Definitions and the commands that start a workload."""
    count = d.workloads[name].count
    if name == "W2":
        return [chain(count)], [("/s_new", "chain", 1000, 1, 0)]
    if name == "W4":
        return mixer(count)
    if name in ("W3", "W3a"):
        return [voice(name == "W3a")], [
            (
                *("/s_new", "voice", 1000 + n, 1, 0, "frequency", v.frequency_hz),
                *("cutoff", v.cutoff_hz, "sweep", v.sweep_rate_hz, "position", v.pan),
            )
            for n, v in enumerate(d.voices(count))
        ]
    if name == "W6":
        return [source(), line()], [("/s_new", "source", 1000, 0, 0)] + [
            ("/s_new", "line", 1001 + n, 1, 0, "time", x.time_s, "rate", x.move_rate_hz, "decay", x.decay_s)
            for n, x in enumerate(d.lines(count))
        ]
    return [sine()], [
        ("/s_new", "sine", 1000 + n, 1, 0, "frequency", hz, "gain", 0.5 / count)
        for n, hz in enumerate(d.sine_hz(count))
    ]


def packet(at_s: float, command: Command) -> bytes:
    """One command as the score file wants it: length, bundle header, time, message."""
    message = OscMessage(*command).to_datagram()
    body = (
        b"#bundle\0" + struct.pack(">II", int(at_s), int(at_s % 1 * 2**32)) + struct.pack(">i", len(message)) + message
    )
    return struct.pack(">i", len(body)) + body


class Server:
    """One of the two servers and a folder for its scores."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.version = self._version()

    def _version(self) -> str:
        if self.program == "supernova":  # prints no version of its own; it is built from the same sources
            return Server("scsynth", self.folder).version
        text = subprocess.run(["scsynth", "-v"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"\d+\.\d+(\.\d+)?", text)
        return found.group() if found else "unknown"

    def score(self, definitions: list[SynthDef], commands: list[Command]) -> bytes:
        """The start of a score: definitions received and synths started at time 0."""
        head: list[Command] = [("/d_recv", compile_synthdefs(x)) for x in definitions]
        return b"".join(packet(0.0, c) for c in head + commands)

    def render_s(self, score: bytes, seconds: float) -> float:
        """Processor seconds for rendering a score."""
        path, out = self.folder / "score.osc", self.folder / "out.wav"
        path.write_bytes(score + packet(seconds, ("/c_set", 0, 0)))
        command = [self.program, "-o", "2", "-n", "30000", "-m", "262144", "-z", str(d.BLOCK_FRAMES), "-w", "4096"]
        command += ["-N", str(path), "_", str(out), str(d.SAMPLE_RATE_HZ), "WAV", "int16"]
        return children_cpu_s(command + (["-T", "1"] if self.program == "supernova" else []))

    def loudness(self) -> float:
        """Root mean square of what was rendered last."""
        with wave.open(str(self.folder / "out.wav")) as file:
            samples = array("h", file.readframes(file.getnframes()))
        return float((sum((x / 32768.0) ** 2 for x in samples) / max(1, len(samples))) ** 0.5)

    def measure(self, name: str, seconds: float, repeats: int) -> Result:
        """One row of the table."""
        if name == d.BUILD:
            return self.measure_build(repeats)
        if name == d.EDIT:
            return self.measure_edit(repeats)
        score = self.score(*synths(name))
        rtf, used = measure_command(lambda s: self.render_s(score, s), seconds, repeats)
        note = "read position moved once a block, ramped within it: its faster form" if name == "W6" else ""
        return Result(self.program, self.version, name, rtf=rtf, seconds=used, rms=self.loudness(), note=note)

    def measure_build(self, repeats: int) -> Result:
        """The chain described and compiled in Python, then received and started by the server."""

        def python_s() -> float:
            begin = time.process_time()
            self.score(*synths("W2"))
            return time.process_time() - begin

        described, score = median_of(repeats, python_s), self.score(*synths("W2"))
        started = median_of(repeats, lambda: self.render_s(score, 0.003) - self.render_s(b"", 0.003))
        return Result(
            self.program,
            self.version,
            d.BUILD,
            ms=1e3 * (described + max(0.0, started)),
            note=f"of it {1e3 * described:.0f} ms in supriya",
        )

    def measure_edit(self, repeats: int) -> Result:
        """Free one synth of 1,000 and start another, many times; only the server's own work, no cross-fade."""
        edits, length_s = 5000, 2.0
        score = self.score(*synths("S1-1000"))
        moves = b"".join(
            packet(0.01 + n * 1.9 / edits, command)
            for n in range(edits)
            for command in (
                ("/n_free", 1000 + n),
                ("/s_new", "sine", 2000 + n, 1, 0, "frequency", 440.0, "gain", 0.0005),
            )
        )
        spent = median_of(repeats, lambda: self.render_s(score + moves, length_s) - self.render_s(score, length_s))
        return Result(
            self.program,
            self.version,
            d.EDIT,
            us=1e6 * max(0.0, spent) / edits,
            note="inside the server, reading the score included; heard at the next block, no cross-fade",
        )


def main() -> None:
    """Measure what the command line asks for."""
    program = "supernova" if "--supernova" in sys.argv else "scsynth"
    sys.argv = [a for a in sys.argv if a != "--supernova"]
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        server = Server(program, Path(folder))
        measure: Callable[[str, float, int], Result] = server.measure
        run_all(program, server.version, (*rendered, d.BUILD, d.EDIT), measure)


if __name__ == "__main__":
    main()
