"""Documents, projects, texts, patches, presets and journals as the fuzzer feeds them: seeds, and how each is read."""

from __future__ import annotations

import functools
import struct
import tempfile
import zlib
from pathlib import Path
from random import Random

import msgspec

from graphdaw.graph import codec, examples, library, patch, patch_files, project, records, text
from graphdaw.graph.clips import AudioClip, CurveClip, Lane, Note, NoteClip, Point, WarpMark
from graphdaw.graph.controls import Control, KeySource, MidiSource, OscSource, OtherSource
from graphdaw.graph.flatten import Flat
from graphdaw.graph.graph import Graph
from graphdaw.graph.journal import journal_path
from graphdaw.graph.model import Document, GroupPort, Sketch
from graphdaw.graph.opened import open_project
from graphdaw.graph.preset import load_preset, save_preset
from graphdaw.graph.project import Checkpoints, checkpoints, save
from graphdaw.graph.recovery import recover
from graphdaw.graph.structure import outside_paths
from graphdaw.graph.timeline import Loop, Tempo, Timeline
from graphdaw.graph.validate import validate
from graphdaw.graph.vocabulary import (
    AddNode,
    Connect,
    DeclarePort,
    EditNotes,
    Group,
    InsertOnWire,
    Move,
    PutClip,
    RemoveNode,
    ReplaceNode,
    SetClip,
    SetControl,
    SetDepth,
    SetLabel,
    SetPlace,
    SetTimeline,
    SetValues,
    TakeClip,
    Ungroup,
)
from tests.fuzz import mutate

SHIPPED = {str(path) for path in (examples.FOLDER / "media").iterdir()}
EXAMPLES = ("sampler", "adsr", "send", "sequencer", "expression", "switch", "feedback", "delay")


# Documents


@functools.cache
def documents() -> list[Document]:
    """A band, a nested one, one with music of a newer program, and examples."""
    found = [band().document, nested().document, project.load("tests/graph/corpus/v1-music.gdaw")]
    return found + [examples.load(type) for type in EXAMPLES]


def band() -> Graph:
    """Tracks with instruments, strips and a bus."""
    graph = Graph()
    graph.add_bus("main")
    for name, instrument in (("Bass", "saw"), ("Lead", "square")):
        track = graph.add_track(name, instrument=instrument)
        graph.write(track.clips, [(0, 1, "C4"), (1, 0.5, "F#3", 0.6)])
    graph.add_preset("Velvet Pad")
    return graph


def nested() -> Graph:
    """Groups in groups, ports, a bus, a loop, odd names, controls; clips of all kinds, on a type that may hold any."""
    graph = Graph()
    graph.document.sketches["later_track"] = Sketch({}, {"out": "event"})
    track = graph.add("later_track")
    graph.write(track, [(0, 1, "C4"), (1, 0.5, "F#3", 0.5)], name="Tune")
    bend = Lane("bend", (Point(0, 0.0, "curve", 0.5), Point(480, 2.0)))
    graph.edit_notes(track, "clip1", put=[Note(7, 240, 120, 60.5, 0.3, 0.25, 0.5, (bend,))])
    graph.put_clip(track, CurveClip("sweep", 0, 960, 0, 480, muted=True, points=(Point(0, 1.0), Point(9, 2.0, "hold"))))
    graph.put_clip(track, AudioClip("take", 960, 960, gain_db=-3.0, reversed=True, warp=(WarpMark(0, 0.5),)))
    graph.set_tempo(90.0, ramp=True)
    graph.set_tempo(180.0, 3840)
    graph.set_signature(7, 8, 3840)
    graph.add_marker("Verse", 3840, 960)
    graph.set_loop(0, 3840, on=False)
    saw, low, out = graph.add("saw", frequency_hz=110.0), graph.add("filter"), graph.add("output")
    delay = graph.add("delay", time_s=0.1)
    graph.connect(saw, low)
    graph.connect(low, out)
    graph.connect(low, delay)
    graph.connect(delay, low, 0.5)
    group = graph.group([low, delay], "Ec\u2028ho")
    graph.group([group, saw], 'Out"er')
    send = graph.add("send", bus="b")
    graph.connect(graph.add("return", bus="b"), out)
    graph.connect(graph.add("lfo"), send)
    graph.look(saw, place=(1.0, -2.5), label="Lead", comment="two\nlines")
    graph.control(MidiSource("cc", 74, 2, "nano*"), "filter1.cutoff_hz", lo=5000.0, hi=100.0, curve="linear", steps=9)
    graph.control(MidiSource("nrpn", 300), "tempo", mode="relative", encoding="offset", step=0.01, acceleration=2.0)
    graph.control(OscSource("/1/fader"), "saw1@mute", mode="toggle", feedback=False)
    graph.control(KeySource("F5"), "play", mode="trigger")
    newer = msgspec.msgpack.encode({"id": "newer", "source": {"from": "gaze"}, "eye": "left"})
    graph.put_control(Control("newer", OtherSource(newer), ""))
    return graph


