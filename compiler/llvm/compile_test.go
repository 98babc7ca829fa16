package llvm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const module = `target triple = "x86_64-unknown-none-elf"
define i32 @f(i32 %x) "target-cpu"="x86-64-v2" {
  %y = add i32 %x, 1
  ret i32 %y
}
`

func tools(t *testing.T) *Tools {
	t.Helper()
	found, err := Find()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return found
}

// script writes a program that stands for one of LLVM's.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func shard(level Level, ir string) Shard {
	return Shard{Name: "shard", Weight: 1, Level: level, IR: func() ([]byte, error) { return []byte(ir), nil }}
}

// memory is a cache that counts.
type memory struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte][]byte
	hits    int
}

func (m *memory) Get(key [sha256.Size]byte) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.entries[key]
	if ok {
		m.hits++
	}
	return b, ok
}

func (m *memory) Put(key [sha256.Size]byte, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[key] = data
}

func TestCompileLevels(t *testing.T) {
	o := Options{Tools: tools(t), CPU: "x86-64-v2", Cache: &memory{entries: map[[sha256.Size]byte][]byte{}}}
	var shards []Shard
	for _, p := range pipelines {
		shards = append(shards, shard(p.level, module))
	}
	var last, calls int
	o.Progress = func(done, total int) {
		if done <= last || total != len(shards) {
			t.Errorf("Progress(%d, %d) after %d", done, total, last)
		}
		last = done
		calls++
	}
	first, err := Compile(context.Background(), shards, o)
	if err != nil {
		t.Fatal(err)
	}
	if calls != len(shards) {
		t.Errorf("%d calls of Progress, want %d", calls, len(shards))
	}
	o.Progress = nil
	second, err := Compile(context.Background(), shards, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		if !bytes.HasPrefix(first[i].Object, []byte("\x7fELF")) || first[i].Level != shards[i].Level {
			t.Errorf("shard %d: no object of level %s", i, shards[i].Level)
		}
		if !bytes.Equal(first[i].Object, second[i].Object) {
			t.Errorf("shard %d: the cache gives another object", i)
		}
	}
	if hits := o.Cache.(*memory).hits; hits != len(shards) {
		t.Errorf("%d hits of the cache, want %d", hits, len(shards))
	}
}

func TestCompileCrashFallsBack(t *testing.T) {
	real := tools(t)
	o := Options{Tools: &Tools{Opt: script(t, "kill -SEGV $$"), Llc: real.Llc}, CPU: "x86-64-v2"}
	out, err := Compile(context.Background(), []Shard{shard(Level2, module)}, o)
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Level != Level0 {
		t.Errorf("level = %s, want 0", out[0].Level)
	}
}

// TestCompileFaults has programs in place of LLVM's that go wrong in every way: a
// lower level is used if that may help, and the command goes on in any case.
func TestCompileFaults(t *testing.T) {
	real := tools(t)
	const (
		hang  = "cat >/dev/null; exec sleep 600"
		short = 3 * time.Second // LLVM's own llc, which takes a tenth of a second, has it too
	)
	for _, test := range []struct {
		name, opt, llc string        // scripts; empty: LLVM's own
		level          Level         // of the result
		want           string        // in the error
		wait           time.Duration // 0: the usual one
	}{
		{"opt crashes", "kill -SEGV $$", "", Level0, "", 0},
		{"opt crashes in the middle of its output", "head -c 100; kill -ABRT $$", "", Level0, "", 0},
		{"opt hangs", hang, "", Level0, "", short},
		{"opt hangs without reading", "exec sleep 600", "", Level0, "", short},
		{"opt computes without end", "while :; do :; done", "", Level0, "", 0},
		{"llc computes without end", "", "while :; do :; done", "", "too long", 0},
		{"opt leaves a child that holds the pipe", "sleep 600 & kill -SEGV $$", "", Level0, "", 0},
		{"opt refuses", "echo no such pass >&2; exit 1", "", "", "no such pass", 0},
		{"opt prints garbage", "cat >/dev/null; echo garbage", "", "", "expected top-level entity", 0},
		{"llc crashes", "", "cat >/dev/null; kill -SEGV $$", "", "segmentation fault", 0},
		{"llc hangs", "", hang, "", context.DeadlineExceeded.Error(), short},
		{"llc prints garbage", "", "cat >/dev/null; echo garbage", "", "no object", 0},
		{"llc prints nothing", "", "cat >/dev/null", "", "no object", 0},
		{"llc prints without end to standard error", "", "cat >/dev/null; yes >&2", "", context.DeadlineExceeded.Error(), short},
		{"llc crashes above level 0", "", "case \"$*\" in *-O0*) exec REAL \"$@\";; esac; cat >/dev/null; kill -SEGV $$", Level0, "", 0},
		{"llc refuses without reading", "", "case \"$*\" in *-O0*) exec REAL \"$@\";; esac; echo no such flag >&2; exit 1", "", "no such flag", 0},
		{"llc is gone", "", "exec /nonexistent", "", "program", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := Options{Tools: &Tools{Opt: real.Opt, Llc: real.Llc}, CPU: "x86-64-v2", ShardWait: test.wait}
			if test.wait == 0 {
				o.ShardTime = time.Second
			}
			if test.opt != "" {
				o.Tools.Opt = script(t, test.opt)
			}
			if test.llc != "" {
				o.Tools.Llc = script(t, strings.ReplaceAll(test.llc, "REAL", real.Llc))
			}
			// Not before: a process that another test starts while the script is written holds it
			// open until it has become its program, and what is open for writing does not run (ETXTBSY).
			t.Parallel()
			out, err := Compile(context.Background(), []Shard{shard(LevelFast, module)}, o)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("Compile = %v, want an error with %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out[0].Level != test.level || checkObject(out[0].Object) != nil {
				t.Errorf("level = %s, object of %d bytes, want level %s", out[0].Level, len(out[0].Object), test.level)
			}
		})
	}
}

