"""SignalFlow, its graph rendered into a buffer without a device."""

from __future__ import annotations

import importlib.metadata
import time

import numpy as np
import signalflow as sf

from bench import definitions as d
from bench.peers.common import Result, measure_render, median_of, run_all

VERSION = importlib.metadata.version("signalflow")


def engine() -> sf.AudioGraph:
    """A graph whose device is a dummy."""
    config = sf.AudioGraphConfig()
    config.sample_rate = d.SAMPLE_RATE_HZ
    config.output_buffer_size = d.BLOCK_FRAMES
    output = sf.AudioOut_Dummy(2, d.SAMPLE_RATE_HZ, d.BLOCK_FRAMES)
    return sf.AudioGraph(config=config, output_device=output, start=False)


def sines(count: int) -> sf.Node:
    """Oscillators times a level, summed, panned to the middle."""
    return sf.StereoPanner(sf.Sum([sf.SineOscillator(hz) * (0.5 / count) for hz in d.sine_hz(count)]))


def chain(count: int) -> sf.Node:
    """A noise through many multiplications."""
    signal = sf.WhiteNoise()
    for level in d.chain_levels(count):
        signal = signal * level
    return signal


def voices(count: int) -> sf.Node:
    """Voices whose cutoff moves every sample (SignalFlow has no block-rate signals)."""
    gate = sf.SquareLFO(d.RETRIGGER_HZ)
    parts = []
    for v in d.voices(count):
        cutoff = sf.SineLFO(v.sweep_rate_hz, v.cutoff_hz - d.FILTER_SWEEP_HZ, v.cutoff_hz + d.FILTER_SWEEP_HZ)
        filtered = sf.SVFilter(sf.SawOscillator(v.frequency_hz), "low_pass", cutoff, 1 - 1 / d.FILTER_Q)
        shape = sf.ADSREnvelope(d.ATTACK_S, d.DECAY_S, d.SUSTAIN, d.RELEASE_S, gate)
        parts.append(sf.StereoPanner(filtered * shape * (1 / 16), v.pan))
    return sf.Sum(parts)


def lines(count: int) -> sf.Node:
    """Delay lines on one noise, their time moved every sample."""
    source = sf.WhiteNoise() * 0.05
    parts = []
    for x in d.lines(count):
        moved = sf.SineLFO(x.move_rate_hz, x.time_s - d.DELAY_MOVE_S, x.time_s + d.DELAY_MOVE_S)
        parts.append(sf.CombDelay(source, moved, d.DELAY_FEEDBACK, d.DELAY_MOST_S))
    return sf.Sum(parts)


def last_node(name: str) -> sf.Node:
    """The last node of a workload."""
    count = d.workloads[name].count
    if name == "W2":
        return chain(count)
    if name in ("W3", "W3a"):
        return voices(count)
    if name == "W6":
        return lines(count)
    return sines(count)


def run(graph: sf.AudioGraph, seconds: float) -> None:
    """Render so much audio, block by block, as a device would."""
    for _ in range(int(seconds * d.SAMPLE_RATE_HZ / d.BLOCK_FRAMES)):
        graph.render(d.BLOCK_FRAMES)


def measure(name: str, seconds: float, repeats: int) -> Result:
    """One row of the table."""
    graph = engine()
    try:
        if name == d.BUILD:
            return measure_build(graph, repeats)
        if name == d.EDIT:
            return measure_edit(graph, repeats)
        graph.play(last_node(name))
        rtf, used = measure_render(lambda x: run(graph, x), seconds, repeats)
        heard = []
        for _ in range(200):
            graph.render(d.BLOCK_FRAMES)
            heard.append(np.array(graph.output.output_buffer)[:2, : d.BLOCK_FRAMES])
        rms = float(np.sqrt(np.mean(np.array(heard) ** 2)))
        note = "its signals move every sample, in W3 too" if name == "W3" else ""
        return Result("signalflow", VERSION, name, rtf=rtf, seconds=used, rms=rms, note=note)
    finally:
        graph.destroy()


def measure_build(graph: sf.AudioGraph, repeats: int) -> Result:
    """From Python to a chain that plays; the first block is rendered, since nodes take memory then."""

    def built_s() -> float:
        begin = time.process_time()
        last = chain(d.workloads["W2"].count)
        graph.play(last)
        graph.render(d.BLOCK_FRAMES)
        spent = time.process_time() - begin
        graph.clear()
        return spent

    return Result("signalflow", VERSION, d.BUILD, ms=1e3 * median_of(repeats, built_s))


def measure_edit(graph: sf.AudioGraph, repeats: int) -> Result:
    """Put a node behind a playing chain of 1,000; it is in the next block."""
    last = chain(d.workloads["W2"].count)
    graph.play(last)
    run(graph, 0.1)
    spent = []
    for _ in range(100 * repeats):
        begin = time.perf_counter()
        new = last * 0.5
        graph.replace(last, new)
        spent.append(time.perf_counter() - begin)
        graph.render(d.BLOCK_FRAMES)
        graph.replace(new, last)
    return Result(
        "signalflow",
        VERSION,
        d.EDIT,
        us=1e6 * sorted(spent)[len(spent) // 2],
        note="the call itself; heard at the next block, no cross-fade",
    )


if __name__ == "__main__":
    run_all("signalflow", VERSION, (*d.PLAIN, d.BUILD, d.EDIT), measure)