def use_document(document: Document, loaded: bool = True) -> None:
    """As the program uses a document it has loaded, or changed since."""
    for problem in validate(document):
        assert problem.message
    Flat(document)
    for id in document.nodes:
        document.settings(id)
    again = codec.decode(codec.encode(document), "memory")
    if loaded:
        assert again == document, "it must be written as it was read"
    assert (again.nodes, again.wires, again.media) == (document.nodes, document.wires, document.media)
    assert again.timeline == document.timeline


def document_seeds() -> list[bytes]:
    return [codec.encode(document) for document in documents()]


def read_document(data: bytes, _folder: Path) -> None:
    use_document(codec.decode(data, "memory"))


@functools.cache
def project_seeds() -> list[bytes]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for k, document in enumerate(documents()[1:4]):
            Graph(document=document.copy()).save(f"{folder}/{k}.gdaw")
            data = Path(f"{folder}/{k}.gdaw").read_bytes()
            if len(data) < 100_000:
                found.append(data)
    return found + sorted(path.read_bytes() for path in Path("tests/graph/corpus").glob("*.gdaw"))


def read_project(data: bytes, folder: Path) -> None:
    path = folder / "a.gdaw"
    path.write_bytes(data)
    graph = Graph.load(path)
    use_document(graph.document)
    if data[-1] & 7 == 0:
        graph.save(folder / "b.gdaw")
        assert Graph.load(folder / "b.gdaw").document.nodes.keys() == graph.nodes.keys()


def text_seeds() -> list[bytes]:
    return [text.show(document).encode() for document in documents()]


def read_text(data: bytes, folder: Path) -> None:
    if data[-1:] == b"\n" and len(data) % 4 == 0:  # by way of a file now and then
        (folder / "a.txt").write_bytes(data)
        use_document(Graph.load(folder / "a.txt").document)
        return
    document = text.parse(data.decode(errors="surrogateescape"))
    use_document(document)
    assert text.parse(text.show(document)) == document


# Patches


@functools.cache
def base() -> Document:
    return nested().document


