"""DawDreamer, twice: a graph of its own processors, and (`--faust`) one Faust program compiled by it.

The Faust program is one processor: nothing in it can be patched while it sounds without compiling it all again.
"""

from __future__ import annotations

import importlib.metadata
import sys

import dawdreamer
import numpy as np

from bench import definitions as d
from bench.peers.common import Result, cpu_s, measure_render, median_of, run_all

VERSION = importlib.metadata.version("dawdreamer")
FAUST = "--faust" in sys.argv
PEER = "dawdreamer-faust" if FAUST else "dawdreamer"
Dag = list[tuple[object, list[str]]]


def engine() -> dawdreamer.RenderEngine:
    """An engine at the bench's rate and block."""
    return dawdreamer.RenderEngine(d.SAMPLE_RATE_HZ, d.BLOCK_FRAMES)


def faust(e: dawdreamer.RenderEngine, name: str, code: str) -> object:
    """A compiled Faust processor."""
    processor = e.make_faust_processor(name)
    processor.set_dsp_string('import("stdfaust.lib");\n' + code)
    if not processor.compile():
        raise RuntimeError("the Faust program does not compile")
    return processor


def sine_graph(e: dawdreamer.RenderEngine, count: int) -> Dag:
    """Oscillator processors into one that adds them, each at its level."""
    dag: Dag = [(e.make_oscillator_processor(f"s{n}", hz), []) for n, hz in enumerate(d.sine_hz(count))]
    names = [f"s{n}" for n in range(count)]
    return [*dag, (e.make_add_processor("sum", [0.5 / count] * count), names)]


def chain_graph(e: dawdreamer.RenderEngine, count: int) -> Dag:
    """A recorded noise through add processors of one input, DawDreamer's only gain."""
    noise = np.random.default_rng(1).uniform(-1, 1, (1, d.SAMPLE_RATE_HZ * 40)).astype(np.float32)
    dag: Dag = [(e.make_playback_processor("g-1", noise), [])]
    for n, level in enumerate(d.chain_levels(count)):
        dag.append((e.make_add_processor(f"g{n}", [level]), [f"g{n - 1}"]))
    return dag


def voice_graph(e: dawdreamer.RenderEngine, count: int) -> Dag:
    """A Faust processor a voice (DawDreamer's own filter cannot be moved by a node), added at the end."""
    dag: Dag = []
    for n, v in enumerate(d.voices(count)):
        dag.append((faust(e, f"v{n}", f"process = {faust_voice(v)};"), []))
    return [*dag, (e.make_add_processor("sum", [1 / 16] * count), [f"v{n}" for n in range(count)])]


def line_graph(e: dawdreamer.RenderEngine, count: int) -> Dag:
    """A Faust processor a delay line (DawDreamer's own has neither feedback nor a moving time), added at the end."""
    dag: Dag = [(faust(e, "noise", "process = no.noise*0.05;"), [])]
    for n, x in enumerate(d.lines(count)):
        dag.append((faust(e, f"d{n}", f"process = {faust_line(x)};"), ["noise"]))
    return [*dag, (e.make_add_processor("sum", [1.0] * count), [f"d{n}" for n in range(count)])]


def faust_voice(v: d.Voice) -> str:
    """One voice as a Faust expression."""
    return (
        f"os.sawtooth({v.frequency_hz}) : fi.svf.lp(os.osc({v.sweep_rate_hz})*{d.FILTER_SWEEP_HZ}+{v.cutoff_hz},"
        f"{d.FILTER_Q}) * en.adsr({d.ATTACK_S},{d.DECAY_S},{d.SUSTAIN},{d.RELEASE_S},os.lf_squarewave"
        f"({d.RETRIGGER_HZ})>0) : sp.panner({(v.pan + 1) / 2})"
    )


def faust_sum(parts: list[str], tail: str) -> str:
    """Expressions side by side, summed."""
    return f"process = {', '.join(f'({part})' for part in parts)} {tail};"


