"""Effects in LADSPA's form that LMMS brings, as nodes; a port is named after its number and channel: "port07.data"."""

from __future__ import annotations

from collections.abc import Callable

from graphdaw.graph.song import Device, decibels, level
from graphdaw.host.songs.document.fits import Fit, Knobs, decay_of_loop
from graphdaw.host.songs.document.lmms_effects import BELL, OFF

_COMB_S = 0.03  # about the mean of Freeverb's combs


def fits_of(effect: Device) -> list[Fit] | None:
    """The nodes that stand for an effect, or None."""
    known = _KNOWN.get(str(effect.parameters.get("plugin", ""))) if effect.kind == "lmms/ladspaeffect" else None
    return known(_Ports(effect)) if known is not None else None


class _Ports(Knobs):
    """Ports by their numbers, of the first channel that has them."""

    def __init__(self, effect: Device) -> None:
        super().__init__(effect.parameters)

    def name(self, port: int) -> str:
        """What LMMS calls a port: with a value that stands still, its own name alone."""
        for name in (f"port0{port}.data", f"port0{port}"):
            if name in self:
                return name
        return f"port0{port}.data"

    def port(self, number: int, default: float = 0.0) -> float:
        """The value of a port."""
        return self(self.name(number), default)


def _ten_bands(first: int) -> Callable[[_Ports], list[Fit]]:
    """Octaves from 31 Hz up, five of them on each of two equalisers."""

    def fits(ports: _Ports) -> list[Fit]:
        made = []
        for half in (0, 5):
            values: dict[str, float | str] = {"type8": OFF}
            moves = {}
            for band in range(1, 6):
                number = half + band - 1
                values |= {
                    f"type{band}": BELL,
                    f"frequency{band}_hz": 31.25 * 2**number,
                    f"gain{band}_db": ports.port(first + number),
                    f"q{band}": 1.414,
                }
                moves[ports.name(first + number)] = (f"gain{band}_db", 1.0, 0.0)
            made.append(Fit("eq", values, moves))
        return made

    return fits


def _dj_eq(ports: _Ports) -> list[Fit]:
    values: dict[str, float | str] = {"type8": OFF}
    moves = {}
    for band, hz in enumerate((100.0, 1_000.0, 10_000.0), 1):
        values |= {f"type{band}": BELL, f"frequency{band}_hz": hz, f"gain{band}_db": ports.port(band - 1)}
        moves[ports.name(band - 1)] = (f"gain{band}_db", 1.0, 0.0)
    return [Fit("eq", values, moves)]


def _room(wet: float, dry: float, **values: float | str) -> list[Fit]:
    """A reverb that gives so much of both."""
    both = max(wet + dry, 1e-6)
    reverb: dict[str, float | str] = {"mix": wet / both, "early_late": 0.9, **values}
    return [Fit("reverb", reverb), Fit("gain", {"level": both})]


def _calf_reverb(ports: _Ports) -> list[Fit]:
    return _room(
        ports.port(11, 0.25), ports.port(12, 1.0), decay_s=ports.port(7, 1.5), high_hz=ports.port(8, 5000.0),
        diffusion=ports.port(10, 0.5), predelay_s=ports.port(13) / 1000, low_cut_hz=ports.port(14, 20.0),
        high_cut_hz=ports.port(15, 20_000.0), low_ratio=1.0,
    )  # fmt: skip


def _tap_reverb(ports: _Ports) -> list[Fit]:
    return _room(level(ports.port(2)), level(ports.port(1)), decay_s=ports.port(0, 2500.0) / 1000)


def _freeverb(ports: _Ports) -> list[Fit]:
    return _room(
        ports.port(7, 0.33), ports.port(8, 1.0), decay_s=decay_of_loop(_COMB_S, 0.7 + 0.28 * ports.port(5, 0.5)),
        width=ports.port(9, 1.0), predelay_s=0.0, high_ratio=max(0.1, 1.0 - ports.port(6, 0.5)),
    )  # fmt: skip


def _plate(ports: _Ports) -> list[Fit]:
    tail, blend = ports.port(3, 0.5), ports.port(5, 0.25)
    return _room(blend, 1.0 - blend, kind="plate", decay_s=0.4 * 10 ** (1.6 * tail), predelay_s=0.0)


def _one_second_delay(feedback: int | None) -> Callable[[_Ports], list[Fit]]:
    def fits(ports: _Ports) -> list[Fit]:
        values: dict[str, float | str] = {"time_s": ports.port(0, 500.0) / 1000, "mix": ports.port(1, 0.5)}
        moves = {ports.name(1): ("mix", 1.0, 0.0), ports.name(0): ("time_s", 0.001, 0.0)}
        if feedback is not None:
            values["feedback"] = ports.port(feedback)
            moves[ports.name(feedback)] = ("feedback", 1.0, 0.0)
        return [Fit("delay", values, moves)]

    return fits


