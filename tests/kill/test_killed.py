"""`kill -9` at any instant of editing and saving: nothing acknowledged is lost, nothing torn, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys

KILLS = int(os.environ.get("GRAPHDAW_KILLS", "1000"))


def test_no_kill_loses_or_doubles_an_acknowledged_edit_or_leaves_a_file_behind() -> None:
    command = [sys.executable, "-m", "tests.kill.killed", str(KILLS)]

    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)

    assert found["faults"] == [] and found["litter"] == []
    assert found["acknowledged"] > 5 * KILLS  # else the program never came to edit
    assert found["saves"] > KILLS / 10 and found["recovered"] > KILLS and found["renewed"] > KILLS / 20
