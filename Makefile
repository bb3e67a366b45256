PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check docs bench install clean

demo: install  ## train a source, transfer it three ways, show the result
	$(BIN)/embedding-transfer demo --output demo-run

test: install  ## run every test, two at a time
	$(BIN)/pytest -n 2 --dist worksteal

check: install  ## lint, format and types
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: install  ## build the documentation site: open site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

bench: install  ## time everything against the plain way, on the CPU
	$(BIN)/python benchmarks/losses.py
	$(BIN)/python benchmarks/search.py --rounds 3
	$(BIN)/python benchmarks/images.py --rounds 4
	$(BIN)/python benchmarks/loop.py
	$(BIN)/python benchmarks/step.py
	$(BIN)/python benchmarks/step.py --source bn_inception --target bn_inception --embedding-dim 64 --rounds 3

install: .venv/.installed

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:  ## remove what make made
	rm -rf .venv demo-run site