def _stereo_echo(ports: _Ports) -> list[Fit]:
    left, right = max(1.0, ports.port(0, 500.0)), max(1.0, ports.port(2, 500.0))
    wet = (level(ports.port(4)) + level(ports.port(5))) / 2
    dry = level(ports.port(6))
    both = max(wet + dry, 1e-6)
    values: dict[str, float | str] = {
        "time_s": left / 1000, "right_ratio": right / left, "mix": wet / both, "low_cut_hz": 10.0,
        "feedback": (ports.port(1) + ports.port(3)) / 200, "high_cut_hz": 20_000.0, "max_time_s": 5.0,
    }  # fmt: skip
    return [Fit("echo", values), Fit("gain", {"level": both})]


def _calf_compressor(ports: _Ports) -> list[Fit]:
    values: dict[str, float | str] = {
        "threshold_db": decibels(ports.port(10, 0.125)), "ratio": ports.port(11, 2.0),
        "attack_s": ports.port(12, 20.0) / 1000, "release_s": ports.port(13, 250.0) / 1000,
        "makeup_db": decibels(ports.port(14, 1.0)), "knee_db": decibels(ports.port(15, 2.83)),
    }  # fmt: skip
    return [Fit("compressor", values)]


def _lookahead_limiter(ports: _Ports) -> list[Fit]:
    values: dict[str, float | str] = {
        "drive_db": ports.port(0), "ceiling_db": ports.port(1), "release_s": ports.port(2, 500.0) / 1000,
    }  # fmt: skip
    return [Fit("limiter", values, {ports.name(0): ("drive_db", 1.0, 0.0)})]


def _calf_limiter(ports: _Ports) -> list[Fit]:
    values: dict[str, float | str] = {
        "drive_db": decibels(ports.port(5, 1.0)), "ceiling_db": min(0.0, decibels(ports.port(15, 1.0))),
        "release_s": ports.port(17, 50.0) / 1000,
    }  # fmt: skip
    return [Fit("limiter", values), Fit("gain", {"level": ports.port(6, 1.0)})]


def _hard_limiter(ports: _Ports) -> list[Fit] | None:
    """It cuts; with what it cuts off mixed in, it is something else."""
    limit_db = ports.port(0)
    if limit_db > 0.0 or ports.port(2) or ports.port(1, 1.0) != 1.0:
        return None
    values: dict[str, float | str] = {
        "curve": "hard", "drive_db": -limit_db, "gain_db": limit_db, "compensation": 0.0,
    }  # fmt: skip
    return [Fit("drive", values)]


def _cut(mode: str) -> Callable[[_Ports], list[Fit]]:
    def fits(ports: _Ports) -> list[Fit]:
        values: dict[str, float | str] = {"mode": mode, "cutoff_hz": ports.port(0, 1000.0), "q": 0.5}
        return [Fit("filter", values, {ports.name(0): ("cutoff_hz", 1.0, 0.0)})]

    return fits


def _comb(ports: _Ports) -> list[Fit]:
    values: dict[str, float | str] = {"frequency_hz": ports.port(0, 440.0), "feedback": ports.port(1)}
    return [Fit("comb", values, {ports.name(0): ("frequency_hz", 1.0, 0.0), ports.name(1): ("feedback", 1.0, 0.0)})]


def _amplifier(ports: _Ports) -> list[Fit]:
    return [Fit("gain", {"level": ports.port(0, 1.0)}, {ports.name(0): ("level", 1.0, 0.0)})]


def _no_offset(_: _Ports) -> list[Fit]:
    return [Fit("dc_block", {})]


_KNOWN: dict[str, Callable[[_Ports], list[Fit] | None]] = {
    "Eq": _ten_bands(1), "Eq2x2": _ten_bands(2), "dj_eq": _dj_eq, "Reverb": _calf_reverb, "tap_reverb": _tap_reverb,
    "freeverb3": _freeverb, "Plate2x2": _plate, "delay_1s": _one_second_delay(None),
    "fbdelay_1s": _one_second_delay(4), "tap_stereo_echo": _stereo_echo, "Compressor": _calf_compressor,
    "fastLookaheadLimiter": _lookahead_limiter, "lpf": _cut("lowpass"), "hpf": _cut("highpass"), "comb": _comb,
    "amp_stereo": _amplifier, "amp_mono": _amplifier, "dcRemove": _no_offset,
    "Limiter": _calf_limiter, "hardLimiter": _hard_limiter,
}  # fmt: skip
