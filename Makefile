# make demo        set up, fine-tune on generated scenes, test, show pictures
# make scenes      set up, generate the scenes (nothing when they are there)
# make test        set up, pytest and the linters
# make test-heavy  the full-size builds and long runs too
# make lint        the linters alone
# make clean       remove all that the targets above made
#
# Every install is by constraints.txt, the versions that were tested. Stamp
# files keep a second run from installing or generating anything again.

PYTHON ?= python3
VENV ?= .venv
CONFIG := configs/demo/xnet_effnet-lite0_effnet-lite0_1xb4-400_scenes-192x256.py
# Where the configs look for it.
SCENES := $(or $(XNET_MM_DATA),data)/scenes
WORK_DIR ?= work_dirs/demo
# Tests run in this many processes, one thread each.
TEST_JOBS ?= 2

BIN := $(VENV)/bin
PACKAGE := $(wildcard xnet_mm/*.py xnet_mm/*/*.py)
# By constraints inside the builds as well: three packages come as source.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check \
	-c constraints.txt --build-constraint constraints.txt

.PHONY: demo scenes test test-heavy lint clean

demo: $(WORK_DIR)/.trained
	$(BIN)/python tools/test.py $(CONFIG) \
		"$$(cat $(WORK_DIR)/last_checkpoint)" \
		--work-dir $(WORK_DIR) --show-dir $(WORK_DIR)/pictures

# Trains again only when the config or the package has changed.
$(WORK_DIR)/.trained: $(VENV)/.demo $(CONFIG) $(PACKAGE) | scenes
	$(BIN)/python tools/train.py $(CONFIG) --work-dir $(WORK_DIR)
	@touch $@

scenes: $(VENV)/.demo
	$(BIN)/python tools/make_scenes.py $(SCENES)

test: $(VENV)/.tests lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_JOBS) -m 'not heavy'

test-heavy: $(VENV)/.tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_JOBS)

lint: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

$(VENV)/.demo: $(VENV)/.made setup.py constraints.txt
	@echo 'Installing PyTorch and the OneDL packages: minutes, once.'
	$(INSTALL) -e '.[onedl,demo]'
	@touch $@

$(VENV)/.tests: $(VENV)/.demo
	$(INSTALL) -e '.[onedl,demo,tests]'
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo 'xnet_mm needs Python 3.10 or newer, this is'; \
		$(PYTHON) --version; \
		echo 'Try: make PYTHON=python3.11'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check \
		-c constraints.txt pip setuptools
	@touch $@

clean:
	rm -rf $(VENV) $(SCENES) $(WORK_DIR) build dist xnet_mm.egg-info \
		xnet_mm/.mim .pytest_cache .ruff_cache
