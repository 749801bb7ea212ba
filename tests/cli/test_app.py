"""The command line as a person or a program meets it: results on stdout, one sentence on stderr, exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import mutagen
import numpy as np
import pytest

import graphdaw as gd
from graphdaw.host.media import load_media

COMMANDS = ("render", "play", "record", "nodes", "check", "show", "diff", "apply", "recover", "devices", "bench")
COMMANDS += ("checkpoints", "generations", "relink", "midi", "osc", "presets")


def graphdaw(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "graphdaw.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def refused(*arguments: object) -> str:
    run = graphdaw(*arguments)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("graphdaw: ")
    assert run.stderr.count("\n") == 1
    assert "fault of GraphDAW" not in run.stderr
    return run.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A 440 Hz tone an octave below full scale."""
    graph = gd.Graph(sample_rate=48_000)
    sine = graph.add("sine", frequency_hz=440.0)
    level = graph.add("gain", gain_db=-6.0)
    graph.connect(sine, level)
    graph.connect(level, graph.add("output"))
    path = tmp_path / "tone.gdaw"
    graph.save(path)
    return path


def test_help_lists_every_command_and_its_own_help_works() -> None:
    overview = graphdaw("--help").stdout

    for command in COMMANDS:
        assert f"\n  {command} " in overview
        run = graphdaw(command, "--help")
        assert run.returncode == 0
        assert "Usage: graphdaw" in run.stdout


def test_what_a_file_says_gives_the_terminal_no_orders(tmp_path: Path) -> None:
    (tmp_path / "evil.txt").write_text(
        'graph 48000\nnode a sampler file="\\u001b]0;evil\\u0007\\u009b2J"\nnode o output\n'
    )

    said = (
        graphdaw("check", tmp_path / "evil.txt").stdout
        + graphdaw("render", tmp_path / "evil.txt", "-o", "x.wav").stderr
    )

    assert "\\x1b]0;evil\\x07\\x9b2J" in said
    assert all(letter.isprintable() or letter == "\n" for letter in said)


def test_version_is_the_installed_one() -> None:
    assert graphdaw("--version").stdout == f"graphdaw {version('graphdaw')}\n"


