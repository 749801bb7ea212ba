"""SFZ files as zones: the opcodes of SFZ 1 and the commonest later ones; the rest is counted as unsupported.

Opcodes that ask for controllers or key switches are answered once, by the values that the file gives them, so that a
region either belongs to the instrument or does not. Amplitudes fall by 90 dB in a decay or release time, which is the
curve that ARIA names as its default.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from typing import Any

from graphdaw.errors import MediaError
from graphdaw.graph.instruments.sfz import SfzFile, SfzRegion, read_sfz
from graphdaw.host.instruments.samples import Samples
from graphdaw.nodes.prepare.zone_map import FALL_DB, Envelope, Filter, FilterKind, Lfo, LoopMode, Sweep, Zone, ZoneMap

SFZ_FALL_DB = 90.0
NAMES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
USUAL_CONTROLLERS = {7: 100.0, 10: 64.0, 11: 127.0}
FILTERS: dict[str, FilterKind] = {
    "lpf_1p": "lowpass_1", "hpf_1p": "highpass_1", "lpf_2p": "lowpass", "hpf_2p": "highpass", "bpf_2p": "bandpass",
    "brf_2p": "notch",
}  # fmt: skip
SAME = {
    "loopmode": "loop_mode", "loopstart": "loop_start", "loopend": "loop_end", "offby": "off_by", "pitch": "tune",
    "gain": "volume", "fil_gain": "",
}  # fmt: skip
_ENVELOPE = ("delay", "attack", "hold", "decay", "sustain", "release", "depth")
_LFO = ("delay", "fade", "freq", "depth")
KNOWN = {
    "sample", "key", "lokey", "hikey", "pitch_keycenter", "lovel", "hivel", "tune", "transpose", "pitch_keytrack",
    "volume", "amplitude", "pan", "offset", "end", "loop_mode", "loop_start", "loop_end", "loop_crossfade", "loop_type",
    "direction", "seq_length", "seq_position", "lorand", "hirand", "trigger", "group", "off_by", "off_mode", "off_time",
    "amp_veltrack", "fil_type", "cutoff", "resonance", "fil_veltrack", "fil_keytrack", "fil_keycenter", "rt_decay",
    "delay", "group_label", "region_label", "master_label", "global_label", "lobend", "hibend", "lochan", "hichan",
    *(f"{kind}eg_{part}" for kind in ("amp", "fil", "pitch") for part in _ENVELOPE if (kind, part) != ("amp", "depth")),
    *(f"{kind}lfo_{part}" for kind in ("amp", "fil", "pitch") for part in _LFO),
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:[eE][+-]?\d{1,2})?")
_KEY = re.compile(r"([a-g])([#b]?)(-?\d)")
_CONTROLLER = re.compile(r"(lo|hi)(?:hd)?cc(\d{1,3})")


def read_sfz_zones(path: str | os.PathLike[str], name: str = "") -> ZoneMap:
    """An SFZ instrument with its samples, as far as they are there. Raises `MediaError`."""
    called = name or os.fspath(path)
    file = read_sfz(path, called)
    reader = _Zones(file, called)
    zones = tuple(zone for region in file.regions if (zone := reader.zone(region)) is not None)
    if not zones and file.missing:
        raise MediaError(missing_sentence(called, file.missing))
    if not zones:
        raise MediaError(f"{called} has no region that can be played; choose another instrument.")
    return ZoneMap(os.path.basename(called), zones, dict(reader.unsupported + file.other_headers), tuple(file.missing))


def missing_sentence(called: str, missing: list[str]) -> str:
    """Which samples are not where an instrument looks for them."""
    shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    count = "1 sample that is" if len(missing) == 1 else f"{len(missing)} samples that are"
    return f"{called} names {count} missing: {shown}; put the whole folder of the instrument there."


class _Opcodes:
    """The opcodes of a region as numbers and words."""

    def __init__(self, region: SfzRegion) -> None:
        self.texts = {SAME.get(name, name): value for name, value in region.opcodes.items()}
        self._shift = 12 * region.octave_offset + region.note_offset

    def number(self, name: str, usual: float, least: float, most: float) -> float:
        """A number held between its limits; what is no number is not there."""
        text = self.texts.get(name, "")
        return float(min(max(float(text), least), most) if _NUMBER.fullmatch(text) else usual)

    def whole(self, name: str, usual: int, least: int, most: int) -> int:
        """The same without what stands behind the point."""
        return int(self.number(name, usual, least, most))

    def key(self, name: str, usual: int) -> int:
        """A key as a number or as a name; c4 is 60."""
        text = self.texts.get(name, "").lower()
        named = _KEY.fullmatch(text)
        if named:
            sharp = {"#": 1, "b": -1, "": 0}[named[2]]
            return min(max(12 * (int(named[3]) + 1) + NAMES[named[1]] + sharp + self._shift, -1), 127)
        if not _NUMBER.fullmatch(text):
            return usual
        value = int(min(max(float(text), -1.0), 127.0))
        return value if value < 0 else min(max(value + self._shift, 0), 127)


class _Zones:
    def __init__(self, file: SfzFile, called: str) -> None:
        self.unsupported: Counter[str] = Counter()
        self._samples = Samples(called)
        self._controllers = USUAL_CONTROLLERS | _set_controllers(file.control)
        self._switched = _switched(file)

    def zone(self, region: SfzRegion) -> Zone | None:
        """What plays a region; None where it plays never, or in a way that there is not."""
        opcodes = _Opcodes(region)
        self._count_unsupported(opcodes)
        if not region.sample:
            if region.opcodes.get("sample", "").startswith("*") and region.opcodes["sample"] != "*silence":
                self.unsupported[f"sample={region.opcodes['sample'][:20]}"] += 1
            return None
        if not self._belongs(opcodes):
            return None
        keys = self._keys(opcodes)
        velocities = opcodes.whole("lovel", 0, 0, 127), opcodes.whole("hivel", 127, 0, 127)
        if not 0 <= keys[0] <= keys[1] or velocities[0] > velocities[1] or opcodes.number("end", 0, -1, 1e12) < 0:
            return None
        return self._made(opcodes, region, keys, velocities)

    def _count_unsupported(self, opcodes: _Opcodes) -> None:
        for name in opcodes.texts:
            if name and name not in KNOWN and not _CONTROLLER.fullmatch(name) and not name.startswith("sw_"):
                self.unsupported[name] += 1
        for name in ("sw_last", "sw_down", "sw_up", "sw_previous"):
            if name in opcodes.texts:
                self.unsupported[name] += 1
        for name, usual in (("trigger", ("attack", "release")), ("fil_type", tuple(FILTERS))):
            if opcodes.texts.get(name, usual[0]) not in usual:
                self.unsupported[f"{name}={opcodes.texts[name][:20]}"] += 1

    def _belongs(self, opcodes: _Opcodes) -> bool:
        """Whether controllers and key switches, as they stand, let a region sound."""
        for name in opcodes.texts:
            which = _CONTROLLER.fullmatch(name)
            if which:
                now, limit = self._controllers.get(int(which[2]), 0.0), opcodes.number(name, 0.0, -1e3, 1e3)
                limit *= 127.0 if "hd" in name else 1.0
                if (now < limit) if which[1] == "lo" else (now > limit):
                    return False
        if "sw_last" in opcodes.texts and opcodes.key("sw_last", -1) != self._switched:
            return False
        if opcodes.number("lobend", -8192, -1e5, 1e5) > 0 or opcodes.number("hibend", 8192, -1e5, 1e5) < 0:
            return False
        return opcodes.texts.get("trigger", "attack") != "legato" and "sw_down" not in opcodes.texts

    def _keys(self, opcodes: _Opcodes) -> tuple[int, int]:
        one = opcodes.key("key", -2)
        both = (0, 127) if one < -1 else (one, one)
        return opcodes.key("lokey", both[0]), opcodes.key("hikey", both[1])

    def _made(self, o: _Opcodes, region: SfzRegion, keys: tuple[int, int], velocities: tuple[int, int]) -> Zone | None:
        loaded = self._samples.load(region.sample)
        sample, frames = loaded.sample, loaded.sample.samples.shape[1]
        root = (
            loaded.root_key
            if o.texts.get("pitch_keycenter") == "sample"
            else o.key("pitch_keycenter", o.key("key", 60))
        )
        begin, end = o.whole("offset", 0, 0, frames), min(o.whole("end", 0, 0, 1 << 40) + 1, frames)
        end = frames if "end" not in o.texts or end <= 1 else end
        if begin >= end:
            return None
        mode, loop = self._loop(o, loaded.loop, begin, end)
        length = o.whole("seq_length", 1, 1, 100)
        group = o.whole("group", 0, -(1 << 20), 1 << 20)
        return Zone(
            sample=sample,
            keys=keys,
            velocities=velocities,
            root_key=float(root),
            tune_cents=o.number("tune", 0, -9_600, 9_600) + 100.0 * o.number("transpose", 0, -127, 127),
            keytrack_cents=o.number("pitch_keytrack", 100, -1_200, 1_200),
            begin=begin,
            end=end,
            loop_mode=mode,
            loop=loop,
            loop_crossfade=int(o.number("loop_crossfade", 0, 0, 60) * sample.rate_hz),
            ping_pong=o.texts.get("loop_type") == "alternate",
            backward=o.texts.get("direction") == "reverse",
            turns=length,
            turn=min(o.whole("seq_position", 1, 1, 100), length),
            chance=(o.number("lorand", 0, 0, 1), o.number("hirand", 1, 0, 1)),
            on_release=o.texts.get("trigger", "").startswith("release"),
            one_shot=o.texts.get("loop_mode") == "one_shot",
            release_fall_db_s=o.number("rt_decay", 0, 0, 200),
            group=group,
            off_by=o.whole("off_by", 0, -(1 << 20), 1 << 20),
            off_s=0.0 if o.texts.get("off_mode") == "normal" else o.number("off_time", 0.006, 0.002, 100),
            gain_db=o.number("volume", 0, -144, 48) + _percent_db(o.number("amplitude", 100, 0, 10_000)),
            pan=o.number("pan", 0, -100, 100) / 100.0,
            velocity_track=o.number("amp_veltrack", 100, -100, 100) / 100.0,
            amplitude=_amplitude(o),
            sweeps=_sweeps(o),
            lfos=_lfos(o),
            filter=_filter(o),
        )

    def _loop(self, o: _Opcodes, own: tuple[int, int], begin: int, end: int) -> tuple[LoopMode, tuple[int, int]]:
        """A file with a loop of its own is looped unless the region says otherwise."""
        modes: dict[str, LoopMode] = {"loop_continuous": "loop", "loop_sustain": "sustain"}
        mode = modes.get(o.texts.get("loop_mode", "loop_continuous" if own[1] else ""), "none")
        first = o.whole("loop_start", own[0], 0, 1 << 40)
        last = o.whole("loop_end", (own[1] or end) - 1, 0, 1 << 40) + 1
        first, last = max(first, begin), min(last, end)
        return (mode, (first, last)) if mode != "none" and first < last else ("none", (0, 0))


def _set_controllers(control: dict[str, str]) -> dict[int, float]:
    """What <control> sets controllers to, from 0 to 127."""
    found = {}
    for name, text in control.items():
        match = re.fullmatch(r"set_(hd)?cc(\d{1,3})", name)
        if match and _NUMBER.fullmatch(text):
            found[int(match[2])] = float(text) * (127.0 if match[1] else 1.0)
    return found


def _switched(file: SfzFile) -> int:
    """The key switch that counts as pressed: the one the file begins with, or the lowest."""
    usual = [_Opcodes(region).key("sw_default", -1) for region in file.regions if "sw_default" in region.opcodes]
    pressed = [key for key in usual if key >= 0]
    if pressed:
        return pressed[0]
    named = [_Opcodes(region).key("sw_last", -1) for region in file.regions if "sw_last" in region.opcodes]
    return min((key for key in named if key >= 0), default=-1)


def _percent_db(percent: float) -> float:
    return 20.0 * math.log10(percent / 100.0) if percent > 0.0 else -144.0


def _times(o: _Opcodes, kind: str, **more: Any) -> Envelope:
    delay, attack, hold, decay = (o.number(f"{kind}_{part}", 0, 0, 100) for part in _ENVELOPE[:4])
    return Envelope(
        delay, attack, hold, decay, o.number(f"{kind}_sustain", 100, 0, 100) / 100.0,
        o.number(f"{kind}_release", 0, 0, 100), **more,
    )  # fmt: skip


def _amplitude(o: _Opcodes) -> Envelope:
    """An amplitude's times count for FALL_DB here, for SFZ_FALL_DB there."""
    e, longer = _times(o, "ampeg"), FALL_DB / SFZ_FALL_DB
    delay_s = e.delay_s + o.number("delay", 0, 0, 100)
    return Envelope(delay_s, e.attack_s, e.hold_s, e.decay_s * longer, e.sustain, e.release_s * longer)


