"""csound, rendering orchestra and score offline without writing sound; blocks are its `ksmps`."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
import wave
from array import array
from pathlib import Path

from bench import definitions as d
from bench.peers.common import Result, children_cpu_s, measure_command, median_of, run_all

HEADER = f"sr = {d.SAMPLE_RATE_HZ}\nksmps = {d.BLOCK_FRAMES}\nnchnls = 2\n0dbfs = 1\n"


def sines(count: int) -> tuple[str, list[str]]:
    """One note an oscillator; `poscil` interpolates in a sine table."""
    body = "instr 1\na1 poscil p5, p4\nouts a1, a1\nendin\n"
    return body, [f"i1 0 {{end}} {hz} {0.5 / count}" for hz in d.sine_hz(count)]


def chain(count: int) -> tuple[str, list[str]]:
    """One note that is a noise and many multiplications by control-rate levels."""
    body = "instr 1\na1 rand 1\n"
    for n, level in enumerate(d.chain_levels(count)):
        body += f"k{n} init {level}\na1 = a1 * k{n}\n"
    return body + "outs a1, a1\nendin\n", ["i1 0 {end}"]


def voices(count: int, every_frame: bool) -> tuple[str, list[str]]:
    """One note a voice; csound's exponential envelope is retriggered by looping its segments at control rate."""
    rate = "a" if every_frame else "k"
    body = f"""instr 1
asaw vco2 0.0625, p4
{rate}cut poscil {d.FILTER_SWEEP_HZ}, p6
asig zdf_2pole asaw, {rate}cut + p5, {d.FILTER_Q}
kenv looptseg {d.RETRIGGER_HZ}, 0, 0, 0, -2, {d.ATTACK_S}, 1, -2, {d.DECAY_S}, {d.SUSTAIN}, 0, 0.167, \
{d.SUSTAIN}, -2, {d.RELEASE_S}, 0, 0, 0.2, 0
aenv interp kenv
aleft, aright pan2 asig * aenv, p7
outs aleft, aright
endin
"""
    notes = [
        f"i1 0 {{end}} {v.frequency_hz} {v.cutoff_hz} {v.sweep_rate_hz} {(v.pan + 1) / 2}" for v in d.voices(count)
    ]
    return body, notes


def lines(count: int) -> tuple[str, list[str]]:
    """One note a delay line; `flanger` is an interpolating delay with feedback and an audio-rate time."""
    body = f"""gasource init 0
instr 1
gasource rand 0.05
endin
instr 2
amove poscil {d.DELAY_MOVE_S}, p5
adelayed flanger gasource, amove + p4, {d.DELAY_FEEDBACK}, {d.DELAY_MOST_S}
outs adelayed, adelayed
endin
"""
    return body, ["i1 0 {end}"] + [f"i2 0 {{end}} {x.time_s} {x.move_rate_hz}" for x in d.lines(count)]


def piece(name: str) -> tuple[str, list[str]]:
    """Orchestra and score lines of a workload."""
    count = d.workloads[name].count
    if name == "W2":
        return chain(count)
    if name in ("W3", "W3a"):
        return voices(count, name == "W3a")
    if name == "W6":
        return lines(count)
    return sines(count)


class Csound:
    """The command-line program and a folder for its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        done = subprocess.run(["csound", "--version"], capture_output=True, text=True, errors="replace", check=False)
        found = re.search(r"version (\S+)", done.stderr + done.stdout)
        self.version = found.group(1) if found else "unknown"

    def render_s(self, source: tuple[str, list[str]], seconds: float, out: str = "-n") -> float:
        """Processor seconds for rendering so much audio."""
        body, notes = source
        score = "\n".join(note.format(end=seconds) for note in notes)
        path = self.folder / "piece.csd"
        path.write_text(
            f"<CsoundSynthesizer>\n<CsInstruments>\n{HEADER}{body}</CsInstruments>\n"
            f"<CsScore>\n{score}\ne {seconds}\n</CsScore>\n</CsoundSynthesizer>\n"
        )
        return children_cpu_s(["csound", "-m0", "-d", *out.split(), str(path)])

    def loudness(self, source: tuple[str, list[str]]) -> float:
        """Root mean square of half a second, rendered once into a file."""
        path = self.folder / "out.wav"
        self.render_s(source, 0.5, f"-W -s -o {path}")
        with wave.open(str(path)) as file:
            samples = array("h", file.readframes(file.getnframes()))
        return float((sum((x / 32768.0) ** 2 for x in samples) / max(1, len(samples))) ** 0.5)

    def measure(self, name: str, seconds: float, repeats: int) -> Result:
        """One row of the table."""
        if name == d.BUILD:
            return self.measure_build(repeats)
        source = piece(name)
        rtf, used = measure_command(lambda s: self.render_s(source, s), seconds, repeats)
        return Result("csound", self.version, name, rtf=rtf, seconds=used, rms=self.loudness(source))

    def measure_build(self, repeats: int) -> Result:
        """Writing the orchestra in Python, then csound's compiling it; its own start is taken off."""

        def written_s() -> float:
            begin = time.process_time()
            piece("W2")
            return time.process_time() - begin

        empty = ("instr 1\nendin\n", ["i1 0 {end}"])
        compiled = median_of(repeats, lambda: self.render_s(piece("W2"), 0.003) - self.render_s(empty, 0.003))
        return Result("csound", self.version, d.BUILD, ms=1e3 * (median_of(repeats, written_s) + compiled))


def main() -> None:
    """Measure what the command line asks for."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Csound(Path(folder))
        run_all("csound", engine.version, (*d.PLAIN, d.BUILD), engine.measure)


if __name__ == "__main__":
    main()