def test_render_writes_what_the_library_renders(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "tone.wav"

    run = graphdaw("render", project, "-o", out, "--seconds", 1.0, "--bits", 32)

    assert run.returncode == 0
    assert run.stdout.startswith(f"{out}: 1.00 s")
    assert np.array_equal(load_media(out, 48_000), gd.render(gd.load(project), seconds=1.0))


def test_render_reports_to_programs(project: Path, tmp_path: Path) -> None:
    run = graphdaw("render", project, "-o", tmp_path / "tone.flac", "--seconds", 0.5, "--json")

    (file,) = json.loads(run.stdout)["files"]
    assert (file["frames"], file["sample_rate_hz"], file["clipped"]) == (24_000, 48_000, False)
    assert file["peak"] == pytest.approx(10 ** (-6 / 20), rel=1e-3)


def test_render_at_another_rate_keeps_the_pitch(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "tone.wav"

    assert graphdaw("render", project, "-o", out, "--seconds", 1.0, "--sample-rate", 44_100).returncode == 0

    audio = load_media(out, 44_100)[0]
    assert len(audio) == 44_100
    assert int(np.argmax(np.abs(np.fft.rfft(audio)))) == 440


def test_stems_add_up_to_the_mix(tmp_path: Path) -> None:
    graph = gd.Graph(sample_rate=48_000)
    out = graph.add("output")
    for pitch in (220.0, 330.0):
        level = graph.add("gain", gain_db=-12.0)
        graph.connect(graph.add("sine", frequency_hz=pitch), level)
        graph.connect(level, out)
    graph.save(tmp_path / "two.gdaw")

    run = graphdaw("render", tmp_path / "two.gdaw", "-o", tmp_path / "two.wav", "--seconds", 1, "--stems", "--bits", 32)

    assert run.returncode == 0
    mix, *stems = [load_media(line.split(": ")[0], 48_000) for line in run.stdout.splitlines()]
    assert len(stems) == 2
    assert {int(np.argmax(np.abs(np.fft.rfft(stem[0])))) for stem in stems} == {220, 330}
    np.testing.assert_allclose(sum(stems), mix, atol=1e-6)


def test_render_takes_a_region_a_format_a_loudness_and_tags(project: Path, tmp_path: Path) -> None:
    run = graphdaw(
        "render", project, "-o", tmp_path / "part", "--format", "flac", "--from", 1, "--to", 2.5, "--rate", 44_100,
        "--loudness", -20, "--ceiling", -2, "--tag", "title=Part one", "--tag", "bpm=96", "--json",
    )  # fmt: skip

    (file,) = json.loads(run.stdout)["files"]
    assert file["path"] == str(tmp_path / "part.flac")
    assert (file["frames"], file["sample_rate_hz"]) == (66_150, 44_100)
    assert file["loudness_lufs"] == pytest.approx(-20.0, abs=0.05)
    tags = mutagen.File(tmp_path / "part.flac")
    assert (tags["title"], tags["bpm"]) == (["Part one"], ["96"])


def test_render_goes_by_bars_and_ends_with_the_last_clip(tmp_path: Path) -> None:
    graph = gd.Graph()
    graph.set_tempo(60.0)
    graph.set_signature(3, 4)
    notes, voices, osc = graph.add("notes"), graph.add("voices"), graph.add("sine")
    graph.connect(notes["events"], voices["events"])
    graph.connect(voices["frequency_hz"], osc["frequency_hz"])
    osc >> graph.add("output")
    graph.write(notes, [(0, 9, "A4")])
    graph.save(tmp_path / "song.gdaw")

    def length(*arguments: object) -> float:
        run = graphdaw("render", tmp_path / "song.gdaw", "-o", tmp_path / "a.wav", "--json", *arguments)
        return json.loads(run.stdout)["files"][0]["frames"] / 48_000

    assert length() == 9.0
    assert length("--from", "bar2", "--to", "bar3.2") == 4.0
    assert length("--from", "bar2.3") == 4.0
    assert length("--from", 1.5, "--seconds", 0.5) == 0.5
    assert "bar9.3" in refused("render", tmp_path / "song.gdaw", "-o", tmp_path / "a.wav", "--from", "verse")


def test_named_nodes_can_be_rendered_apart(project: Path, tmp_path: Path) -> None:
    run = graphdaw("render", project, "-o", tmp_path / "a.wav", "--seconds", 0.1, "--stem", "sine1")

    assert [Path(line.split(": ")[0]).name for line in run.stdout.splitlines()] == ["a.wav", "a.sine1.wav"]
    assert "sine1" in refused("render", project, "-o", tmp_path / "a.wav", "--stem", "sin1")


def test_a_loudness_that_the_ceiling_does_not_allow_is_said(project: Path, tmp_path: Path) -> None:
    run = graphdaw("render", project, "-o", tmp_path / "a.wav", "--loudness", 0)

    assert run.returncode == 0
    assert "below the loudness asked for: --limit" in run.stderr


def test_outputs_can_be_rendered_apart(tmp_path: Path) -> None:
    graph = gd.Graph()
    for pitch in (220.0, 330.0):
        graph.add("sine", frequency_hz=pitch) >> graph.add("output", gain_db=-12.0)
    graph.save(tmp_path / "two.gdaw")

    run = graphdaw("render", tmp_path / "two.gdaw", "-o", tmp_path / "two.wav", "--seconds", 1, "--outputs")

    names = [Path(line.split(": ")[0]).name for line in run.stdout.splitlines()]
    assert names == ["two.wav", "two.output1.wav", "two.output2.wav"]


def test_what_contradicts_itself_is_refused(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.wav"

    assert "--format" in refused("render", project, "-o", out, "--format", "mp3")
    assert "--seconds" in refused("render", project, "-o", out, "--to", 3, "--seconds", 1)
    assert "would be empty" in refused("render", project, "-o", out, "--from", 3, "--to", 2)
    assert "not both" in refused("render", project, "-o", out, "--loudness", -14, "--normalize", -1)
    assert "render twice" in refused("render", project, "-o", out, "--stems", "--outputs")
    assert "NAME=TEXT" in refused("render", project, "-o", out, "--tag", "title")
    assert list(tmp_path.glob("a.*")) == []


def test_nodes_lists_the_types_and_describes_one() -> None:
    listed = json.loads(graphdaw("nodes", "--json").stdout)
    (gain,) = [kind for kind in listed if kind["type"] == "gain"]

    assert json.loads(graphdaw("nodes", "gain", "--json").stdout) == gain
    assert gain["params"][0]["name"] == "gain_db"
    assert "gain_db" in graphdaw("nodes", "gain").stdout
    assert "gain" in graphdaw("nodes").stdout


def test_an_example_can_be_printed_to_a_file_and_heard_from_there(tmp_path: Path) -> None:
    patch, out = tmp_path / "mine.txt", tmp_path / "mine.wav"
    patch.write_text(graphdaw("nodes", "audio_file", "--example").stdout)

    assert patch.read_text().startswith("# audio_file: ")
    assert graphdaw("check", patch).returncode == 0
    assert graphdaw("render", patch, "-o", out, "--seconds", 0.5, "--bits", 32).returncode == 0
    assert np.array_equal(load_media(out, 48_000), gd.render(gd.example("audio_file"), seconds=0.5))
    assert graphdaw("play", patch, "--device", "null", "--seconds", 0.1).returncode == 0
    assert "node drums audio_file" in graphdaw("show", patch).stdout
    assert "gain" in refused("nodes", "gian", "--example")
    assert "TYPE" in refused("nodes", "--example")


def test_a_project_without_an_output_is_not_rendered_as_silence(tmp_path: Path) -> None:
    graph = gd.Graph()
    graph.add("sine")
    graph.save(tmp_path / "mute.gdaw")

    assert "output" in refused("render", tmp_path / "mute.gdaw", "-o", tmp_path / "mute.wav")
    assert "output" in refused("play", tmp_path / "mute.gdaw", "--device", "null")
    assert not (tmp_path / "mute.wav").exists()


def test_nodes_of_types_that_are_not_installed_are_named_before_they_are_silent(tmp_path: Path) -> None:
    program = """
import sys, graphdaw as gd
from graphdaw.nodes.base import In, Node, Out
class Sparkle(Node, kernel="gain"):
    in_, out = In(), Out()
graph = gd.Graph()
graph.add("sine") >> graph.add("sparkle") >> graph.add("output")
graph.save(sys.argv[1])
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "far.gdaw")], check=True)

    run = graphdaw("render", tmp_path / "far.gdaw", "-o", tmp_path / "far.wav", "--seconds", 0.1)

    assert run.returncode == 0
    assert "sparkle1" in run.stderr
    assert not load_media(tmp_path / "far.wav", 48_000).any()


def test_a_full_disk_is_one_sentence() -> None:
    command = [sys.executable, "-m", "graphdaw.cli", "nodes"]
    with open("/dev/full", "w") as full:
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert run.returncode == 2
    assert run.stderr == "graphdaw: the result cannot be written: No space left on device.\n"


def test_show_prints_the_graph_and_diff_prints_what_changed(project: Path, tmp_path: Path) -> None:
    graph = gd.load(project)
    other = tmp_path / "other.gdaw"
    gain = next(id for id, node in graph.nodes.items() if node.type == "gain")
    graph.set(gain, gain_db=-9.0)
    graph.save(other)

    assert "440" in graphdaw("show", project).stdout
    assert json.loads(graphdaw("show", project, "--json").stdout)
    same, changed = graphdaw("diff", project, project), graphdaw("diff", project, other)
    assert (same.returncode, same.stdout) == (0, "")
    assert changed.returncode == 1
    assert "-9" in changed.stdout


def test_check_says_that_a_project_is_sound(project: Path) -> None:
    run = graphdaw("check", project)

    assert run.returncode == 0
    assert "3 nodes" in run.stdout


def test_play_runs_on_the_silent_device(project: Path) -> None:
    begin = time.monotonic()

    assert graphdaw("play", project, "--device", "null", "--seconds", 0.5).returncode == 0

    assert time.monotonic() - begin >= 0.5


def test_control_c_ends_playing_at_once_without_a_traceback(project: Path) -> None:
    command = [sys.executable, "-m", "graphdaw.cli", "play", str(project), "--device", "null"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "Playing" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()

    assert process.returncode == 130
    assert rest.strip() == ""


def test_control_c_while_rendering_leaves_no_file(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    command = [sys.executable, "-m", "graphdaw.cli", "render", str(project), "-o", str(folder / "a.wav")]
    with subprocess.Popen([*command, "--seconds", "360000"], stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not list(folder.iterdir()) and time.monotonic() < deadline:
            pass  # the moment in which the file is made is the worst one
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)

    assert process.returncode == 130
    assert rest.strip() == ""
    assert list(folder.iterdir()) == []


def test_devices_always_has_the_silent_one() -> None:
    assert "null" in {device["name"] for device in json.loads(graphdaw("devices", "--json").stdout)}


def test_bench_measures_every_row() -> None:
    report = json.loads(graphdaw("bench", "--seconds", 0.1, "--json").stdout)

    assert all(row["factor"] > 0 for row in report["rows"])


def test_what_cannot_be_done_is_one_sentence_and_exit_code_two(project: Path, tmp_path: Path) -> None:
    junk = tmp_path / "junk.gdaw"
    junk.write_bytes(b"not a project" * 50)

    assert "missing.gdaw" in refused("show", tmp_path / "missing.gdaw")
    assert "junk.gdaw" in refused("check", junk)
    assert ".flac" in refused("render", project, "-o", tmp_path / "a.xyz")
    assert "nowhere" in refused("render", project, "-o", tmp_path / "nowhere" / "a.wav")
    assert "gain" in refused("nodes", "gian")
    assert "loud" in refused("loud")
    assert "output" in refused("render", project).lower()
    assert "device" in refused("play", project, "--device", "no such device", "--seconds", 0.1)


def test_presets_lists_the_instruments_and_shows_one(tmp_path: Path) -> None:
    wobbles = json.loads(graphdaw("presets", "--tag", "wobble", "--json").stdout)
    assert {one["family"] for one in wobbles} == {"basses"} and all("wobble" in one["tags"] for one in wobbles)

    told = json.loads(graphdaw("presets", "velvet pad", "--json").stdout)
    assert (told["name"], told["macros"][0]["label"]) == ("Velvet Pad", "Brightness")
    assert "How far the filter opens." in graphdaw("presets", "Velvet Pad").stdout

    shown = tmp_path / "mine.txt"
    shown.write_text(graphdaw("presets", "Velvet Pad", "--show").stdout)
    assert gd.load(shown).nodes.keys() == gd.load(told["path"]).nodes.keys()


def test_presets_says_what_there_is_instead() -> None:
    assert "did you mean 'Velvet Pad'?" in refused("presets", "Velvt Pad")
    assert "did you mean 'wobble'?" in refused("presets", "--tag", "wobbel")
    assert "say which instrument" in refused("presets", "--show")
