"""Project files: a document with its media in one `.gdaw` bundle, and groups kept as files for reuse."""

from __future__ import annotations

from graphdaw.graph.project.checkpoints import Checkpoint, Checkpoints, restore
from graphdaw.graph.project.found import Found, Missing, missing_media, relink
from graphdaw.graph.project.kept import Generation, generations
from graphdaw.graph.project.loading import load, load_marked, mark
from graphdaw.graph.project.lock import LockedError, ProjectLock, live_owner
from graphdaw.graph.project.marks import JournalMark
from graphdaw.graph.project.media import media_path
from graphdaw.graph.project.parts import insert_group, save_group
from graphdaw.graph.project.restoring import restore_generation
from graphdaw.graph.project.saving import Saved, save

__all__ = [
    "Checkpoint", "Checkpoints", "Found", "Generation", "JournalMark", "LockedError", "Missing", "ProjectLock", "Saved",
    "generations", "insert_group", "live_owner", "load", "load_marked", "mark", "media_path", "missing_media", "relink",
    "restore", "restore_generation", "save", "save_group",
]  # fmt: skip
