"""Projects of every version so far open for ever, and older ones are brought up to date on the way."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from graphdaw.errors import ProjectError, VersionError
from graphdaw.graph import Graph, codec, project, text
from graphdaw.graph.clips import OtherClip
from graphdaw.graph.project import JournalMark, checkpoints, missing_media, restore
from graphdaw.graph.validate import validate
from tests.graph.corpus import make

CORPUS = Path(make.__file__).parent
FILES = sorted(CORPUS.glob("*.gdaw"))


def expected(path: Path) -> str:
    return path.with_suffix(".txt").read_text(encoding="utf-8")


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_project_opens_as_it_always_did(path: Path, tmp_path: Path) -> None:
    document = project.load(path)
    assert text.show(document) == expected(path)
    for hash in document.media:
        found = project.media_path(document, hash, tmp_path)
        assert hashlib.sha256(found.read_bytes()).hexdigest() == hash
    project.save(document, tmp_path / "again.gdaw")
    again = project.load(tmp_path / "again.gdaw")
    assert text.show(again) == expected(path)
    before, after = parts(path), parts(tmp_path / "again.gdaw")
    gone = {"document.msgpack", "history/journal.msgpack"}
    assert {name: data for name, data in before.items() if name not in gone} == {
        name: data for name, data in after.items() if name not in gone
    }


def test_the_corpus_has_every_kind_of_file_of_every_version() -> None:
    versions = range(1, codec.VERSION + 1)
    assert {path.stem for path in FILES} >= {f"v{version}-{name}" for version in versions for name in make.MADE}


def test_what_is_beside_the_document_is_there_too() -> None:
    path = CORPUS / "v1-song.gdaw"
    assert project.mark(path) == JournalMark("00112233445566778899aabbccddeeff", 42)
    assert parts(path)["plugins/0f0f"] == b"state of a plugin"
    known = checkpoints.read(path)
    assert [(one.label, one.author, one.prompt) for one in known] == [
        ("only the bass", "claude", "a bass,\nplease"),
        ("all of it", "user", ""),
    ]
    graph = Graph.load(path)
    assert validate(graph.document) == [] and missing_media(graph.document) == []
    restore(graph, known, 1)
    assert set(graph.nodes) == {"saw1", "filter1", "expression1", "output1", "audio_file1"}
    restore(graph, known, 2)
    assert text.show(graph.document) == expected(path)


def test_forms_that_only_a_newer_program_writes_keep_their_bytes() -> None:
    before = parts(CORPUS / "v1-unknown.gdaw")["document.msgpack"]
    after = codec.encode(project.load(CORPUS / "v1-unknown.gdaw"))
    assert all(after.count(raw) == before.count(raw) for raw in make.ODD.values())


def test_what_a_newer_program_wrote_of_clips_and_the_timeline_keeps_its_bytes() -> None:
    before = parts(CORPUS / "v1-music.gdaw")["document.msgpack"]
    document = project.load(CORPUS / "v1-music.gdaw")
    after = codec.encode(document)
    assert codec.encode(codec.decode(after, "again")) == after
    assert all(after.count(raw) == before.count(raw) > 0 for raw in make.ODD.values())
    zones = next(clip for clip in document.nodes["later_notes1"].clips if clip.id == "zones")
    assert isinstance(zones, OtherClip) and zones.what == "zones"
    assert document.foreign == {"C:\\takes\\2.wav"} and len(missing_media(document)) == 1


def older(plain: dict[str, Any]) -> dict[str, Any]:
    """A document as an imagined version 0 would have written it: other names, and levels as factors in percent."""
    plain["version"] = 0
    plain["rate_khz"] = plain.pop("sample_rate") / 1000
    plain["boxes"] = plain.pop("nodes")
    plain["cables"] = [
        {**{name: v for name, v in wire.items() if name != "depth"}, "percent": wire.get("depth", 1.0) * 100}
        for wire in plain.pop("wires")
    ]
    return plain


def newer(plain: dict[str, Any]) -> dict[str, Any]:
    """The migration from version 0."""
    plain["sample_rate"] = round(plain.pop("rate_khz") * 1000)
    plain["nodes"] = plain.pop("boxes")
    plain["wires"] = [{"depth": wire.pop("percent") / 100, **wire} for wire in plain.pop("cables")]
    return plain


def as_version_0(path: Path, source: Path) -> Path:
    """The corpus' file with its document and its checkpoints in version 0."""
    members = parts(source)
    index = msgspec.msgpack.decode(members.pop("history/checkpoints.msgpack"))
    for one in index:
        old = msgspec.msgpack.encode(older(msgspec.msgpack.decode(members.pop(f"history/{one['document']}"))))
        one["document"] = hashlib.sha256(old).hexdigest()
        members[f"history/{one['document']}"] = old
    members["history/checkpoints.msgpack"] = msgspec.msgpack.encode(index)
    document = older(msgspec.msgpack.decode(members["document.msgpack"]))
    members["document.msgpack"] = msgspec.msgpack.encode(document)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_file_of_an_older_version_is_migrated_with_its_recordings_and_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CORPUS / "v1-song.gdaw"
    path = as_version_0(tmp_path / "old.gdaw", source)
    with pytest.raises(VersionError, match="unknown version 0"):
        project.load(path)
    monkeypatch.setitem(codec.migrations, 0, newer)
    graph = Graph.load(path)
    assert text.show(graph.document) == expected(source)
    assert missing_media(graph.document) == []
    graph.save(path)
    monkeypatch.delitem(codec.migrations, 0)
    again = Graph.load(path)
    assert text.show(again.document) == expected(source), "it is of the present version now"
    [kept] = project.generations(path)
    with pytest.raises(VersionError):
        project.load(kept.path)
    known = checkpoints.read(path)
    with pytest.raises(VersionError):
        known.document(1)
    monkeypatch.setitem(codec.migrations, 0, newer)
    restore(again, known, 1)
    assert len(again.nodes) == 5


