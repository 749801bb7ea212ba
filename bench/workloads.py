"""The workloads as GraphDAW graphs, built through its public interface."""

from __future__ import annotations

import itertools
import math

import graphdaw as gd
from bench import definitions as d


def decibels(level: float) -> float:
    """A linear gain in decibels."""
    return 20.0 * math.log10(level)


def gained_sines(count: int) -> gd.Graph:
    """W1: sine -> gain, summed by one gain and panned to the middle."""
    g = gd.Graph(sample_rate=d.SAMPLE_RATE_HZ)
    bus, pan = g.add("gain"), g.add("pan")
    for hz in d.sine_hz(count):
        gain = g.add("gain", gain_db=decibels(0.5 / count))
        g.connect(g.add("sine", frequency_hz=hz), gain)
        g.connect(gain, bus)
    g.connect(bus, pan)
    g.connect(pan, g.add("output"))
    return g


def sines(count: int) -> gd.Graph:
    """S1: sines into one gain."""
    g = gd.Graph(sample_rate=d.SAMPLE_RATE_HZ)
    gain = g.add("gain", gain_db=max(-96.0, decibels(0.5 / count)))
    for hz in d.sine_hz(count):
        g.connect(g.add("sine", frequency_hz=hz), gain)
    g.connect(gain, g.add("output"))
    return g


def chain(count: int) -> gd.Graph:
    """W2: a noise through one gain after the other."""
    g = gd.Graph(sample_rate=d.SAMPLE_RATE_HZ)
    before = g.add("noise")
    for level in d.chain_levels(count):
        gain = g.add("gain", gain_db=decibels(level))
        g.connect(before, gain)
        before = gain
    g.connect(before, g.add("output"))
    return g


def voices(count: int, rate: str) -> gd.Graph:
    """W3 (rate "block") and W3a ("frame"): saw -> filter moved by its own LFO -> envelope -> pan, all into one gain."""
    g = gd.Graph(sample_rate=d.SAMPLE_RATE_HZ)
    gate = g.add("lfo", shape="square", rate_hz=d.RETRIGGER_HZ)
    bus = g.add("gain", gain_db=decibels(1 / 16))
    for v in d.voices(count):
        lfo = g.add("lfo", rate=rate, shape="sine", rate_hz=v.sweep_rate_hz)
        low_pass = g.add("filter", mode="lowpass", cutoff_hz=v.cutoff_hz, q=d.FILTER_Q)
        shape = g.add("adsr", attack_s=d.ATTACK_S, decay_s=d.DECAY_S, sustain=d.SUSTAIN, release_s=d.RELEASE_S)
        level, pan = g.add("gain", level=0.0), g.add("pan", pan=v.pan)
        g.connect(g.add("saw", frequency_hz=v.frequency_hz), low_pass)
        g.connect(lfo, low_pass["cutoff_hz"], depth=d.FILTER_SWEEP_HZ)
        g.connect(gate, shape["gate"])
        g.connect(low_pass, level["in"])
        g.connect(shape, level["level"])
        g.connect(level, pan)
        g.connect(pan, bus)
    g.connect(bus, g.add("output"))
    return g


def lines(count: int) -> gd.Graph:
    """W6: one noise into feedback delays, each with its time moved by its own LFO."""
    g = gd.Graph(sample_rate=d.SAMPLE_RATE_HZ)
    source, out = g.add("gain", gain_db=decibels(0.05)), g.add("output")
    g.connect(g.add("noise"), source)
    for x in d.lines(count):
        delay = g.add("delay", time_s=x.time_s, feedback=d.DELAY_FEEDBACK, mix=1.0, max_time_s=d.DELAY_MOST_S)
        lfo = g.add("lfo", rate="frame", shape="sine", rate_hz=x.move_rate_hz)
        g.connect(lfo, delay["time_s"], depth=d.DELAY_MOVE_S)
        g.connect(source, delay)
        g.connect(delay, out)
    return g


def mixer(count: int) -> gd.Graph:
    """W4: players -> four bands -> compressor -> gain -> balance -> one of eight buses -> reverb."""
    g = gd.Graph(sample_rate=d.SAMPLE_RATE_HZ)
    reverb = g.add("reverb", kind="hall", decay_s=d.REVERB_S, mix=d.REVERB_SHARE)
    buses = [g.add("gain") for _ in range(d.BUSES)]
    for bus in buses:
        g.connect(bus, reverb)
    for x in d.players(count):
        bands: dict[str, float | str] = {f"type{band}": 0.0 for band in range(5, 9)}
        for band, (type, hz, gain) in enumerate(zip((2, 1, 1, 3), x.frequencies_hz, x.gains_db, strict=True), 1):
            bands |= {
                f"type{band}": float(type),
                f"frequency{band}_hz": hz,
                f"gain{band}_db": gain,
                f"q{band}": d.BAND_Q,
            }
        chain = (
            g.add("sampler", file=d.loop_file(), mode="loop", auto_start="on"),
            g.add("eq", **bands),
            g.add(
                "compressor", threshold_db=d.THRESHOLD_DB, ratio=d.RATIO, attack_s=d.COMPRESS_S, release_s=d.RECOVER_S
            ),
            g.add("gain", gain_db=x.gain_db),
            g.add("pan", law="balance", pan=x.pan),
            buses[x.bus],
        )
        for before, after in itertools.pairwise(chain):
            g.connect(before, after["in"])
    g.connect(reverb, g.add("output"))
    return g


def convolved() -> gd.Graph:
    """W5: one player through one convolver."""
    g = gd.Graph(sample_rate=d.SAMPLE_RATE_HZ)
    player = g.add("sampler", file=d.loop_file(), mode="loop", auto_start="on")
    convolver = g.add("convolver", file=d.response_file(), mix=d.CONVOLVED_SHARE)
    player >> convolver >> g.add("output")
    return g


def graph(name: str) -> gd.Graph:
    """The graph of a workload."""
    count = d.workloads[name].count
    if name == "W1":
        return gained_sines(count)
    if name == "W2":
        return chain(count)
    if name in ("W3", "W3a"):
        return voices(count, "block" if name == "W3" else "frame")
    if name == "W4":
        return mixer(count)
    if name == "W5":
        return convolved()
    if name == "W6":
        return lines(count)
    return sines(count)
