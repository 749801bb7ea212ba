"""The rules of the published schema of DAWproject 1.0, as far as what GraphDAW writes can break them.

Of each element: the attributes that it must and may have, and its children in order, each a set of names and how many
of them there may be. Ids are unique, and what refers to one names one that is there.
"""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

MANY = 1 << 30
NAMED = {"name", "color", "comment"}
REFERABLE = {*NAMED, "id"}
TIMELINE = {*REFERABLE, "timeUnit", "track"}
CONTENT = {"Lanes", "Notes", "Clips", "ClipSlot", "markers", "Warps", "Audio", "Video", "Points"}
REAL, SWITCH = {*REFERABLE, "parameterID", "min", "max", "unit", "value"}, {*REFERABLE, "parameterID", "value"}
DEVICE = {*REFERABLE, "deviceID", "deviceName", "deviceRole", "deviceVendor", "loaded"}
PARTS = [({"Parameters"}, 0, 1), ({"Enabled"}, 0, 1), ({"State"}, 0, 1)]
PLUGINS = {"Vst2Plugin", "Vst3Plugin", "ClapPlugin", "AuPlugin"}
DEVICES = {*PLUGINS, "Device", "Equalizer", "Compressor", "NoiseGate", "Limiter"}
POINTS = [({"Target"}, 1, 1), ({"RealPoint", "BoolPoint", "IntegerPoint", "EnumPoint", "TimeSignaturePoint"}, 0, MANY)]

Children = list[tuple[set[str], int, int]]
RULES: dict[str, tuple[set[str], set[str], Children]] = {
    "Project": ({"version"}, set(), [
        ({"Application"}, 1, 1), ({"Transport"}, 0, 1), ({"Structure"}, 0, 1), ({"Arrangement"}, 0, 1),
        ({"Scenes"}, 0, 1),
    ]),
    "Application": ({"name", "version"}, set(), []),
    "Transport": (set(), set(), [({"Tempo"}, 0, 1), ({"TimeSignature"}, 0, 1)]),
    "TimeSignature": ({"numerator", "denominator"}, {*REFERABLE, "parameterID"}, []),
    "Structure": (set(), set(), [({"Track", "Channel"}, 0, MANY)]),
    "Track": (set(), {*REFERABLE, "contentType", "loaded"}, [({"Channel"}, 0, 1), ({"Track"}, 0, MANY)]),
    "Channel": (set(), {*REFERABLE, "audioChannels", "destination", "role", "solo"}, [
        ({"Devices"}, 0, 1), ({"Mute"}, 0, 1), ({"Pan"}, 0, 1), ({"Sends"}, 0, 1), ({"Volume"}, 0, 1),
    ]),
    "Devices": (set(), set(), [(DEVICES, 0, MANY)]),
    "Parameters": (set(), set(), [({"RealParameter", "BoolParameter"}, 0, MANY)]),
    "State": ({"path"}, {"external"}, []),
    "File": ({"path"}, {"external"}, []),
    "Sends": (set(), set(), [({"Send"}, 0, MANY)]),
    "Send": (set(), {*REFERABLE, "destination", "type"}, [({"Enable"}, 0, 1), ({"Pan"}, 0, 1), ({"Volume"}, 1, 1)]),
    "Band": ({"type"}, {"order"}, [({"Freq"}, 1, 1), ({"Gain"}, 0, 1), ({"Q"}, 0, 1), ({"Enabled"}, 0, 1)]),
    "Arrangement": (set(), REFERABLE, [
        ({"Lanes"}, 0, 1), ({"Markers"}, 0, 1), ({"TempoAutomation"}, 0, 1), ({"TimeSignatureAutomation"}, 0, 1),
    ]),
    "Lanes": (set(), TIMELINE, [(CONTENT, 0, MANY)]),
    "Clips": (set(), TIMELINE, [({"Clip"}, 0, MANY)]),
    "Scenes": (set(), set(), [({"Scene"}, 0, MANY)]),
    "Scene": (set(), REFERABLE, [(CONTENT, 1, 1)]),
    "ClipSlot": (set(), {*TIMELINE, "hasStop"}, [({"Clip"}, 0, 1)]),
    "Clip": ({"time"}, {
        *NAMED, "duration", "contentTimeUnit", "playStart", "playStop", "loopStart", "loopEnd", "fadeTimeUnit",
        "fadeInTime", "fadeOutTime", "enable", "reference",
    }, [(CONTENT, 0, 1)]),
    "Notes": (set(), TIMELINE, [({"Note"}, 0, MANY)]),
    "Note": ({"time", "duration", "channel", "key"}, {"vel", "rel"}, [(CONTENT, 0, 1)]),
    "Markers": (set(), TIMELINE, [({"Marker"}, 1, MANY)]),
    "Marker": ({"time"}, NAMED, []),
    "Warps": ({"contentTimeUnit"}, TIMELINE, [(CONTENT, 1, 1), ({"Warp"}, 1, MANY)]),
    "Warp": ({"time", "contentTime"}, set(), []),
    "Audio": ({"channels", "sampleRate", "duration"}, {*TIMELINE, "algorithm"}, [({"File"}, 1, 1)]),
    "Target": (set(), {"parameter", "expression", "channel", "key", "controller"}, []),
    "RealPoint": ({"time", "value"}, {"interpolation"}, []),
    "BoolPoint": ({"time", "value"}, set(), []),
    "TimeSignaturePoint": ({"time", "numerator", "denominator"}, set(), []),
    "Equalizer": ({"deviceName", "deviceRole"}, DEVICE, [
        *PARTS, ({"Band"}, 0, MANY), ({"InputGain"}, 0, 1), ({"OutputGain"}, 0, 1),
    ]),
    "Limiter": ({"deviceName", "deviceRole"}, DEVICE, [
        *PARTS, *(({name}, 0, 1) for name in ("Attack", "InputGain", "OutputGain", "Release", "Threshold")),
    ]),
    "NoiseGate": ({"deviceName", "deviceRole"}, DEVICE, [
        *PARTS, *(({name}, 0, 1) for name in ("Attack", "Range", "Ratio", "Release", "Threshold")),
    ]),
    "Compressor": ({"deviceName", "deviceRole"}, DEVICE, [
        *PARTS, *(({name}, 0, 1) for name in (
            "Attack", "AutoMakeup", "InputGain", "OutputGain", "Ratio", "Release", "Threshold",
        )),
    ]),
    **{name: (set(), {*TIMELINE, "unit"}, POINTS) for name in ("Points", "TempoAutomation", "TimeSignatureAutomation")},
    **{name: ({"unit"}, REAL, []) for name in (
        "Tempo", "RealParameter", "Volume", "Pan", "Attack", "Release", "Threshold", "Ratio", "Range", "InputGain",
        "OutputGain", "Freq", "Gain", "Q",
    )},
    **{name: (set(), SWITCH, []) for name in ("Mute", "Enabled", "Enable", "BoolParameter", "AutoMakeup")},
    **{name: ({"deviceName", "deviceRole"}, {*DEVICE, "pluginVersion"}, PARTS)
       for name in PLUGINS},
    "Device": ({"deviceName", "deviceRole"}, DEVICE, PARTS),
}  # fmt: skip
WORDS = {
    "unit": {"linear", "normalized", "percent", "decibel", "hertz", "semitones", "seconds", "beats", "bpm"},
    "timeUnit": {"beats", "seconds"},
    "contentTimeUnit": {"beats", "seconds"},
    "fadeTimeUnit": {"beats", "seconds"},
    "deviceRole": {"instrument", "noteFX", "audioFX", "analyzer"},
    "role": {"regular", "master", "effect", "submix", "vca"},
    "interpolation": {"hold", "linear"},
    "expression": {
        "gain", "pan", "transpose", "timbre", "formant", "pressure", "channelController", "channelPressure",
        "polyPressure", "pitchBend", "programChange",
    },
    **{name: {"true", "false"} for name in ("solo", "loaded", "enable", "external")},
}  # fmt: skip
NUMBERS = {
    "time", "duration", "playStart", "playStop", "loopStart", "loopEnd", "fadeInTime", "fadeOutTime", "contentTime",
    "min", "max", "vel", "rel",
}  # fmt: skip
WHOLE = {
    "channel", "key", "channels", "sampleRate", "numerator", "denominator", "audioChannels", "parameterID",
    "controller", "order",
}  # fmt: skip
REFERENCES = ("track", "destination", "parameter", "reference")


def broken(root: Element) -> list[str]:
    """What is against the rules."""
    wrong = [] if root.tag == "Project" else [f"the root is {root.tag}"]
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    if len(set(ids)) != len(ids):
        wrong.append("an id stands twice")
    for element in root.iter():
        if element.tag not in RULES:
            wrong.append(f"{element.tag} is not known")
            continue
        must, may, children = RULES[element.tag]
        wrong += [f"{element.tag} lacks {name}" for name in must - set(element.attrib)]
        wrong += [f"{element.tag} has {name}" for name in set(element.attrib) - must - may]
        wrong += [f"{element.tag}: {fault}" for fault in _values(element, set(ids))]
        wrong += [f"{element.tag}: {fault}" for fault in _order(element, children)]
    return wrong


def _values(element: Element, ids: set[str]) -> list[str]:
    wrong = []
    for name, text in element.attrib.items():
        is_word = name not in WORDS or text in WORDS[name]
        is_number = name not in NUMBERS or math.isfinite(float(text))
        is_whole = name not in WHOLE or str(int(text)) == text
        if name in REFERENCES and text not in ids:
            wrong.append(f"{name} refers to {text}, which is not there")
        elif not (is_word and is_number and is_whole):
            wrong.append(f"{name} is {text}")
    return wrong


def _order(element: Element, children: Children) -> list[str]:
    waiting = [child.tag for child in element]
    for names, least, most in children:
        count = 0
        while waiting and waiting[0] in names and count < most:
            waiting.pop(0)
            count += 1
        if count < least:
            return [f"there are {count} of {sorted(names)[0]}"]
    return [f"{waiting[0]} stands where it must not"] if waiting else []