def test_migrations_are_made_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of the day after tomorrow opens the files of today and of the day before."""
    source = CORPUS / "v1-song.gdaw"
    path = as_version_0(tmp_path / "old.gdaw", source)
    shutil.copy(source, tmp_path / "today.gdaw")
    monkeypatch.setattr(codec, "VERSION", 3)

    def no_saws(plain: dict[str, Any]) -> dict[str, Any]:
        plain["nodes"] = [{**n, "type": "sine"} if n["type"] == "saw" else n for n in plain["nodes"]]
        return plain

    def louder(plain: dict[str, Any]) -> dict[str, Any]:
        assert not any(node["type"] == "saw" for node in plain["nodes"])
        plain["nodes"] = [{**n, "label": "was a saw"} if n["id"] == "saw1" else n for n in plain["nodes"]]
        return plain

    for version, step in enumerate((newer, no_saws, louder)):
        monkeypatch.setitem(codec.migrations, version, step)
    wanted = expected(source).replace(
        "saw1 saw frequency_hz=110.0 @order=1", 'saw1 sine frequency_hz=110.0 @order=1 @label="was a saw"'
    )
    for file in (path, tmp_path / "today.gdaw"):
        assert text.show(project.load(file)) == wanted
    monkeypatch.delitem(codec.migrations, 1)
    for file in (path, tmp_path / "today.gdaw"):
        with pytest.raises(VersionError, match="unknown version"):
            project.load(file)


@pytest.mark.parametrize(
    "content", [{}, {"boxes": 5, "rate_khz": 48, "cables": []}, {"rate_khz": "x"}, {"rate_khz": 1e400}]
)
def test_an_older_file_that_no_older_version_wrote_is_damaged(
    content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(codec.migrations, 0, newer)
    data = msgspec.msgpack.encode({"format": "graphdaw", "version": 0, **content})
    with pytest.raises(ProjectError, match="memory is damaged"):
        codec.decode(data, "memory")


def test_making_the_corpus_again_changes_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for file in FILES[:2]:
        shutil.copy(file, tmp_path)
        (tmp_path / file.name).with_suffix(".txt").write_text("as it was")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(make, "HERE", tmp_path)
    make.main()
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert len(list(tmp_path.glob("*.gdaw"))) == len(make.MADE)
    for file in tmp_path.glob("*.txt"):
        if file.read_text(encoding="utf-8") != "as it was":
            assert file.read_text(encoding="utf-8") == (CORPUS / file.name).read_text(encoding="utf-8")
