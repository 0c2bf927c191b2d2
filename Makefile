# The front door. Thin: what is built is in CMakeLists.txt and CMakePresets.json, what is done is in tools/.
SECONDS = 600
TARGET =
SOURCE =
EXCHANGE = BINANCE
SYMBOL =

.DEFAULT_GOAL := help
.PHONY: help setup build wheel demo test check tidy bench soak coverage format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## install what building and testing need (Debian: by apt; elsewhere: says what)
	@tools/setup.sh build python test
	@tools/venv.sh

build: ## build build/release/dl and build/release/libdatalake.so
	@tools/setup.sh build python
	@tools/build.sh release

wheel: ## the Python package into build/dist: an sdist, and a wheel for Python 3.10 and later
	@tools/setup.sh build python
	@tools/venv.sh wheel
	@tools/wheel.sh

demo: build ## bars in, Parquet and manifest, bars out [SOURCE=file.csv EXCHANGE=… SYMBOL=…]
	@EXCHANGE='$(EXCHANGE)' SYMBOL='$(SYMBOL)' tools/demo.sh '$(SOURCE)'

test: ## everything CI runs: checks, unit, sanitizer, fault, interop, command line and document tests
	@tools/test.sh

check: ## the static checks only: format, includes, banned functions, sizes, headers, exports, Python
	@tools/setup.sh build python test
	@tools/venv.sh
	@tools/check.sh

tidy: ## clang-tidy over src/
	@tools/setup.sh build python test
	@tools/tidy.sh

bench: build ## measure against Polars, DuckDB, pyarrow and ArcticDB; writes bench/RESULTS.md
	@tools/setup.sh test
	@bench/run.sh

soak: ## the fault rigs in full, then fuzz every target for SECONDS seconds [SECONDS=600 TARGET=faults|fuzz_…]
	@tools/setup.sh build python test
	@tools/soak.sh '$(SECONDS)' '$(TARGET)'

coverage: ## lines and branches that the C tests reach, in build/coverage/index.html
	@tools/setup.sh build python test
	@tools/venv.sh
	@tools/coverage.sh

format: ## lay out C and Python sources
	@tools/setup.sh build python test
	@tools/venv.sh
	@tools/format.sh

clean: ## remove build/
	@rm -rf build
