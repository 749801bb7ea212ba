"""Project files: a document with its media in one `.gdaw` bundle, and groups kept as files for reuse."""

from __future__ import annotations

from graphdaw.graph.project.loading import load
from graphdaw.graph.project.media import media_path
from graphdaw.graph.project.parts import insert_group, save_group
from graphdaw.graph.project.saving import save

__all__ = ["insert_group", "load", "media_path", "save", "save_group"]
