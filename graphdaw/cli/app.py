"""All commands under one roof, and what happens when one fails: a sentence on stderr and an exit code.

Exit codes: 0 done, 1 `diff` found differences or `check` found problems, 2 it could not be done, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from graphdaw.cli import (
    apply,
    bench,
    check,
    checkpoints,
    convert,
    devices,
    diff,
    generations,
    midi,
    nodes,
    osc,
    play,
    presets,
    record,
    recover,
    relink,
    render,
    show,
    tune,
)
from graphdaw.cli.output import plain
from graphdaw.errors import CancelledError, GraphdawError

app = typer.Typer(
    name="graphdaw",
    help="GraphDAW: sound as a graph of nodes.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)
for _command in (
    render.render,
    play.play,
    record.record,
    nodes.nodes,
    presets.presets,
    check.check,
    relink.relink,
    show.show,
    diff.diff,
    apply.apply,
    convert.convert,
    tune.tune,
    recover.recover,
    checkpoints.checkpoints,
    generations.generations,
    devices.devices,
    midi.midi,
    osc.osc,
    bench.bench,
):
    app.command()(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"graphdaw {version('graphdaw')}\n")
        raise typer.Exit


@app.callback()
def _common(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """GraphDAW: sound as a graph of nodes."""


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; nothing a user can cause prints a traceback."""
    try:
        result = app(arguments or ["--help"], prog_name="graphdaw", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except typer.Exit as exit_:
        return exit_.exit_code
    except (KeyboardInterrupt, CancelledError, typer.Abort):
        sys.stderr.write("\n")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains while it ends
        return 0
    except Exception as error:
        if os.environ.get("GRAPHDAW_DEBUG"):
            raise
        sys.stderr.write(f"graphdaw: {plain(_sentence(error))}\n")
        return 2


def _sentence(error: Exception) -> str:
    """What went wrong, in one sentence."""
    if hasattr(error, "format_message"):  # typer's own: an unknown option, a missing argument
        return str(error.format_message()) or "this takes a command; `graphdaw --help` lists them."
    if isinstance(error, GraphdawError):
        return " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the result cannot be written'}: {error.strerror}."
    what = " ".join(str(error).split()) or "no reason given"
    return f"this is a fault of GraphDAW: {type(error).__name__}: {what} (GRAPHDAW_DEBUG=1 shows where)."