def faust_line(x: d.Line) -> str:
    """One delay line as a Faust expression."""
    time = f"{d.SAMPLE_RATE_HZ}*({x.time_s} + {d.DELAY_MOVE_S}*os.osc({x.move_rate_hz}))"
    return f"(+ ~ (de.fdelay(2048, {time})*{d.DELAY_FEEDBACK}))"


def faust_lines(count: int) -> str:
    """Feedback delay lines on one noise, interpolated, moved every sample."""
    return f"process = no.noise*0.05 <: {', '.join(faust_line(x) for x in d.lines(count))} :> _;"


def faust_program(name: str) -> str:
    """A whole workload as one Faust program."""
    count = d.workloads[name].count
    if name == "W2":
        return (
            "process = no.noise : "
            + " : ".join(f'*(hslider("g{n}",{level},0,2,0.01))' for n, level in enumerate(d.chain_levels(count)))
            + ";"
        )
    if name in ("W3", "W3a"):
        return faust_sum([faust_voice(v) for v in d.voices(count)], ":> /(16), /(16)")
    if name == "W6":
        return faust_lines(count)
    return faust_sum([f"os.osc({hz})*{0.5 / count}" for hz in d.sine_hz(count)], ":> _ <: _,_")


def dag_of(e: dawdreamer.RenderEngine, name: str) -> Dag:
    """The graph of a workload."""
    count = d.workloads[name].count
    if FAUST:
        return [(faust(e, "all", faust_program(name)), [])]
    if name == "W2":
        return chain_graph(e, count)
    if name in ("W3", "W3a"):
        return voice_graph(e, count)
    if name == "W6":
        return line_graph(e, count)
    return sine_graph(e, count)


def measure(name: str, seconds: float, repeats: int) -> Result:
    """One row of the table."""
    if name == d.BUILD:
        return measure_build(repeats)
    if name == d.EDIT:
        return measure_edit(repeats)
    e = engine()
    dag = dag_of(e, name)
    e.load_graph(dag)
    rtf, used = measure_render(lambda s: e.render(s), seconds, repeats)
    e.render(0.5)
    rms = float(np.sqrt(np.mean(e.get_audio() ** 2)))
    note = "moves every sample, in W3 too" if name == "W3" else ""
    return Result(PEER, VERSION, name, rtf=rtf, seconds=used, rms=rms, note=note)


def measure_build(repeats: int) -> Result:
    """From Python to the first rendered block of the chain."""

    def build() -> None:
        e = engine()
        e.load_graph(dag_of(e, "W2"))
        e.render(d.BLOCK_FRAMES / d.SAMPLE_RATE_HZ)

    return Result(PEER, VERSION, d.BUILD, ms=1e3 * median_of(repeats, lambda: cpu_s(build)))


def measure_edit(repeats: int) -> Result:
    """One node more behind a chain of 1,000: the graph is loaded again and a block rendered."""
    if FAUST:
        e = engine()
        processor = e.make_faust_processor("all")
        code = 'import("stdfaust.lib");\n' + faust_program("W2")

        def edit() -> None:
            processor.set_dsp_string(code[:-1] + " : *(0.5);")
            processor.compile()
            e.load_graph([(processor, [])])
            e.render(d.BLOCK_FRAMES / d.SAMPLE_RATE_HZ)

        return Result(PEER, VERSION, d.EDIT, us=1e6 * median_of(repeats, lambda: cpu_s(edit)), note="state is lost")

    def heard_s() -> float:
        fresh = engine()
        dag = dag_of(fresh, "W2")
        dag.append((fresh.make_add_processor("extra", [0.5]), [f"g{d.workloads['W2'].count - 1}"]))
        return cpu_s(lambda: (fresh.load_graph(dag), fresh.render(d.BLOCK_FRAMES / d.SAMPLE_RATE_HZ)))

    note = "the graph loaded into a fresh engine, state lost; loading into the playing one takes minutes at this size"
    return Result(PEER, VERSION, d.EDIT, us=1e6 * median_of(repeats, heard_s), note=note)


if __name__ == "__main__":
    sys.argv = [a for a in sys.argv if a != "--faust"]
    run_all(PEER, VERSION, (*d.PLAIN, d.BUILD, d.EDIT), measure)
