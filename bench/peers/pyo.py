"""pyo, its server stepped block by block from Python without a device."""

from __future__ import annotations

import contextlib
import io
import math
import time

with contextlib.redirect_stdout(io.StringIO()):  # prints a banner when there is no graphical toolkit
    import pyo

from bench import definitions as d
from bench.peers.common import Result, measure_render, median_of, rendered, run_all

VERSION = str(pyo.PYO_VERSION)


def server() -> pyo.Server:
    """A running server that renders only when `process` is called."""
    s = pyo.Server(
        sr=d.SAMPLE_RATE_HZ, nchnls=2, buffersize=d.BLOCK_FRAMES, duplex=0, audio="manual", midi="none", verbosity=0
    )
    s.boot()
    s.start()
    return s


def sines(count: int) -> pyo.PyoObject:
    """Oscillators with their level in `mul`, mixed to two channels."""
    return pyo.Sine(freq=d.sine_hz(count), mul=[0.5 / count] * count).mix(1).mix(2)


def chain(count: int) -> pyo.PyoObject:
    """A noise through many `Sig` objects, each with its own level."""
    signal = pyo.Noise()
    for level in d.chain_levels(count):
        signal = pyo.Sig(signal, mul=level)
    return signal


def voices(count: int) -> pyo.PyoObject:
    """Voices whose cutoff moves every sample (pyo has no block-rate signals)."""
    all_voices = d.voices(count)
    trigger = pyo.Metro(time=1 / d.RETRIGGER_HZ).play()
    hold = 0.25 - d.ATTACK_S - d.DECAY_S
    points = [(0, 0), (d.ATTACK_S, 1), (d.ATTACK_S + d.DECAY_S, d.SUSTAIN)]
    points += [(d.ATTACK_S + d.DECAY_S + hold, d.SUSTAIN), (0.25 + d.RELEASE_S, 0)]
    saw = pyo.LFO(freq=[v.frequency_hz for v in all_voices], sharp=1, type=0)
    sweep = pyo.Sine(
        freq=[v.sweep_rate_hz for v in all_voices], mul=d.FILTER_SWEEP_HZ, add=[v.cutoff_hz for v in all_voices]
    )
    filtered = pyo.SVF(saw, freq=sweep, q=d.FILTER_Q)
    shape = pyo.TrigLinseg([trigger] * count, points)
    out = pyo.SPan(filtered, outs=2, pan=[(v.pan + 1) / 2 for v in all_voices], mul=[x / 16 for x in shape])
    mixed = out.mix(2)
    mixed.parts = [trigger, saw, sweep, filtered, shape, out]
    return mixed


def lines(count: int) -> pyo.PyoObject:
    """Delay lines on one noise, their time moved every sample."""
    all_lines = d.lines(count)
    source = pyo.Noise(mul=0.05)
    moved = pyo.Sine(freq=[x.move_rate_hz for x in all_lines], mul=d.DELAY_MOVE_S, add=[x.time_s for x in all_lines])
    delayed = pyo.Delay(source, delay=moved, feedback=d.DELAY_FEEDBACK, maxdelay=d.DELAY_MOST_S)
    mixed = delayed.mix(1)
    mixed.parts = [source, moved, delayed]
    return mixed


def player(table: pyo.SndTable) -> pyo.PyoObject:
    """A stereo recording in a loop."""
    return pyo.TableRead(table, freq=table.getRate(), loop=1)


