"""Builds the C test programs: the core's sources, the test's, and a table of node types, under chosen flags.

Only the base processor level is compiled, and kernels only at the widths it uses; a build is still minutes, so a run of
all tests makes it beside the first ones (`ahead`).
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from graphdaw.graph.model import Node
from graphdaw.nodes import NodeType, types
from graphdaw.nodes.base import Param, Port, Prepared, Recording, hidden

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
sys.path.insert(0, str(ROOT / "csrc"))
import build_core  # noqa: E402

BUILD = ROOT / "build"
SAMPLE_RATE_HZ = 48_000
COMMON = ["-std=c11", "-g1", "-O1", "-fno-omit-frame-pointer", "-pthread", *build_core.FLAGS[2:], *build_core.WARNINGS]
VARIANTS = {
    "plain": [],
    "address": ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    "thread": ["-fsanitize=thread"],
}


def program(name: str, variant: str, *, wrap: tuple[str, ...] = ()) -> Path:
    """The program of `tests/c/{name}.c`, built if anything changed; calls between files to `wrap` go to the test."""
    folder = BUILD / f"sanitize-{variant}"
    with _alone():
        objects = _core(folder, variant)
        objects += _compiled(
            folder, variant, [(HERE / f"{stem}.c", "tests", _own_flags(folder)) for stem in ("rig", name)]
        )
        target = folder / name
        wraps = [f"-Wl,--wrap={symbol}" for symbol in wrap]
        _run(
            [
                _compiler(),
                *COMMON,
                *VARIANTS[variant],
                *wraps,
                *map(str, objects),
                "-rdynamic",
                "-o",
                str(target),
                "-lm",
                "-ldl",
            ]
        )
    return target


def ahead() -> None:
    """All of the core under all flags, so that tests which come later find it built."""
    for variant in VARIANTS:
        with _alone():
            _core(BUILD / f"sanitize-{variant}", variant)


@contextmanager
def _alone(what: str = "programs") -> Iterator[None]:
    """No other process builds them meanwhile."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


Job = tuple[Path, str, list[str]]


def _own_flags(folder: Path) -> list[str]:
    return ["-DW=1", "-D_GNU_SOURCE", f"-I{folder}"]


def _core(folder: Path, variant: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "kernel_table.c", _kernel_table())
    _write(folder / "node_types.h", node_types())
    jobs: list[Job] = [(ROOT / path, "core", ["-DW=1"]) for path in relative(build_core.core_sources)]
    jobs += [(folder / "kernel_table.c", "core", ["-DW=1"])]
    for width in build_core.WIDTHS:
        here = ["-DLEVEL=base", f"-DW={width}"]
        jobs += [(ROOT / path, f"w{width}", here) for path in (ROOT / "csrc/steps").glob("*.c")]
        if width in build_core.kernel_widths("base"):
            jobs += [(ROOT / path, f"w{width}", here) for path in relative(build_core.kernels)]
    return _compiled(folder, variant, jobs)


def _compiled(folder: Path, variant: str, jobs: list[Job]) -> list[Path]:
    flags = [*COMMON, *VARIANTS[variant]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda job: _object(job[0], folder / job[1], [*flags, *job[2]]), jobs))


def library(source: Path) -> Path:
    """The shared library of a C file of the tests, built if anything changed."""
    target = BUILD / f"{source.stem}.so"
    with _alone("libraries"):
        _made(source, target, [*COMMON, "-fvisibility=default", "-D_GNU_SOURCE", "-fPIC", "-shared"], ["-ldl"])
    return target


def run(command: list[str], timeout_s: float = 150.0, **environment: str) -> subprocess.CompletedProcess[str]:
    """A test program's outcome; one that hangs is an error."""
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=timeout_s, check=False
    )


def _compiler() -> str:
    return os.environ.get("CC", "gcc")


