"""A parameter that is set glides to its value without a click, whatever the node and wherever the value goes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from graphdaw.nodes.base import Param
from tests.kernel_probe import CELL, Signal, slots
from tests.nodes.subjects import RATES, Situation, Subject, between, run, situations, subjects

RATE_HZ = RATES[0]
BEFORE, AFTER, EDGE = 32 * CELL, 96 * CELL, 512
HIGH = butter(6, 6_000, "high", fs=RATE_HZ, output="sos")
TONE_HZ = 187.5
FAINT = 10.0 ** (-50.0 / 20.0)
TIMES = 3.0

# What is heard above 6 kHz there is no click but what was asked for.
MEANT = {
    ("audio_file", "speed"): "noise is played faster",
    ("bitcrush", "bits"): "each number of bits has steps of its own",
    ("comb", "frequency_hz"): "50 ms of tape run off in 5 ms",
    ("convolver", "predelay_s"): "half a second of tape runs off in 50 ms",
    ("delay", "time_s"): "a minute of tape runs off in 50 ms, at 1,200 times its speed",
    ("expander", "attack_s"): "a gain that was a second behind catches up in 10 us",
    ("expression", "x"): "a factor of 100,000 comes and goes",
    ("gate", "threshold_db"): "it opens within 0.5 ms",
    ("granular", "density_hz"): "grains of noise begin where others would not",
    ("math", "b"): "a divisor goes through 0",
    ("modal", "frequency_hz"): "all partials slide by eight octaves in 5 ms",
    ("modal", "stretch"): "all partials slide",
    ("pluck", "frequency_hz"): "a string slides by eight octaves in 5 ms",
    ("sampler", "pitch_semitones"): "noise is played faster",
    ("zones", "key"): "noise is played faster",
}


def audible(subject: Subject) -> list[str]:
    """Slots of the outlets that carry sound."""
    ports = subject.node.outputs
    return [slot for slot in slots(subject.facts.outs) if ports[slot.partition(".")[0]].type == "audio"]


def glides(param: Param) -> Signal:
    """Five ways through a range, a lane each, as the engine glides: eased in and out over the cells of `ramp_s`."""
    middle = float(between(param, np.float32(0.5)))
    begin = np.float32([param.lo, param.hi, param.default, param.default, middle])[:, None]
    end = np.float32([param.hi, param.lo, param.lo, param.hi, param.default])[:, None]
    frames = np.ceil(param.ramp_s * RATE_HZ / CELL) * CELL
    part = np.clip((np.arange(BEFORE + AFTER) - BEFORE + 1) / max(1.0, frames), 0.0, 1.0)
    eased = part * part * (3.0 - 2.0 * part)
    return np.float32(begin + (end - begin) * eased).clip(param.lo, param.hi)


def excess(subject: Subject, situation: Situation, name: str) -> float:
    """How far what lies above 6 kHz stands out while one parameter glides, over what is there before and after."""
    tone = 0.25 * np.sin(2.0 * np.pi * TONE_HZ / RATE_HZ * np.arange(BEFORE + AFTER))
    inputs = {slot: np.ones_like(tone) if slot in subject.controls else tone for slot in slots(subject.facts.ins)}
    out = run(subject, situation, BEFORE + AFTER, inputs=inputs, params={name: glides(subject.params[name])}, time=0)
    worst = 0.0
    for slot in audible(subject):
        high = np.abs(sosfiltfilt(HIGH, out[slot].astype(float), axis=1))
        steady = np.maximum(high[:, 2 * EDGE : BEFORE - EDGE].max(1), high[:, -6 * EDGE : -EDGE].max(1))
        moving = high[:, BEFORE - EDGE : -6 * EDGE].max(1)
        worst = max(worst, float((moving / np.maximum(TIMES * steady, FAINT)).max()))
    return worst


SOUNDING = [s for s in subjects() if s.kernel == s.node.kernel and s.params and audible(s)]


@pytest.mark.parametrize("subject", SOUNDING, ids=str)
def test_a_value_that_is_set_is_reached_without_a_click(subject: Subject) -> None:
    found = {}
    for situation in situations(subject, 2)[:2]:
        at_rate = Situation(situation.number, RATE_HZ, situation.choices, situation.fixed)
        for name in subject.params:
            found[name] = max(found.get(name, 0.0), excess(subject, at_rate, name))

    clicks = {name: round(value, 1) for name, value in found.items() if value > 1.0}
    assert {name for name in clicks if (subject.kernel, name) not in MEANT} == set(), clicks
