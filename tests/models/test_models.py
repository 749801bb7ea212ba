"""The protocols between threads, model checked: spin tries every order in which their steps can happen.

Each model mirrors the C function by function, and each of the mistakes that it can be built with (`-DBUG_...`) must be
found, so that the models are known to look. Spin knows sequential consistency only; weaker orders are left to the
thread sanitizer (tests/c).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MOST_STEPS = 400_000  # of one execution; the search must stay below, or it was not exhaustive
# file, words to build it with, and whether what must happen is asked (liveness) instead of what must not
FORMS = {
    "swap": ("swap.pml", [], False),
    "swap-heard": ("swap.pml", ["-DLIVENESS"], True),
    "to_audio": ("queues.pml", [], False),
    "from_audio": ("queues.pml", ["-DNEWS"], False),
    "box": ("box.pml", [], False),
    "tape": ("tape.pml", [], False),
    "crew": ("crew.pml", [], False),
    "handover": ("handover.pml", [], False),
    "handover-ends": ("handover.pml", ["-DLIVENESS"], True),
}
BUGS = {
    "swap": [
        "ANY_SETTLED_WILL_DO",
        "COMMITS_WHILE_BUSY",
        "FREES_RIGHT_AFTER_PUBLISHING",
        "PUBLISHED_BEFORE_IT_IS_BUILT",
        "RETIRED_AND_SETTLED_BEFORE_THE_MOVES",
        "SETTLED_BEFORE_THE_LAST_STAGE",
        "SETTLED_WHILE_IT_FADES",
    ],
    "swap-heard": ["RETIRED_BOX_IS_NOT_EMPTIED"],
    "to_audio": [
        "GIVEN_BACK_BEFORE_IT_IS_READ",
        "INDEX_RELAXED",
        "INDEX_WRAPS_OFF_THE_SIZE",
        "NOTHING_IS_NOT_SEEN",
        "ONE_TOO_MANY",
        "TWO_SENDERS",
    ],
    "from_audio": [
        "DROPPED_UNCOUNTED",
        "GIVEN_BACK_BEFORE_IT_IS_READ",
        "INDEX_RELAXED",
        "INDEX_WRAPS_OFF_THE_SIZE",
        "ONE_TOO_MANY",
    ],
    "box": [
        "FREES_THE_ONE_BEFORE_AT_ONCE",
        "NEXT_IS_LOOKED_AT_AND_THEN_REPLACED",
        "NEXT_IS_TAKEN_IN_TWO_STEPS",
        "PUBLISHED_BEFORE_IT_IS_WRITTEN",
        "READS_WHAT_IT_PUT_AWAY",
        "RETIRED_IS_NOT_TAKEN_OUT",
        "TAKES_WHILE_RETIRED_IS_FULL",
    ],
    "tape": [
        "DOES_NOT_LOOK_AGAIN",
        "ENDS_BY_THE_ENGINES_CLOCK",
        "LOOKS_AGAIN_TOO_EARLY",
        "LOST_IS_NOT_COUNTED",
        "THE_SLICE_UNDER_WAY_IS_FORGOTTEN",
        "TIME_PASSES_BEFORE_IT_IS_HEARD",
        "WHAT_COMES_AFTER_THE_END_IS_LOST_TOO",
    ],
    "crew": [
        "ANY_CALL_THEY_JOINED_WILL_DO",
        "DOES_NOT_ASK_WHO_IS_HERE",
        "DOES_NOT_WAIT_FOR_THE_LAST",
        "JOINED_BEFORE_THE_TICKET_IS_READ",
        "PROGRESS_BEFORE_THE_STEP",
        "PROGRESS_WITHOUT_ITS_TICKET",
        "QUIT_IS_READ_BEFORE_THE_CALL",
        "TICKET_BEFORE_THE_PLAN",
        "WAITS_AGAINST_THE_SERIAL_ORDER",
    ],
    "handover": [
        "COUNTS_AFTER_ITS_TURN",
        "DOES_NOT_WAIT",
        "ENDS_AS_IT_BEGAN",
        "GIVEN_TO_TWO",
        "GIVES_UP_AND_GOES_ON",
        "LEAVING_FORGETS_WHO_IS_INSIDE",
        "LOOKS_THEN_GOES_INSIDE",
    ],
    "handover-ends": ["WAITS_BEFORE_THE_TURN_IS_OVER"],
}
ERRORS = re.compile(r"errors: (\d+)")
STATES = re.compile(r"(\d+) states, stored")


def check(form: str, folder: Path, *words: str) -> str:
    """What spin's verifier says of a model; it stops at the first error."""
    if shutil.which("spin") is None:
        pytest.skip("spin is not installed (apt-get install spin)")
    file, own_words, liveness = FORMS[form]
    search = [] if liveness else ["-DSAFETY", "-DNOCLAIM"]
    said = ""
    for command in (
        ["spin", "-a", *own_words, *words, str(HERE / file)],
        ["gcc", "-O0", *search, "-o", "pan", "pan.c"],
        ["./pan", f"-m{MOST_STEPS}", *(["-a", "-f"] if liveness else [])],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0 and "Error:" not in said, said
    return said


@pytest.mark.parametrize("form", FORMS)
def test_no_order_of_steps_breaks(form: str, tmp_path: Path) -> None:
    said = check(form, tmp_path)
    errors, states = ERRORS.search(said), STATES.search(said)

    assert errors is not None and errors[1] == "0", said
    assert states is not None and int(states[1]) > 100, said
    assert "max search depth too small" not in said
    assert "Search not completed" not in said


@pytest.mark.parametrize("form, bug", [(form, bug) for form, bugs in BUGS.items() for bug in bugs])
def test_a_seeded_mistake_is_found(form: str, bug: str, tmp_path: Path) -> None:
    errors = ERRORS.search(check(form, tmp_path, f"-DBUG_{bug}"))

    assert errors is not None and errors[1] == "1"


def test_every_mistake_that_a_model_knows_is_tried() -> None:
    for file in {file for file, _, _ in FORMS.values()}:
        known = set(re.findall(r"BUG_([A-Z_]+)", (HERE / file).read_text())) - {""}
        tried = {bug for form, bugs in BUGS.items() if FORMS[form][0] == file for bug in bugs}
        assert known == tried
        assert len(tried) >= 5
