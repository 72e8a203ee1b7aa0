# Thin on purpose: what each target needs is built by `packaging/set_up.py`, which installs only
# what changed and costs a few hundredths of a second when nothing did. `make help` lists the targets.

BIN := .venv/bin
PYTEST := QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help venv demo run test test-long check format bench constraints wheel smoke clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv:  ## build .venv and say, or as root install, what the system lacks
	@python=$$(sh packaging/find_python.sh) && "$$python" packaging/set_up.py

demo: venv  ## the demo project in the window; without a display the whole journey into demo/
	$(BIN)/segdesk demo

run: venv  ## open the window
	$(BIN)/segdesk

# Two workers: the suite has to fit two cores. A file stays on one worker, so that what a module's
# fixture trained or imported is made once; in the order of their names, because the other one puts
# the files with few tests last, which are the longest.
test: venv  ## all tests but the long ones
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder -m "not long"

test-long: venv  ## fuzz and fault suites, minutes each, and every property on all its examples
	SEGDESK_EXAMPLES=all $(PYTEST) -m "long or hypothesis" --timeout 3600

check: venv  ## ruff, format, pyright, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(PYTEST) -q tests/contracts

format: venv  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: venv  ## measure, and write docs/benchmarks.md and docs/benchmarks.json
	$(BIN)/python -m tests.benchmarks $(if $(NAPARI),--napari $(NAPARI))

constraints: venv  ## resolve afresh and write constraints.txt
	$(BIN)/python packaging/refresh_constraints.py

wheel: venv  ## sdist and wheel into dist/
	rm -rf dist
	$(BIN)/python -m build

smoke: wheel  ## install the built wheel into a fresh environment and try it
	$(BIN)/python packaging/smoke.py

clean:  ## remove caches, dist/ and demo/; .venv stays
	rm -rf dist build demo .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find segdesk tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +
