"""The mixer of the demo's song: what each track is played by, how it is set, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import graphdaw as gd
from graphdaw.graph.clips import CurveClip, Point
from graphdaw.graph.handles import NodeHandle, PortHandle
from graphdaw.graph.strips import Strip, Track

# Free to use in compositions: its licence (GPL-2+) carries an exception that says so.
KIT = Path("/usr/share/hydrogen/data/drumkits/ColomboAcousticDrumkit/drumkit.xml")


class Band(NamedTuple):
    """A band of a strip's equaliser."""

    hz: float
    db: float
    q: float = 0.9


class Channel(NamedTuple):
    """How a track's strip is set, and what it sends."""

    bus: str
    level_db: float
    pan: float = 0.0
    low_cut_hz: float = 0.0
    high_cut_hz: float = 0.0
    air_db: float = 0.0  # of a shelf above 7 kHz, where there is no high cut
    bells: tuple[Band, ...] = ()
    hall_db: float | None = None
    echo_db: float | None = None
    duck: float = 0.0  # ratio of the compressor that hears the kick
    squeeze: float = 0.0  # ratio of one that keeps the track in front


CHANNELS = {
    "Kick": Channel("drums", -2.5, bells=(Band(300.0, -3.0),)),
    "Kit": Channel("drums", -4.0, low_cut_hz=90.0, air_db=-5.0, bells=(Band(350.0, -2.0),), hall_db=-22.0),
    "Clap": Channel("drums", -10.0, low_cut_hz=250.0, hall_db=-16.0),
    "Shaker": Channel("drums", -14.0, pan=-0.35, low_cut_hz=2_500.0),
    "Bass": Channel("band", -1.0, low_cut_hz=45.0, bells=(Band(55.0, -2.0, 1.2), Band(280.0, -2.5)), duck=8.0),
    "Pad": Channel("band", -8.0, low_cut_hz=160.0, bells=(Band(320.0, -3.0),), hall_db=-12.0, duck=3.0),
    "Strings": Channel("band", -6.5, low_cut_hz=220.0, bells=(Band(3_500.0, -2.0),), hall_db=-14.0, duck=4.0),
    "Keys": Channel("band", -10.0, pan=-0.2, low_cut_hz=180.0, hall_db=-16.0, echo_db=-24.0),
    "Harp": Channel("band", -10.0, pan=0.25, low_cut_hz=250.0, hall_db=-14.0, echo_db=-20.0),
    "Flute": Channel("band", -8.0, low_cut_hz=250.0, hall_db=-11.0, echo_db=-18.0),
    "Lead": Channel("band", -9.0, low_cut_hz=200.0, bells=(Band(3_600.0, -2.5),), hall_db=-16.0, echo_db=-15.0),
    "Bells": Channel("band", -9.0, pan=-0.15, low_cut_hz=500.0, hall_db=-12.0, echo_db=-14.0),
    "Voice": Channel(
        "main",
        -6.0,
        low_cut_hz=200.0,
        high_cut_hz=9_000.0,
        bells=(Band(320.0, -2.0), Band(2_800.0, 2.5)),
        hall_db=-17.0,
        echo_db=-16.0,
        squeeze=3.0,
    ),
    "Robot": Channel(
        "main", -8.0, low_cut_hz=150.0, bells=(Band(350.0, -2.0),), hall_db=-13.0, echo_db=-18.0, duck=2.0
    ),
    "Riser": Channel("main", -16.0, low_cut_hz=300.0, hall_db=-14.0),
}
# Where the faders of two buses stand as a section begins and as it ends, in decibels.
RIDES = {
    "drums": {
        "Intro": (-3.0, -2.0), "Verse": (-2.5, -2.0), "Build": (-2.5, -0.5), "Chorus": (0.0, 0.0),
        "Break": (-2.0, -1.0), "Last chorus": (0.5, 0.5), "Outro": (-1.0, -6.0),
    },
    "band": {
        "Intro": (-3.0, -1.5), "Verse": (-2.5, -2.0), "Build": (-2.5, -0.5), "Chorus": (0.0, 0.0),
        "Break": (-1.0, -0.5), "Last chorus": (0.5, 0.5), "Outro": (-1.0, -5.0),
    },
}  # fmt: skip
MAIN_DB = 6.8
LOW_CUT, HIGH_CUT, HIGH_SHELF = 4.0, 6.0, 3.0  # types of an equaliser's bands
BELLS = (3, 5)  # the bands that are bells


