# Chores by name. The real build is CMake's (see CMakePresets.json).
.PHONY: help demo test bench install build deps deps-test clean

help:
	@echo 'make demo      play the outage of 20 October 2025 on a small stack of its own'
	@echo 'make test      build with sanitizers and run every test ring'
	@echo 'make bench     build and run the benchmarks'
	@echo 'make install   build and install (PREFIX=/usr/local)'

PREFIX ?= /usr/local

deps:
	@.ci/install-packages .ci/packages

deps-test:
	@.ci/install-packages .ci/packages .ci/packages-test

build/release/build.ninja: | deps
	@cmake --preset release -DBLACKSTART_TESTS=OFF -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null

build: deps build/release/build.ninja
	@cmake --build --preset release

demo: build
	@build/release/bin/blackstart demo $(DEMO_FLAGS)

test: deps-test
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev
	@.ci/run-tests build/dev

bench: deps
	@.ci/install-packages .ci/packages .ci/packages-test .ci/packages-bench
	@cmake --preset release -B build/bench -DBLACKSTART_TESTS=OFF -DBLACKSTART_BENCH=ON >/dev/null
	@cmake --build build/bench
	@bench/run build/bench

install: build
	@cmake --install build/release

clean:
	@rm -rf build
