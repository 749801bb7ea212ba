"""Writes projects of the present version with everything a file can hold; what is here already stays as it is."""

from __future__ import annotations

import math
import struct
import tempfile
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from graphdaw.graph import Graph, codec, project, text
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, Note, NoteClip, OtherClip, Point, WarpMark
from graphdaw.graph.controls import KeySource, MidiSource, OscSource
from graphdaw.graph.model import Sketch
from graphdaw.graph.project import Checkpoints, JournalMark
from graphdaw.graph.timeline import Loop, Marker, Signature, Tempo, Timeline
from graphdaw.graph.vocabulary import SetFlags

HERE = Path(__file__).parent
# msgpack in forms that no encoder of ours chooses, as a newer version might write them
ODD = {
    "as_uint32": b"\xce\x00\x00\x00\x05",
    "as_str16": b"\xda\x00\x02hi",
    "ext": b"\xd6\x07abcd",
    "nested": b"\x81\xa1a\x93\xc0\xc3\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
}


def tone(path: Path, frames: int) -> Path:
    """A short sine as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"".join(struct.pack("<h", int(9_000 * math.sin(0.3 * i))) for i in range(frames)))
    return path


def song(path: Path, scratch: Path) -> None:
    """Groups in groups, buses, loops, choices, texts, recordings, looks, depths, checkpoints and a plugin's state."""
    graph = Graph(sample_rate=44_100)
    saw = graph.add("saw", frequency_hz=110.0)
    low = graph.add("filter", mode="lowpass", cutoff_hz=900.0, q=2.0)
    curve = graph.add("expression", formula="tanh(a * 2) + 0.1 * b")
    out = graph.add("output")
    player = graph.add("audio_file", file=str(tone(scratch / "Bässe 1.wav", 400)))
    saw >> low >> curve >> out
    marks = Checkpoints()
    marks.add(graph.document, "only the bass", "claude", "a bass,\nplease")
    lfo = graph.add("lfo", rate_hz=0.5)
    graph.connect(lfo, low["cutoff_hz"], depth=350.5)
    voice = graph.group([saw, low, lfo], "Voice \u201cone\u201d")
    graph.group([voice, curve], "Outer")
    echo, back = graph.add("delay", time_s=0.25), graph.add("feedback")
    player >> echo >> back
    graph.connect(back, echo, depth=-0.5)
    graph.connect(echo, out)
    send, answer = graph.add("send", bus="hall"), graph.add("return", bus="hall")
    player >> send
    answer >> graph.add("reverb") >> out
    graph.look(player, place=(120.5, -80.0), label="Take", comment="two\nlines and a \u2028 separator")
    graph.remove(graph.add("noise"))
    marks.add(graph.document, "all of it")
    project.save(graph.document, path, mark=JournalMark("00112233445566778899aabbccddeeff", 42), checkpoints=marks)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("plugins/0f0f", b"state of a plugin")
        archive.writestr("proposals/1", b"a proposal")


def unknown(path: Path, _: Path) -> None:
    """What a newer program wrote: unknown types, fields and forms of numbers, and a path of another machine."""
    raw = {name: msgspec.Raw(data) for name, data in ODD.items()}
    nodes = [
        {"id": "osc", "type": "saw", "values": {"frequency_hz": 220.0}, "order": 1, **raw},
        {"id": "new", "type": "from_the_future", "values": {"drive": 1.5, **raw}, "order": 2, "zone": raw},
        {"id": "amp", "type": "gain", "values": {"gain_db": msgspec.Raw(b"\xfd")}, "order": 3},
        {"id": "take", "type": "audio_file", "values": {"file": "C:\\takes\\1.wav"}, "order": 4},
    ]
    wires = [
        {"id": "w1", "source": "osc", "source_port": "out", "target": "new", "target_port": "in", "order": 5, **raw},
        {"id": "w2", "source": "new", "source_port": "wet", "target": "amp", "target_port": "in", "order": 6},
    ]
    content = {"format": "graphdaw", "version": codec.VERSION, "nodes": nodes, "wires": wires, "marks": {"w": 2}, **raw}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("document.msgpack", msgspec.msgpack.encode(content))


def part(path: Path, scratch: Path) -> None:
    """A group kept as a file of its own, with its recording."""
    graph = Graph()
    player = graph.add("sampler", file=str(tone(scratch / "hit.wav", 200)))
    level = graph.add("gain", gain_db=-6.0)
    player >> level >> graph.add("output")
    project.save_group(graph.document, graph.group([player, level], "Player").id, path)


