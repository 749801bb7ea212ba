"""LMMS' own effects as nodes."""

from __future__ import annotations

from collections.abc import Callable

from graphdaw.graph.song import Device, decibels
from graphdaw.host.songs.document.fits import Fit, Knobs, decay_of_loop, q_of_octaves

_REVERB_LOOP_S = 0.075  # about the mean of the lines of its reverb

OFF, BELL, LOW_SHELF, HIGH_SHELF, LOW_CUT_12, LOW_CUT_24, HIGH_CUT_12, HIGH_CUT_24, NOTCH = map(float, range(9))


def fits_of(effect: Device) -> list[Fit] | None:
    """The nodes that stand for an effect, or None."""
    found = _KNOWN.get(effect.kind.removeprefix("lmms/")) if effect.kind.startswith("lmms/") else None
    return found(Knobs(effect.parameters)) if found is not None else None


def _amplifier(knobs: Knobs) -> list[Fit]:
    left, right, pan = knobs("left", 100.0), knobs("right", 100.0), knobs("pan") / 100
    loudest = max(left, right, 1e-9)
    if left != right:
        pan += (right - left) / loudest
    level = Fit(
        "gain", {"level": knobs("volume", 100.0) / 100 * loudest / 100}, {"volume": ("level", loudest / 1e4, 0.0)}
    )
    return [level, Fit("pan", {"pan": pan, "law": "balance"}, {"pan": ("pan", 0.01, 0.0)})] if pan else [level]


def _eq(knobs: Knobs) -> list[Fit]:
    high, low = knobs("HPactive") > 0, knobs("LPactive") > 0
    values: dict[str, float | str] = {
        "type1": (LOW_CUT_12 if knobs("HP12") else LOW_CUT_24) if high else OFF,
        "frequency1_hz": knobs("HPfreq", 31.0),
        "q1": knobs("HPres", 0.707),
        "type2": LOW_SHELF if knobs("Lowshelfactive") else OFF,
        "frequency2_hz": knobs("LowShelffreq", 80.0),
        "gain2_db": knobs("Lowshelfgain"),
        "q2": min(1.4, knobs("LowShelfres", 0.707)),
        "type7": HIGH_SHELF if knobs("Highshelfactive") else OFF,
        "frequency7_hz": knobs("Highshelffreq", 10_000.0),
        "gain7_db": knobs("HighShelfgain"),
        "q7": min(1.4, knobs("HighShelfres", 0.707)),
        "type8": (HIGH_CUT_12 if knobs("LP12") else HIGH_CUT_24) if low else OFF,
        "frequency8_hz": knobs("LPfreq", 20_000.0),
        "q8": knobs("LPres", 0.707),
        "gain_db": knobs("Outputgain") + knobs("Inputgain"),
    }
    moves = {
        "HPfreq": ("frequency1_hz", 1.0, 0.0), "HPres": ("q1", 1.0, 0.0), "LPfreq": ("frequency8_hz", 1.0, 0.0),
        "LPres": ("q8", 1.0, 0.0), "Lowshelfgain": ("gain2_db", 1.0, 0.0), "HighShelfgain": ("gain7_db", 1.0, 0.0),
        "Outputgain": ("gain_db", 1.0, knobs("Inputgain")),
    }  # fmt: skip
    for peak in range(1, 5):
        band = peak + 2
        values |= {
            f"type{band}": BELL if knobs(f"Peak{peak}active") else OFF,
            f"frequency{band}_hz": knobs(f"Peak{peak}freq", 1000.0),
            f"gain{band}_db": knobs(f"Peak{peak}gain"),
            f"q{band}": q_of_octaves(knobs(f"Peak{peak}bw", 0.3)),
        }
        moves |= {
            f"Peak{peak}freq": (f"frequency{band}_hz", 1.0, 0.0),
            f"Peak{peak}gain": (f"gain{band}_db", 1.0, 0.0),
        }
    return [Fit("eq", values, moves)]


def _bass_booster(knobs: Knobs) -> list[Fit]:
    shelf = decibels(1.0 + max(0.0, knobs("ratio", 2.0)))
    values: dict[str, float | str] = {
        "type1": LOW_SHELF, "frequency1_hz": knobs("freq", 100.0), "gain1_db": shelf,
    }  # fmt: skip
    return [
        Fit("eq", values, {"freq": ("frequency1_hz", 1.0, 0.0)}),
        Fit("gain", {"level": knobs("gain", 1.0)}, {"gain": ("level", 1.0, 0.0)}),
    ]


def _delay(knobs: Knobs) -> list[Fit]:
    feedback = knobs("FeebackAmount")
    delay: dict[str, float | str] = {
        "time_s": knobs("DelayTimeSamples", 0.5), "feedback": feedback, "mix": 1.0, "max_time_s": 20.0,
    }  # fmt: skip
    return [
        Fit("delay", delay, {"FeebackAmount": ("feedback", 1.0, 0.0), "DelayTimeSamples": ("time_s", 1.0, 0.0)}),
        Fit("gain", {"gain_db": knobs("OutGain")}, {"OutGain": ("gain_db", 1.0, 0.0)}),
    ]


def _reverb(knobs: Knobs) -> list[Fit]:
    values: dict[str, float | str] = {
        "mix": 1.0, "early_late": 1.0, "predelay_s": 0.0,
        "decay_s": decay_of_loop(_REVERB_LOOP_S, knobs("size", 0.89)), "high_hz": knobs("color", 10_000.0),
    }  # fmt: skip
    return [Fit("reverb", values), Fit("gain", {"gain_db": knobs("output_gain") + knobs("input_gain")})]


def _stereo_matrix(knobs: Knobs) -> list[Fit] | None:
    """Equal for both sides, it weighs the middle and the sides; nothing of ours does the rest."""
    own, other = knobs("l-l", 1.0), knobs("r-l")
    if own != knobs("r-r", 1.0) or other != knobs("l-r") or own + other == 0.0 or own < other:
        return None
    return [Fit("stereo_width", {"width": (own - other) / (own + other)}), Fit("gain", {"level": own + other})]


def _dual_filter(knobs: Knobs) -> list[Fit] | None:
    """One of the two, where only that is heard."""
    modes = {0: "lowpass", 1: "highpass", 2: "bandpass", 3: "bandpass", 4: "notch", 5: "allpass"}
    heard = "1" if not knobs("enabled2") or knobs("mix") <= -0.99 else "2" if knobs("mix") >= 0.99 else ""
    mode = modes.get(int(knobs(f"filter{heard}"))) if heard else None
    if mode is None:
        return None
    cut, res, gain = f"cut{heard}", f"res{heard}", f"gain{heard}"
    values: dict[str, float | str] = {"mode": mode, "cutoff_hz": knobs(cut, 7000.0), "q": knobs(res, 0.5)}
    moves = {cut: ("cutoff_hz", 1.0, 0.0), res: ("q", 1.0, 0.0)}
    return [Fit("filter", values, moves), Fit("gain", {"level": knobs(gain, 100.0) / 100}, {gain: ("level", 0.01, 0)})]


_KNOWN: dict[str, Callable[[Knobs], list[Fit] | None]] = {
    "amplifier": _amplifier, "eq": _eq, "bassbooster": _bass_booster, "delay": _delay, "reverbsc": _reverb,
    "stereomatrix": _stereo_matrix, "dualfilter": _dual_filter,
}  # fmt: skip
