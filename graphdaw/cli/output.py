"""How commands speak: results on stdout (tables or JSON), progress and remarks on stderr; and what they all take."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any

import typer

ProjectFile = Annotated[str, typer.Argument(metavar="FILE", help="A .gdaw project, or a graph as text (.txt).")]
OnlyProject = Annotated[str, typer.Argument(metavar="FILE", help="A .gdaw project.")]
DeviceName = Annotated[
    str | None, typer.Option(help="Number or part of the name (`graphdaw devices`), “jack”, “jack:SERVER”, or “null”.")
]
BlockFrames = Annotated[int | None, typer.Option(help="Frames that the device asks for at once.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def plain(text: str) -> str:
    """Text as a terminal may get it: what came with a file must not move its cursor or give it orders."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def say(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{plain(text)}\n")


def remark(text: str) -> None:
    """Print a line that is not part of the result."""
    sys.stderr.write(f"{plain(text)}\n")


def say_json(value: Any) -> None:
    """Print the result as JSON."""
    say(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings: as wide as the terminal, or uncut and unadorned where there is none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    grid = Table(box=box.SIMPLE_HEAD if terminal else None, pad_edge=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    console = Console(width=None if terminal else 400, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(grid)
    for line in captured.get().splitlines():
        say(line.rstrip())


@contextmanager
def progress(label: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on stderr; gives the function that moves it, from 0 to 1. No bar where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(label, total=1.0)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Let Ctrl-C set the event that is given, so that work ends where nothing is half done; a second one interrupts."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def take(number: int, frame: FrameType | None) -> None:
        if stop.is_set() and callable(before):
            before(number, frame)
        stop.set()

    if callable(before):  # else Ctrl-C is to be left alone
        signal.signal(signal.SIGINT, take)
    try:
        yield stop
    finally:
        if callable(before):
            signal.signal(signal.SIGINT, before)


def clock(time_s: float) -> str:
    """A moment in local time, to the second; "-" for none.

    >>> clock(0.0)
    '-'
    """
    from graphdaw.graph import recovery

    return recovery.clock(time_s) if time_s else "-"


def decibels(level: float) -> str:
    """A peak as people read it.

    >>> decibels(1.0), decibels(0.5), decibels(0.0)
    ('0.0 dBFS', '-6.0 dBFS', 'silence')
    """
    import math

    return f"{20.0 * math.log10(level) + 0.0:.1f} dBFS" if level > 0.0 else "silence"
