"""Opens, edits and closes projects while the core's allocator refuses, at every allocation in turn; prints JSON.

A process of its own, because the core is another build of itself. Argument: the module (tests/c/starved_module.c); or
`loading` and a folder, for want of memory in Python itself.
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.c.module import load

MOST = 2_000  # allocations of one edit, with room to spare


def main(module: str) -> None:
    load(Path(module))
    core = ctypes.CDLL(module)
    core.starve.restype, core.starve.argtypes = ctypes.c_uint64, (ctypes.c_uint64, ctypes.c_bool)
    found = {
        f"{what.__name__}{' and all later' if later else ''}": at_every_allocation(what, core.starve, later)
        for what in (opening, editing)
        for later in (False, True)
    }
    sys.stdout.write(json.dumps(found) + "\n")


def at_every_allocation(what: Callable[..., bool], starve: Callable[..., int], later: bool) -> int:
    """How many allocations were refused, one after the other, until there was no more to refuse."""
    for at in range(1, MOST):
        if not what(starve, at, later):
            return at - 1
    raise AssertionError(f"{what.__name__} goes on allocating")


def opening(starve: Callable[..., int], at: int, later: bool) -> bool:
    """A session that cannot be made says so, and one that is made afterwards plays."""
    import graphdaw as gd
    from graphdaw.errors import EngineError

    graph, said = patch(), "memory"
    starve(at, later)
    try:
        gd.Session(graph, device="hand").close()
    except (MemoryError, EngineError) as error:
        said = str(error)
    assert "memory" in said, said
    met = starve(0, False) >= at
    with gd.Session(graph, device="hand", block_frames=128) as session:
        session.play()
        assert max(session.step(40)[0]) > 0.1
    return met


def editing(starve: Callable[..., int], at: int, later: bool) -> bool:
    """An edit that the core has no memory for is refused in one sentence, the sound goes on, and it is heard later."""
    from graphdaw.errors import EngineError
    from graphdaw.host.offline import Renderer

    graph, said = patch(), "memory"
    with Renderer(graph) as renderer:
        renderer.render(2_048)
        starve(at, later)
        try:
            change(graph)
        except EngineError as error:
            said = str(error)
        assert "memory" in said, said
        met = starve(0, False) >= at
        assert abs(renderer.render(2_048)).max() > 0.1
        for _ in range(4):
            renderer.render(4_096)
        assert renderer.engine.settled()
        mended = running(renderer)
    with Renderer(graph) as fresh:
        assert running(fresh) == mended
        assert graph.nodes["gain1"].values["gain_db"] == -3.0
    return met


def loading(folder: str) -> None:
    """A project too large for the memory that is left: an error, while another one plays on; and then it is loaded."""
    import graphdaw as gd
    from graphdaw.errors import ProjectError

    large = gd.Graph()
    with large.transaction("many"):
        for _ in range(20_000):
            large.add("sine")
    path = Path(folder) / "large.gdaw"
    large.save(path)
    del large
    refused = 0
    with gd.Session(patch(), device="null", block_frames=128) as session:
        session.play()
        for spare_mib in (1, 2, 4, 8):
            held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (held + (spare_mib << 20), resource.RLIM_INFINITY))
            before = session.engine.stats()["callbacks"]
            try:
                gd.load(path)
            except (MemoryError, ProjectError):
                refused += 1
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            session.graph.set("gain1", gain_db=-2.0 - spare_mib)
            time.sleep(0.05)
            assert session.engine.stats()["callbacks"] > before + 5
        assert session.settled()
    assert len(gd.load(path).nodes) == 20_000
    sys.stdout.write(json.dumps({"refused": refused}) + "\n")


def patch() -> Any:
    import graphdaw as gd

    graph = gd.Graph()
    graph.add("sine", frequency_hz=300.0) >> graph.add("gain", gain_db=-1.0) >> graph.add("output")
    return graph


def change(graph: Any) -> None:
    """A node with memory, one with wires into a parameter, a value, and a node that is replaced, in one step."""
    with graph.transaction("change"):
        late = graph.add("delay", time_s=0.1)
        graph.connect("sine1.out", late["in"])
        graph.connect(late, "output1.in")
        graph.connect(graph.add("lfo", rate_hz=3.0), "gain1.gain_db", depth=2.0)
        graph.set("gain1", gain_db=-3.0)
        graph.set(late, interpolation="cubic")


def running(renderer: Any) -> set[tuple[str, str]]:
    """Kernel and node of all that a plan runs."""
    return {(kernel, id) for kernel, _, _, lanes in renderer.engine.steps() for id, _ in lanes}


if __name__ == "__main__":
    loading(sys.argv[2]) if sys.argv[1] == "loading" else main(sys.argv[1])
