# Only names for commands; what they do is in Go.

GO       ?= go
FUZZTIME ?= 20s

# How long compiled code is compared with wazero and V8 on random modules.
DIFFERENTIALTIME ?= 60s

.PHONY: all setup kernel build demo test lint bench bench-net bench-files gostd nightly fuzz clean

all: build lint

# What Debian 12 lacks, by apt-get (root or sudo); nothing when all is there.
setup:
	$(GO) run ./test/setup

kernel:
	$(GO) run ./kernel/mkkernel -o image/kernels/x86_64.elf
	$(GO) run ./kernel/mkkernel -o image/kernels/x86_64-nonetwork.elf -tags nonetwork
	$(GO) run ./kernel/mkkernel -o image/kernels/x86_64-plain.elf -tags nonetwork,nofiles

build: kernel
	CGO_ENABLED=0 $(GO) build -trimpath -o build/mewz ./cmd/mewz

demo:
	$(GO) run ./test/setup -demo
	$(MAKE) build
	$(GO) run ./test/demo

test: setup build lint
	$(GO) test -timeout 30m ./...
	$(GO) test -tags nonetwork ./kernel
	$(GO) test -tags nonetwork,nofiles ./kernel
	$(GO) test -C test/interop -timeout 30m ./...

lint:
	$(GO) vet ./...
	$(GO) vet -tags nonetwork ./kernel
	$(GO) vet -tags nonetwork,nofiles ./kernel
	$(GO) vet -C test/interop ./...
	$(GO) test -run '^TestPolicy' .

bench: setup build
	$(GO) run ./test/bench

# HTTP servers in our machines and in Linux; needs root for its network.
bench-net: setup build
	$(GO) run ./test/benchnet $(BENCHNETFLAGS)

# File systems of our machine and of Linux, over the same devices.
bench-files: setup build
	$(GO) run ./test/benchfiles $(BENCHFILESFLAGS)

fuzz:
	$(GO) run ./test/fuzz -time $(FUZZTIME)
	$(GO) run ./test/differential/fuzz -time $(DIFFERENTIALTIME)

# The tests of Go's own library. Stopped, it goes on where it was.
gostd: build
	MEWZ_NIGHTLY=1 $(GO) test -count=1 -timeout 360m ./test/gostd -resume

nightly: test bench gostd
	MEWZ_NIGHTLY=1 $(GO) test -count=1 -timeout 60m -run '^TestRealPrograms$$' ./test/apps
	MEWZ_NIGHTLY=1 $(GO) test -count=1 -timeout 120m ./test/net
	MEWZ_NIGHTLY=1 $(GO) test -count=1 -timeout 60m -run '^TestExercise' ./kernel/vfs/...
	MEWZ_NIGHTLY=1 $(GO) test -count=1 -timeout 60m ./test/wasi
	MEWZ_NIGHTLY=1 $(GO) test -count=1 -timeout 120m ./test/sqlite
	$(GO) test -count=1 -race -short -timeout 60m ./...
	$(GO) run ./test/fuzz -time 10m
	$(GO) run ./test/differential/fuzz -time 10m

clean:
	rm -rf build image/kernels/*.elf
