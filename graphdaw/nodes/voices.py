"""voices: what makes a group an instrument of many voices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphdaw.nodes.base import Choice, In, Node, NodeType, Out, Param, Text, hidden
from graphdaw.nodes.events import control_out, events_in, events_out

MAX_VOICES = 64
SPARE = (3, 8)  # voices that let stolen ones fade, at least and at most


def spares_of(voices: int) -> int:
    """How many voices there are besides those that may sound, so that stolen ones can fade."""
    return min(max(SPARE[0], voices), SPARE[1])


def _choke_groups(text: str) -> object:
    from graphdaw.nodes.prepare.voicing import choke_groups

    return choke_groups(text)


def _scale(text: str) -> object:
    from graphdaw.nodes.prepare.tuning import scale_of

    return scale_of(text)


def _key_map(text: str) -> object:
    from graphdaw.nodes.prepare.tuning import key_map_of

    return key_map_of(text)


class Voices(Node, kernel="", tags=("event", "synth", "instrument")):
    """Turns notes into signals for the other nodes of its group, which are there once for every voice.

    Put it into a group with an oscillator, an envelope and a filter, wire `frequency_hz` into the pitch and `gate` into
    the envelope, and the group plays as many notes at once as `voices` says. Nodes with event ports are there once for
    all voices; everything else begins anew with every note. A voice whose sound has fallen below -120 dB is free. If
    there are more notes than voices, one fades out in 5 ms while the new note begins on a voice that was kept for that,
    so nothing clicks; `steal` says which one, and those that ring out go first, but for `oldest`. Outside a group it
    plays one voice.

    In `mono` the newest key sounds, and going back to one that is still down glides there; `legato` also begins no
    new note while one is held. Sustain pedals hold notes. Scala's scales
    and keyboard mappings become its settings by `Graph.tune` or `graphdaw tune`.
    """

    events = events_in()
    frequency_hz = control_out("Pitch of the note with its bend, for oscillators.", sets=True)
    key = control_out("The same as a key: 60 is middle C, and a semitone is 1.")
    gate = control_out("1 while the note is on.")
    velocity = control_out("How hard it was struck, 0 to 1.")
    pressure = control_out("How hard the key is held, 0 to 1.")
    timbre = control_out("Where the finger lies on the key, 0 to 1.")
    bend = control_out("How far it is bent, in semitones.")
    release = control_out("How fast the key was let go, 0 to 1.")
    spread = control_out("The voice's place in a unison, -1 to 1, for a pan.")
    random = control_out("A number of each note's own, -1 to 1.")
    mode = Choice(("poly", "mono", "legato"), help="Many notes at once, or one.")
    steal = Choice(("oldest", "quietest", "lowest", "highest", "nobody"), "quietest", help="Whose place a note takes.")
    voices = Param(8.0, lo=1.0, hi=MAX_VOICES, fixed=True, help="How many may sound at once; whole numbers.")
    glide_s = Param(0.0, lo=0.0, hi=5.0, unit="s", ramp_s=0.0, help="How long a note takes from the last one's pitch.")
    unison = Param(1.0, lo=1.0, hi=8.0, ramp_s=0.0, help="Voices a note, together as loud as one; whole numbers.")
    detune_cents = Param(12.0, lo=0.0, hi=100.0, unit="cents", ramp_s=0.0, help="How far the outer ones are off.")
    width = Param(1.0, lo=0.0, hi=1.0, ramp_s=0.0, help="How far `spread` reaches.")
    tail_s = Param(0.0, lo=0.0, hi=30.0, unit="s", ramp_s=0.0, help="A voice lasts so long at least after its note.")
    choke = Text(check=_choke_groups, help="Keys that silence each other, such as '42 44 46, 38 40' for two groups.")
    scale = Text(
        check=_scale,
        help="Degrees above the first one, the last of which repeats it: in cents with a point, or as ratios, such as "
        "'9/8 5/4 4/3 3/2 5/3 15/8 2/1'. Empty: twelve equal steps.",
    )
    key_map = Text(
        check=_key_map,
        help="Which key plays which degree, at what pitch: the values of Scala's .kbm files in their order, such as "
        "'0 0 127 60 69 440.0 0', which is also meant when it is empty: key 60 is the first degree, and 69 has 440 Hz.",
    )


def voicing(_: Any, values: Mapping[str, Any]) -> bytes:
    """What the kernel goes by: voices, tuning, chokes."""
    from graphdaw.nodes.prepare.tuning import frequencies_hz, key_map_of, scale_of
    from graphdaw.nodes.prepare.voicing import voicing_of

    count = round(float(values["voices"]))
    options = Voices.type.choices
    mode, steal = (options[name].options.index(str(values[name])) for name in ("mode", "steal"))
    tuned = frequencies_hz(scale_of(str(values["scale"])), key_map_of(str(values["key_map"])))
    return voicing_of(count, spares_of(count), mode, steal, str(values["choke"]), tuned)


HAND, VOICE, LEVEL = "~voices", "~voice", "~voice_level"

_OWN = ("unison", "detune_cents", "width", "tail_s", "voices")  # parameters of the hand; the others are of its voices

hidden[HAND] = NodeType(
    HAND,
    "voices",
    "Hands notes to voices.",
    False,
    inputs={"events": Voices.type.inputs["events"]},
    outputs={"voiced": events_out()},
    params={name: Voices.type.params[name] for name in _OWN},
    choices=Voices.type.choices,
    texts=Voices.type.texts,
    data=voicing,
)
hidden[VOICE] = NodeType(
    VOICE,
    "voice",
    "The signals of one voice.",
    False,
    inputs={"voiced": events_in()},
    outputs={**Voices.type.outputs, "level": control_out("How loud it is while it fades.")},
    params={
        "voice": Param(0.0, lo=0.0, hi=127.0, ramp_s=0.0, name="voice"),
        "glide_s": Voices.type.params["glide_s"],
    },
)
hidden[LEVEL] = NodeType(
    LEVEL,
    "voice_level",
    "Lets a voice fade.",
    False,
    inputs={"in": In("in"), "level": In("level", "control", 0)},
    outputs={"out": Out("out")},
)
