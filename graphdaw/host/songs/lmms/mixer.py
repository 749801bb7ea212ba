"""LMMS' mixer channels as buses, and chains of effects."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from graphdaw.graph.song import MASTER, Device, Send, SongTrack, Target, changed, decibels
from graphdaw.host.songs.lmms.values import Project, children, flag, number

MAX_CHANNELS = 1_024
_OLD_CHANNELS = 65  # as many as versions before 1.0 had, all of them feeding the master without saying so
_OF_THE_EFFECT = ("name", "on", "wet", "gate", "autoquit", "key")


def bus_id(channel: int) -> str:
    """The id of the bus that a mixer channel becomes; channel 0 is the master."""
    return f"fx{channel}" if channel else MASTER


def buses(project: Project) -> list[SongTrack]:
    """A bus for each mixer channel, the master first; there is always a master."""
    mixer = project.root.find("song/fxmixer")
    channels: dict[int, Element] = {}
    for channel in children(mixer, "fxchannel"):
        channels.setdefault(round(number(channel, "num", 0.0, 0, MAX_CHANNELS)), channel)
    channels.setdefault(0, Element("fxchannel", name="Master"))
    routes = _Routes()
    found = [_bus(project, channel, channels[channel], set(channels), routes) for channel in sorted(channels)]
    if len(found) == _OLD_CHANNELS and not any(track.bus or track.sends for track in found):
        return [found[0], *(changed(track, bus=MASTER) for track in found[1:])]
    return found


def _bus(project: Project, channel: int, element: Element, known: set[int], routes: _Routes) -> SongTrack:
    id, name = bus_id(channel), element.get("name") or (f"FX {channel}" if channel else "Master")
    project.model(element, "volume", Target("mixer", "level", id))
    project.model(element, "muted", Target("mixer", "muted", id))
    for connection in children(element, "connection"):
        for child in connection:
            project.report.say(f"{name}: {child.tag!r} is moved by a controller, which was left out.")
    output = ""
    sends: list[Send] = []
    for send in children(element, "send"):
        to = round(number(send, "channel", 0.0, 0, MAX_CHANNELS))
        if to not in known or not routes.add(channel, to):
            project.report.say(f"{name}: it feeds the mixer channel {to}, which is not there or feeds it: left out.")
            continue
        amount = number(send, "amount", 1.0, 0.0, 16.0)
        if amount == 1.0 and not output and send.find("amount") is None:
            output = bus_id(to)
        else:
            project.model(send, "amount", Target("send", "level", id, len(sends)))
            sends.append(Send(bus_id(to), decibels(amount)))
    return SongTrack(
        id,
        name,
        "bus" if channel else "master",
        gain_db=decibels(number(element, "volume", 1.0, 0.0, 16.0)),
        muted=flag(element, "muted"),
        soloed=flag(element, "soloed"),
        bus=output,
        sends=tuple(sends),
        effects=effects(project, element, id, name),
        color=element.get("color", ""),
    )


class _Routes:
    """What feeds what, without loops."""

    def __init__(self) -> None:
        self._to: dict[int, set[int]] = {}

    def add(self, source: int, to: int) -> bool:
        """Add a route unless it would close a loop."""
        seen: set[int] = set()
        waiting = [to]
        while waiting:
            channel = waiting.pop()
            if channel == source:
                return False
            if channel not in seen:
                seen.add(channel)
                waiting += self._to.get(channel, ())
        self._to.setdefault(source, set()).add(to)
        return True


def effects(project: Project, owner: Element, track: str, name: str) -> tuple[Device, ...]:
    """The chain of effects of a track or a channel; those of a chain that is off are off."""
    chain = owner.find("fxchain")
    if chain is None:
        return ()
    found: list[Device] = []
    for element in children(chain, "effect"):
        target = Target("effect", name, track, len(found))
        project.model(element, "on", Target("effect", "on", track, len(found)))
        project.model(element, "wet", Target("effect", "wet", track, len(found)))
        kind = element.get("name", "")
        parameters: dict[str, float | str] = {"wet": number(element, "wet", 1.0)}
        state = b""
        for key in element.iter("attribute"):
            parameters[key.get("name", "")] = key.get("value", "")
        for controls in element:
            if controls.tag not in _OF_THE_EFFECT and "value" not in controls.attrib:
                inner, state = project.parameters(controls, target)
                parameters = inner | parameters
        plugin = parameters.get("plugin")
        on = flag(element, "on", True) and flag(chain, "enabled", True)
        found.append(Device(f"lmms/{kind}", str(plugin) if plugin else kind, on, parameters, state))
    return tuple(found)
