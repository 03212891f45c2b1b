# Everything a developer does, by name. Each target installs first what it needs and is missing.
#
#   make run         build, then boot Linux in this terminal (without a terminal: a scripted dialogue)
#   make test        all tests but the long ones        make test-long   the long ones as well
#   make bench       measure against native code and QEMU   (ARGS="--quick int." and other options)
#   make lint        what CI demands of style           make format      put it right
#   make docs        the command reference, and every link of the documentation
#   make install     into PREFIX (/usr/local)

SWIFT ?= swift
PREFIX ?= /usr/local
COMPLETIONS = $(DESTDIR)$(PREFIX)/share
ARGS ?=

# One configuration for programs, tests and benchmarks, so that nothing is compiled twice.
BUILT := .build/release
BUILD := $(SWIFT) build -c release
TEST := $(SWIFT) test -c release --skip-build

# To compile: what Swift's own toolchain asks for, and zlib. To make guests: apt's keys, unpackers, mke2fs.
BUILD_PACKAGES := binutils ca-certificates g++ git libc6-dev libsqlite3-dev libzstd-dev \
    pkg-config zlib1g-dev
GUEST_PACKAGES := apt debian-archive-keyring dpkg e2fsprogs xz-utils
# Cross-compiler for the guest programs, others' firmware to boot, others' tools to check our formats, others' engines
# and registries to meet.
TEST_PACKAGES := binutils-riscv64-linux-gnu busybox-static cpio curl debian-archive-keyring device-tree-compiler \
    docker-registry gcc-riscv64-linux-gnu gdb-multiarch grub-common grub-pc-bin iproute2 \
    libc6-dev-riscv64-cross memtest86+ mtools nftables openssl opensbi ovmf podman procps python3-pip seabios skopeo \
    u-boot-qemu uidmap umoci
# From PyPI, into .build/python: oracles and clients of others.
PYTHON := /usr/bin/python3
PYTHON_PACKAGES := docker unicorn
BENCH_PACKAGES := binutils-riscv64-linux-gnu busybox-static crun docker.io gcc gcc-riscv64-linux-gnu iperf3 iproute2 \
    libc6-dev-riscv64-cross nftables opensbi podman python3 qemu-system-misc qemu-system-x86 runc

PROCESSOR_TESTS := ^(X86|RISCV|Translator|Differential)Tests\.

.PHONY: all build machines run test test-long bench lint format docs install swift test-build
.NOTPARALLEL:

all: build

swift:
	@command -v $(SWIFT) >/dev/null || \
	    { echo "Swift 6.3 is not on PATH: get it from https://www.swift.org/install" >&2; exit 1; }

build: machines
	$(BUILD) --product viv-container
	$(BUILD) --product viv-network
	$(BUILD) --product vivd

# What it takes to boot a guest: no daemon, and none of what only the daemon is made of.
machines: swift
	@scripts/install $(BUILD_PACKAGES)
	$(BUILD) --product viv
	$(BUILD) --product viv-machine

# Ctrl-A x (75) is as good an end as the guest's own.
run: machines
	@scripts/install $(GUEST_PACKAGES)
	@if [ -t 0 ] && [ -t 1 ]; then \
	    $(BUILT)/viv boot busybox $(ARGS) || [ $$? -eq 75 ]; \
	else \
	    $(BUILT)/viv demo $(ARGS); \
	fi

test-build: swift
	@scripts/install $(BUILD_PACKAGES) $(GUEST_PACKAGES) $(TEST_PACKAGES)
	@scripts/fetch-clients .build/clients || echo "no Debian 13: tests use the docker client that is installed" >&2
	@[ -d .build/python/docker -a -d .build/python/unicorn ] || $(PYTHON) -m pip install --quiet --target .build/python $(PYTHON_PACKAGES) || \
	    echo "no PyPI: the tests that need $(PYTHON_PACKAGES) will be skipped" >&2
	$(BUILD) --build-tests

# Tests that start children which wait for the end of a pipe, or that count descriptors, run by themselves; so do those
# that compute for long, as nothing else would get a turn. Tests that boot guests come last and one by one: they are the
# ones that need the processors for themselves.
test: test-build
	$(BUILT)/viv guests update busybox || $(BUILT)/viv guests
	@status=0; \
	$(TEST) --skip 'EndToEndTests|EngineTests|DaemonTests|$(PROCESSOR_TESTS)' || status=1; \
	$(TEST) --filter '$(PROCESSOR_TESTS)' || status=1; \
	$(TEST) --filter 'EngineTests|DaemonTests' --no-parallel || status=1; \
	$(TEST) --filter EndToEndTests --no-parallel || status=1; \
	exit $$status

test-long: export VIV_LONG := 1
test-long: TEST_PACKAGES += debian-installer-12-netboot-amd64
test-long: test

bench: build
	@scripts/install $(GUEST_PACKAGES) $(BENCH_PACKAGES)
	for arch in riscv64 x86_64; do $(BUILT)/viv guests update busybox --arch $$arch || $(BUILT)/viv guests; done
	Benchmarks/run $(ARGS)
	Benchmarks/containers

lint: swift
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	@scripts/check-links

format: swift
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

docs: build
	scripts/command-reference $(BUILT)/viv docs/guide/commands.md
	scripts/check-links

install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(addprefix $(BUILT)/,viv vivd viv-machine viv-container viv-network) $(DESTDIR)$(PREFIX)/bin
	install -d $(COMPLETIONS)/bash-completion/completions $(COMPLETIONS)/zsh/site-functions \
	    $(COMPLETIONS)/fish/vendor_completions.d
	$(BUILT)/viv completion bash >$(COMPLETIONS)/bash-completion/completions/viv
	$(BUILT)/viv completion zsh >$(COMPLETIONS)/zsh/site-functions/_viv
	$(BUILT)/viv completion fish >$(COMPLETIONS)/fish/vendor_completions.d/viv.fish
