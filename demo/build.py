r"""Builds the demo project, demo/demo.gdaw, through the public API: a song of three minutes.

    notes -> kick, kit, clap; steps -> shaker ------------- strips -> drums -\
    notes -> bass, pad, strings, keys, flute, lead, bells - strips -> band ---> main -> limiter -> output
    notes -> arpeggiator -> harp -------------------------- strip  -> band --/
    recordings of a voice; noise -------------------------- strips ---------/      strips - - > hall, echo

`song.py` holds its form, `melody.py`, `harmony.py`, `drums.py` and `speech.py` what is played, `mixer.py` by what and
how it sounds. The bass, the pad and the strings make room for each beat of the kick, and a vocoder lets chords speak.
"""

from __future__ import annotations

from pathlib import Path

import drums
import graphdaw as gd
import harmony
import melody
import mixer
import song
import speech
from graphdaw.graph.handles import NodeHandle
from graphdaw.graph.music import Row
from graphdaw.graph.strips import Strip, Track, add_synth
from song import BAR_TICKS, section

PROJECT = Path(__file__).with_name("demo.gdaw")
SECONDS = song.SECONDS
SHAKES = "shaker 70: 6 . 3 4 8 . 3 5 6 . 3 4 8 . 5 5"


def build(phrases: tuple[speech.Phrase, ...]) -> gd.Graph:
    """The song, with the phrases that could be spoken."""
    graph = gd.Graph(sample_rate=48_000)
    graph.set_timeline(song.timeline())
    buses = mixer.add_buses(graph)
    tracks = add_band(graph)
    add_shaker(graph, tracks)
    add_harp(graph, tracks["Harp"])
    if phrases:
        tracks["Voice"] = speak(graph, "Voice", [phrase for phrase in phrases if phrase.track == "Voice"])
        tracks["Robot"] = add_robot(graph, [phrase for phrase in phrases if phrase.track == "Robot"])
    tracks["Riser"] = add_riser(graph, buses["main"])
    kick = tracks["Kick"].strip
    for track in tracks.values():
        mixer.set_up(graph, track, None if track.name == "Kick" else kick)
    add_curves(graph, tracks)
    add_rides(graph, buses)
    return graph


def add_band(graph: gd.Graph) -> dict[str, Track]:
    """All tracks of notes."""
    players = {
        "Kick": mixer.dry(graph, "Punch Kick", Tune=0.1, Drive=-0.4, Click=0.1),
        "Kit": mixer.kit(graph),
        "Clap": mixer.dry(graph, "Studio Clap"),
        "Bass": mixer.dry(graph, "Round Analogue", Cutoff=0.1),
        "Pad": mixer.dry(graph, "Velvet Pad", 5),
        "Strings": mixer.dry(graph, "Wide Horizon", 4),
        "Keys": mixer.dry(graph, "Tine Piano", 4),
        "Harp": mixer.dry(graph, "Concert Harp", 4, Ring=-0.3),
        "Flute": mixer.dry(graph, "Breath Flute", Vibrato=0.1),
        "Lead": mixer.dry(graph, "Classic Saw Lead", Echo=-1.0),
        "Bells": mixer.dry(graph, "Crystal Bells", 4, Echo=-1.0),
    }
    parts: dict[str, dict[str, list[Row]]] = {
        **drums.parts(),
        **harmony.parts(),
        **{
            name: {part: list(rows) for part, rows in tune.items()}
            for name, tune in (("Flute", melody.FLUTE), ("Lead", melody.LEAD), ("Bells", melody.BELLS))
        },
    }
    tracks = {}
    for name, player in players.items():
        tracks[name] = track = graph.add_track(name, player, bus=mixer.CHANNELS[name].bus)
        write(graph, track.clips, parts[name])
    graph.set(tracks["Kit"].clips, swing=0.54, humanise_ms=4.0, humanise_velocity=0.06)
    graph.set(tracks["Keys"].clips, humanise_ms=6.0, humanise_velocity=0.05)
    return tracks


def write(graph: gd.Graph, notes: NodeHandle, parts: dict[str, list[Row]]) -> None:
    """A clip for each section in which there is something to play."""
    for name, rows in parts.items():
        one = section(name)
        graph.write(notes, rows, one.at_ticks, length_ticks=one.length_ticks, name=name)


def add_shaker(graph: gd.Graph, tracks: dict[str, Track]) -> None:
    """Sixteenths from a step sequencer, over and over; a curve lets them in and out."""
    track = graph.add_track("Shaker", mixer.dry(graph, "Shaker"), bus="drums")
    steps = graph.replace(track.clips, "steps", pattern=SHAKES, swing=0.54)
    tracks["Shaker"] = track._replace(clips=steps)


def add_harp(graph: gd.Graph, harp: Track) -> None:
    """The chords of the harp, broken in sixteenths through two octaves."""
    assert harp.instrument is not None
    arp = graph.add("arpeggiator", order="up_down", octaves=2.0, gate=0.9, retrigger="every_bar")
    graph.disconnect(harp.clips["events"], harp.instrument["events"])
    graph.connect(harp.clips["events"], arp["in"])
    graph.connect(arp["out"], harp.instrument["events"])


def speak(graph: gd.Graph, name: str, phrases: list[speech.Phrase]) -> Track:
    """A track of recordings, each where it belongs."""
    track = graph.add_track(name)
    for phrase in phrases:
        graph.put_audio(track.clips, phrase.path, phrase.at_ticks, name=phrase.words, fade_out_s=0.02)
    return track


