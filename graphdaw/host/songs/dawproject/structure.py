"""The tracks and channels of a DAWproject file, with their devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from graphdaw.graph.song import MASTER, Device, Instrument, Send, SongTrack, Target, TrackKind, decibels
from graphdaw.host.songs.dawproject import BUILT_IN, DEVICE_TEXTS, PLUGINS, UNITS
from graphdaw.host.songs.dawproject.values import Moved, Project, factor, flag, number, place, plain

MAX_TRACKS = 4_096
Read = Callable[[str], bytes]  # a member of the archive by its name; nothing for one that is not there


def tracks_of(project: Project, read: Read) -> list[SongTrack]:
    """The tracks in order, groups before what is in them; `clips` are still to come."""
    found = list(_walked(project.root.find("Structure"), ""))
    if len(found) > MAX_TRACKS:
        raise ValueError(f"it has more than {MAX_TRACKS} tracks")
    ids = project.track_ids
    master = next((one for one, _, _ in found if _role(one) == "master" and "tracks" not in _contents(one)), None)
    owns: dict[str, None] = {}
    for k, (element, id, _) in enumerate(found):
        own = MASTER if element is master else id
        while own in owns or (own == MASTER and element is not master):  # a file may have an id twice
            own = f"{own}+{k}"
        owns[own] = None
        channel = _channel(element)
        ids.setdefault(id, own)
        if channel is not None and "id" in channel.attrib:
            ids.setdefault(channel.attrib["id"], own)
    return [
        _track(project, element, own, ids, ids.get(parent, ""), read)
        for (element, _, parent), own in zip(found, owns, strict=True)
    ]


def _walked(structure: Element | None, parent: str, depth: int = 0) -> Iterator[tuple[Element, str, str]]:
    """Tracks and channels that stand alone, each with its id and that of the group it is in."""
    for k, element in enumerate(structure if structure is not None else ()):
        if element.tag in ("Track", "Channel") and (element.tag == "Track" or depth == 0):
            id = element.get("id") or f"{parent}.{k + 1}"
            yield element, id, parent
            if element.tag == "Track":
                yield from _walked(element, id, depth + 1)


def _channel(element: Element) -> Element | None:
    return element if element.tag == "Channel" else element.find("Channel")


def _role(element: Element) -> str:
    channel = _channel(element)
    return channel.get("role", "") if channel is not None else ""


def _contents(element: Element) -> list[str]:
    return element.get("contentType", "").split()


def _track(project: Project, element: Element, id: str, ids: dict[str, str], parent: str, read: Read) -> SongTrack:
    channel = _channel(element)
    name = element.get("name", "") or id
    contents, role = _contents(element), _role(element)
    kind: TrackKind = "audio" if "audio" in contents and "notes" not in contents else "notes"
    if id == MASTER:
        kind = "master"
    elif "tracks" in contents or role in ("effect", "submix", "vca") or element.tag == "Channel":
        kind = "bus"
    if role == "vca":
        project.report.say(f"{name}: it moves the levels of other tracks and passes no sound, which was left out.")
    output = ids.get(channel.get("destination", ""), "") if channel is not None else ""
    if id == MASTER:
        output = ""
    elif not output or output == id:
        output = parent or MASTER
    instrument, effects = _devices(project, channel, id, name, read)
    pan = channel.find("Pan") if channel is not None else None
    volume = channel.find("Volume") if channel is not None else None
    mute = channel.find("Mute") if channel is not None else None
    pan_unit = pan.get("unit", "normalized") if pan is not None else "normalized"
    if pan_unit == "linear" and number(pan, "min", -1.0) >= 0.0:
        pan_unit = "normalized"
    _remember(project, volume, Target("mixer", "level", id), factor)
    _remember(project, pan, Target("mixer", "pan", id), place, pan_unit)
    _remember(project, mute, Target("mixer", "muted", id), plain)
    return SongTrack(
        id,
        name,
        kind,
        instrument=instrument,
        gain_db=_gain_db(volume),
        pan=place(number(pan, "value", 0.5), pan_unit) if pan is not None and "value" in pan.attrib else 0.0,
        muted=flag(mute, "value"),
        soloed=flag(channel, "solo"),
        bus=output,
        sends=tuple(_sends(project, channel, id, name, ids)),
        effects=tuple(effects),
        color=element.get("color", ""),
    )


def _gain_db(volume: Element | None) -> float:
    """A level parameter in decibels; 0 where the file says nothing."""
    if volume is None or "value" not in volume.attrib:
        return 0.0
    return decibels(factor(number(volume, "value", 1.0, -1e3, 1e3), volume.get("unit", "linear")))


def _remember(
    project: Project,
    parameter: Element | None,
    target: Target,
    scale: Callable[[float, str], float],
    unit: str = "",
) -> None:
    """By which id automation may name a parameter."""
    if parameter is not None and "id" in parameter.attrib:
        project.models[parameter.attrib["id"]] = Moved(target, unit or parameter.get("unit", "linear"), scale)


def _sends(project: Project, channel: Element | None, id: str, name: str, ids: dict[str, str]) -> Iterator[Send]:
    count = 0
    sends = channel.find("Sends") if channel is not None else None
    for send in sends if sends is not None else ():
        to = ids.get(send.get("destination", ""), "")
        volume = send.find("Volume")
        if not flag(send.find("Enable"), "value", True):
            continue
        if not to or to == id:
            project.report.say(f"{name}: a send goes to a channel that is not there, so it was left out.")
            continue
        _remember(project, volume, Target("send", "level", id, count), factor)
        yield Send(to, _gain_db(volume), send.get("type") == "pre")
        count += 1


def _devices(
    project: Project, channel: Element | None, id: str, name: str, read: Read
) -> tuple[Instrument | None, list[Device]]:
    """The instrument, which is the first device that says so, and the effects."""
    instrument: Instrument | None = None
    effects: list[Device] = []
    devices = channel.find("Devices") if channel is not None else None
    for element in devices if devices is not None else ():
        role = element.get("deviceRole", "")
        if role == "noteFX" or (role == "instrument" and instrument is not None):
            what = element.get("deviceName") or element.tag
            project.report.say(f"{name}: the device {what} stands before the instrument or beside it: left out.")
            continue
        is_instrument = role == "instrument"
        target = Target("instrument" if is_instrument else "effect", "", id, 0 if is_instrument else len(effects))
        title = element.get("deviceName") or element.get("name") or ""
        parameters = _parameters(project, element, target)
        own = str(parameters.get("deviceID", ""))
        kind = PLUGINS.get(element.tag) or (element.tag if element.tag in BUILT_IN else own or "device")
        on = flag(element.find("Enabled"), "value", True)
        _remember(project, element.find("Enabled"), Target(target.place, "on", id, target.index), plain)
        state_of = element.find("State")
        state = b""
        if state_of is not None and not flag(state_of, "external"):
            state = read(state_of.get("path", ""))
            if not state:
                project.report.say(f"{name}: what {title} had saved of itself is not in the file.")
        if is_instrument:
            instrument = Instrument(kind, title, on, parameters, state)
        else:
            effects.append(Device(kind, title, on, parameters, state))
    return instrument, effects


def _parameters(project: Project, device: Element, target: Target) -> dict[str, float | str]:
    """The parameters of a device, those of built-in ones in units that a Song has them in."""
    found: dict[str, float | str] = {name: device.attrib[name] for name in DEVICE_TEXTS if name in device.attrib}
    listed = device.find("Parameters")
    for parameter in listed if listed is not None else ():
        number_of = parameter.get("parameterID")
        key = parameter.get("name", "") + (f"#{number_of}" if number_of is not None else "")
        _parameter(project, found, parameter, key or parameter.tag, target)
    if device.tag in BUILT_IN:
        bands = 0
        for child in device:
            if child.tag == "Band":
                bands += 1
                found |= {
                    f"Band{bands}.{name}": child.attrib[name] for name in ("type", "order") if name in child.attrib
                }
                for parameter in child:
                    _parameter(project, found, parameter, f"Band{bands}.{parameter.tag}", target)
            elif child.tag not in ("Parameters", "Enabled", "State"):
                _parameter(project, found, child, child.tag, target)
    return found


def _parameter(project: Project, found: dict[str, float | str], parameter: Element, key: str, target: Target) -> None:
    text, unit = parameter.get("value"), parameter.get("unit", "linear")
    scale = _to_decibels if UNITS.get(key.rpartition(".")[2]) == "decibel" and unit == "linear" else plain
    if text in ("true", "false"):
        found[key] = float(text == "true")
    elif text is not None:
        found[key] = scale(number(parameter, "value", 0.0), unit)
    _remember(project, parameter, Target(target.place, key, target.track, target.index), scale)


def _to_decibels(value: float, unit: str) -> float:
    return decibels(value) if unit == "linear" else value
