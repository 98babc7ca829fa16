package main

import (
	"debug/elf"
	"os"
	"path/filepath"
	"testing"

	"mewz/test/toolchain"
)

func TestReadWrk(t *testing.T) {
	const good = `Running 2s test @ http://10.77.1.2:8080/400.txt
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.48ms    1.11ms   8.09ms   85.17%
    Req/Sec    36.07k     9.80k   58.71k    90.00%
  71910 requests in 2.00s, 37.10MB read
Requests/sec:  35955.20
Transfer/sec:     18.55MB
`
	const troubles = `  12 requests in 2.00s, 37.10KB read
  Socket errors: connect 0, read 3, write 0, timeout 9
  Non-2xx or 3xx responses: 4
Requests/sec:      5.98
`
	for _, test := range []struct {
		said string
		want load
		ok   bool
	}{
		{good, load{71910, 35955.20, ""}, true},
		{troubles, load{12, 5.98, "connect 0, read 3, write 0, timeout 9; Non-2xx or 3xx responses: 4"}, true},
		{"unable to connect to 10.77.1.2:8080 Connection refused\n", load{}, false},
	} {
		got, err := readWrk(test.said)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("readWrk(%q) = %+v, %v, want %+v, ok %v", test.said, got, err, test.want, test.ok)
		}
	}
}

func TestPart(t *testing.T) {
	s := &symbols{start: 0x1000, end: 0x2000, program: []function{{0x1000, "main"}, {0x1800, "parse"}}}
	for i, name := range []string{
		"runtime.futex", "runtime.memmove", "mewz/kernel/netstack/tcp.(*Conn).output", "mewz/kernel/virtio/net.(*Device).Send",
		"mewz/kernel/wasi.(*System).send", "mewz/kernel/interrupt.entry", "main.(*machine).Call",
	} {
		s.functions = append(s.functions, function{uint64(0x100 + 0x10*i), name})
	}
	for _, test := range []struct {
		address uint64
		name    string
		want    part
	}{
		{0x10, unknown, partScheduler},
		{0x100, "runtime.futex", partScheduler},
		{0x11f, "runtime.memmove", partMemory},
		{0x120, "mewz/kernel/netstack/tcp.(*Conn).output", partStack},
		{0x130, "mewz/kernel/virtio/net.(*Device).Send", partDriver},
		{0x140, "mewz/kernel/wasi.(*System).send", partWASI},
		{0x150, "mewz/kernel/interrupt.entry", partTimer},
		{0x160, "main.(*machine).Call", partWASI},
		{0x17ff, "main", partWasm},
		{0x1800, "parse", partWasm},
	} {
		if name, p := s.name(test.address), s.part(test.address); name != test.name || p != test.want {
			t.Errorf("%#x is %s, part of %s, want %s, part of %s", test.address, name, p, test.name, test.want)
		}
	}
}

// TestPartOfKernel finds packages of the kernel that the table forgets, by names
// that only the rule for everything of this project fits.
func TestPartOfKernel(t *testing.T) {
	root, err := toolchain.Root()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(filepath.Join(root, kernelPath))
	if os.IsNotExist(err) && os.Getenv("CI") == "" {
		t.Skip("no kernel: make kernel")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	s := &symbols{functions: make([]function, 1)}
	found := map[part]bool{}
	for _, symbol := range all {
		if elf.ST_TYPE(symbol.Info) == elf.STT_FUNC {
			s.functions[0] = function{0, symbol.Name}
			found[s.part(0)] = true
		}
	}
	for _, p := range parts {
		if p != partWasm && !found[p] {
			t.Errorf("no function of the kernel is part of %q: the table names packages that are gone", p)
		}
	}
}

func TestProfileLess(t *testing.T) {
	long := profile{1: {100, 10}, 2: {5, 0}}
	short := profile{1: {30, 4}, 3: {7, 0}}
	got := long.less(short)
	for address, want := range map[uint64]pair{1: {70, 6}, 2: {5, 0}, 3: {-7, 0}} {
		if got[address] != want {
			t.Errorf("at %d: %v, want %v", address, got[address], want)
		}
	}
	if sum := got.sum(func(a uint64) bool { return a != 2 }); sum != (pair{63, 6}) {
		t.Errorf("sum = %v, want {63 6}", sum)
	}
}