// nestOfLoops has so many loops in each other: the time of opt grows with the third power of
// them, that of llc -O0 with the first.
func nestOfLoops(n int) string {
	var b strings.Builder
	b.WriteString("define i32 @f(i32 %x) {\nh0:\n  br label %h1\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "h%d:\n  %%i%[1]d = phi i32 [ 0, %%h%d ], [ %%n%[1]d, %%l%[1]d ]\n  br label %%h%[3]d\n", i, i-1, i+1)
	}
	fmt.Fprintf(&b, "h%d:\n  br label %%l%d\nl0:\n  ret i32 %%x\n", n+1, n)
	for i := n; i > 0; i-- {
		fmt.Fprintf(&b, "l%d:\n  %%n%[1]d = add i32 %%i%[1]d, 1\n  %%c%[1]d = icmp eq i32 %%n%[1]d, %%x\n  br i1 %%c%[1]d, label %%l%d, label %%h%[1]d\n", i, i-1)
	}
	return b.String() + "}\n"
}

// TestTooLong has LLVM's own opt end by its bound on processor time: that prints a stack as
// of a crash, and is none.
func TestTooLong(t *testing.T) {
	t.Parallel()
	o := Options{Tools: tools(t), CPU: "x86-64-v2", ShardTime: time.Second}
	ir := []byte(nestOfLoops(1600))
	p, err := findPipeline(LevelFast)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runTimed(context.Background(), ir, &p, &o); !errors.Is(err, errTooLong) || !worthRetry(err) || !strings.HasPrefix(err.Error(), o.Tools.Opt) {
		t.Errorf("opt with a second of processor time: %v, want that it takes too long", err)
	}
	if p, err = findPipeline(p.lower); err != nil {
		t.Fatal(err)
	}
	if object, err := runTimed(context.Background(), ir, &p, &o); err != nil || checkObject(object) != nil {
		t.Errorf("level %s with a second of processor time: an object of %d bytes, %v", p.level, len(object), err)
	}
}

func TestCompileRefusedIR(t *testing.T) {
	for _, level := range []Level{Level0, LevelFast} {
		_, err := Compile(context.Background(), []Shard{shard(level, "define nonsense")}, Options{Tools: tools(t), CPU: "x86-64-v2"})
		if err == nil || !strings.Contains(err.Error(), "expected") {
			t.Errorf("level %s: Compile = %v, want what LLVM says", level, err)
		}
	}
}

func TestCompileErrorOfIR(t *testing.T) {
	broken := errors.New("broken")
	s := Shard{Name: "functions 1 to 2", Level: Level0, IR: func() ([]byte, error) { return nil, broken }}
	_, err := Compile(context.Background(), []Shard{s}, Options{Tools: tools(t), CPU: "x86-64-v2"})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "functions 1 to 2") {
		t.Errorf("Compile = %v, want the error of IR with the shard", err)
	}
}

