"""The end of a session: from every state, each a program of its own with a watchdog, and what it says afterwards."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

import graphdaw as gd
from graphdaw.errors import EngineError
from tests.drawing import draw

WATCHDOG_S = 60.0

START = """
import sys, threading, time
import graphdaw as gd
from graphdaw.host import driver, session as sessions
g = gd.Graph(sample_rate=48_000)
osc = g.add("sine", frequency_hz=220.0)
out = g.add("output")
osc >> out
def threads():
    return sorted(t.name for t in threading.enumerate() if t.name.startswith("graphdaw"))
"""

END = """
left = globals().get("EXPECTED", [])
assert left is None or threads() == left, threads()
print("end of the program")
"""

CASES = {
    "while it plays": """
        s = gd.Session(g, device="null"); s.play(); time.sleep(0.05); s.close()
    """,
    "twice, and from several threads": """
        s = gd.Session(g, device="null"); s.play()
        closers = [threading.Thread(target=s.close) for _ in range(4)]
        for t in closers: t.start()
        s.close()
        for t in closers: t.join()
        s.close()
    """,
    "and is asked for more": """
        tape = g.add("record"); osc >> tape
        s = gd.Session(g, device="null"); s.play(); tap = s.tap(osc); s.close()
        for ask in (s.play, lambda: s.locate(0.0), lambda: s.tap(osc), lambda: s.record(tape, "no.wav"),
                    lambda: s.record_input("no.wav"), lambda: s.change_device("null")):
            try:
                ask()
            except gd.errors.EngineError as error:
                assert "The session is closed" in str(error), error
            else:
                raise AssertionError("a closed session did it")
        tap.read(); tap.close(); s.stop(); s.stats(); s.settled(); s.stop_recording(tape)
        assert len(g.nodes) == 3
    """,
    "during a fade": """
        s = gd.Session(g, device="hand"); s.play(); s.step(4)
        for k in range(20): g.add("saw", frequency_hz=50.0 + k) >> out
        s.step(1); g.remove(osc); s.close()
    """,
    "during a locate": """
        s = gd.Session(g, device="null"); s.play()
        for k in range(50): s.locate(k * 0.1)
        s.close()
    """,
    "after a play that failed": """
        s = gd.Session(g, device="no such sound card, surely")
        try:
            s.play()
        except gd.errors.EngineError as error:
            assert "surely" in str(error) or "PortAudio" in str(error), error
        else:
            raise AssertionError("it played")
        assert not s.playing
        s.locate(1.0)
        s.close()
    """,
    "from an observer": """
        s = gd.Session(g, device="null"); done = threading.Event()
        s.observe(lambda event: (s.close(), done.set()))
        s.play(); assert done.wait(30)
    """,
    "while an observer hangs": """
        s = gd.Session(g, device="null"); s.observe(lambda event: threading.Event().wait())
        s.play(); time.sleep(0.2); s.close()
        EXPECTED = ["graphdaw-events"]
    """,
    "while play runs in another thread": """
        opened = driver.make_device
        inside = threading.Event()
        def slow(*a, **k):
            inside.set(); time.sleep(0.3); return opened(*a, **k)
        driver.make_device = slow
        s = gd.Session(g, device="null")
        t = threading.Thread(target=s.play); t.start()
        assert inside.wait(30); s.close(); t.join()
        assert not s.playing
    """,
    "while a device hangs as it is opened": """
        sessions.CLOSE_S = 0.2
        inside = threading.Event()
        def hang(*a, **k):
            inside.set(); threading.Event().wait()
        driver.make_device = hang
        s = gd.Session(g, device="null")
        threading.Thread(target=s.play, daemon=True).start()
        assert inside.wait(30); s.close()
        EXPECTED = None
    """,
    "while a device hangs as it is closed": """
        from graphdaw.host.devices.null import NullDevice
        NullDevice.hangs = True
        NullDevice._let_go = lambda self: threading.Event().wait()
        s = gd.Session(g, device="null"); s.play(); time.sleep(0.05); s.close()
        assert not s.playing
        EXPECTED = None
    """,
    "while edits come from another thread": """
        s = gd.Session(g, device="null", threads=2); s.play()
        stop = threading.Event()
        def edit():
            k = 0
            while not stop.is_set():
                k += 1
                node = g.add("sine", frequency_hz=100.0 + k % 50); node >> out; g.set(osc, frequency_hz=200.0 + k % 99)
                g.remove(node)
        t = threading.Thread(target=edit); t.start(); time.sleep(0.2)
        s.close(); stop.set(); t.join()
    """,
    "with taps and meters that are read meanwhile": """
        s = gd.Session(g, device="null"); s.play(); tap = s.tap(osc); meter = s.meter(out)
        stop = threading.Event()
        def read():
            while not stop.is_set():
                tap.read(); meter.read(); tap.latest(500)
        t = threading.Thread(target=read); t.start(); time.sleep(0.1)
        s.close(); time.sleep(0.05); stop.set(); t.join(); tap.read(); tap.close(); meter.close()
    """,
    "by the end of a program that forgets it": """
        s = gd.Session(g, device="null", threads=2); s.play(); time.sleep(0.05)
        s.observe(lambda event: None)
        EXPECTED = None
    """,
    "by an exception": """
        s = gd.Session(g, device="null"); s.play()
        EXPECTED = None
        sys.excepthook = lambda *a: None
        raise SystemExit(0)
    """,
}


def tone() -> gd.Graph:
    graph, _ = draw("sine s(frequency_hz=300) -> gain g(gain_db=-6) -> output o")
    return graph


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=WATCHDOG_S,
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_a_session_ends(case: str) -> None:
    done = run(START + textwrap.dedent(CASES[case]) + END)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "end of the program" in done.stdout or case == "by an exception"


def test_a_take_is_complete_though_the_program_forgets_to_end_it(tmp_path: Path) -> None:
    program = START + textwrap.dedent("""
        tape = g.add("record"); osc >> tape
        s = gd.Session(g, device="hand"); s.record(tape, sys.argv[1]); s.play(); s.step(100)
    """)
    done = run(program, str(tmp_path / "take.wav"))

    assert (done.returncode, done.stderr) == (0, "")
    sound, _ = soundfile.read(tmp_path / "take.wav")
    assert len(sound) == 100 * 128
    assert [path.name for path in tmp_path.iterdir()] == ["take.wav"]


@pytest.mark.parametrize("device", ("null", "hand"))
def test_closing_while_playing_ends_the_sound(device: str) -> None:
    session = gd.Session(tone(), device=device)
    session.play()
    session.close()

    assert not session.playing
    with pytest.raises(EngineError, match="closed"):
        session.play()


def test_closing_twice_and_stopping_twice_are_harmless() -> None:
    session = gd.Session(tone(), device="null")
    session.stop()
    session.play()
    session.play()
    session.stop()
    session.stop()
    session.close()
    session.close()

    assert not session.playing


@pytest.mark.parametrize(
    "use",
    (
        lambda session: session.tap("sine1"),
        lambda session: session.record("record1", "take.wav"),
        lambda session: session.engine.restart(),
        lambda session: session.engine.readings("sine1"),
        lambda session: session.engine.node_cost("sine1"),
        lambda session: session.engine.steps(),
        lambda session: session.engine.channels,
        lambda session: session.engine.profile(True),
        lambda session: session.engine.latency_frames("sine1"),
    ),
)
def test_what_needs_an_engine_says_so_after_closing(use: Callable[[gd.Session], object]) -> None:
    session = gd.Session(tone(), device="null")
    session.close()

    with pytest.raises(EngineError, match="is closed; make a new one"):
        use(session)


def test_edits_after_closing_reach_the_graph_alone() -> None:
    graph = tone()
    session = gd.Session(graph, device="hand")
    session.close()

    graph.add("noise") >> graph["gain1"]

    assert len(graph.document.wires_into("gain1")) == 2
