# make run | make test | make bench | make check | make setup    (make help explains)
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup run test bench check format clean

help: ## lists these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: ## installs the service (.venv), Rasa (bot/.venv) and trains the models; quick when nothing changed
	@bash casework/commands/setup.sh

run: setup ## starts everything and says where to look; Ctrl-C stops it all
	@exec .venv/bin/guidepost up --demo-without-twilio

test: setup ## runs every test
	@.venv/bin/python -m pytest -n 2

bench: setup ## prints the benchmark table
	@.venv/bin/python -m tests.bench

check: setup ## lint, types, tests
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && $(MAKE) --no-print-directory test

format: ## formats the code
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

clean: ## removes what set-up and runs made (not the data folder)
	rm -rf .venv bot/.venv models
