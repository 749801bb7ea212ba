"""Files that an instrument file names: they lie in its folder, in the one above, or below either, and nowhere else.

Samples often lie beside the folder of the programs that play them. The folder above counts only where it is neither the
user's home nor above that, so that a file in Downloads cannot name what lies in Music and have a project take it along.
"""

from __future__ import annotations

import os
import posixpath

MAX_NAME = 1_024  # characters
MAX_BYTES = 8 << 20  # of a text file


class Surroundings:
    """The folders around an instrument file, and how its names are looked up in them.

    Names are taken as any system writes them: with slashes of either kind and, where nothing has the name exactly, in
    other cases.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.folder = os.path.dirname(os.path.realpath(path))
        above = os.path.dirname(self.folder)
        home = os.path.realpath(os.path.expanduser("~"))
        self._root = self.folder if os.path.commonpath([home, above]) == above else above
        self._listed: dict[str, dict[str, str]] = {}

    def find(self, name: str) -> str:
        """The path of a file by its name, "" where nothing has that name; raises ValueError for one that leads away."""
        plain = posixpath.normpath(name.replace("\\", "/"))
        if len(plain) > MAX_NAME or "\0" in plain or plain.startswith(("/", "~")) or plain[1:2] == ":":
            raise ValueError(f"{plain[:60]!r} is no path from its own folder")
        path = os.path.join(self.folder, plain)
        path = path if os.path.isfile(path) else self._cased(plain)
        if path and not self._is_near(os.path.realpath(path)):
            raise ValueError(f"{plain[:60]!r} leads out of its folder")
        return path

    def _is_near(self, real: str) -> bool:
        return os.path.commonpath([real, self._root]) == self._root

    def _cased(self, plain: str) -> str:
        """The same path in whatever case it is there."""
        place = self.folder
        for part in plain.split("/"):
            if part == "..":
                place = os.path.dirname(place)
            elif part not in ("", "."):
                found = self._names(place).get(part.casefold())
                if found is None:
                    return ""
                place = os.path.join(place, found)
            if not self._is_near(os.path.realpath(place)):
                return place
        return place if os.path.isfile(place) else ""

    def _names(self, folder: str) -> dict[str, str]:
        if folder not in self._listed:
            try:
                self._listed[folder] = {name.casefold(): name for name in sorted(os.listdir(folder))}
            except OSError:
                self._listed[folder] = {}
        return self._listed[folder]