def patches() -> list[patch.Patch]:
    return [
        patch.Patch(
            (
                AddNode("$lp", "filter", {"cutoff_hz": 500.0, "mode": "lowpass"}, place=(0.0, 1.0)),
                InsertOnWire("$lp", "w6"),
                Connect("", "lfo1", "out", "$lp", "cutoff_hz", 50.0),
                SetValues("saw1", {"frequency_hz": 220.0}),
            ),
            "darker",
            "model",
            "make it darker",
            (patch.Expect(0, "w6"), patch.Expect(3, node="saw1", type="saw", name="frequency_hz", value=110.0)),
        ),
        patch.Patch(
            (
                AddNode("$g", "group"),
                AddNode("$in", "gain", {}, "$g"),
                SetDepth("w1", 0.25),
                RemoveNode("send1", heal=True),
                Move(("lfo1",), "$g"),
                ReplaceNode("saw1", "square", {}, "$sq"),
                SetLabel("output1", "Out"),
                SetPlace("output1", None),
                Ungroup("group2"),
                Group(("output1", "return1"), "both", "$both"),
            )
        ),
        patch.Patch(
            (
                AddNode("$lp", "filter"),
                SetControl("k", Control("k", MidiSource("cc14", 1, 0), "$lp.q", 1.0, 9.0, "log", mode="scaled")),
                SetControl("control1"),
                SetControl("j", Control("j", OscSource("/x"), "$lp@bypass", mode="momentary")),
            )
        ),
        patch.Patch((DeclarePort("group1", GroupPort("p", "in", "audio", (("filter1", "in"),))),)),
        patch.Patch(
            (
                PutClip("later_track1", NoteClip("new", 960, 480, lanes=(Lane("cc1", (Point(0, 0.5),)),))),
                EditNotes("later_track1", "clip1", (1,), (Note(9, 0, 960, 64.0, lanes=(Lane("pressure"),)),)),
                SetClip("later_track1", "take", {"at_ticks": 480, "muted": True, "speed": 0.5, "name": "x"}),
                TakeClip("later_track1", "sweep"),
                SetTimeline(Timeline((Tempo(0, 99.0),), loop=Loop(0, 960))),
            )
        ),
        patch_files.loads(text.show(examples.load("delay")).encode()),
    ]


def patch_json_seeds() -> list[bytes]:
    return [patch_files.dumps(one) for one in patches()]


def patch_msgpack_seeds() -> list[bytes]:
    return [patch_files.dumps(one, binary=True) for one in patches()]


def read_patch(data: bytes, _folder: Path) -> None:
    brought = patch_files.loads(data)
    before = codec.encode(base())
    report = patch.dry_run(base(), brought)
    assert codec.encode(base()) == before, "a dry run must change nothing"
    if report.fits:
        graph = Graph(document=base().copy())
        old = graph.document.copy()
        patch.apply(graph, brought)
        assert not graph.document.foreign and not outside_paths(graph.document)
        if graph.history.past:
            graph.undo()
        assert graph.document == old, "undo must give back what was there"


# Presets


@functools.cache
def preset_seeds() -> list[bytes]:
    graph = nested()
    graph.set("saw1", frequency_hz=220.0)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for k, node in enumerate(("filter1", "saw1", "group2")):
            save_preset(graph, node, f"{folder}/{k}.gdpreset")
            found.append(Path(f"{folder}/{k}.gdpreset").read_bytes())
    return found


def read_preset(data: bytes, folder: Path) -> None:
    (folder / "a.gdpreset").write_bytes(data)
    graph = Graph(document=base().copy())
    old = graph.document.copy()
    part = project.load(folder / "a.gdpreset")
    fitting = [id for id in ("filter1", "saw1", "group2") if graph[id].type in {n.type for n in part.inside("")}]
    load_preset(graph, (fitting or ["saw1"])[0], folder / "a.gdpreset")
    assert not outside_paths(graph.document), "a preset must not bring paths"
    use_document(graph.document, loaded=False)
    while graph.history.past:
        graph.undo()
    assert graph.document == old, "undo must give back what was there"


def instrument_seeds() -> list[bytes]:
    names = ("Acid Line", "Deep Kick", "Guitar Cloud")
    return [library.source(library.find(name)).encode() for name in names]


def read_instrument(data: bytes, folder: Path) -> None:
    path = folder / "a.txt"
    path.write_bytes(data)
    graph = Graph()
    graph.add_preset(str(path))
    assert not outside_paths(graph.document) - graph.document.foreign - SHIPPED, "only what ships is trusted"
    use_document(graph.document, loaded=False)
    graph.undo()
    assert not graph.nodes


# Journals and checkpoints


