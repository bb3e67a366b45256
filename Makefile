PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check install clean

demo: install  ## train a source, transfer it three ways, show the result
	$(BIN)/embedding-transfer demo --output demo-run

test: install  ## run every test, two at a time
	$(BIN)/pytest -n 2

check: install  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: .venv/.installed

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:  ## remove what make made
	rm -rf .venv demo-run
