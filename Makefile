# Two commands for a newcomer: `make demo` and `make test`.  The rest is for people who work on the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# PyTorch without CUDA, which PyPI has not.
TRAINING := .venv-asr-model
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# A lock file names everything, so that nothing is left to resolve; what is imported compiles itself.
LOCKED := --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile
# Some machines forbid Python to keep what it compiled; the tests start some hundred programs.
unexport PYTHONDONTWRITEBYTECODE
# Most tests wait for what is to come, so several files run at a time.  ALONE keeps time with sound, pictures and recognition
# and has the machine to itself; LONG, and what is marked slow, is a command of its own.
LONG := tests/media/test_crash.py tests/media/test_loss.py tests/browser/test_seats.py tests/browser/test_kiosk_copy.py tests/e2e/test_demo.py
NETWORKS := tests/network tests/browser/test_room.py
PAGES := $(filter-out $(LONG) $(NETWORKS) tests/browser/test_full_room.py,$(wildcard tests/browser/test_*.py))
ALONE := tests/e2e/test_walk.py
TIMED := $(filter-out $(ALONE) $(LONG),$(wildcard tests/media/test_*.py)) tests/kiosk
QUICK := tests/api tests/archive tests/asr_model tests/bench tests/domain tests/letters tests/reception tests/records tests/server tests/store tests/transcription

.PHONY: demo test test-long test-nightly lint types imports unit browser setup setup-test tools compile bench-asr bench-captions noises bench-noises bench-media bench-joining bench-lecture bench-archive bench-desk bench-store bench-papers asr-model chaos full-room kiosk-screens kiosk-bundle simulated-year reception-day fuzz-api clean test-postgresql

demo: setup  ## hold a reception and go on serving; ONCE=1 files it and ends; DIALOGUE=folder takes another
	@$(BIN)/python deploy/demo/run.py

test: tools setup-test lint types imports  ## everything that must be green
	$(BIN)/python -m pytest -n 3 --dist loadfile $(QUICK) -m "not slow and not nightly"
	$(BIN)/python -m pytest -n 3 --dist loadfile $(PAGES) -m "not slow and not nightly"
	$(BIN)/python -m pytest -n 2 --dist loadfile $(TIMED) -m "not slow and not nightly"
	$(BIN)/python -m pytest $(ALONE)

test-long: tools setup-test  ## lost packets, killed programs, whole dialogues, long pages; CI runs it too
	$(BIN)/python -m pytest -n 4 --dist loadfile $(QUICK) $(PAGES) $(TIMED) -m "slow and not nightly"
	$(BIN)/python -m pytest -n 2 --dist loadfile $(LONG) -m "not nightly"

test-postgresql: tools setup-test  ## the same tests of the office, its records and its API on a real PostgreSQL
	JIETAN_TEST_ENGINE=postgresql $(BIN)/python -m pytest -n 2 --dist loadfile $(QUICK) -m "not slow and not nightly"

test-nightly: setup-test  ## what neither of them has time for: networks that block, foreign encoders, every right, more pages, a slip on paper, a simulated year; a quarter of an hour
	@NIGHT=1 sh deploy/test-tools.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile $(QUICK) $(PAGES) $(TIMED) tests/e2e/test_demo.py -m nightly
	$(BIN)/python -m pytest $(NETWORKS)

setup: $(VENV)/.setup
setup-test: $(VENV)/.setup-test

$(VENV)/.setup: requirements.lock pyproject.toml
	@echo "Setting up (first time: a few minutes)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install $(LOCKED) -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.setup-test: requirements-test.lock $(VENV)/.setup
	@$(BIN)/pip install $(LOCKED) -r requirements-test.lock
	@touch $@

compile: setup-test  ## the media node's hot modules to C (needs gcc and Python's headers): more rooms per core
	@$(BIN)/python -m deploy.compile

tools:  ## Debian packages that the tests drive
	@sh deploy/test-tools.sh

lint:
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

unit: setup-test
	$(BIN)/python -m pytest -n 3 --dist loadfile $(QUICK) -m "not slow and not nightly"

browser: setup-test tools
	$(BIN)/python -m pytest -m browser

chaos: setup-test tools  ## every way in which a talk can be disturbed (as root); CASE=name runs one; one JSON line
	@$(BIN)/python -m deploy.chaos $(if $(CASE),--case $(CASE))

full-room: setup-test tools  ## five people and an observer on real pages; SCREENSHOTS=folder keeps a picture of each
	@JIETAN_FULL_ROOM=1 JIETAN_SCREENSHOTS=$(SCREENSHOTS) $(BIN)/python -m pytest -q tests/browser/test_full_room.py

kiosk-screens: setup-test tools  ## a small picture of every screen of the kiosk into deploy/docs
	@SCREENSHOTS=deploy/docs ONLY_PICTURES=1 $(BIN)/python -m pytest -q -m nightly tests/browser/test_kiosk_access.py

