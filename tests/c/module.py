"""The core as a Python module with a C file of the tests linked in: what that wraps, Python then really runs."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from tests.c import build
from tests.c.build import HERE, ROOT

CORE = ROOT / "build" / "core"  # where setup.py leaves its objects


def module(name: str, *, wrap: tuple[str, ...]) -> Path:
    """The module with `tests/c/{name}.c` in it; calls between the core's files to `wrap` go there."""
    folder = build.BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "_core.abi3.so"
    flags = ["-O1", "-g", "-fPIC", f"-I{ROOT / 'csrc'}"]
    binding = ["-DPy_LIMITED_API", f"-I{sysconfig.get_path('include')}", "-Wno-unused-function"]
    made = [folder / "binding.o", folder / f"{name}.o"]
    build.compile_one([*flags, *binding, "-c", str(CORE / "graphdaw._core.c"), "-o", str(made[0])])
    build.compile_one([*flags, "-D_GNU_SOURCE", "-DW=1", "-c", str(HERE / f"{name}.c"), "-o", str(made[1])])
    wraps = [f"-Wl,--wrap={symbol}" for symbol in wrap]
    build.compile_one(
        [*flags, "-shared", *wraps, *map(str, [*made, *core_objects()]), "-o", str(target), "-lm", "-ldl"]
    )
    return target


def core_objects() -> list[Path]:
    """What setup.py compiled: the same objects that the real module is linked of."""
    core = build.build_core
    found = [CORE / f"core-{path.parent.name}" / f"{path.stem}.o" for path in build.relative(core.core_sources)]
    found += [CORE / "core-core" / "kernel_table.o"]
    for level in core.LEVELS:
        for width in core.WIDTHS:
            stems = [path.stem for path in (ROOT / "csrc/steps").glob("*.c")]
            if width in core.kernel_widths(level):
                stems += [path.stem for path in build.relative(core.kernels)]
            found += [CORE / f"{level}-{width}" / f"{stem}.o" for stem in stems]
    missing = [str(path) for path in found if not path.exists()]
    if missing:
        raise RuntimeError(f"the core is not built (make test): {missing[:3]}")
    return found


def load(path: Path) -> ModuleType:
    """Let Python use that module as `graphdaw._core`; before anything of `graphdaw.host` is imported."""
    spec = importlib.util.spec_from_file_location("graphdaw._core", path)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    sys.modules["graphdaw._core"] = found
    return found
