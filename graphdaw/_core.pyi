"""The compiled core; what it holds is declared in csrc/graphdaw.h, which its builder reads."""

from typing import Any

ffi: Any
lib: Any
