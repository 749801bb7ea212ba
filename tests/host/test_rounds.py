"""Threads that make their rounds: what goes wrong is told once, and they go on."""

from __future__ import annotations

import logging
import threading

import pytest

from graphdaw.host.rounds import Rounds


class Failing(Rounds):
    """Fails twice, does well, and says when it has."""

    def __init__(self) -> None:
        self.made = 0
        self.well = threading.Event()
        super().__init__("failing", 0.001)

    def _round(self, now_s: float) -> None:
        assert now_s > 0.0
        self.made += 1
        if self.made <= 2:
            raise ValueError("a stone in the shoe")
        self.well.set()


def test_a_round_that_fails_is_told_once_and_others_follow(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="graphdaw"):
        failing = Failing()
        assert failing.well.wait(10.0)
        failing.close()

    assert [record.getMessage() for record in caplog.records] == ["failing failed, and goes on."]
    assert not failing._thread.is_alive()