def _sweeps(o: _Opcodes) -> tuple[Sweep, ...]:
    pitch, cutoff = o.number("pitcheg_depth", 0, -12_000, 12_000), o.number("fileg_depth", 0, -12_000, 12_000)
    sweeps = (Sweep(_times(o, "pitcheg"), pitch_cents=pitch), Sweep(_times(o, "fileg"), cutoff_cents=cutoff))
    return tuple(sweep for sweep in sweeps if sweep.pitch_cents or sweep.cutoff_cents)


def _lfos(o: _Opcodes) -> tuple[Lfo, ...]:
    def lfo(kind: str, **depth: float) -> Lfo:
        rate_hz, delay_s = o.number(f"{kind}_freq", 0, 0, 100), o.number(f"{kind}_delay", 0, 0, 100)
        return Lfo(rate_hz, delay_s, o.number(f"{kind}_fade", 0, 0, 100), sine=True, **depth)

    lfos = (
        lfo("pitchlfo", pitch_cents=o.number("pitchlfo_depth", 0, -1_200, 1_200)),
        lfo("fillfo", cutoff_cents=o.number("fillfo_depth", 0, -1_200, 1_200)),
        lfo("amplfo", gain_db=o.number("amplfo_depth", 0, -10, 10)),
    )
    return tuple(one for one in lfos if one.frequency_hz and (one.pitch_cents or one.cutoff_cents or one.gain_db))


def _filter(o: _Opcodes) -> Filter:
    """A cutoff is the softest note's, and velocity adds to it; a zone's is the loudest note's."""
    if "cutoff" not in o.texts:
        return Filter()
    track = o.number("fil_veltrack", 0, -9_600, 9_600)
    return Filter(
        FILTERS.get(o.texts.get("fil_type", "lpf_2p"), "lowpass"),
        o.number("cutoff", 20_000, 1, 96_000) * 2.0 ** (track / 1_200.0),
        o.number("resonance", 0, 0, 40),
        track,
        o.number("fil_keytrack", 0, 0, 1_200),
        float(o.key("fil_keycenter", 60)),
    )
