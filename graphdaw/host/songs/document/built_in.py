"""The devices that DAWproject itself describes, as nodes."""

from __future__ import annotations

from graphdaw.graph.song import Device
from graphdaw.host.songs.document.fits import Fit, Knobs
from graphdaw.host.songs.document.lmms_effects import (
    BELL,
    HIGH_CUT_12,
    HIGH_CUT_24,
    HIGH_SHELF,
    LOW_CUT_12,
    LOW_CUT_24,
    LOW_SHELF,
    NOTCH,
    OFF,
)

BANDS = 8
_TYPES = {"bell": BELL, "highShelf": HIGH_SHELF, "lowShelf": LOW_SHELF, "notch": NOTCH}
_ABOUT_Q = 0.7071


def fits_of(effect: Device) -> list[Fit] | None:
    """The nodes that stand for a device, or None."""
    knobs = Knobs(effect.parameters)
    if effect.kind == "Equalizer":
        return _equalizer(effect, knobs)
    if effect.kind == "Compressor":
        return [*([_drive(knobs)] if knobs("InputGain") else []), _compressor(knobs)]
    if effect.kind == "NoiseGate":
        return [_gate(knobs)]
    if effect.kind == "Limiter":
        return [_limiter(knobs)]
    return None


def _equalizer(effect: Device, knobs: Knobs) -> list[Fit] | None:
    """Eight bands of ours for each eight of theirs; None where a band is of a type that ours are not."""
    bands = []
    for number in range(1, 1 + sum(name.endswith(".Freq") for name in effect.parameters)):
        name = f"Band{number}"
        kind, order = str(effect.parameters.get(f"{name}.type", "bell")), knobs(f"{name}.order", 2.0)
        steep = order > 2.0
        type = _TYPES.get(kind)
        if kind == "highPass":
            type = LOW_CUT_24 if steep else LOW_CUT_12
        elif kind == "lowPass":
            type = HIGH_CUT_24 if steep else HIGH_CUT_12
        if type is None:
            return None
        bands.append((name, type if knobs(f"{name}.Enabled", 1.0) else OFF))
    made = []
    for first in range(0, max(len(bands), 1), BANDS):
        values: dict[str, float | str] = {f"type{band}": OFF for band in range(1, BANDS + 1)}
        moves: dict[str, tuple[str, float, float]] = {}
        for band, (name, type) in enumerate(bands[first : first + BANDS], 1):
            values |= {
                f"type{band}": type,
                f"frequency{band}_hz": knobs(f"{name}.Freq", 1000.0),
                f"gain{band}_db": knobs(f"{name}.Gain"),
                f"q{band}": knobs(f"{name}.Q", _ABOUT_Q),
            }
            moves |= {
                f"{name}.Freq": (f"frequency{band}_hz", 1.0, 0.0),
                f"{name}.Gain": (f"gain{band}_db", 1.0, 0.0),
                f"{name}.Q": (f"q{band}", 1.0, 0.0),
            }
        made.append(Fit("eq", values, moves))
    made[-1].values["gain_db"] = knobs("OutputGain") + knobs("InputGain")
    made[-1].moves["OutputGain"] = ("gain_db", 1.0, knobs("InputGain"))
    return made


def _drive(knobs: Knobs) -> Fit:
    return Fit("gain", {"gain_db": knobs("InputGain")}, {"InputGain": ("gain_db", 1.0, 0.0)})


def _compressor(knobs: Knobs) -> Fit:
    values: dict[str, float | str] = {
        "threshold_db": knobs("Threshold", -18.0), "ratio": max(1.0, knobs("Ratio", 4.0)),
        "attack_s": knobs("Attack", 0.01), "release_s": knobs("Release", 0.15), "makeup_db": knobs("OutputGain"),
        "auto_makeup": 0.5 if knobs("AutoMakeup") else 0.0,
    }  # fmt: skip
    return Fit("compressor", values, {"Threshold": ("threshold_db", 1.0, 0.0), "OutputGain": ("makeup_db", 1.0, 0.0)})


def _gate(knobs: Knobs) -> Fit:
    values: dict[str, float | str] = {
        "threshold_db": knobs("Threshold", -40.0), "attack_s": knobs("Attack", 0.001),
        "release_s": knobs("Release", 0.1), "range_db": abs(knobs("Range", -80.0)),
    }  # fmt: skip
    return Fit("gate", values, {"Threshold": ("threshold_db", 1.0, 0.0)})


def _limiter(knobs: Knobs) -> Fit:
    values: dict[str, float | str] = {
        "ceiling_db": knobs("Threshold"), "drive_db": knobs("InputGain"), "release_s": knobs("Release", 0.06),
    }  # fmt: skip
    return Fit("limiter", values, {"Threshold": ("ceiling_db", 1.0, 0.0)})
