# `make` lists what there is. The first two commands of the README are `make course` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COURSE := build/course
SITE := _build/html
PORT ?= 8000
# Tools look for their neighbours (alembic, node) on PATH.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Made once, with the environment: matplotlib would announce the making of its list of fonts in the middle of a page.
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/matplotlib

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install course test book translations exercises grade student-edition serve bench bench-grading experiments lint format requirements clean \
	site-zip pdf audit

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

install: $(VENV)/installed  ## make .venv with everything that the course needs

$(VENV)/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "the course needs Python 3.11 or later; try: make PYTHON=python3.11 install")'
	@echo "== installing into $(VENV) (a few minutes the first time)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -c 'import matplotlib.font_manager'
	@touch $@

course: install exercises book grade  ## everything: environment, book, exercises, a graded sample class
	@echo
	@echo "The site       $(SITE)/index.html               make serve, then http://localhost:$(PORT)"
	@echo "The exercises  exercises/                          $(BIN)/jupyter lab exercises"
	@echo "The feedback   $(COURSE)/feedback/               one HTML page a submission"
	@echo "The grades     $(COURSE)/grades.csv              $(BIN)/grade status"

# LANG is set in most shells: only `make book LANG=...` names an edition.
EDITION := $(if $(filter command,$(firstword $(origin LANG))),$(LANG))

book: install  ## build the book; a warning is an error (LANG=zh_CN: its edition in another language)
	@echo "== building the book"
	$(if $(EDITION),$(BIN)/python tools/editions.py build $(EDITION),$(BIN)/jupyter-book build . -W -n --keep-going)

translations: install  ## bring locale/ up to the English text, and say how much is translated
	$(BIN)/python tools/editions.py update
	$(BIN)/python tools/editions.py progress

exercises: install  ## make exercises/ from solutions/
	@echo "== making the exercises"
	$(BIN)/python tools/make_exercises.py

grade: install  ## make the sample class and grade it
	@echo "== grading the sample class"
	$(BIN)/grade release --course $(COURSE)
	$(BIN)/python tools/sample_class.py $(COURSE)
	$(BIN)/grade run --course $(COURSE)
	$(BIN)/grade feedback --course $(COURSE)
	$(BIN)/grade export --course $(COURSE) --csv $(COURSE)/grades.csv

student-edition: install exercises book  ## what students may have: no answers in it (build/student)
	@echo "== making the student edition"
	$(BIN)/python tools/student_edition.py build/student

serve:  ## show the built book at http://localhost:8000 (PORT=...)
	@test -f $(SITE)/index.html || { echo "no site yet: run make book"; exit 1; }
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

site-zip: install  ## pack the built book into one zip that works without a server
	$(BIN)/python tools/site_zip.py

pdf: install  ## print the built book into one PDF (needs Chromium)
	$(BIN)/python tools/site_pdf.py

audit: install  ## Lighthouse on every page of the built book, as a table (needs Chromium and npm's registry; AUDIT="index 08_adjoint")
	$(BIN)/python tools/audit.py $(AUDIT)

# The grader's warm sandboxes need processes that have imported little; the class needs the machine for itself.
PYTEST_HERE := $(BIN)/python -m pytest
ON_ALL_CORES := -n logical --dist loadfile --no-loadscope-reorder
NONE_CHOSEN := { [ $$? = 5 ] && [ -n "$$PYTEST" ]; }  # of these tests; there are others

test: install  ## run the tests, on all cores; the class alone (PYTEST="-k matrix" to choose)
	$(BIN)/python tools/make_exercises.py --check
	OMP_NUM_THREADS=1 $(PYTEST_HERE) $(ON_ALL_CORES) --ignore tests/grading --ignore tests/classroom $(PYTEST) || $(NONE_CHOSEN)
	OMP_NUM_THREADS=1 $(PYTEST_HERE) $(ON_ALL_CORES) tests/grading $(PYTEST) || $(NONE_CHOSEN)
	$(PYTEST_HERE) tests/classroom $(PYTEST) || $(NONE_CHOSEN)

bench: install  ## time the library against torch (BENCH="--to lib/resampling/bench.json")
	$(BIN)/python tools/bench.py $(BENCH)

bench-grading: install  ## time the grader against stock nbgrader and Otter (BENCH="--growth 10,100,1000")
	$(BIN)/python tools/bench_grading.py $(BENCH)

experiments: install  ## train the networks of chapter 14 (EXPERIMENTS="super-resolution --device cuda --steps 5000")
	$(BIN)/python tools/experiments.py $(EXPERIMENTS)

lint: install  ## look for mistakes of form
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

format: install  ## mend mistakes of form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

requirements: install  ## compile requirements.txt from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --quiet \
		--no-annotate --custom-compile-command "make requirements" --output-file requirements.txt

clean:  ## delete what was built, and keep .venv
	rm -rf _build build
