"""What the soak runs: every test that has a long form, and the figure that is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Some tests that show one thing. `tests` are pytest's own words: files, ids, options; `settings` environment."""

    name: str
    wanted: str
    tests: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()


ROWS = (
    Row("models", "0 errors, every seeded mistake found", ("tests/models",)),
    Row(
        "swap storm",
        "100,000 swaps at 1,000/s, TSan and ASan, all freed, 0 samples off",
        ("tests/c/test_sanitizers.py", "-k", "swap"),
    ),
    Row("storm of edits", "no race, leak or bad memory", ("tests/c/test_sanitizers.py", "-k", "storm")),
    Row("places and taps", "no race, leak or bad memory", ("tests/c/test_sanitizers.py", "-k", "places")),
    Row("recordings of tracks", "no race, leak or bad memory", ("tests/c/test_sanitizers.py", "-k", "recordings")),
    Row("handing over", "100,000 turns, no race", ("tests/c/test_handover.py",)),
    Row("guard", "0 violations, every seeded one caught", ("tests/c/test_guard.py",)),
    Row("guard, real devices", "0 violations, null and JACK", ("tests/host/test_guarded_devices.py",)),
    Row("out of memory", "clean error at every allocation", ("tests/c/test_oom.py", "tests/host/test_starved.py")),
    Row("clicks", "1,000 edits, 500 toggles: <= -90 dBFS", ("tests/host/test_clicks.py",)),
    Row("determinism", "100 projects, one hash each", ("tests/test_determinism.py",)),
    Row("alignment", "500 graphs: 0 frames off", ("tests/host/test_alignment.py",)),
    Row("stateful edits", "10,000 steps: model = document = core = sound", ("tests/host/test_stateful.py",)),
    Row("recording", "no frame lost, or counted", ("tests/host/test_recording_disk.py",)),
    Row("JACK", "20 kills, 20 stops: no hang", ("tests/host/devices/test_jack.py",)),
    Row(
        "kill -9",
        "10,000 kills: 0 torn, 0 acknowledged edits lost",
        ("tests/kill",),
        (("GRAPHDAW_KILLS", "10000"),),
    ),
    Row("save faults", "old or new project always loads", ("tests/faults",)),
    Row("GIL starvation", "4 hogs for 5 min: calls within 0.5 % of the quiet ones", ("tests/host/test_starvation.py",)),
    Row("hostile files", "1,000,000 mutations: 0 crashes, <= 512 MB, <= 2 s", ("tests/fuzz",)),
    Row("blame", "counters equal injected stalls", ("tests/host/devices/test_accounting.py",)),
    Row("instruments", "each in tune, in level, alive and silent", ("tests/host/test_presets.py",)),
    Row("bypass, mute and solo", "400 toggles of each: <= -90 dBFS", ("tests/host/test_routes_heard.py",)),
    Row("expressions", "no hostile text gets through", ("tests/nodes/test_expression.py",)),
)
