"""Subnormal numbers are flushed while the engine works, and only then."""

from __future__ import annotations

from tests.c import build


def test_the_mode_is_set_in_every_thread_that_works_and_restored_in_the_caller() -> None:
    program = build.program("denormals", "plain", wrap=("gd_run_steps", "gd_run_share"))

    done = build.run([str(program)])

    assert done.returncode == 0 and "denormals: fine" in done.stdout, done.stdout + done.stderr
