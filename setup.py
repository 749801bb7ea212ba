"""Builds the C core; everything else is in pyproject.toml."""

import sys

from setuptools import setup

sys.path.insert(0, "csrc")
from build_core import BuildCore

setup(
    cffi_modules=["csrc/build_core.py:ffi"],
    cmdclass={"build_ext": BuildCore},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