def controls(path: Path, _: Path) -> None:
    """Controls of every kind of source and mode, and two that a newer program wrote."""
    graph = Graph()
    low = graph.add("filter").id
    graph.control(MidiSource("cc", 74, 2, "nano*"), f"{low}.cutoff_hz", lo=5000.0, hi=100.0, curve="linear", steps=9)
    graph.control(MidiSource("cc14", 1), "tempo", lo=60.0, hi=180.0, mode="scaled")
    graph.control(
        MidiSource("cc", 16),
        f"{low}.q",
        mode="relative",
        encoding="sign_bit",
        step=0.01,
        acceleration=4.0,
        feedback=False,
    )
    graph.control(MidiSource("program", -1), f"{low}.mode", mode="jump")
    graph.control(MidiSource("note", 36, 9), f"{low}@bypass", mode="toggle")
    graph.control(OscSource("/1/fader"), f"{low}.gain_db", mode="jump")
    graph.control(KeySource("Ctrl+Space"), "play", mode="toggle")
    content = msgspec.msgpack.decode(codec.encode(graph.document))
    raw = {name: msgspec.Raw(data) for name, data in ODD.items()}
    knob = {
        "id": "more",
        "source": {"from": "midi", "kind": "cc", "number": 3},
        "target": "loop",
        "mode": "toggle",
        **raw,
    }
    content["controls"] += [knob, {"id": "new", "source": {"from": "gaze"}, "target": f"{low}.q", **raw}]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("document.msgpack", msgspec.msgpack.encode(content))


def empty(path: Path, _: Path) -> None:
    """Nothing at all."""
    project.save(Graph().document, path)


def music(path: Path, scratch: Path) -> None:
    """Clips of every kind and a timeline, on nodes of types that are not installed, with fields of a newer program."""
    graph = Graph()
    outlets = {"later_notes": "event", "later_curve": "control", "later_takes": "audio"}
    graph.document.sketches = {type: Sketch({}, {"out": signal}) for type, signal in outlets.items()}
    notes, curve, takes = (graph.add(type) for type in outlets)
    whole = [(0, 1, "C4"), (1, 0.5, "F#3", 0.5), (1.5, 2.5, 61.25, 1.0)]
    verse = graph.write(notes, whole, 3840, name="Verse \u201cone\u201d")
    bend = Lane("bend", (Point(0, 0.0, "curve", 0.5), Point(480, 2.0, "hold"), Point(960, -1.5)))
    odd = Note(9, 240, 120, 127.0, 0.3, 0.25, 0.5, (bend,), {"as_str16": ODD["as_str16"]})
    graph.edit_notes(notes, verse.id, put=[odd, Note(2, 960, 480, 54.0, lanes=(Lane("pressure"),))])
    cc = NoteClip("cc", 0, 960, 240, 480, "", True, lanes=(Lane("cc1", (Point(0, 0.5, "smooth"),)),))
    graph.put_clip(notes, cc)
    graph.put_clip(notes, OtherClip("zones", 7680, 960, what="zones", extra={"points": ODD["nested"], "what": b"\x01"}))
    sweep = (Point(0, 200.0, extra={"ext": ODD["ext"]}), Point(1920, 8000.0), Point(1920, 20.0))
    graph.put_clip(curve, CurveClip("sweep", 0, 3840, points=sweep, extra={"as_uint32": ODD["as_uint32"]}))
    recording = str(tone(scratch / "B\u00e4sse 2.wav", 300))
    graph.put_clip(
        takes, AudioClip("take", 960, 1920, media=recording, gain_db=-3.0, follows_tempo=True, media_bpm=92.5)
    )
    warp = (WarpMark(0, 0.01), WarpMark(960, 0.02))
    graph.put_clip(takes, AudioClip("bent", 3840, 960, media=recording, speed=0.5, reversed=True, warp=warp))
    graph.put_clip(takes, AudioClip("gone", 5760, 960, media="C:\\takes\\2.wav", start_s=0.5, fade_out_s=0.25))
    graph.set_timeline(
        Timeline(
            (Tempo(0, 90.5, ramp=True), Tempo(3840, 180.0, extra={"ext": ODD["ext"]})),
            (Signature(0, 3, 4), Signature(5760, 7, 8)),
            (Marker(0, "Intro"), Marker(3840, 'Ver"se', 3840)),
            Loop(960, 4800, on=False),
            {"nested": ODD["nested"]},
        )
    )
    project.save(graph.document, path)


def flags(path: Path, _: Path) -> None:
    """Nodes and groups that are bypassed, muted, soloed and frozen."""
    graph = Graph()
    saw, low, level, out = (graph.add(type) for type in ("saw", "filter", "gain", "output"))
    saw >> low >> level >> out
    graph.bypass(low)
    graph.mute(graph.group([level]))
    graph.apply([SetFlags(saw.id, soloed=True, frozen=True)])
    project.save(graph.document, path)


MADE: dict[str, Callable[[Path, Path], None]] = {
    "song": song,
    "unknown": unknown,
    "part": part,
    "empty": empty,
    "music": music,
    "flags": flags,
    "controls": controls,
}


def main() -> None:
    for name, make in MADE.items():
        path = HERE / f"v{codec.VERSION}-{name}.gdaw"
        if path.exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            make(path, Path(scratch))
        path.with_suffix(".txt").write_text(text.show(project.load(path)), encoding="utf-8")


if __name__ == "__main__":
    main()
