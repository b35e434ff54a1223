# Needs only Python 3.11+, a C++ compiler, git and make; everything else goes into .venv.
PYTHON ?= python3
UV_VERSION := 0.13.9
CYCLONEDX_VERSION := 7.5.0
PIP_AUDIT_VERSION := 2.10.1
VENV := .venv
BIN := $(VENV)/bin
unexport PYTHONDONTWRITEBYTECODE
export UV_NO_PROGRESS := 1

.PHONY: up down test verify steady lint docs client bench sbom mutants lock install clean
.DEFAULT_GOAL := help

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

up: install  ## start everything, run the loop once, and say where things are
	@$(BIN)/recops up

down: install  ## stop everything that `make up` started
	@$(BIN)/recops down

test: install  ## the laws, in minutes, beside a running stack if there is one
	$(BIN)/python -m pytest -m "not slow and not stack"

verify: install  ## the slow laws and the running stack
	$(BIN)/python -m pytest -m "slow or stack" -rs

steady: install  ## an hour of mixed traffic (MINUTES=60): memory, store, pruning
	$(BIN)/python -m benchmarks.steady_memory --minutes $(or $(MINUTES),60)

lint: install  ## format, style, types, and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: install  ## the documentation as a site, in .site
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --quiet
	@echo "open .site/index.html"

client: install  ## the TypeScript client, built into clients/typescript/dist; needs npm
	$(BIN)/python -m reference.openapi_file clients/typescript/openapi.json
	cd clients/typescript && npm ci --no-audit --no-fund && npm run build

bench: install  ## measure, side by side with what one would use instead
	$(BIN)/python -m benchmarks

sbom: install  ## write what the platform and the service are made of (CycloneDX), and ask for known holes
	@mkdir -p dist
	@for lock in requirements-production requirements-serving; do \
	  $(BIN)/uv tool run --from cyclonedx-bom==$(CYCLONEDX_VERSION) cyclonedx-py requirements $$lock.lock \
	    --output-reproducible -o dist/$$lock.cdx.json || exit 1; echo dist/$$lock.cdx.json; done
	$(BIN)/uv tool run pip-audit==$(PIP_AUDIT_VERSION) --disable-pip --require-hashes -r requirements-production.lock

mutants: install  ## put faults into the modules that decide, and count those that tests notice
	$(BIN)/python -m benchmarks.mutants

install: $(VENV)/.installed

$(BIN)/uv:
	@echo "setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/uv
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

lock: $(BIN)/uv  ## write the lock files anew from the floors in pyproject.toml
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet --upgrade \
	  --python-version 3.11 --extra dev --extra text --extra llm pyproject.toml -o requirements.lock
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["serving"], sep="\n")' \
	  | $(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet \
	  --python-version 3.11 -c requirements.lock - -o requirements-serving.lock
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["production"], sep="\n")' \
	  | $(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate --quiet \
	  --python-version 3.11 -c requirements.lock - -o requirements-production.lock