@functools.cache
def journals() -> list[tuple[bytes, bytes]]:
    """Projects with the journals that programs which ended too soon left beside them."""
    found = []
    for long in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.gdaw"
            nested().save(path)
            opened = open_project(path)
            graph = opened.graph
            graph.set("saw1", frequency_hz=99.0)
            with graph.transaction("turn", live=True):
                graph.set("saw1", frequency_hz=101.0)
                graph.set_depth("w1", 0.3)
            graph.remove("send1", heal=True)
            graph.undo()
            graph.edit_notes("later_track1", "clip1", remove=[2])
            graph.set_clip("later_track1", "take", at_ticks=0)
            graph.take_clip("later_track1", "sweep")
            graph.set_tempo(66.0)
            graph.apply(patch.named(graph.document, patches()[0].edits), "darker", "model")
            if long:
                graph.undo()
                graph.redo()
                graph.add("gain")
            found.append((path.read_bytes(), Path(journal_path(str(path))).read_bytes()))
            opened.close(discard=True)
    return found


def journal_seeds() -> list[bytes]:
    return [journal for _, journal in journals()]


def framewise(dice: Random, seeds: list[bytes]) -> bytes:
    """Records of a journal changed and framed again, so that every checksum is right."""
    data = dice.choice(seeds)
    at, payloads = len(records.MAGIC), []
    while at < len(data):
        size = struct.unpack_from("<I", data, at)[0]
        payloads.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    for _ in range(dice.choice((1, 1, 3))):
        k = dice.randrange(len(payloads))
        match dice.randrange(6):
            case 0:
                payloads.insert(k, payloads[dice.randrange(len(payloads))])
            case 1 if len(payloads) > 1:
                del payloads[k]
            case _:
                payloads[k] = mutate.msgpackwise(dice, [payloads[k], *payloads])
    if dice.random() < 0.3:  # numbered as they should be, so that they are made
        payloads = [_numbered(payload, k) for k, payload in enumerate(payloads)]
    return records.MAGIC + b"".join(struct.pack("<II", len(p), zlib.crc32(p)) + p for p in payloads)


def _numbered(payload: bytes, number: int) -> bytes:
    try:
        content = msgspec.msgpack.decode(payload)
    except msgspec.DecodeError:
        return payload
    if isinstance(content, list) and len(content) > 1:
        content[1] = number
    return msgspec.msgpack.encode(content)


def read_journal(data: bytes, folder: Path) -> None:
    contents = records.parse(data)
    assert contents.sound_bytes + contents.lost_bytes <= max(len(data), contents.lost_bytes)
    path = folder / "a.gdaw"
    path.write_bytes(journals()[len(data) % 2][0])
    Path(journal_path(str(path))).write_bytes(data)
    history, report, _ = recover(str(path))
    assert report is None or report.sentence is not None
    document = history.document
    use_document(document, loaded=False)
    assert outside_paths(document) <= document.foreign, "a journal from elsewhere must not make paths readable"
    while history.past:
        history.undo()
    use_document(document, loaded=False)


@functools.cache
def checkpoint_seeds() -> list[bytes]:
    """Projects with checkpoints in them."""
    kept = Checkpoints()
    graph = nested()
    kept.add(graph.document, "first", prompt="as it was")
    graph.set("saw1", frequency_hz=55.0)
    kept.add(graph.document, "second")
    with tempfile.TemporaryDirectory() as folder:
        save(graph.document, f"{folder}/a.gdaw", checkpoints=kept)
        return [Path(f"{folder}/a.gdaw").read_bytes()]


def read_checkpoints(data: bytes, folder: Path) -> None:
    path = folder / "a.gdaw"
    path.write_bytes(data)
    kept = checkpoints.read(path)
    graph = Graph.load(path)
    for one in kept:
        checkpoints.restore(graph, kept, one.id)
        use_document(graph.document, loaded=False)
        if graph.history.past:
            graph.undo()
