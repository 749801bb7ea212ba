"""Patches: what a file or an AI brings is tried first, applied whole or not at all, and undone in one step."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

import graphdaw as gd
from graphdaw.errors import PatchError, TextError
from graphdaw.graph import codec, patch, patch_files, text
from graphdaw.graph.graph import Graph
from graphdaw.graph.model import GroupPort, Medium
from graphdaw.graph.opened import open_project
from graphdaw.graph.patch import Budget, Expect, Patch
from graphdaw.graph.project import checkpoints
from graphdaw.graph.vocabulary import AddNode, Connect, DeclarePort, Edit, SetMedia, SetValues
from tests.graph.random_edits import act, grown, random_edits


def song() -> Graph:
    """A saw through a filter."""
    graph = gd.Graph()
    saw = graph.add("saw", frequency_hz=110.0)
    low = graph.add("filter", cutoff_hz=900.0)
    out = graph.add("output")
    graph.connect(saw, low)
    graph.connect(low, out)
    return graph


def written(*edits: dict[str, Any], **more: Any) -> Patch:
    return patch_files.loads(json.dumps({"edits": edits, **more}).encode())


ECHO = (
    {"op": "add_node", "id": "$echo", "type": "delay", "values": {"time_s": 0.25, "mix": 0.3}},
    {"op": "insert_on_wire", "node": "$echo", "wire": "w2"},
    {"op": "set_values", "id": "filter1", "values": {"cutoff_hz": 1200}},
)


def test_a_patch_is_one_undo_step_and_its_names_become_fresh_ids() -> None:
    graph = song()
    graph.add("gain")
    before = text.show(graph.document)

    report = patch.apply(graph, written(*ECHO, label="an echo", author="mixer"))

    assert graph["echo1"].params["time_s"] == 0.25
    assert [w.source for w in graph.document.wires_into("output1")] == ["echo1"]
    assert graph["filter1"].params["cutoff_hz"] == 1200.0
    assert "+ node echo1 delay mix=0.3 time_s=0.25" in report.changes
    assert (graph.history.past[-1].label, graph.history.past[-1].author) == ("an echo", "mixer")
    graph.undo()
    assert text.show(graph.document) == before
    patch.apply(graph, written(*ECHO))
    assert "echo1" not in graph.nodes and "echo2" in graph.nodes, "an id that was given out is not given out again"


def test_ids_that_a_patch_leaves_open_do_not_meet_those_its_edits_need() -> None:
    """Putting a node into a wire takes an id for the second wire; found by the fuzzer."""
    graph = song()
    open_ = {
        "op": "connect",
        "id": "",
        "source": "saw1",
        "source_port": "out",
        "target": "$echo",
        "target_port": "time_s",
    }

    patch.apply(graph, written(*ECHO, open_))
    patch.apply(graph, written(*ECHO, open_))

    assert len(graph.wires) == 2 + 2 + 2 and len(graph.nodes) == 5


def test_a_dry_run_changes_nothing_and_names_every_edit_that_cannot_be_made() -> None:
    graph = song()
    before = codec.encode(graph.document)

    report = patch.dry_run(
        graph.document,
        written(
            {"op": "set_values", "id": "filter1", "values": {"cutof_hz": 100}},
            {"op": "add_node", "id": "$a", "type": "rever"},
            {"op": "connect", "id": "", "source": "filter1", "source_port": "out", "target": "$a", "target_port": "in"},
            {"op": "set_label", "id": "saw1", "label": "Lead"},
            {"op": "set_values", "id": "saw1", "values": {"frequency_hz": 1e9}},
        ),
    )

    assert [(one.edit, one.state, one.code) for one in report.findings] == [
        (0, "failed", "unknown_parameter"),
        (1, "failed", "patch"),
        (2, "skipped", "needs"),
        (4, "failed", "out_of_range"),
    ]
    assert "did you mean 'cutoff_hz'" in report.findings[0].message
    assert "did you mean 'reverb'" in report.findings[1].message
    assert "saw1 label" in report.changes
    assert codec.encode(graph.document) == before
    with pytest.raises(PatchError, match=r"Edit 1: .*cutof_hz"):
        patch.apply(graph, written({"op": "set_values", "id": "filter1", "values": {"cutof_hz": 100}}))
    assert codec.encode(graph.document) == before and not graph.history.future


def test_an_expectation_that_no_longer_holds_makes_the_patch_stale() -> None:
    edit = {"op": "set_values", "id": "filter1", "values": {"cutoff_hz": 500}}
    expect = {"edit": 0, "node": "filter1", "type": "filter", "name": "cutoff_hz", "value": 900}
    graph = song()

    assert patch.dry_run(graph.document, written(edit, expect=[expect, {"wire": "w1"}])).fits
    graph.set("filter1", cutoff_hz=901.0)
    (finding,) = patch.dry_run(graph.document, written(edit, expect=[expect])).findings
    assert (finding.edit, finding.state) == (0, "stale") and "has become 901.0" in finding.message
    graph.disconnect("w1")
    (finding,) = patch.dry_run(graph.document, written(edit, expect=[{"wire": "w1"}])).findings
    assert "'w1' has gone" in finding.message
    default = {"node": "filter1", "name": "q", "value": None}
    assert patch.dry_run(graph.document, written(edit, expect=[default])).fits


def test_a_graph_as_text_is_a_patch_under_fresh_ids() -> None:
    graph = song()

    patch.apply(graph, patch_files.loads(text.show(song().document).encode()))

    assert {node.type for node in graph.nodes.values()} == {"saw", "filter", "output"}
    assert len(graph.nodes) == 6 and len(graph.wires) == 4
    assert text.show(Graph(document=graph.document).document).count("cutoff_hz=900.0") == 2


REACHING: dict[str, tuple[Edit, ...]] = {
    "a path": (AddNode("$a", "sampler", {"file": "/etc/passwd"}),),
    "a relative path": (AddNode("$a", "audio_file", {"file": "../secret.wav"}),),
    "a recording that is not there": (AddNode("$a", "audio_file", {"file": "0" * 64}),),
    "a path set later": (AddNode("$a", "audio_file"), SetValues("$a", {"file": "/dev/zero"})),
    "the media table": (SetMedia("0" * 64),),
    "a type that is not installed": (AddNode("$a", "vst9"),),
    "an order past all counting": (AddNode("$a", "saw", order=1 << 60),),
    "a negative order": (AddNode("$a", "saw", order=-1),),
    "fields of its own": (AddNode("$a", "saw", extra={"x": b"\xc0"}),),
    "ports of a plain node": (DeclarePort("saw1", GroupPort("p", "in", "audio")),),
    "an id that is no word": (AddNode("a b", "saw"),),
    "a name nothing adds": (Connect("", "$b", "out", "filter1", "in"),),
    "an infinite value": (SetValues("filter1", {"cutoff_hz": float("inf")}),),
    "an infinite depth": (Connect("", "saw1", "out", "output1", "in", float("nan")),),
    "an infinite place": (AddNode("$a", "saw", place=(0.0, float("inf"))),),
    "a loop": (Connect("", "filter1", "out", "filter1", "in"),),
}


@pytest.mark.parametrize("name", REACHING)
def test_what_a_patch_from_outside_must_not_reach_is_refused(name: str) -> None:
    graph = song()
    before = codec.encode(graph.document)

    with pytest.raises(PatchError):
        patch.apply(graph, Patch(REACHING[name]))

    assert codec.encode(graph.document) == before


def test_a_patch_may_use_the_recordings_of_the_project() -> None:
    graph = song()
    hash = "ab" * 32
    graph.apply([SetMedia(hash, Medium("voice.wav", 3))])

    patch.apply(graph, Patch((AddNode("$a", "sampler", {"file": hash}),)))

    assert graph["a1"].params["file"] == hash


UNREADABLE = {
    "an unknown field": b'{"edits": [{"op": "add_node", "id": "a", "type": "saw", "valeus": {}}]}',
    "an unknown edit": b'{"edits": [{"op": "run_command"}]}',
    "no edits": b"{}",
    "an unknown field beside the edits": b'{"edits": [], "needs": []}',
    "a later format": b'{"edits": [], "format": "graphdaw.patch/2"}',
    "a number that is none": b'{"edits": [{"op": "set_depth", "id": "w1", "depth": NaN}]}',
    "a number past all counting": b'{"edits": [{"op": "set_graph", "sample_rate": ' + b"9" * 5000 + b"}]}",
    "half a surrogate": rb'{"edits": [{"op": "set_label", "id": "a", "label": "\ud800"}]}',
    "a long id": b'{"edits": [{"op": "disconnect", "id": "' + b"a" * 1000 + b'"}]}',
    "a long text": b'{"edits": [], "prompt": "' + b"a" * 200_000 + b'"}',
    "brackets": b'{"edits": ' + b"[" * 1_000_000,
    "braces": b'{"edits": [' + b'{"a": ' * 300_000,
    "a text that never ends": b'{"' + rb"\"" * 1_900_000,
    "bytes": b"\xc1\xc1",
    "nothing": b"",
    "other text": b"Dear Sir or Madam",
    "deep msgpack": b"\x91" * 1_000_000,
    "msgpack that lies": b"\x81\xa5edits\xdd\xff\xff\xff\xff",
    "too many values": b'{"edits": [' + b"1," * 500_000 + b"1]}",
    "a flood": b" " * 5_000_000 + b"{}",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_patch_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.patch").write_bytes(UNREADABLE[name])
    began = time.process_time()

    with pytest.raises((PatchError, TextError)) as refusal:
        patch_files.read(tmp_path / "a.patch")

    assert str(tmp_path / "a.patch") in str(refusal.value) and len(str(refusal.value)) < 1000
    assert time.process_time() - began < 2.0


def test_what_is_no_file_is_refused_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path, tmp_path / "none", "a\0b"):
        with pytest.raises(PatchError, match="cannot be read"):
            patch_files.read(path)


def test_too_much_is_refused_before_it_is_tried() -> None:
    document = song().document
    many = Patch(tuple(AddNode(f"a{i}", "saw") for i in range(1001)))
    edits = Patch((SetValues("saw1", {}),) * 11)

    assert "adds 1001 nodes" in patch.dry_run(document, many).findings[0].message
    assert "11 edits" in patch.dry_run(document, edits, Budget(edits=10)).findings[0].message
    slow = patch.dry_run(document, edits, Budget(seconds=-1.0)).findings
    assert [one.code for one in slow] == ["too_long"]


def test_groups_within_groups_cannot_multiply_without_end() -> None:
    edits: list[Edit] = []
    levels = 30
    for level in range(levels):
        edits.append(AddNode(f"$g{level}", "group", parent=f"$g{level - 1}" if level else ""))
    edits.append(AddNode("$end", "gain", parent=f"$g{levels - 1}"))
    raw = [json.loads(msgspec.json.encode(edit)) for edit in edits]
    for level in reversed(range(levels)):
        inner = [[f"$g{level + 1}", name] for name in "ab"] if level < levels - 1 else [["$end", "in"]]
        raw += [
            {
                "op": "declare_port",
                "group": f"$g{level}",
                "port": {"name": name, "direction": "in", "type": "audio", "inner": inner},
            }
            for name in "ab"
        ]
    raw.append({"op": "connect", "id": "", "source": "saw1", "source_port": "out", "target": "$g0", "target_port": "a"})
    began = time.process_time()

    (finding,) = patch.dry_run(song().document, written(*raw)).findings

    assert "1000000 inlets" in finding.message
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize("binary", [False, True])
def test_patches_survive_being_written_and_read(binary: bool) -> None:
    dice = random.Random(3)
    for seed in range(8):
        graph = grown(seed, 20)
        edits = [e for _ in range(30) for e in random_edits(graph, dice) if not isinstance(e, SetMedia)]
        finite = [e for e in edits if "nan" not in repr(e)]
        original = Patch(tuple(finite), "label", "me", "more ü", (Expect(0, node="a", name="b", value=1.5),))

        assert patch_files.loads(patch_files.dumps(original, binary=binary)) == original


def test_random_patches_are_refused_with_a_reason_or_undone_to_the_last_byte() -> None:
    dice = random.Random(4)
    outcomes = {True: 0, False: 0}
    for seed in range(150):
        graph = grown(seed, 15)
        edits = [edit for _ in range(dice.choice([1, 1, 2, 4])) for edit in random_edits(graph, dice)]
        before, steps = text.show(graph.document), len(graph.history.past)
        try:
            made = bool(patch.apply(graph, Patch(tuple(edits)), Budget(media=True)).edits)
        except PatchError:
            made = False
        if len(graph.history.past) > steps:
            assert made and len(graph.history.past) == steps + 1
            graph.undo()
        outcomes[made] += 1
        assert text.show(graph.document) == before
    assert min(outcomes.values()) > 20, "both ends must have been reached"


def test_the_difference_of_two_projects_is_a_patch_from_one_to_the_other() -> None:
    dice = random.Random(6)
    fitted = 0
    for seed in range(60):
        graph = grown(seed, 30)
        old = graph.document.copy()
        for _ in range(6):
            act(graph, dice)
        difference = patch.between(old, graph.document)
        assert patch_files.loads(patch_files.dumps(difference)) == difference
        report = patch.dry_run(old, difference, Budget(media=True))
        if report.fits:
            fitted += 1
            again = Graph(document=old)
            patch.apply(again, difference, Budget(media=True))
            assert codec.content_bytes(again.document) == codec.content_bytes(graph.document)
    assert fitted > 40


def test_a_difference_is_stale_where_what_it_changes_has_gone() -> None:
    graph = song()
    old = graph.document.copy()
    graph.set("filter1", cutoff_hz=200.0)
    difference = patch.between(old, graph.document)
    other = Graph(document=old)
    other.remove("filter1")

    assert patch.dry_run(other.document, difference).findings[0].state == "stale"


def test_the_schema_names_every_edit_and_hides_what_outsiders_may_not_say() -> None:
    schema = patch_files.schema()

    mapping = schema["$defs"]["Patch"]["properties"]["edits"]["items"]["discriminator"]["mapping"]
    assert {"add_node", "connect", "set_values", "replace_node", "group"} <= mapping.keys()
    assert "extra" not in schema["$defs"]["AddNode"]["properties"]
    assert schema["$defs"]["AddNode"]["additionalProperties"] is False
    assert not any("Opaque" in line or "OtherClip" in line for line in json.dumps(schema).split('"$ref"'))
    assert set(schema["$defs"]["PutClip"]["properties"]["clip"]["discriminator"]["mapping"]) == {
        "notes",
        "curve",
        "audio",
    }
    assert not any("extra" in part["properties"] for part in schema["$defs"].values())


def graphdaw(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "graphdaw.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_tries_and_applies(tmp_path: Path) -> None:
    file, brought, out = tmp_path / "a.gdaw", tmp_path / "echo.json", tmp_path / "b.gdaw"
    song().save(file)
    bytes_before = file.read_bytes()
    brought.write_bytes(patch_files.dumps(written(*ECHO, label="an echo", author="mixer", prompt="more space")))

    tried = graphdaw("apply", file, brought, "--dry-run")
    assert tried.returncode == 0 and "+ node echo1 delay" in tried.stdout
    assert file.read_bytes() == bytes_before

    run = graphdaw("apply", file, brought, "-o", out, "--json")
    said = json.loads(run.stdout)
    assert run.returncode == 0 and said["fits"] and said["output"] == str(out)
    assert gd.load(str(out))["echo1"].params["time_s"] == 0.25
    assert file.read_bytes() == bytes_before

    turned = graphdaw("diff", file, out, "--patch")
    (tmp_path / "diff.json").write_text(turned.stdout)
    assert turned.returncode == 1
    assert graphdaw("apply", file, tmp_path / "diff.json", "-o", tmp_path / "c.txt").returncode == 0
    assert (tmp_path / "c.txt").read_text() == text.show(gd.load(str(out)).document)

    assert graphdaw("apply", file, brought).returncode == 0
    assert text.show(gd.load(str(file)).document) == text.show(gd.load(str(out)).document)
    (checkpoint,) = checkpoints.read(file)
    assert (checkpoint.label, checkpoint.author, checkpoint.prompt) == ("an echo", "mixer", "more space")


def test_a_patch_in_a_project_that_is_open_elsewhere_waits_for_its_owner(tmp_path: Path) -> None:
    file, brought = tmp_path / "a.gdaw", tmp_path / "echo.json"
    song().save(file)
    brought.write_bytes(patch_files.dumps(written(*ECHO)))
    before = file.read_bytes()

    with open_project(file):
        run = graphdaw("apply", file, brought)

    assert run.returncode == 2 and "open" in run.stderr and run.stderr.count("\n") == 1
    assert file.read_bytes() == before


def test_the_command_says_in_one_sentence_what_does_not_fit(tmp_path: Path) -> None:
    file, brought = tmp_path / "a.gdaw", tmp_path / "bad.json"
    song().save(file)
    before = file.read_bytes()
    brought.write_text('{"edits": [{"op": "remove_node", "id": "drum1"}]}')

    run = graphdaw("apply", file, brought)
    assert run.returncode == 2 and run.stdout == ""
    assert run.stderr == "graphdaw: Edit 1: There is no node 'drum1': its nodes are: saw1, filter1, output1.\n"
    tried = graphdaw("apply", file, brought, "--dry-run", "--json")
    assert tried.returncode == 1
    assert json.loads(tried.stdout)["findings"][0]["code"] == "unknown_node"
    assert file.read_bytes() == before


def test_the_command_prints_the_schema_by_itself() -> None:
    assert json.loads(graphdaw("apply", "--schema").stdout)["$defs"]["AddNode"]["title"] == "AddNode"