func TestCompileCancelKills(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	sleeper := script(t, "touch "+started+"; exec sleep 60")
	o := Options{Tools: &Tools{Opt: sleeper, Llc: sleeper}, CPU: "x86-64-v2"}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := Compile(ctx, []Shard{shard(Level0, module)}, o)
		result <- err
	}()
	for deadline := time.Now().Add(time.Minute); ; {
		if _, err := os.Stat(started); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the program does not start")
		}
		time.Sleep(time.Millisecond) // a process of the system has no clock of ours
	}
	cancel()
	select {
	case err := <-result:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Compile = %v, want Canceled", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Compile goes on after it is cancelled")
	}
}

func TestFindDirectoryVariable(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"opt", "llc-19"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(DirectoryVariable, dir)
	found, err := Find()
	if err != nil || found.Opt != filepath.Join(dir, "opt") || found.Llc != filepath.Join(dir, "llc-19") {
		t.Errorf("Find = %+v, %v", found, err)
	}
	t.Setenv(DirectoryVariable, t.TempDir())
	if _, err := Find(); err == nil || !strings.Contains(err.Error(), DirectoryVariable) {
		t.Errorf("Find in an empty directory = %v, want the variable's name", err)
	}
}

// TestLoopsAligned checks where the loop of a function begins that is not the
// first: the code before it would leave it at any multiple of 16. Package image moves
// sections of 64.
func TestLoopsAligned(t *testing.T) {
	const text = `target triple = "x86_64-unknown-none-elf"
define void @before() "target-cpu"="x86-64-v2" {
  ret void
}
define i32 @f(ptr %p) "target-cpu"="x86-64-v2" {
  br label %head
head:
  %q = phi ptr [ %p, %0 ], [ %next, %head ]
  %s = phi i32 [ 0, %0 ], [ %sum, %head ]
  %next = getelementptr i8, ptr %q, i64 4
  %x = load volatile i32, ptr %q
  %sum = mul i32 %s, %x
  %more = icmp ne i32 %x, 0
  br i1 %more, label %head, label %end
end:
  ret i32 %sum
}
`
	o := Options{Tools: tools(t), CPU: "x86-64-v2"}
	for _, level := range []Level{LevelFast, Level2} {
		out, err := Compile(context.Background(), []Shard{shard(level, text)}, o)
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(out[0].Object))
		if err != nil {
			t.Fatal(err)
		}
		code, err := f.Section(".text").Data()
		if err != nil {
			t.Fatal(err)
		}
		const jne = 0x75 // with a distance of 8 bits, from the end of the instruction
		at := bytes.LastIndexByte(code, jne)
		if at < 0 || at+2 > len(code) || int8(code[at+1]) >= 0 {
			t.Fatalf("level %s: no loop in %x", level, code)
		}
		if head := at + 2 + int(int8(code[at+1])); head%64 != 0 || f.Section(".text").Addralign != 64 {
			t.Errorf("level %s: the loop begins at %#x of a section aligned to %d, want 64", level, head, f.Section(".text").Addralign)
		}
	}
}

func TestPassesOf(t *testing.T) {
	p, err := findPipeline(LevelFast)
	if err != nil {
		t.Fatal(err)
	}
	lines := func(floats int) []byte {
		return []byte(strings.Repeat("  %v3 = fmul double %v1, %v2\n", floats) + strings.Repeat("  %v3 = add i32 %v1, %v2\n", 10*linesPerFloat-floats))
	}
	for floats, want := range map[int]string{0: fastPasses, 10: fastPasses, 11: fastFloatPasses} {
		if got := p.passesOf(lines(floats)); got != want {
			t.Errorf("%d of %d lines: passes %s, want %s", floats, 10*linesPerFloat, got, want)
		}
	}
}

// Padding has prefixes that do nothing, and counts with them.
func TestDisassemble(t *testing.T) {
	code := []byte{
		0x66, 0x90,
		0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0,
		0xc5, 0xd1, 0xef, 0xed,
		0xc4, 0xe2, 0x79, 0x78, 0x05, 0, 0, 0, 0,
	}
	list, err := Disassemble(context.Background(), code)
	if err != nil {
		t.Fatal(err)
	}
	want := []MachineInstruction{
		{2, "nop"}, {15, "nop word ptr cs:[rax + rax]"}, {4, "vpxor xmm5, xmm5, xmm5"}, {9, "vpbroadcastb xmm0, byte ptr [rip]"},
	}
	if !slices.Equal(list, want) {
		t.Errorf("Disassemble = %v, want %v", list, want)
	}
}
