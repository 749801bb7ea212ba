"""Hooks for every test: refuses skips that tests/allowed_skips.txt does not name; `--long` asks for long forms.

A test that can run for minutes takes the fixture `long_form`, and does what fits into seconds while that is false.
`make soak` runs such tests with `--long`.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.jack_server import JackServer

ALLOWED = Path(__file__).with_name("allowed_skips.txt")


def allowed_skips() -> list[str]:
    """The patterns of test ids that may be skipped."""
    lines = (line.strip() for line in ALLOWED.read_text().splitlines())
    return [line.split(maxsplit=1)[0] for line in lines if line and not line.startswith("#")]


class ForbidUnlistedSkips:
    """Fails the session when a test is skipped that the list does not name."""

    def __init__(self) -> None:
        self.allowed = allowed_skips()
        self.unlisted: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not any(fnmatchcase(report.nodeid, pattern) for pattern in self.allowed):
            self.unlisted.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped and not any(fnmatchcase(report.nodeid, pattern) for pattern in self.allowed):
            self.unlisted.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unlisted and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.unlisted:
            terminalreporter.section("skipped, and not named in tests/allowed_skips.txt", red=True)
            for nodeid in self.unlisted:
                terminalreporter.write_line(nodeid)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--forbid-unlisted-skips", action="store_true", help="fail if a skipped test is not in tests/allowed_skips.txt"
    )
    parser.addoption(
        "--long", action="store_true", help="tests that have a long form run that: minutes instead of seconds"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--forbid-unlisted-skips"):
        config.pluginmanager.register(ForbidUnlistedSkips(), "forbid-unlisted-skips")


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    """Whether to run at the full figures, which take minutes."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JackServer]:
    """A JACK server, to which MIDI goes too."""
    server = JackServer(block_frames=128)
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server.name)
    yield server
    server.close()