def mixer(count: int) -> pyo.PyoObject:
    """Players through four bands, a compressor, a gain and a balance into buses and a reverb."""
    table = pyo.SndTable(d.loop_file())
    parts: list[object] = [table]
    buses: list[list[pyo.PyoObject]] = [[] for _ in range(d.BUSES)]
    for x in d.players(count):
        sound = player(table)
        parts.append(sound)
        for kind, hz, db in zip((1, 0, 0, 2), x.frequencies_hz, x.gains_db, strict=True):
            sound = pyo.EQ(sound, freq=hz, q=d.BAND_Q, boost=db, type=kind)
            parts.append(sound)
        level, right = 10 ** (x.gain_db / 20), (x.pan + 1) / 2
        sides = [level * min(1.0, 2 - 2 * right), level * min(1.0, 2 * right)]
        sound = pyo.Compress(
            sound, d.THRESHOLD_DB, d.RATIO, d.COMPRESS_S, d.RECOVER_S, lookahead=0.0, knee=0.5, mul=sides
        )
        parts.append(sound)
        buses[x.bus].append(sound)
    summed = [pyo.Mix(sounds, voices=2) for sounds in buses]
    out = pyo.Freeverb(pyo.Mix(summed, voices=2), size=0.8, damp=0.5, bal=d.REVERB_SHARE)
    out.parts = [*parts, *summed]
    return out


def convolved() -> pyo.PyoObject:
    """A player through a convolution in windows of 1,024 frames, which is how late it comes."""
    table = pyo.SndTable(d.loop_file())
    out = pyo.CvlVerb(player(table), d.response_file(), bal=d.CONVOLVED_SHARE, size=1024)
    out.parts = [table]
    return out


def graph(name: str) -> pyo.PyoObject:
    """The last object of a workload."""
    count = d.workloads[name].count
    if name == "W2":
        return chain(count)
    if name in ("W3", "W3a"):
        return voices(count)
    if name == "W4":
        return mixer(count)
    if name == "W5":
        return convolved()
    if name == "W6":
        return lines(count)
    return sines(count)


def loudness(s: pyo.Server, last: pyo.PyoObject) -> float:
    """Root mean square of half a second of the first channel."""
    table = pyo.NewTable(0.5)
    recorder = pyo.TableRec(pyo.Mix(last, voices=1), table).play()
    run(s, 0.6)
    samples = table.getTable()
    del recorder
    return math.sqrt(sum(x * x for x in samples) / len(samples))


def run(s: pyo.Server, seconds: float) -> None:
    """Render so much audio."""
    for _ in range(int(seconds * d.SAMPLE_RATE_HZ / d.BLOCK_FRAMES)):
        s.process()


def measure(name: str, seconds: float, repeats: int) -> Result:
    """One row of the table."""
    if name == d.BUILD:
        return measure_build(repeats)
    if name == d.EDIT:
        return measure_edit(repeats)
    s = server()
    last = graph(name).out()
    rtf, used = measure_render(lambda x: run(s, x), seconds, repeats)
    rms = loudness(s, last)
    s.shutdown()
    note = {"W3": "pyo's signals move every sample, in W3 too", "W5": "1,024 frames of latency"}.get(name, "")
    return Result("pyo", VERSION, name, rtf=rtf, seconds=used, rms=rms, note=note)


def measure_build(repeats: int) -> Result:
    """From Python to a running chain; objects run as soon as they exist."""
    s = server()

    def built_s() -> float:
        begin = time.process_time()
        last = chain(d.workloads["W2"].count).out()
        spent = time.process_time() - begin
        last.stop()
        return spent

    spent = median_of(repeats, built_s)
    s.shutdown()
    return Result("pyo", VERSION, d.BUILD, ms=1e3 * spent)


def measure_edit(repeats: int) -> Result:
    """Put an object behind a playing chain of 1,000; it is in the next block."""
    s = server()
    last = chain(d.workloads["W2"].count).out()
    run(s, 0.1)
    spent = []
    for _ in range(100 * repeats):
        begin = time.perf_counter()
        last.stop()
        new = pyo.Sig(last, mul=0.5).out()
        spent.append(time.perf_counter() - begin)
        s.process()
        new.stop()
        last.out()
    s.shutdown()
    return Result(
        "pyo",
        VERSION,
        d.EDIT,
        us=1e6 * sorted(spent)[len(spent) // 2],
        note="the call itself; heard at the next block, no cross-fade",
    )


if __name__ == "__main__":
    run_all("pyo", VERSION, (*rendered, d.BUILD, d.EDIT), measure)
