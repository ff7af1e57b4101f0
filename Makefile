# Every target sets up what it needs: a fresh clone runs `make demo` and `make test` with nothing done before.
# PYTHONSAFEPATH keeps the folders kernels/, runtime/ and context/ from shadowing packages of those names.
export PYTHONSAFEPATH = 1
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo test vsix test-editors check bench gpu-check typed clean

$(READY): pyproject.toml constraints.txt $(wildcard kernels/_cpu/*.cpp kernels/_cpu/*.h)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(READY)

demo: $(READY)
	$(BIN)/mellum-ls demo $(DEMO_ARGS)

# Each test module is run by one process, in the order of the folders: long ones come early enough.
TEST_PROCESSES ?= 2

test: $(READY)
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# Each editor's folder may have one: it drives the real editor, and keeps what it downloads under build/.
EDITOR_TESTS ?= $(wildcard editors/*/test-editors)

test-editors: $(READY)
	@for each in $(EDITOR_TESTS); do echo "== $$each" && VENV=$(abspath $(VENV)) $$each || exit 1; done

vsix:
	editors/vscode/package build/vscode/mellum-ls.vsix

check: $(READY) typed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/mellum-ls bench decode --against transformers

# On a machine with a GPU, with the Python that has torch and triton for it; no virtual environment is made.
gpu-check:
	@mkdir -p build/gpu && ln -sfn ../.. build/gpu/mellum_ls
	PYTHONPATH=build/gpu:. PYTHONSAFEPATH= $(PYTHON) -m tests.gpu_check --out build/gpu-check

# Type checkers cannot follow the editable install's import hook; the link gives them the package's real name.
typed:
	@mkdir -p build/typed && ln -sfn ../.. build/typed/mellum_ls

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
