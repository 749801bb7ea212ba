"""What is fed with mutated bytes: each reader of bytes from outside, its seeds, and how its result is used."""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile

from demo.build import build
from graphdaw.errors import MediaError, PatchError, ProjectError, TextError
from graphdaw.graph import codec, examples, patch, patch_files, text
from graphdaw.graph.flatten import Flat
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import Document, GroupPort
from graphdaw.graph.validate import validate
from graphdaw.graph.vocabulary import (
    AddNode,
    Connect,
    DeclarePort,
    Group,
    InsertOnWire,
    Move,
    RemoveNode,
    ReplaceNode,
    SetDepth,
    SetLabel,
    SetPlace,
    SetValues,
    Ungroup,
)
from graphdaw.host.chunks import read_chunks
from graphdaw.host.media import MediaStream, read_recording
from graphdaw.host.midi_files import parse_midi
from graphdaw.nodes.prepare import formula, wavetable
from tests.fuzz import mutate
from tests.fuzz.mutate import Mutator

EXAMPLES = ("sampler", "adsr", "send", "sequencer", "expression", "switch", "feedback", "delay")


@dataclass(frozen=True)
class Target:
    """A reader: it gets bytes and a folder of its own, and may raise `refusals`, nothing else."""

    seeds: Callable[[], list[bytes]]
    mutator: Mutator
    use: Callable[[bytes, Path], object]
    refusals: tuple[type[Exception], ...]
    share: int  # of a hundred thousand mutations


# Documents


@functools.cache
def documents() -> list[Document]:
    """The demo, a nested one, and examples."""
    found = [build(None, None).document, nested().document]
    return found + [examples.load(type) for type in EXAMPLES]


def nested() -> Graph:
    """Groups in groups, ports, a bus, a loop, odd names."""
    graph = Graph()
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
    return graph


def use_document(document: Document) -> None:
    """As the program uses a document it has loaded."""
    for problem in validate(document):
        assert problem.message
    Flat(document)
    for id in document.nodes:
        document.settings(id)
    again = codec.decode(codec.encode(document), "memory")
    assert again == document, "it must be written as it was read"


def document_seeds() -> list[bytes]:
    return [codec.encode(document) for document in documents()]


def read_document(data: bytes, _folder: Path) -> None:
    use_document(codec.decode(data, "memory"))


@functools.cache
def project_seeds() -> list[bytes]:
    import tempfile

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
                Connect("", "lfo1", "out", "$lp", "in", 0.5),
                InsertOnWire("$lp", "w6"),
                SetValues("saw1", {"frequency_hz": 220.0, "phase": None}),
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
                Move(("lfo1",), ""),
                SetDepth("w1", 0.25),
                RemoveNode("send1", heal=True),
                ReplaceNode("saw1", "square", {}, "$sq"),
                SetLabel("output1", "Out"),
                SetPlace("output1", None),
                Ungroup("group2"),
                Group(("output1", "lfo1"), "both", "$both"),
            )
        ),
        patch.Patch((DeclarePort("group1", GroupPort("p", "in", "audio", (("filter1", "in"),))),)),
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
        assert not graph.document.foreign and not patch_paths(graph.document)
        if graph.history.past:
            graph.undo()
        assert graph.document == old, "undo must give back what was there"


def patch_paths(document: Document) -> set[str]:
    from graphdaw.graph.structure import outside_paths

    return outside_paths(document)


# Sound


@functools.cache
def tone(channels: int, frames: int) -> np.ndarray:
    return (0.3 * np.sin(np.arange(frames)[:, None] * (0.05 + 0.01 * np.arange(channels)))).astype(np.float32)


def sound(form: str, subtype: str, rate_hz: int = 44_100, channels: int = 2, frames: int = 3_000) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, tone(channels, frames), rate_hz, format=form, subtype=subtype)
    return out.getvalue()


def wav_seeds() -> list[bytes]:
    kinds = ("PCM_16", "PCM_24", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM", "MS_ADPCM", "GSM610")
    found = [sound("WAV", kind, 22_050, 1, 900) for kind in kinds]
    return [*found, sound("RF64", "PCM_16"), sound("W64", "PCM_24"), sound("WAVEX", "PCM_16"), *chunk_seeds()]


def other_seeds() -> list[bytes]:
    return [sound(*kind, 22_050, 1, 900) for kind in OTHERS]


OTHERS = (
    ("AIFF", "PCM_16"), ("AIFF", "FLOAT"), ("AU", "PCM_16"), ("AU", "ULAW"), ("CAF", "PCM_24"), ("CAF", "ALAC_16"),
)  # fmt: skip


def chunk_seeds() -> list[bytes]:
    """WAV files with a loop, and as wavetables are marked."""
    plain = sound("WAV", "PCM_16", 44_100, 1, 4_096)
    loop = struct.pack("<9I6I", 0, 0, 22_675, 60, 0, 0, 0, 1, 0, 0, 0, 100, 900, 0, 0)
    marks = {b"smpl": loop, b"clm ": b"<!>2048 10000000 wavetable ", b"srge": struct.pack("<2I", 1, 1_024)}
    extra = {name: name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in marks.items()}
    found = []
    for chunks in (extra.values(), extra[b"smpl"], extra[b"clm "]):
        more = chunks if isinstance(chunks, bytes) else b"".join(chunks)
        data = bytearray(plain[:36] + more + plain[36:])
        struct.pack_into("<I", data, 4, len(data) - 8)
        found.append(bytes(data))
    return found


def read_stream(data: bytes, folder: Path) -> None:
    path = folder / "a.wav"
    path.write_bytes(data)
    with MediaStream(path, 48_000) as stream:
        assert 1 <= stream.channels <= 64
        for _ in range(4):
            block = stream.read(2_000)
            assert np.isfinite(block).all()
        stream.seek(1_000)
        stream.read(100)


def read_whole(data: bytes, folder: Path) -> None:
    path = folder / "a.wav"
    path.write_bytes(data)
    recording = read_recording(path, 48_000, "a")
    assert recording.samples.dtype == np.float32 and np.isfinite(recording.samples).all()
    first, end = recording.loop
    assert 0 <= first <= end


def read_table(data: bytes, folder: Path) -> None:
    path = folder / "a.wav"
    path.write_bytes(data)
    assert np.isfinite(wavetable.spectra_of(read_recording(path, None, "a"), 0)).all()


def read_marks(data: bytes, folder: Path) -> None:
    path = folder / "a.wav"
    path.write_bytes(data)
    chunks = read_chunks(path)
    assert chunks.cycle_frames <= 1 << 16 and chunks.loop[0] <= chunks.loop[1]


# Others


def midi_seeds() -> list[bytes]:
    found = []
    for form in (0, 1):
        file = mido.MidiFile(type=form)
        for channel in range(1 + form):
            track = mido.MidiTrack()
            file.tracks.append(track)
            track.append(mido.MetaMessage("track_name", name="Lead"))
            track.append(mido.MetaMessage("set_tempo", tempo=400_000))
            track.append(mido.MetaMessage("time_signature", numerator=7, denominator=8))
            track.append(mido.MetaMessage("key_signature", key="C#m"))
            track.append(mido.MetaMessage("marker", text="Verse", time=5))
            track.append(mido.Message("sysex", data=[1, 2, 3]))
            for k in range(12):
                track.append(mido.Message("note_on", channel=channel, note=60 + k, velocity=90, time=k))
                track.append(mido.Message("control_change", channel=channel, control=74, value=k, time=1))
                track.append(mido.Message("pitchwheel", channel=channel, pitch=k * 100, time=1))
                track.append(mido.Message("note_off", channel=channel, note=60 + k, time=300 * k))
            track.append(mido.Message("program_change", channel=channel, program=5))
        out = io.BytesIO()
        file.save(file=out)
        found.append(out.getvalue())
    return found


def read_midi_bytes(data: bytes, _folder: Path) -> None:
    read = parse_midi(data, "a.mid")
    last = 0
    for track in read.tracks:
        for note in track.notes:
            assert 0 <= note.start <= note.end <= track.end and 1 <= note.velocity <= 127
        last = max(last, track.end)
    assert 0.0 <= read.seconds(last) < float("inf")


FORMULAS = (
    b"a * x + sin(2 * pi * phasor(hz(y)))",
    b"if(x > 0.5 && a <= b, tanh(3*x), -x ^ 2) % 1",
    b"smooth(latch(noise(), a), 0.1)",
    b"clip(prev * 0.99 + x, -1, 1)",
    b"mix(a, b, frac(t)) / (1e-3 + abs(c)) ** 3",
    b"((((((a))))))",
    b"min(max(a,b),c)==d||!x",
)


def formula_words(dice: mutate.random.Random, seeds: object) -> bytes:
    """Words of formulas in another order, with others between."""
    spaced = [b" ".join(_split(one)) for one in FORMULAS]
    return mutate.wordwise(dice, spaced).replace(b"\n", b" ").replace(b" ", dice.choice((b" ", b"", b"  ")))


def _split(formula_: bytes) -> list[bytes]:
    import re

    return re.findall(rb"\w+|[^\w\s]", formula_)


def read_formula(data: bytes, _folder: Path) -> None:
    compiled = formula._Compiler(data.decode(errors="surrogateescape")).formula()
    words = compiled.words()
    assert len(compiled.steps) <= formula.MOST_STEPS and np.isfinite(words).all()
    for step in compiled.steps:
        assert 0 <= step.op < len(formula.OPS) and 0 <= step.to < formula.REGISTERS


BOTH = mutate.mixed(mutate.bytewise, mutate.msgpackwise, mutate.msgpackwise)
LINES = mutate.mixed(mutate.wordwise, mutate.wordwise, mutate.bytewise)
BUNDLES = mutate.mixed(mutate.bytewise, mutate.zipwise, mutate.zipwise)
JSON = mutate.mixed(mutate.bytewise, mutate.jsonwise, mutate.jsonwise)

MEDIA, PATCH = (MediaError,), (PatchError, TextError)
BYTES, WORDS = mutate.bytewise, mutate.mixed(mutate.bytewise, formula_words)
FLAC, OGG = [("FLAC", "PCM_16"), ("FLAC", "PCM_24")], [("OGG", "VORBIS"), ("OGG", "OPUS", 48_000)]

TARGETS: dict[str, Target] = {
    "document": Target(document_seeds, BOTH, read_document, (ProjectError,), 22_000),
    "project": Target(project_seeds, BUNDLES, read_project, (ProjectError,), 8_000),
    "text": Target(text_seeds, LINES, read_text, (TextError, ProjectError), 12_000),
    "patch_json": Target(patch_json_seeds, JSON, read_patch, PATCH, 10_000),
    "patch_msgpack": Target(patch_msgpack_seeds, BOTH, read_patch, PATCH, 6_000),
    "wav": Target(wav_seeds, BYTES, read_stream, MEDIA, 7_000),
    "flac": Target(lambda: [sound(*kind) for kind in FLAC], BYTES, read_whole, MEDIA, 4_000),
    "ogg": Target(lambda: [sound(*kind) for kind in OGG], BYTES, read_stream, MEDIA, 2_000),
    "mp3": Target(lambda: [sound("MP3", "MPEG_LAYER_III")], BYTES, read_whole, MEDIA, 3_000),
    "other_sounds": Target(other_seeds, BYTES, read_whole, MEDIA, 4_000),
    "marks": Target(chunk_seeds, BYTES, read_marks, (), 8_000),
    "wavetable": Target(chunk_seeds, BYTES, read_table, MEDIA, 2_000),
    "midi": Target(midi_seeds, BYTES, read_midi_bytes, MEDIA, 6_000),
    "formula": Target(lambda: list(FORMULAS), WORDS, read_formula, (ValueError,), 6_000),
}