def add_buses(graph: gd.Graph) -> dict[str, Strip]:
    """Main with a limiter behind it, drums and band under a light compressor, a hall and an echo to send to."""
    main = graph.add_bus("main")
    buses = {"main": main} | {name: graph.add_bus(name) for name in ("drums", "band", "hall", "echo")}
    output = next(node.id for node in graph.nodes.values() if node.type == "output")
    limiter = graph.add("limiter", ceiling_db=-1.2, release_s=0.09)
    graph.look(limiter, label="limiter")
    graph.insert(limiter, _wire(graph, main.group.id, output))
    into(graph, buses["hall"], graph.add_inside(
        buses["hall"].group, "reverb", kind="hall", mix=1.0, decay_s=2.6, predelay_s=0.025, low_cut_hz=220.0
    ))  # fmt: skip
    into(graph, buses["echo"], graph.add_inside(
        buses["echo"].group, "echo", sync="1/8.", route="ping_pong", mix=1.0, feedback=0.42, low_cut_hz=300.0,
        high_cut_hz=5_000.0, duck_db=6.0,
    ))  # fmt: skip
    graph.set(
        buses["drums"].part("compressor"), threshold_db=-20.0, ratio=3.0, attack_s=0.006, release_s=0.1, makeup_db=2.0
    )
    graph.set(buses["band"].part("compressor"), threshold_db=-18.0, ratio=1.6, attack_s=0.03, release_s=0.2)
    for name in ("hall", "echo"):
        graph.remove(buses[name].part("compressor"), heal=True)  # at a ratio of 1 it would only take time
    graph.set(main.part("compressor"), threshold_db=-14.0, ratio=1.7, attack_s=0.03, release_s=0.25)
    graph.set(main.part("fader"), gain_db=MAIN_DB)
    graph.set(main.part("eq"), type1=LOW_CUT, frequency1_hz=25.0, gain3_db=-1.5, frequency3_hz=300.0)
    graph.set(main.part("eq"), type8=HIGH_SHELF, frequency8_hz=9_000.0, gain8_db=1.0)
    return buses


def into(graph: gd.Graph, strip: Strip, effect: NodeHandle) -> None:
    """Put an effect into a strip, between its trim and its equaliser."""
    graph.insert(effect, _wire(graph, strip.part("trim").id, strip.part("eq").id))


def _wire(graph: gd.Graph, source: str, target: str) -> str:
    return next(wire.id for wire in graph.wires.values() if (wire.source, wire.target) == (source, target))


def set_up(graph: gd.Graph, track: Track, kick: Strip | None) -> None:
    """Set the strip of a track as its row says."""
    channel, strip = CHANNELS[track.name], track.strip
    eq = strip.part("eq")
    if channel.low_cut_hz:
        graph.set(eq, type1=LOW_CUT, frequency1_hz=channel.low_cut_hz)
    if channel.high_cut_hz:
        graph.set(eq, type8=HIGH_CUT, frequency8_hz=channel.high_cut_hz)
    if channel.air_db:
        graph.set(eq, type8=HIGH_SHELF, frequency8_hz=7_000.0, gain8_db=channel.air_db)
    for number, bell in zip(BELLS, channel.bells, strict=False):
        graph.set(eq, **{f"frequency{number}_hz": bell.hz, f"gain{number}_db": bell.db, f"q{number}": bell.q})
    graph.set(strip.part("pan"), pan=channel.pan)
    graph.set(strip.part("fader"), gain_db=channel.level_db)
    for bus, level_db in (("hall", channel.hall_db), ("echo", channel.echo_db)):
        if level_db is not None:
            strip.send(bus, level_db)
    if not channel.duck and not channel.squeeze:
        graph.remove(strip.part("compressor"), heal=True)
    if channel.squeeze:
        graph.set(strip.part("compressor"), threshold_db=-22.0, ratio=channel.squeeze, makeup_db=4.0)
    if channel.duck and kick is not None:
        strip.side_chain(kick.group["out"])
        fast = {"attack_s": 0.004, "release_s": 0.13, "knee_db": 8.0}
        graph.set(strip.part("compressor"), threshold_db=-30.0, ratio=channel.duck, **fast)


def dry(graph: gd.Graph, name: str, voices: int = 0, **knobs: float) -> NodeHandle:
    """An instrument of the library without its own room, as the song has one hall for all, and with its knobs set.

    It gets as many voices as it needs here, which is what its cost depends on.
    """
    group = graph.add_preset(name)
    found = gd.macros(graph, group)
    for node in graph.document.below(group.id):
        if node.type == "reverb":
            graph.remove(node.id, heal=True)
        elif node.type == "voices" and voices:
            graph.set(node.id, voices=float(voices))
    for label, value in knobs.items():
        graph.set(found[label], value=value)
    return group


def kit(graph: gd.Graph) -> NodeHandle:
    """Hydrogen's drums where they are installed; GraphDAW's own, which lie on the same keys, where they are not."""
    if not KIT.is_file():
        return dry(graph, "Studio Kit")
    return gd.add_instrument(graph, KIT, voices=6, name="Acoustic drums")


def curve(graph: gd.Graph, group: NodeHandle, to: PortHandle, label: str, points: list[tuple[int, float]]) -> None:
    """A curve over the song, inside the group whose parameter it moves; points are (tick, value)."""
    node = graph.add_inside(group, "automation")
    graph.look(node, label=label)
    kept = tuple(Point(tick, value, "smooth") for tick, value in points)
    graph.put_clip(node, CurveClip("curve", 0, points[-1][0] + 1, name=label, points=kept))
    graph.connect(node, to)