def add_robot(graph: gd.Graph, phrases: list[speech.Phrase]) -> Track:
    """The phrases that chords speak: seven saws a voice as the carrier of a vocoder."""
    track = speak(graph, "Robot", phrases)
    chords, carrier = graph.add("notes"), add_synth(graph, "supersaw", "Carrier")
    graph.look(chords, label="Robot's chords")
    write(graph, chords, harmony.parts()["Robot"])
    vocoder = graph.add("vocoder", bands="24", release_s=0.03, gain_db=20.0)
    graph.insert(vocoder, next(w.id for w in graph.wires.values() if w.source == track.clips.id), "in", "out")
    graph.connect(carrier["out"], vocoder["carrier"])
    graph.connect(chords["events"], carrier["events"])
    return track


def add_riser(graph: gd.Graph, main: Strip) -> Track:
    """Noise through a band that rises before each chorus."""
    noise, band = graph.add("noise"), graph.add("filter", mode="bandpass", cutoff_hz=400.0, q=1.4)
    graph.connect(noise, band)
    group = graph.group([noise, band], "Wind")
    graph.declare(group, "out", "out", band["out"])
    strip = graph.add_strip("Riser")
    graph.connect(group["out"], strip.group["in"])
    graph.connect(strip.group["out"], main.group["in"])
    points = [(0, 300.0)]
    for name in ("Chorus", "Last chorus"):
        points += [(section(name).at_ticks - 4 * BAR_TICKS, 300.0), (section(name).at_ticks, 6_000.0)]
        points += [(section(name).at_ticks + 2 * BAR_TICKS, 300.0)]
    mixer.curve(graph, group, band["cutoff_hz"], "sweep", points)
    return Track("Riser", group, None, strip)


def add_curves(graph: gd.Graph, tracks: dict[str, Track]) -> None:
    """What moves: filters that open over a section, and faders."""
    at = {one.name: one.at_ticks for one in song.SECTIONS}
    end = song.BARS * BAR_TICKS
    knob(graph, tracks["Pad"], "Brightness", [
        (0, -0.7), (at["Verse"], -0.1), (at["Build"], -0.3), (at["Chorus"], 0.5), (at["Break"] - 1, 0.3),
        (at["Break"], -0.6), (at["Last chorus"], 0.6), (at["Outro"], 0.4), (end, -0.9),
    ])  # fmt: skip
    knob(graph, tracks["Bass"], "Cutoff", [
        (at["Verse"], -0.1), (at["Build"], -0.4), (at["Chorus"], 0.35), (at["Break"] - 1, 0.25), (at["Break"], -0.4),
        (at["Last chorus"], 0.4), (at["Outro"], 0.2), (end, -0.5),
    ])  # fmt: skip
    knob(graph, tracks["Strings"], "Brightness", [
        (at["Build"], -0.8), (at["Chorus"], 0.2), (at["Break"], 0.2), (at["Last chorus"], 0.35), (end, 0.35),
    ])  # fmt: skip
    knob(graph, tracks["Harp"], "Brightness", [
        (0, -0.6), (at["Verse"], 0.0), (at["Build"], -0.5), (at["Chorus"], 0.4), (end, -0.3),
    ])  # fmt: skip
    quiet, level = -60.0, mixer.CHANNELS["Shaker"].level_db
    fade(graph, tracks["Shaker"], [
        (0, quiet), (at["Verse"] + 4 * BAR_TICKS, quiet), (at["Verse"] + 8 * BAR_TICKS, level), (at["Build"], level),
        (at["Build"] + 1, quiet), (at["Chorus"] - 1, quiet), (at["Chorus"], level), (at["Break"] - 1, level),
        (at["Break"], quiet), (at["Last chorus"] - 1, quiet), (at["Last chorus"], level), (at["Outro"], level),
        (at["Outro"] + 2 * BAR_TICKS, quiet),
    ])  # fmt: skip
    points = [(0, -70.0)]
    for name in ("Chorus", "Last chorus"):
        points += [(at[name] - 4 * BAR_TICKS, -60.0), (at[name] - BAR_TICKS // 4, -13.0), (at[name], -18.0)]
        points += [(at[name] + 2 * BAR_TICKS, -70.0)]
    fade(graph, tracks["Riser"], points)


def add_rides(graph: gd.Graph, buses: dict[str, Strip]) -> None:
    """What the faders of drums and band do from section to section: the choruses stand out."""
    for name, rides in mixer.RIDES.items():
        points: list[tuple[int, float]] = []
        for part, (first, last) in rides.items():
            one = section(part)
            points += [(one.at_ticks, first), (one.at_ticks + one.length_ticks - 1, last)]
        fader = buses[name].part("fader")
        mixer.curve(graph, buses[name].group, fader["gain_db"], "ride", points)


def knob(graph: gd.Graph, track: Track, label: str, points: list[tuple[int, float]]) -> None:
    """A curve for a knob of a track's instrument."""
    assert track.instrument is not None
    macro = graph[gd.macros(graph, track.instrument)[label]]
    mixer.curve(graph, track.instrument, macro["value"], label.lower(), points)


def fade(graph: gd.Graph, track: Track, points: list[tuple[int, float]]) -> None:
    """A curve for a track's fader, in decibels."""
    fader = track.strip.part("fader")
    mixer.curve(graph, track.strip.group, fader["gain_db"], "fader", points)


def main() -> gd.Graph:
    """Speak the phrases and save the project."""
    graph = build(speech.make())
    graph.save(PROJECT)
    return graph


if __name__ == "__main__":
    print(f"{PROJECT}: {main()}")
