# make demo   set everything up, run the examples flights and frames, and a short benchmark (under 3 minutes the first time)
# make test   set everything up, make lint, run every test
# make lint   gofmt, go vet, ruff, mypy --strict, and whether _core.pyi agrees with the extension
# make soak   the long forms of the tests under fire: 100,000 kills, 10^9 snapshots, 10^6 calls (about an hour)
# make bench  the full benchmark; rewrites its results, its pictures and the README's table (about 14 minutes)
# make bench-kernels  loops in Go beside NumPy's; rewrites its results, its picture and the tables of docs/explain/kernels.md (under 6 minutes)
# make build  the Go and C programs in bin/, and the Python package in .venv
# make wheel  a wheel of the Python package, with the command in it, in dist/
# make clean  remove what the others made

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PACKAGE := pybridge/python
INSTALLED := $(VENV)/.installed
DIST := dist

.DEFAULT_GOAL := help
.PHONY: help tools emulator build demo test lint wheel soak bench bench-kernels clean

help:
	@sed -n 's/^# //p' Makefile

# One line for each thing that is missing, with what to install.
tools:
	@ok=true; missing() { echo "missing: $$1" >&2; ok=false; }; \
	[ "$$(uname -s)" = Linux ] || missing "Linux: shared memory of this kind is Linux's"; \
	go=$$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p'); \
	[ "$${go:-0}" -ge 26 ] || missing "go 1.26 or newer, found $$(go env GOVERSION 2>/dev/null || echo none) (https://go.dev/dl)"; \
	command -v $${CC:-cc} >/dev/null || missing "a C compiler (apt install gcc libc6-dev)"; \
	if ! command -v $(PYTHON) >/dev/null; then missing "$(PYTHON), CPython 3.11 or newer (apt install python3, or set PYTHON)"; else \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || missing "CPython 3.11 or newer: $(PYTHON) is $$($(PYTHON) -V) (set PYTHON)"; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing "Python's venv module (apt install python3-venv)"; \
	$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' || missing "Python.h (apt install python3-dev)"; \
	fi; $$ok

$(INSTALLED): requirements.txt $(PACKAGE)/pyproject.toml $(PACKAGE)/setup.py $(wildcard $(PACKAGE)/src/samebytes/*.[ch]) | tools
	[ -x $(PY) ] || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -e $(PACKAGE)
	@touch $@

build: tools $(INSTALLED)
	CGO_ENABLED=0 go build -o bin/ ./cmd/samebytes ./examples/flights ./examples/frames ./examples/model-server ./examples/notebook
	CGO_ENABLED=0 go build -o bin/bench-peer ./benchmarks/peer
	$(CC) -std=gnu11 -O2 -I$(PACKAGE)/src/samebytes -o bin/bench-locks benchmarks/locks.c $(wildcard $(PACKAGE)/src/samebytes/locks*.c) -lpthread

demo: build
	$(PY) examples/flights/flights.py
	$(PY) examples/frames/frames.py
	$(PY) -m benchmarks --short

lint: build
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted" >&2; false; }
	go vet ./...
	go vet -C ndarray/internal/kern/gen ./...
	$(VENV)/bin/ruff check --quiet
	$(VENV)/bin/ruff format --quiet --check
	$(VENV)/bin/mypy --no-error-summary
	$(VENV)/bin/stubtest --mypy-config-file pyproject.toml samebytes._core

# The tests of arm64 run in an emulator.
emulator:
	@command -v qemu-aarch64 >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -q && apt-get install -qy qemu-user; } || \
	{ echo "missing: qemu-aarch64 (apt install qemu-user)" >&2; false; }

# The race detector sees nothing of what is assembly, but makes the tests of kernels, which leave goroutines to ndarray's, take minutes.
test: lint emulator
	for target in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -o /dev/null ./... || exit 1; done
	go test -race $$(go list ./... | grep -v -e internal/kern -e internal/gemm -e ndarray/blas)
	go test ./ndarray/internal/kern/... ./ndarray/internal/gemm ./ndarray/blas
	go test -C ndarray/internal/kern/gen ./...
	go test -tags noasm ./ndarray/...
	CGO_ENABLED=0 GOARCH=arm64 SAMEBYTES_EMULATED=1 go test -exec qemu-aarch64 ./ndarray/internal/kern/... ./ndarray/internal/workers ./npy ./shm
	go test ./shm -run 'TestM04|TestM09|TestD14|TestD15'
	$(PY) -m pytest

# pip builds in $(PACKAGE)/build, whose leavings of earlier builds would get into the wheel. auditwheel finds the oldest glibc that
# the extension runs with, and names the wheel accordingly.
wheel: build
	rm -rf $(PACKAGE)/build $(DIST)/built $(DIST)/samebytes-*.whl
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o $(DIST)/built/samebytes ./cmd/samebytes
	SAMEBYTES_BUNDLE=$(abspath $(DIST)/built/samebytes) $(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w $(DIST)/built $(PACKAGE)
	PATH="$(abspath $(VENV)/bin):$$PATH" auditwheel repair -w $(DIST) $(DIST)/built/*.whl
	rm -rf $(PACKAGE)/build $(DIST)/built
	@ls $(DIST)/samebytes-*.whl

soak: build
	SAMEBYTES_SOAK=1 go test ./shm ./npy ./pybridge -timeout 3h
	SAMEBYTES_SOAK=1 $(PY) -m pytest -s --timeout 7200 tests/test_kill.py tests/test_kill_streams.py tests/test_npy_headers.py tests/test_codec.py tests/test_soak.py

bench: build
	$(PY) -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	cd benchmarks/competitors && CGO_ENABLED=0 go build -o ../../bin/bench-competitors .
	$(PY) -m benchmarks

bench-kernels: build
	$(PY) -m benchmarks.kernels

clean:
	rm -rf $(VENV) bin $(DIST) $(PACKAGE)/build $(PACKAGE)/src/*.egg-info $(PACKAGE)/src/samebytes/*.so
