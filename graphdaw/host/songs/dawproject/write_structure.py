"""The tracks, channels and devices of a Song as a DAWproject file has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from graphdaw.graph.song import A4, MASTER, Device, Instrument, Report, Song, SongTrack, Target, level
from graphdaw.host.songs.dawproject import BUILT_IN, DEVICE_TEXTS, PLUGINS, UNITS

_TAGS = {kind: tag for tag, kind in PLUGINS.items()}
_ENDINGS = {"vst2": "fxp", "vst3": "vstpreset", "clap": "clap-preset", "au": "aupreset"}
_ROLES = {"bus": "submix", "master": "master"}
_CONTENTS = {"notes": "notes", "drums": "notes", "audio": "audio", "bus": "audio", "master": "audio notes"}
_ORDER = {  # of what stands in built-in devices
    "Equalizer": ("InputGain", "OutputGain"),
    "Compressor": ("Attack", "AutoMakeup", "InputGain", "OutputGain", "Ratio", "Release", "Threshold"),
    "NoiseGate": ("Attack", "Range", "Ratio", "Release", "Threshold"),
    "Limiter": ("Attack", "InputGain", "OutputGain", "Release", "Threshold"),
}
_BAND = ("Freq", "Gain", "Q", "Enabled")
_SWITCHES = ("AutoMakeup", "Enabled")


class Ids:
    """Numbers for elements."""

    def __init__(self) -> None:
        self._count = 0

    def given(self, element: Element) -> Element:
        """The element, with an id."""
        element.set("id", f"id{self._count}")
        self._count += 1
        return element


class Written(NamedTuple):
    """A parameter that automation can name: its id, its unit, and what makes our values its own."""

    id: str
    unit: str
    scale: Callable[[float], float]
    switch: bool = False


class Structure:
    """The element Structure, and what of it others refer to."""

    def __init__(self, song: Song, ids: Ids, report: Report) -> None:
        self._song, self.ids, self._report = song, ids, report
        self.tracks: dict[str, str] = {}
        self._channels: dict[str, str] = {}
        self.parameters: dict[Target, Written] = {}
        self.states: dict[str, bytes] = {}
        self._element = Element("Structure")
        elements = []
        for track in song.tracks:
            element = ids.given(SubElement(self._element, "Track", name=track.name, contentType=_CONTENTS[track.kind]))
            element.set("loaded", "true")
            if track.color:
                element.set("color", track.color)
            self.tracks[track.id] = element.attrib["id"]
            channel = ids.given(
                SubElement(element, "Channel", role=_ROLES.get(track.kind, "regular"), audioChannels="2")
            )
            self._channels[track.id] = channel.attrib["id"]
            elements.append(channel)
        for track, channel in zip(song.tracks, elements, strict=True):
            self._fill(track, channel)

    def element(self) -> Element:
        """All tracks."""
        return self._element

    def _fill(self, track: SongTrack, channel: Element) -> None:
        channel.set("solo", _bool(track.soloed))
        if track.kind != "master":
            to = self._channels.get(track.bus) or self._channels[MASTER]
            if not track.bus:
                self._report.say(f"{track.name}: it feeds nothing but its sends, and feeds the master in the file.")
            channel.set("destination", to)
        self._devices(track, channel)
        mute = self.ids.given(SubElement(channel, "Mute", name="Mute", value=_bool(track.muted)))
        self._remember(Target("mixer", "muted", track.id), mute, "linear", _same, switch=True)
        pan = self._real(channel, "Pan", (track.pan + 1) / 2, "normalized", 0.0, 1.0)
        self._remember(Target("mixer", "pan", track.id), pan, "normalized", lambda value: (value + 1) / 2)
        if track.sends:
            self._sends(track, SubElement(channel, "Sends"))
        gain_db = track.gain_db + (self._song.gain_db if track.kind == "master" else 0.0)
        factor = level(gain_db)
        volume = self._real(channel, "Volume", factor, "linear", 0.0, max(2.0, factor))
        self._remember(Target("mixer", "level", track.id), volume, "linear", _same)

    def _sends(self, track: SongTrack, sends: Element) -> None:
        for k, send in enumerate(track.sends):
            to = self._channels.get(send.bus)
            if to is None:
                self._report.say(f"{track.name}: a send goes to a track that is not there, so it was left out.")
                continue
            element = self.ids.given(SubElement(sends, "Send", destination=to, type="pre" if send.pre else "post"))
            factor = level(send.gain_db)
            volume = self._real(element, "Volume", factor, "linear", 0.0, max(2.0, factor))
            self._remember(Target("send", "level", track.id, k), volume, "linear", _same)

    def _devices(self, track: SongTrack, channel: Element) -> None:
        instrument = track.instrument
        if instrument is not None and instrument.kind == "midi":
            if instrument.program is not None:
                self._report.say(f"{track.name}: its MIDI program {instrument.program + 1} was left out.")
            instrument = None
        if instrument is None and not track.effects:
            return
        devices = SubElement(channel, "Devices")
        if instrument is not None:
            self._device(devices, track, instrument, Target("instrument", "", track.id))
            self._say_lost(track, instrument)
        for k, effect in enumerate(track.effects):
            self._device(devices, track, effect, Target("effect", "", track.id, k))

    def _say_lost(self, track: SongTrack, instrument: Instrument) -> None:
        if instrument.samples:
            self._report.say(f"{track.name}: the recordings of its instrument were left out: {instrument.samples[0]}.")
        if instrument.one_shot:
            self._report.say(f"{track.name}: its sounds ring out whatever their length, which the file does not say.")
        if instrument.root_key != A4:
            self._report.say(f"{track.name}: its instrument transposes, so its notes were written as they sound.")

    def _device(self, devices: Element, track: SongTrack, device: Device, target: Target) -> None:
        tag = _TAGS.get(device.kind) or (device.kind if device.kind in BUILT_IN else "Device")
        role = "instrument" if target.place == "instrument" else "audioFX"
        element = self.ids.given(
            SubElement(
                devices, tag, deviceName=device.name or device.kind, deviceRole=role, name=device.name or device.kind
            )
        )
        if tag == "Device" and "deviceID" not in device.parameters:
            element.set("deviceID", device.kind)
        left = []
        listed = SubElement(element, "Parameters")
        own = _own(device)
        for key, value in device.parameters.items():
            if key in DEVICE_TEXTS:
                if key != "pluginVersion" or tag in PLUGINS:
                    element.set(key, str(value))
            elif isinstance(value, str) and key not in own:
                left.append(key)
            elif not isinstance(value, str) and key not in own:
                name, _, number = key.rpartition("#") if key.rpartition("#")[2].isdigit() else (key, "", "")
                parameter = self.ids.given(
                    SubElement(listed, "RealParameter", name=name, unit="linear", value=repr(value))
                )
                if number:
                    parameter.set("parameterID", number)
                self._remember(Target(target.place, key, track.id, target.index), parameter, "linear", _same)
        if left:
            self._report.say(
                f"{track.name}: of {device.name or device.kind} what is text was left out: {', '.join(left)}."
            )
        on = self.ids.given(SubElement(element, "Enabled", value=_bool(device.on), name="On"))
        self._remember(Target(target.place, "on", track.id, target.index), on, "linear", _same, switch=True)
        if device.state:
            path = f"plugins/{len(self.states) + 1}.{_ENDINGS.get(device.kind, 'state')}"
            self.states[path] = device.state
            SubElement(element, "State", path=path)
        if tag in BUILT_IN:
            self._built_in(element, device, Target(target.place, "", track.id, target.index))

    def _built_in(self, element: Element, device: Device, target: Target) -> None:
        for k in range(1, _bands(device) + 1):
            band = SubElement(element, "Band", type=str(device.parameters.get(f"Band{k}.type", "bell")))
            if f"Band{k}.order" in device.parameters:
                band.set("order", str(device.parameters[f"Band{k}.order"]))
            for name in _BAND:
                self._own(band, name, f"Band{k}.{name}", device, target)
        for name in _ORDER[device.kind]:
            self._own(element, name, name, device, target)

    def _own(self, parent: Element, tag: str, key: str, device: Device, target: Target) -> None:
        value = device.parameters.get(key, 1_000.0 if tag == "Freq" else None)
        if isinstance(value, float):
            if tag in _SWITCHES:
                parameter = self.ids.given(SubElement(parent, tag, value=_bool(value != 0.0)))
            else:
                parameter = self._real(parent, tag, value, UNITS.get(tag, "linear"))
            switch = tag in _SWITCHES
            self._remember(
                Target(target.place, key, target.track, target.index), parameter, UNITS.get(tag, ""), _same, switch
            )

    def _real(
        self, parent: Element, tag: str, value: float, unit: str, lo: float | None = None, hi: float | None = None
    ) -> Element:
        element = self.ids.given(SubElement(parent, tag, name=tag, unit=unit, value=repr(value)))
        if lo is not None and hi is not None:
            element.set("min", repr(lo))
            element.set("max", repr(hi))
        return element

    def _remember(
        self, target: Target, element: Element, unit: str, scale: Callable[[float], float], switch: bool = False
    ) -> None:
        self.parameters[target] = Written(element.attrib["id"], unit, scale, switch)


def _bands(device: Device) -> int:
    numbers = [key[4 : key.index(".")] for key in device.parameters if key.startswith("Band") and "." in key]
    return min(64, max((int(number) for number in numbers if number.isdigit()), default=0))


def _own(device: Device) -> set[str]:
    """The parameters that a built-in device has elements of its own for."""
    if device.kind not in BUILT_IN:
        return set()
    bands = {f"Band{k}.{name}" for k in range(1, _bands(device) + 1) for name in (*_BAND, "type", "order")}
    return {*_ORDER[device.kind], *bands}


def _same(value: float) -> float:
    return value


def _bool(value: bool) -> str:
    return "true" if value else "false"