def compile_one(arguments: list[str]) -> None:
    """Call the compiler; what it complains of is an error."""
    _run([_compiler(), *arguments])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def relative(list_sources: object) -> list[Path]:
    """Source lists are relative to the project's folder, wherever the tests were started."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        return list_sources()  # type: ignore[operator, no-any-return]
    finally:
        os.chdir(before)


def _kernel_table() -> str:
    levels = build_core.LEVELS
    build_core.LEVELS = {"base": []}
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        return build_core.kernel_table()
    finally:
        os.chdir(before)
        build_core.LEVELS = levels


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _object(source: Path, folder: Path, flags: list[str]) -> Path:
    target = folder / f"{source.stem}.o"
    _made(source, target, [*flags, f"-I{ROOT / 'csrc'}", "-c"])
    return target


def _made(source: Path, target: Path, flags: list[str], libraries: Sequence[str] = ()) -> None:
    """Compile a file, if what was made of it is older than anything it was made from, or made in another way."""
    made_from = target.with_suffix(".d")
    arguments = [_compiler(), *flags, "-MMD", "-MF", str(made_from)]
    if not build_core.up_to_date(target, " ".join(arguments)):
        target.parent.mkdir(parents=True, exist_ok=True)
        _run([*arguments, str(source), "-o", str(target), *libraries])
        made_from.write_text(f"# {' '.join(arguments)}\n{made_from.read_text()}")


def node_types() -> str:
    """C source: every node type, as the engine's Python side declares it to the core; also its own."""
    parts = ["/* Generated by build.py. */"]
    rows = []
    for kind in (*types().values(), *hidden.values()):
        if not kind.kernel and not kind.loop_kernels[0]:
            continue
        name = _identifier(kind)
        params = {name: param for name, param in kind.params.items() if not param.fixed}
        ins = [(name, port.channels) for name, port in kind.inputs.items()]
        outs = [(name, port.channels) for name, port in kind.outputs.items()]
        for suffix, ports in (("ins", ins), ("outs", outs)):
            parts.append(_array("GdPortSpec", f"{name}_{suffix}", [f"{_text(n)}, {c}" for n, c in ports]))
        specs = [f"{_text(n)}, {p.lo!r}f, {p.hi!r}f, {p.ramp_s!r}f" for n, p in params.items()]
        parts.append(_array("GdParamSpec", f"{name}_params", specs))
        parts.append(_floats(f"{name}_defaults", params))
        if kind.data is not None:
            data = kind.data(Node("node", kind.name), kind.defaults())
            parts.append(f"static const uint8_t {name}_data[] = {{{', '.join(map(str, data))}}};")
        prepared = _prepared(kind)
        if prepared is not None:
            samples = np.ravel(prepared.planes).tolist() or [0.0]
            numbers = ", ".join(f"{sample!r}f" for sample in samples)
            parts.append(f"static const float {name}_media[] = {{{numbers}}};")
        choices = ", ".join(str(len(choice.options)) for choice in kind.choices.values() if kind.data is None) or "0"
        rows.append(_row(kind, len(ins), len(outs), len(params), choices))
    parts += ["static const RigType rig_types[] = {", *rows, "};"]
    parts += ["enum { RIG_TYPES = sizeof rig_types / sizeof *rig_types };", ""]
    return "\n".join(parts)


def _row(kind: NodeType, ins: int, outs: int, params: int, choices: str) -> str:
    name = _identifier(kind)
    memory = kind.memory_frames(_small(kind), SAMPLE_RATE_HZ) if kind.memory_frames else 0
    prepared = _prepared(kind)
    if prepared is not None:
        memory = prepared.work_frames
    streamed = any(media.streamed for media in kind.media.values())
    spec = (
        f".name = {_text(kind.name)}, .kernel = {_text(kind.kernel)}, .loop_read = {_text(kind.loop_kernels[0])}, "
        f".loop_write = {_text(kind.loop_kernels[1])}, .always_loop = {int(kind.always_loop)}, "
        f".ins = {name}_ins, .outs = {name}_outs, .params = {name}_params, "
        f".in_count = {ins}, .out_count = {outs}, .param_count = {params}"
    )
    facts = f".memory_frames = {memory}, .streamed = {int(streamed)}"
    facts += f", .event_ins = {_events(kind.inputs)}, .event_outs = {_events(kind.outputs)}"
    if kind.data is not None:
        facts += f", .data = {name}_data, .data_bytes = sizeof {name}_data"
    if prepared is not None:
        count, frames = np.shape(prepared.planes) or (0, 0)
        facts += (
            f", .media = {name}_media, .planes = {count}, .frames = {frames}, "
            f".rate_hz = {float(prepared.rate_hz)!r}f, .loop_start = {prepared.loop[0]}, .loop_end = {prepared.loop[1]}"
        )
    return f"    {{.spec = {{{spec}}}, .defaults = {name}_defaults, .choices = {{{choices}}}, {facts}}},"


def _identifier(kind: NodeType) -> str:
    return kind.name.replace("~", "own_")


def _events(ports: dict[str, Port]) -> int:
    """Bit a port: what flows through it is events."""
    return sum(1 << k for k, port in enumerate(ports.values()) if port.type == "event")


def _prepared(kind: NodeType) -> Prepared | None:
    """What nodes of the type read: made from a short recording where they play one."""
    if kind.media_memory is None:
        return None
    sine = np.sin(0.05 * np.arange(2_000)).reshape(2, 1_000).astype(np.float32) * np.float32(0.3)
    recording = Recording("sine.wav", sine, SAMPLE_RATE_HZ, (100, 900)) if kind.media else None
    return kind.media_memory(recording, _small(kind), SAMPLE_RATE_HZ)


def _small(kind: NodeType) -> dict[str, float | str]:
    """Settings with the shortest delay lines, so that tests spend their time elsewhere."""
    return kind.defaults() | {name: 0.1 for name in kind.params if name in ("max_time_s", "memory_s", "buffer_s")}


def _text(string: str) -> str:
    return f'"{string}"' if string else "0"


def _array(of: str, name: str, items: list[str]) -> str:
    return f"static const {of} {name}[] = {{{', '.join(f'{{{item}}}' for item in items) or '{0}'}}};"


def _floats(name: str, params: dict[str, Param]) -> str:
    return f"static const float {name}[] = {{{', '.join(f'{p.default!r}f' for p in params.values()) or '0'}}};"


if __name__ == "__main__":
    ahead()
