# Every target prepares .venv by itself (scripts/bootstrap); nothing but make and Python 3.11 or newer need be there.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# Some images set it; then each of the tests' processes would compile every module that it loads.
unexport PYTHONDONTWRITEBYTECODE
ARGS ?=
PYTEST_ARGS ?=
# Two files at a time, also where there are more processors: each may start a platform of its own. In the order given, since
# the files of few tests, which start platforms, would come last otherwise, and one of the two would wait for the other.
IN_PARALLEL := --numprocesses 2 --dist loadfile --no-loadscope-reorder
.PHONY: help up down status logs reset \
	test test-unit test-outside test-property test-integration test-operations test-operations-short test-chart test-kite \
	test-chaos test-exchange test-operator test-ui test-cluster chaos chaos-orders planted images chart \
	check check-requirements check-lint check-types check-imports check-generated check-house \
	format schemas sessions requirements clean local dev cluster-up cluster-down cluster-load

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "; print "usage: make TARGET [ARGS=\"…\"]"} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' Makefile

##@ Run on this machine
# With ZERODHA=simulator the day is traded on two accounts: on paper, and at a Zerodha that is played on this machine.
UP := -f examples/ --replay examples/market
ifeq ($(ZERODHA),simulator)
UP := --again -f examples/broker.yaml -f examples/rehearsal --rehearse examples/market
endif

up: local ## Start everything, replay a real NSE day on paper money, show its result (ARGS="--speed 600"; ZERODHA=simulator)
	@$(BIN)/panda up $(UP) --wait $(ARGS)

down: local ## Stop everything; what happened is kept
	@$(BIN)/panda down $(ARGS)

status: local ## Show each service: state, restarts, lag, memory
	@$(BIN)/panda status $(ARGS)

logs: local ## Show the logs (ARGS="-f risk-manager")
	@$(BIN)/panda logs $(ARGS)

reset: local ## Forget everything that happened
	@$(BIN)/panda reset $(ARGS)

##@ Develop
test: dev ## Run the tests and print their coverage
	@$(BIN)/python -m pytest tests/integration tests/outside tests/unit -m "not operations and not exchange" $(IN_PARALLEL) --cov --cov-report=term $(PYTEST_ARGS)
	@$(BIN)/python -m pytest tests/property $(IN_PARALLEL) $(PYTEST_ARGS)

test-unit: dev ## Run the tests that need no store
	@$(BIN)/python -m pytest tests/unit $(IN_PARALLEL) $(PYTEST_ARGS)

test-outside: dev ## Run the tests that play Kite and Yahoo over a socket
	@$(BIN)/python -m pytest tests/outside $(IN_PARALLEL) $(PYTEST_ARGS)

test-property: dev ## Run the property tests
	@$(BIN)/python -m pytest tests/property $(IN_PARALLEL) $(PYTEST_ARGS)

test-integration: dev ## Run the tests that start Kafka, Redis and PostgreSQL
	@$(BIN)/python -m pytest tests/integration $(PYTEST_ARGS)

test-chart: dev ## Render the Helm chart and hold it to its rules (Helm is built from Go modules the first time)
	@scripts/cluster/packages.sh "make test-chart" promtool=prometheus
	@scripts/cluster/build.sh helm >/dev/null
	@$(BIN)/python -m pytest tests/chart $(PYTEST_ARGS)

test-operations: dev ## Run the tests that halt, examine and repair a whole platform
	@$(BIN)/python -m pytest tests/integration -m operations $(IN_PARALLEL) $(PYTEST_ARGS)

test-operations-short: dev ## Run those of them that take no minutes
	@$(BIN)/python -m pytest tests/integration -m "operations and not long" $(IN_PARALLEL) $(PYTEST_ARGS)

test-chaos: dev ## Run the short part of the chaos runs: some fail-points and two seeds
	@$(BIN)/python -m pytest tests/chaos -m chaos $(PYTEST_ARGS)

test-exchange: dev ## Do harm to orders at a simulated Zerodha, with real processes and stores
	@$(BIN)/python -m pytest tests/integration/zerodha -m exchange $(PYTEST_ARGS)

