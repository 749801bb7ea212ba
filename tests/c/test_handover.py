"""The engine passes from device to device while all of them call, without a race."""

from __future__ import annotations

import pytest

from tests.c import build


@pytest.mark.parametrize("variant", ("address", "thread"))
def test_the_turn_goes_round_among_devices_that_all_call(variant: str, long_form: bool) -> None:
    program = build.program("handover", variant)

    done = build.run(
        [str(program), "100000" if long_form else "2000"],
        timeout_s=600,
        ASAN_OPTIONS="detect_leaks=1",
        TSAN_OPTIONS="halt_on_error=1",
    )

    assert done.returncode == 0 and "handover: fine" in done.stdout, done.stdout + done.stderr
