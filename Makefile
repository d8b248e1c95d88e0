# Two commands for a newcomer: `make demo` shows it, `make test` proves it. Each installs what it lacks.
.PHONY: demo drill county test check bench prove screens docs-lamp firmware hardware bundle-pi console tools browser words32 clean help
.DEFAULT_GOAL := help
SHELL := /bin/sh

UV := .tools/uv/bin/uv
RUN := $(UV) run --frozen --no-sync
READY := .tools/ready
STATIC := server/heartlamp_server/console/static/index.html
CONSOLE_SOURCES := $(shell find server/console -type f -not -path '*/node_modules/*' 2>/dev/null)

help:
	@echo "make demo    two villages, a county and its command centre on this machine; press a button"
	@echo "make drill   the same without a screen: one press through every hop, with milliseconds"
	@echo "make county  a county of 200 villages and a million alarms, to look at (VILLAGES=20: a smaller one)"
	@echo "make test    all tests, about 15 minutes        make prove   the long ones: 150 kills"
	@echo "make check   style, types, architecture, docs   make bench   latency beside the floor of this machine"
	@echo "make firmware  what devices load, as a signed bundle in build/firmware, and what it takes of them"
	@echo "make hardware  wiring, cases, schematics, cost and power budget of the devices, in build/hardware"
	@echo "make bundle-pi  what a bare Pi needs to become a village gateway without a network, in build/bundle"
	@echo "make screens  pictures of every page, both languages, light and dark, wide and narrow, in build/screens"
	@echo "make clean   forget what was built"

demo: tools console
	@$(RUN) python -m tests.village demo

drill: tools
	@$(RUN) python -m tests.village drill

county: tools console
	@$(RUN) python -m tests.county seed $(if $(VILLAGES),--villages $(VILLAGES)) $(if $(ALARMS),--alarms $(ALARMS))

firmware: tools words32
	@$(RUN) python -m heartlamp_tech.build
	@PYTHONPATH=firmware/app $(RUN) python -m tests.firmware.footprint

hardware: $(READY)/python
	@sh bootstrap/openscad.sh
	@sh bootstrap/kicad.sh
	@$(RUN) python -m hardware.build

bundle-pi: $(READY)/python
	@sh bootstrap/bundle_pi.sh

test: tools browser console words32
	$(RUN) pytest -n 4 -m "not prove"
	@$(MAKE) --no-print-directory console-test

prove: tools browser console
	$(RUN) pytest -m prove -s

bench: tools browser console
	@$(RUN) python -m tests.village bench
	@PYTHONPATH=firmware/app $(RUN) python -m tests.gateway.bench
	@$(RUN) python -m tests.village backlog
	@$(RUN) python -m tests.server.telemetry.bench
	@$(RUN) python -m tests.county bench

check: tools
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) pytest -q tests/docs

screens: tools browser console
	@$(RUN) python -m tests.console.pictures
	@$(RUN) python -m tests.console.screens

docs-lamp: tools
	PYTHONPATH=firmware/app $(RUN) python -m heartlamp_tech.draw_lamp docs/images/lamp

# --- what a bare machine lacks -------------------------------------------------------------------------------------

tools: $(READY)/python
	@sh bootstrap/system.sh
	@sh bootstrap/micropython.sh

browser:
	@sh bootstrap/system.sh browser
	@sh bootstrap/modemmanager.sh
	@sh bootstrap/influxdb.sh

words32: $(READY)/python
	@sh bootstrap/micropython32.sh

$(READY)/python: uv.lock pyproject.toml $(wildcard */pyproject.toml) firmware/tool/pyproject.toml bootstrap/uv.sh
	@sh bootstrap/uv.sh
	@echo "· installing the locked Python packages into .venv"
	@$(UV) sync --frozen --quiet
	@mkdir -p $(@D) && touch $@

# --- the console: Node comes by pip, and only to build ---------------------------------------------------------------

console: $(STATIC)

$(READY)/node_modules: server/console/package-lock.json | $(READY)/python
	@echo "· installing the console's build tools"
	@cd server/console && PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

$(STATIC): $(READY)/node_modules $(CONSOLE_SOURCES)
	@echo "· building the console"
	@cd server/console && PATH="$(CURDIR)/.venv/bin:$$PATH" npm run --silent build
	@touch $@

.PHONY: console-test
console-test: $(READY)/node_modules
	cd server/console && PATH="$(CURDIR)/.venv/bin:$$PATH" npm run --silent test

clean:
	rm -rf build .venv .tools server/console/node_modules server/heartlamp_server/console/static
	rm -rf server/console/src/api/openapi.ts .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