test-kite: dev ## Ask the real Kite Connect for market data and margins, never an order (KITE_API_KEY, KITE_ACCESS_TOKEN)
	@$(BIN)/python -m pytest -x tests/kite -m kite $(PYTEST_ARGS)

test-ui: dev ## Use the dashboard in Debian's chromium, on a platform that replays a day
	@$(BIN)/python -m pytest tests/ui -m ui $(PYTEST_ARGS)

test-operator: dev ## Run the tests on a real Kubernetes API server (built from Go modules the first time: minutes)
	@scripts/cluster/build.sh etcd kube-apiserver kubectl kube-controller-manager >/dev/null
	@$(BIN)/python -m pytest tests/operator $(PYTEST_ARGS)

test-cluster: dev ## Install the chart on a real cluster and trade a day there (as root; a quarter of an hour the first time)
	@$(BIN)/python -m pytest tests/cluster $(PYTEST_ARGS)

chaos: dev ## Do harm to a trading platform for hours: every fail-point, 50 seeds, 700 kills amid orders (ARGS="--seeds 1-3")
	@$(BIN)/python -m tests.chaos $(or $(ARGS),--matrix --seeds 1-50)
	@$(if $(ARGS),:,$(MAKE) --no-print-directory chaos-orders)

chaos-orders: dev ## The last of these: kill the service that sends orders to an exchange (KILLS=100 at each step)
	@KILLS=$(or $(KILLS),100) $(BIN)/python -m pytest tests/integration/zerodha/test_harm_to_orders.py $(PYTEST_ARGS)

planted: dev ## Plant ten known bugs in copies of the source and show that the checks find each (ARGS=float-cash)
	@$(BIN)/python -m tests.chaos.planted $(ARGS)

check: check-requirements check-lint check-types check-imports check-generated check-house ## Run every check but the tests

check-requirements: dev
	@$(BIN)/python scripts/requirements.py check

check-lint: dev
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet --diff .

check-types: dev
	@$(BIN)/mypy

check-imports: dev
	@$(BIN)/lint-imports --no-logo

check-generated: dev
	@$(BIN)/panda schemas --check
	@$(BIN)/python scripts/generate_sessions.py --check
	@PYTHONPATH=scripts $(BIN)/python -m chart --check

check-house: dev
	@$(BIN)/python -m pytest -q tests/house

format: dev ## Format the code and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: dev ## Measure on the real stores and write docs/benchmarks (ARGS="latency --repetitions 1")
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: peers
peers: dev ## Install other backtesters, which `make bench` measures ours beside, into .venv-peers
	@$(BIN)/python -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/peers.txt

##@ Kubernetes
images: local ## Build the images with Docker or buildah (ARGS="base services"; BASE_IMAGE=… for another base)
	@images/build $(ARGS)

cluster-up: ## Start a cluster: kind where Docker runs, else one real node (as root; minutes the first time)
	@scripts/cluster/cluster.sh up

cluster-down: ## End it and delete all that was in it
	@scripts/cluster/cluster.sh down

cluster-load: ## Give it images (ARGS="IMAGE… or ARCHIVE.tar…")
	@scripts/cluster/cluster.sh load $(ARGS)

##@ Generate
schemas: dev ## Write the JSON Schema of every event, and the CRDs
	@$(BIN)/panda schemas
	@$(MAKE) chart

chart: dev ## Write the chart's dashboards, rules and resource definitions
	@PYTHONPATH=scripts $(BIN)/python -m chart

sessions: dev ## Write the table of the market's sessions from the calendar library and our overrides (ARGS=--check)
	@$(BIN)/python scripts/generate_sessions.py $(ARGS)

requirements: dev ## Compile requirements/*.txt from pyproject.toml (ARGS=--upgrade takes the newest)
	@$(BIN)/python scripts/requirements.py compile $(ARGS)

##@ Tidy
clean: ## Remove the environment and all caches of this clone (not what happened, nor the downloads)
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

local:
	@scripts/bootstrap local

dev:
	@scripts/bootstrap dev
