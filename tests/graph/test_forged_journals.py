"""Journals that were made elsewhere, forged or damaged: each ends in a project that can be saved, or in a sentence."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphdaw as gd
from graphdaw.errors import GraphdawError, ProjectError
from graphdaw.graph import Graph, own_state, records
from graphdaw.graph.opened import open_project
from graphdaw.graph.project import media_path
from graphdaw.graph.recovery import recover
from graphdaw.graph.vocabulary import AddNode, Connect, RemoveNode, SetLabel
from tests.graph.crashing import crashed, journal_of, same
from tests.graph.random_edits import act, grown

FRAME = struct.Struct("<II")


def framed(*payloads: bytes) -> bytes:
    """A journal with these entries, checksums and all."""
    return records.MAGIC + b"".join(FRAME.pack(len(p), zlib.crc32(p)) + p for p in payloads)


def forged(image: Path, *entries: records.Entry, seal: bytes = b"") -> Path:
    """Put a journal beside a project that claims to continue it."""
    digest = recover(str(image)).digest
    header = records.Header("f" * 16, 0, digest, seal)
    journal_of(image).write_bytes(framed(*(msgspec.msgpack.encode(one) for one in (header, *entries))))
    return image


def change(seq: int, *edits: object, op: str = "do") -> records.Record:
    return records.Record(seq, 1.0, op, list(edits))  # type: ignore[arg-type]


IMPOSSIBLE: dict[str, records.Record] = {
    "no such node": change(1, RemoveNode("nobody")),
    "a wire to nowhere": change(1, Connect("w1", "t_filter1", "out", "gone", "in")),
    "an order beyond counting": change(1, AddNode("a1", "t_amp", order=2**63)),
    "a negative order": change(1, AddNode("a1", "t_amp", order=-1)),
    "a node inside itself": change(1, AddNode("g1", "group", parent="g1")),
    "a name that is none": change(1, AddNode("", "t_amp")),
    "an undo of what was never done": change(1, RemoveNode("t_filter2"), op="undo"),
    "a rollback of nothing": change(1, RemoveNode("t_filter2"), op="rollback"),
}


@pytest.mark.parametrize("record", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_forged_edit_that_does_not_fit_is_refused_and_told(tmp_path: Path, record: records.Record) -> None:
    g = Graph()
    g.add("t_filter")
    g.save(tmp_path / "a.gdaw")

    again = gd.load(str(forged(tmp_path / "a.gdaw", record, change(2, SetLabel("t_filter1", "x")))))

    assert list(again.nodes) == ["t_filter1"] and again["t_filter1"].value.label == ""
    assert again.recovered is not None and again.recovered.dropped == 2
    assert "does not fit" in again.recovered.sentence
    again.save(tmp_path / "b.gdaw")
    assert same(gd.load(str(tmp_path / "b.gdaw")), again)


def test_a_journal_from_elsewhere_makes_no_path_readable_and_brings_no_steps_back(tmp_path: Path) -> None:
    secret = tmp_path / "private.wav"
    secret.write_bytes(b"private")
    Graph().save(tmp_path / "a.gdaw")
    trap = AddNode("f1", "t_file", {"file": str(secret)})

    for seal in (b"", b"guessed" * 5):
        again = gd.load(str(forged(tmp_path / "a.gdaw", change(1, trap), seal=seal)))
        assert again["f1"].params["file"] == str(secret)
        with pytest.raises(GraphdawError, match="choose it yourself"):
            media_path(again.document, str(secret), tmp_path)
    with open_project(tmp_path / "a.gdaw") as opened:
        opened.save()
    assert b"private" not in (tmp_path / "a.gdaw").read_bytes()


def opens_soundly(image: Path) -> None:
    """Whatever lies there, it opens or is refused in a sentence, and what opens can be saved and opened."""
    try:
        again = gd.load(str(image))
    except ProjectError:
        return
    while again.history.past:
        again.undo()
    while again.history.future:
        again.redo()
    again.save(image.with_name("again.gdaw"))
    assert same(gd.load(str(image.with_name("again.gdaw"))), again)


slow = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
scalars = (
    st.none() | st.booleans() | st.integers(-5, 2**64 - 1) | st.floats() | st.text(max_size=8) | st.binary(max_size=8)
)
plain_values = st.recursive(
    scalars | st.sampled_from(["change", "snapshot", "do", "undo", "begin", "add_node", "t_amp", "t_filter1"]),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=9), inner, max_size=6),
    max_leaves=25,
)


@slow
@given(st.lists(plain_values, max_size=4), st.binary(max_size=30))
def test_any_values_in_frames_end_in_a_project_or_a_sentence(tmp_path: Path, values: list[object], tail: bytes) -> None:
    image = tmp_path / "fuzz.gdaw"
    Graph().save(image)
    journal_of(image).unlink(missing_ok=True)
    header = records.Header("f" * 16, 0, recover(str(image)).digest)
    payloads = [msgspec.msgpack.encode(value) for value in (header, *values)]
    journal_of(image).write_bytes(framed(*payloads) + tail)

    opens_soundly(image)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, small_types: None) -> tuple[Path, list[bytes]]:
    """A project and the payloads of its journal, with a snapshot, steps and every kind of edit."""
    folder = tmp_path_factory.mktemp("real")
    project = gd.open(folder / "song.gdaw", create=True)
    dice = random.Random(11)
    for _ in range(60):
        act(project.graph, dice)
    project._keeper.renew()
    for _ in range(60):
        act(project.graph, dice)
        if dice.random() < 0.2 and project.graph.history.past:
            project.graph.undo()
    image = crashed(project, folder)
    project.close(discard=True)
    data, at, payloads = journal_of(image).read_bytes(), len(records.MAGIC), []
    while at < len(data):
        size = FRAME.unpack_from(data, at)[0]
        payloads.append(data[at + FRAME.size : at + FRAME.size + size])
        at += FRAME.size + size
    header = msgspec.structs.replace(records.parse(data).header, seal=b"")  # as one that somebody else has made
    return image, [msgspec.msgpack.encode(header), *payloads[1:]]


@settings(slow, max_examples=150)
@given(data=st.data())
def test_mutated_journals_with_right_checksums_end_in_a_project_or_a_sentence(
    real: tuple[Path, list[bytes]], data: st.DataObject
) -> None:
    image, payloads = real
    mutated = list(payloads)
    for _ in range(data.draw(st.integers(1, 4))):
        number = data.draw(st.integers(0, len(mutated) - 1))
        payload = bytearray(mutated[number])
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(payload) - 1))
            payload[at] = data.draw(st.integers(0, 255))
        mutated[number] = bytes(payload)
    if data.draw(st.booleans()):
        first, second = (data.draw(st.integers(0, len(mutated) - 1)) for _ in range(2))
        mutated[first], mutated[second] = mutated[second], mutated[first]
    journal_of(image).write_bytes(framed(*mutated))

    opens_soundly(image)


def test_a_journal_that_is_a_link_or_a_folder_is_not_followed(tmp_path: Path) -> None:
    Graph().save(tmp_path / "a.gdaw")
    journal = journal_of(tmp_path / "a.gdaw")
    (tmp_path / "precious").write_text("precious")
    make: list[Callable[[], object]] = [lambda: journal.symlink_to(tmp_path / "precious"), journal.mkdir]
    for one in make:
        one()
        with pytest.raises(ProjectError, match=journal.name):
            gd.open(tmp_path / "a.gdaw")
        journal.rmdir() if journal.is_dir() and not journal.is_symlink() else journal.unlink()
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_long_history_opens_in_a_moment_and_whole(tmp_path: Path) -> None:
    graph = grown(3, 300)
    graph.save(tmp_path / "a.gdaw")
    entries = [change(seq + 1, AddNode(f"many{seq}", "t_amp")) for seq in range(5000)]

    again = gd.load(str(forged(tmp_path / "a.gdaw", *entries)))

    assert len(again.nodes) == len(graph.nodes) + 5000


def test_the_key_is_made_once_and_for_this_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "fresh"))
    signature = own_state.seal(b"journal")

    assert own_state.is_sealed(b"journal", signature) and not own_state.is_sealed(b"other", signature)
    key = own_state.state_folder() / "key"
    assert key.stat().st_mode & 0o077 == 0
    key.unlink()
    assert not own_state.is_sealed(b"journal", signature)
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert own_state.seal(b"journal") == b"" and not own_state.is_sealed(b"journal", b"")
