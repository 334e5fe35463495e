# make demo        set up, fine-tune on generated scenes (segmentation, then
#                  depth), test, show pictures
# make scenes      set up, generate the scenes (nothing when they are there)
# make test        set up, pytest and the linters
# make test-heavy  the full-size builds and long runs too
# make lint        the linters alone
# make test-stack  the tests on another stack: STACK=cluster (OPS=no: without
#                  compiling mmcv) or minimum; checkpoints exchanged with it
# make campaign    bad files, options, kills: what the tools do about them
# make clean       remove all that the targets above made
#
# Every install is by constraints.txt, the versions that were tested; those of
# the other stacks are in tests/stacks. Stamp files keep a second run from
# installing or generating anything again.

PYTHON ?= python3
VENV ?= .venv
MODEL := xnet_effnet-lite0_effnet-lite0
SEGMENTATION := configs/demo/$(MODEL)_1xb4-400_scenes-192x256.py
DEPTH := configs/demo/$(MODEL)_1xb4-120_scenes-depth-192x256.py
# Where the configs look for it.
SCENES := $(or $(XNET_MM_DATA),data)/scenes
WORK_DIR ?= work_dirs/demo
# Tests run in this many processes, one thread each.
TEST_JOBS ?= 2
STACK ?= onedl
OPS ?= yes
# Environments of the other stacks, 6 GB each.
STACKS ?= .stacks

BIN := $(VENV)/bin
# All depths: a wildcard ends at the levels that it names.
PACKAGE := $(shell find xnet_mm -name '*.py')
# By constraints inside the builds as well: three packages come as source.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check \
	-c constraints.txt --build-constraint constraints.txt

.PHONY: demo scenes test test-heavy test-stack campaign lint clean

demo: $(WORK_DIR)/segmentation/.trained $(WORK_DIR)/depth/.trained
	$(call test,segmentation,$(SEGMENTATION))
	$(call test,depth,$(DEPTH))

define test
$(BIN)/python tools/test.py $(2) "$$(cat $(WORK_DIR)/$(1)/last_checkpoint)" \
	--work-dir $(WORK_DIR)/$(1) --show-dir $(WORK_DIR)/$(1)/pictures
endef

# Each trains again only when its config or the package has changed.
$(WORK_DIR)/segmentation/.trained: CONFIG = $(SEGMENTATION)
$(WORK_DIR)/segmentation/.trained: $(SEGMENTATION)
$(WORK_DIR)/depth/.trained: CONFIG = $(DEPTH)
$(WORK_DIR)/depth/.trained: $(DEPTH)
$(WORK_DIR)/%/.trained: $(VENV)/.demo $(PACKAGE) | scenes
	$(BIN)/python tools/train.py $(CONFIG) --work-dir $(@D)
	@touch $@

scenes: $(VENV)/.demo
	$(BIN)/python tools/make_scenes.py $(SCENES)

test: $(VENV)/.tests lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_JOBS) -m 'not heavy'

test-heavy: $(VENV)/.tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_JOBS)

ifeq ($(STACK),onedl)
test-stack: $(VENV)/.tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_JOBS) -m 'not heavy'
else
OTHER := $(STACKS)/$(STACK)$(if $(filter no,$(OPS)),-lite)
test-stack: $(OTHER)/.ready $(VENV)/.tests
	OMP_NUM_THREADS=1 $(OTHER)/bin/python -m pytest -n $(TEST_JOBS) \
		-m 'not heavy'
	$(BIN)/python tests/stacks/exchange.py $(BIN)/python $(OTHER)/bin/python

$(OTHER)/.ready: tests/stacks/$(STACK).txt tests/stacks/make.sh
	OPS=$(OPS) tests/stacks/make.sh $(STACK) $(@D)
	@touch $@
endif

# Some of it: make campaign CAMPAIGN='--kind hostile', or '--list'.
campaign: $(VENV)/.tests
	$(BIN)/python tests/campaign $(CAMPAIGN)

lint: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/.demo: $(VENV)/.made setup.py constraints.txt
	@echo 'Installing PyTorch and the OneDL packages: minutes, once.'
	$(INSTALL) -e '.[onedl,demo]'
	@touch $@

$(VENV)/.tests: $(VENV)/.demo
	$(INSTALL) -e '.[onedl,demo,geo,app,peers,tests,onedl-mask2former,onedl-clients]'
	$(INSTALL) --no-deps onedl-mmdetection
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
	rm -rf $(VENV) $(STACKS) $(SCENES) $(WORK_DIR) build dist xnet_mm.egg-info \
		xnet_mm/.mim .pytest_cache .ruff_cache .mypy_cache
