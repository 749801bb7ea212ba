# What a person types; `make` alone lists it. Everything lives in .venv and out/, nothing outside this folder
# but the system packages that scripts/system.sh names.

PYTHON ?= python3
BIN := .venv/bin
CORE := $(shell find csrc -name '*.[ch]' -o -name 'build_core.py' -o -type d ! -name __pycache__) # a folder: files that went
C_WARNINGS := -std=c11 -O1 -Wall -Wextra -Werror -Wno-psabi -Icsrc -fsyntax-only
PYTEST_ARGS ?=
PYTEST_WORKERS ?= auto
SOAK_MINUTES ?= 60

.DEFAULT_GOAL := help
.PHONY: help run test lint bench reference soak clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/.packages: pyproject.toml scripts/system.sh
	@sh scripts/system.sh $(PYTHON)
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --upgrade pip setuptools wheel cffi
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[dev]"
	@touch $@ .venv/.core

.venv/.core: .venv/.packages setup.py $(CORE)
	@$(BIN)/python setup.py -q build_ext --inplace
	@touch $@

run: .venv/.core ## hear the demo, a song of three minutes, rendered to out/demo.wav
	@$(BIN)/python demo/run.py

test: .venv/.core ## run every test on all cores (PYTEST_ARGS="-k filter" for some)
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: .venv/.core ## check format, style and types of Python, warnings of C
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy graphdaw
	@set -e; for file in csrc/*.c csrc/compile/*.c csrc/devices/*.c; do gcc $(C_WARNINGS) -DW=1 $$file; done
	@set -e; for file in csrc/nodes/*.c csrc/steps/*.c; do gcc $(C_WARNINGS) -DW=16 -DLEVEL=base $$file; done
	@echo "C: no warnings"

bench: .venv/.core ## measure speed against the hand-written limit and the peers that are installed, and of each kernel
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.kernels

reference: .venv/.core ## write docs/reference/ from the declarations, with its pictures
	@$(BIN)/python scripts/reference.py

soak: .venv/.core ## run the long form of every reliability test, and a patch in real time, for about SOAK_MINUTES (60)
	@$(BIN)/python -m scripts.soak --minutes $(SOAK_MINUTES)

clean: ## remove what was built, rendered and installed here
	@rm -rf .venv build out demo/media demo/demo.gdaw demo/.demo.gdaw.kept graphdaw/_core*.so *.egg-info
