package wasi

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/console"
	"mewz/kernel/system"
	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

// fakeClock is a clock that only waiting moves.
type fakeClock struct {
	now     [4]uint64
	sleeps  []time.Duration
	endless func() // called instead of sleeping for ever
}

func (c *fakeClock) Now(id ClockID) (uint64, bool) {
	if id > ClockThreadCPU {
		return 0, false
	}
	return c.now[id], true
}

func (c *fakeClock) Resolution(id ClockID) (uint64, bool) {
	return uint64(id) + 1, id <= ClockThreadCPU
}

func (c *fakeClock) Sleep(d time.Duration) {
	c.sleeps = append(c.sleeps, d)
	if d == system.Forever {
		if c.endless != nil {
			c.endless()
		}
		panic("wasi: endless sleep without anything to wake it")
	}
	c.now[ClockRealtime] += uint64(d)
	c.now[ClockMonotonic] += uint64(d)
}

// fakeInput is an input stream whose chunks come one after the other, each
// after a time of waiting.
type fakeInput struct {
	clock  *fakeClock
	chunks []string // "" is the end
	delay  time.Duration
	err    error
	waits  int
}

func (f *fakeInput) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	f.Wait(system.Forever)
	if f.chunks[0] == "" {
		return 0, io.EOF
	}
	n := copy(p, f.chunks[0])
	f.chunks[0] = f.chunks[0][n:]
	if f.chunks[0] == "" && len(f.chunks) > 1 {
		f.chunks = f.chunks[1:]
	}
	return n, nil
}

func (f *fakeInput) Wait(timeout time.Duration) console.Readiness {
	f.waits++
	if f.delay > 0 && timeout != 0 {
		wait := f.delay
		if timeout > 0 {
			wait = min(wait, timeout)
		}
		f.clock.Sleep(wait)
		f.delay -= wait
	}
	ready := f.delay == 0 && len(f.chunks) != 0
	return console.Readiness{Ready: ready, Hangup: ready && f.chunks[0] == ""}
}

// fakeOutput is an output stream; each write is one item.
type fakeOutput struct {
	writes []string
	err    error
}

func (f *fakeOutput) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	f.writes = append(f.writes, string(p))
	return len(p), nil
}

// fakeRandom fills with a pattern.
type fakeRandom struct{}

func (fakeRandom) Fill(p []byte) { copy(p, bytes.Repeat([]byte{0xa5}, len(p))) }

var testTree = vfstest.Tree{
	"hello.txt":    "hello, world",
	"dir/a":        "1",
	"dir/b":        "22",
	"dir/sub/":     "",
	"link":         "->hello.txt",
	"dangling":     "->nowhere",
	"loop":         "->loop",
	"dir/escape":   "->../../x",
	"long-name-in": "x",
}

// world is a System with everything fake around it.
type world struct {
	*System
	t      testing.TB
	clock  *fakeClock
	stdin  *fakeInput
	stdout *fakeOutput
	stderr *fakeOutput
	files  *watched // what descriptor 3 shows
	top    uint32   // memory below is in use by place
	args   Args     // of a call
}

const testMemoryBytes = 65536

// newWorld makes a world; change may alter the configuration.
func newWorld(t testing.TB, change func(*Machine)) *world {
	t.Helper()
	w := &world{t: t, clock: &fakeClock{now: [4]uint64{1_700_000_000e9, 5e9, 6e9, 7e9}}, stdout: &fakeOutput{}, stderr: &fakeOutput{}, top: 4096}
	w.stdin = &fakeInput{clock: w.clock}
	files, err := vfs.OpenArchive(vfstest.Archive(testTree))
	if err != nil {
		t.Fatal(err)
	}
	machine := Machine{
		Config: &abi.Config{Args: []string{"prog", "", "two words"}, Env: []string{"A=1", "LONG=xyz"}},
		Clock:  w.clock, Random: fakeRandom{}, Stdin: w.stdin, Stdout: w.stdout, Stderr: w.stderr,
		Preopens: []Preopen{{"/", files}},
	}
	if change != nil {
		change(&machine)
	}
	seen := map[vfs.FileSystem]*watched{}
	for i := range machine.Preopens {
		p := &machine.Preopens[i]
		if seen[p.Files] == nil {
			seen[p.Files] = watch(t, p.Files)
		}
		p.Files = seen[p.Files]
	}
	if len(machine.Preopens) != 0 {
		w.files = machine.Preopens[0].Files.(*watched)
	}
	t.Cleanup(func() {
		if w.System == nil {
			return
		}
		w.closeAll()
		for _, files := range seen {
			files.balanced()
		}
	})
	if w.System, err = New(machine); err != nil {
		t.Fatal(err)
	}
	w.Memory = make(Memory, testMemoryBytes)
	return w
}

// closeAll closes what is open.
func (w *world) closeAll() {
	for fd := range w.descriptors.table {
		if w.descriptors.get(uint32(fd)) != nil {
			_ = w.closeDescriptor(uint32(fd)) // the test is over
		}
	}
}

// call calls a function by name, one of wasi_unstable with that in front and a dot. Garbage
// is put above the i32 parameters.
func (w *world) call(name string, args ...uint64) Errno {
	w.t.Helper()
	a := &w.args
	*a = Args{}
	module := abi.Preview1
	if old, ok := strings.CutPrefix(name, abi.Unstable+"."); ok {
		module, name = abi.Unstable, old
	}
	for number, f := range abi.Functions {
		if f.Module != module || f.Name != name || len(args) != len(f.Params) {
			continue
		}
		for i, v := range args {
			if f.Params[i] == 'i' {
				v = v&(1<<32-1) | 0xdeadbeef<<32
			}
			a[i] = v
		}
		return w.Call(uint64(number), a)
	}
	w.t.Fatalf("no function %s of %d parameters", name, len(args))
	return 0
}

// want calls a function and compares its result.
func (w *world) want(want Errno, name string, args ...uint64) {
	w.t.Helper()
	if got := w.call(name, args...); got != want {
		w.t.Errorf("%s(%v) = %d, want %d", name, args, got, want)
	}
}

// place puts bytes somewhere into memory.
func (w *world) place(b []byte) (at, length uint64) {
	at = uint64(w.top)
	copy(w.Memory[at:], b)
	w.top += uint32(len(b)+7) &^ 7
	return at, uint64(len(b))
}

// path puts a path into memory.
func (w *world) path(p string) (at, length uint64) { return w.place([]byte(p)) }

// vector puts a list of buffers into memory: addresses and lengths in turn.
func (w *world) vector(words ...uint32) (at, count uint64) {
	var b []byte
	for _, word := range words {
		b = binary.LittleEndian.AppendUint32(b, word)
	}
	at, _ = w.place(b)
	return at, uint64(len(words) / 2)
}

func (w *world) u32(at uint64) uint32 { return binary.LittleEndian.Uint32(w.Memory[at:]) }
func (w *world) u64(at uint64) uint64 { return binary.LittleEndian.Uint64(w.Memory[at:]) }

// open opens a path below descriptor 3 with the rights that wasi-libc asks for.
func (w *world) open(path string) uint64 {
	w.t.Helper()
	at, n := w.path(path)
	const readOnly = uint64(allRights &^ (RightFDWrite | RightFDAllocate | RightFDFilestatSetSize))
	w.want(Success, "path_open", 3, 1, at, n, 0, readOnly, uint64(allRights), 0, 0)
	return uint64(w.u32(0))
}

const far = testMemoryBytes - 2 // an address at which nothing fits