kiosk-bundle: setup  ## what a kiosk's setup.sh installs, carried in a folder: FOLDER=, ARCH=aarch64 or x86_64
	@deploy/kiosk/bundle.sh --python $(BIN)/python --arch $(or $(ARCH),aarch64) "$(FOLDER)"

simulated-year: setup-test  ## 20,000 cases of 30 organizations through a year, every deadline and figure worked out twice; half an hour; CASES=, ORGANIZATIONS=, SEED=
	@$(BIN)/python -m tests.records.simulated_year --cases $(or $(CASES),20000) --organizations $(or $(ORGANIZATIONS),30) --seed $(or $(SEED),1)

reception-day: setup-test  ## a day of 50 kiosks and 10 leaders through the queue, restarted at noon; KIOSKS=, LEADERS=, SEED=
	@$(BIN)/python -m tests.reception.reception_day --kiosks $(or $(KIOSKS),50) --leaders $(or $(LEADERS),10) --seed $(or $(SEED),8)

.PHONY: kiosk-day
kiosk-day: setup-test  ## a day of one kiosk, 240 times as fast: line and power cuts, full disk, unplugged camera; every sitting once and whole, or says what is missing; HOURS=, SEED=
	@$(BIN)/python -m tests.kiosk.simulated_day --hours $(or $(HOURS),24) --seed $(or $(SEED),1)

fuzz-api: setup-test  ## what the API's description allows and what it does not, by everybody, EXAMPLES= to each route; a quarter of an hour
	@JIETAN_FUZZ_EXAMPLES=$(or $(EXAMPLES),50) $(BIN)/python -m pytest tests/api/test_fuzz.py

bench-asr: setup  ## error rate, latency and speed of recognition; one JSON line
	@$(BIN)/python -m transcription.bench

bench-captions: setup  ## how far captions are behind the speakers, and how many streams a core carries; one JSON line
	@$(BIN)/python -m deploy.bench.captions

bench-papers: setup  ## how well pages under the document camera are found, straightened and read; one JSON line
	@$(BIN)/python -m deploy.bench.papers

noises: setup tools  ## FOLDER=folder gets a dialogue folder of each noise, for `jietan transcriber evaluate`
	@$(BIN)/python -m deploy.bench.noises $(FOLDER)

bench-noises: setup tools  ## what is written while nobody speaks, live and heard again, with the guard and without; writes transcription/FIGURES.md, one JSON line
	@$(BIN)/python -m deploy.bench.noise_figures $(if $(MODEL),--model $(MODEL))

bench-archive: setup  ## how fast the archive's film is made of two 720p recordings; one JSON line
	@$(BIN)/python -m deploy.bench.archive

bench-desk: setup-test tools  ## how quick the correction page is on a sitting of two hours; one JSON line
	@$(BIN)/python -m deploy.bench.desk

bench-store: setup-test tools  ## how quick the case store is with 10,000 and a million cases, on both databases; SIZES="10000 100000"
	@$(BIN)/python -m deploy.bench.store $(if $(SIZES),--sizes $(SIZES)) $(if $(SECONDS),--seconds $(SECONDS))

asr-model: $(TRAINING)/.setup  ## train the small model again, into FOLDER; MINUTES=180; SCALE=small tries every step out
	@test -n "$(FOLDER)" || { echo "make asr-model FOLDER=folder" >&2; exit 2; }
	@OMP_WAIT_POLICY=passive nice $(TRAINING)/bin/python -m deploy.asr_model $(FOLDER) --scale $(or $(SCALE),full) \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(START_FROM),--start-from $(START_FROM))

$(TRAINING)/.setup: requirements.lock pyproject.toml
	@echo "Setting up what trains (several minutes)" >&2
	@test -x $(TRAINING)/bin/python || $(PYTHON) -m venv $(TRAINING)
	@$(TRAINING)/bin/pip install $(LOCKED) -r requirements.lock
	@$(TRAINING)/bin/pip install --quiet --disable-pip-version-check --extra-index-url $(TORCH_INDEX) -e .[asr-model]
	@touch $@

bench-media: compile  ## the price of a room beside stock aiortc and Janus; writes deploy/performance.md, one JSON line
	@$(BIN)/python -m deploy.bench.media

bench-joining: setup-test tools  ## how long after the leader's key each sees the other, in real browsers; writes deploy/performance.md, one JSON line
	@$(BIN)/python -m deploy.bench.joining

bench-lecture: setup  ## one speaker and 10, 50, 100 viewers on one media node: its core-seconds, what was lost; one JSON line; AGAINST=checkout measures that one's node, too
	@$(BIN)/python -m deploy.bench.lecture $(if $(AGAINST),--against $(AGAINST)) $(if $(SECONDS),--seconds $(SECONDS))

lock:  ## renew the lock files (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -p 3.11 pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --no-header -p 3.11 --extra test pyproject.toml -o requirements-test.lock

clean:
	rm -rf $(VENV) $(TRAINING) demo-data .pytest_cache .mypy_cache .ruff_cache
