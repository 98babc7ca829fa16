package instance

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"mewz/abi"
	"mewz/kernel/instance/internal/probe"
)

// TestMain starts the test anew should the C heap of a race-enabled binary lie
// where linear memory belongs; the kernel itself has none.
func TestMain(m *testing.M) {
	restartUnlessFree()
	os.Exit(m.Run())
}

// probeConfig is the configuration of a program of package probe.
func probeConfig(entry uint64) *abi.Config {
	return &abi.Config{
		Entry:          abi.VirtAddr(entry),
		TextStart:      abi.VirtAddr(probe.Start()),
		TextEnd:        abi.VirtAddr(probe.End()),
		MemoryMinPages: 2, MemoryMaxPages: 10,
		StackBytes:  1 << 20,
		ProgramName: "probe.wasm",
	}
}

// leaver is a handler that leaves Resume at each call.
type leaver struct{}

func (leaver) Call(uint64, *Args) (uint64, bool) { return 0, false }

// answer is a function as handler.
type reply func(number uint64, args *Args) (result uint64, stay bool)

func (f reply) Call(number uint64, args *Args) (uint64, bool) { return f(number, args) }

// start makes an instance of a program on the thread of the test.
func start(t testing.TB, config *abi.Config, handler Handler) *Instance {
	t.Helper()
	runtime.LockOSThread()
	i, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	probe.Bind(current.hostcallEntry, current.memcpyEntry)
	if err := i.Start(handler); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		i.Stop()
		runtime.UnlockOSThread()
	})
	return i
}

// next resumes until something else than preemption happens.
func next(i *Instance) Event {
	for {
		if event := i.Resume(); event.Kind != Preempted {
			return event
		}
	}
}

func TestCallNineArguments(t *testing.T) {
	const result = 1<<32 + 77
	i := start(t, probeConfig(probe.Nine()), reply(func(number uint64, args *Args) (uint64, bool) {
		if number != probe.CallNine {
			return 0, false
		}
		for n, arg := range args {
			if arg != uint64(n+1) {
				t.Errorf("args[%d] = %d, want %d", n, arg, n+1)
			}
		}
		return result, true
	}))
	if event := next(i); event.Kind != Left || event.Number != probe.CallDone || current.args[0] != result {
		t.Errorf("event %+v, result = %#x, want %#x", event, current.args[0], uint64(result))
	}
}

func TestReturnFromEntry(t *testing.T) {
	i := start(t, probeConfig(probe.Return()), leaver{})
	if event := next(i); event.Kind != Left || event.Number != abi.CallReturned {
		t.Errorf("event = %+v, want CallReturned", event)
	}
}

// TestLeaveAndResume leaves Resume at each call and goes on.
func TestLeaveAndResume(t *testing.T) {
	i := start(t, probeConfig(probe.Count()), reply(func(number uint64, args *Args) (uint64, bool) {
		return args[0], false
	}))
	sum := uint64(0)
	for event := next(i); event.Number != probe.CallDone; event = next(i) {
		sum += current.args[0]
	}
	if got := current.args[0]; got != sum || sum == 0 {
		t.Errorf("sum = %d, want %d", got, sum)
	}
}

// TestCallsAcrossStackGrowth moves the Go stack and collects garbage in calls;
// the program must not notice, nor must the frames below hostcall.
func TestCallsAcrossStackGrowth(t *testing.T) {
	want := uint64(0)
	i := start(t, probeConfig(probe.Count()), reply(func(number uint64, args *Args) (uint64, bool) {
		if number == probe.CallDone {
			return 0, false
		}
		n := args[0]
		if n%100 == 0 {
			deepen(int(n))
			runtime.GC()
			runtime.Gosched()
		}
		want += n * 3
		return n * 3, true
	}))
	done := make(chan Event)
	go func() { // on a small stack, which has to grow
		runtime.LockOSThread()
		i.Stop()
		if err := i.Start(handler); err != nil {
			t.Error(err)
		}
		done <- next(i)
	}()
	if event := <-done; event.Kind != Left || current.args[0] != want {
		t.Errorf("event %+v, sum = %d, want %d", event, current.args[0], want)
	}
}

// TestPanicInCall proves that a panic of a handler finds its way past hostcall.
func TestPanicInCall(t *testing.T) {
	i := start(t, probeConfig(probe.Forever()), reply(func(number uint64, args *Args) (uint64, bool) {
		if args[0] == 3 {
			panic("in call")
		}
		return 0, true
	}))
	defer func() {
		if got := recover(); got != "in call" {
			t.Errorf("recover() = %v, want the panic of the handler", got)
		}
	}()
	next(i)
}

//go:noinline
func deepen(n int) byte {
	var frame [512]byte
	frame[n%512] = 1
	if n == 0 {
		return frame[0]
	}
	return deepen(n-1) + frame[n%512]
}

// TestPreemptedSpin proves that a program that computes stops nothing, and
// that it finds all registers as they were.
func TestPreemptedSpin(t *testing.T) {
	i := start(t, probeConfig(probe.Spin()), leaver{})
	progress := make(chan int)
	stop := make(chan struct{})
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				progress <- n
				return
			default:
				runtime.GC()
				n++
			}
		}
	}()
	preempted := 0
	var event Event
	for event = i.Resume(); event.Kind == Preempted; event = i.Resume() {
		preempted++
		clobber()
		runtime.Gosched()
	}
	close(stop)
	if n := <-progress; n == 0 || preempted == 0 {
		t.Errorf("%d collections and %d preemptions, want some", n, preempted)
	}
	if event.Kind != Left || current.args[0] != 0 {
		t.Errorf("event %+v, state %d, want all registers intact", event, current.args[0])
	}
	t.Logf("%d preemptions", preempted)
}

// clobber uses the vector registers.
//
//go:noinline
func clobber() {
	var a, b [256]byte
	copy(a[:], "x")
	b = a
	x := 1.5
	for range 10 {
		x *= x / 1.1
	}
	if x == 0 || b[0] == 0 {
		panic("clobber")
	}
}

func TestTraps(t *testing.T) {
	for _, test := range []struct {
		name  string
		entry uint64
		want  abi.TrapCode
		text  string
	}{
		{"code in the instruction", probe.Unreachable(), abi.TrapIntegerOverflow, "mewz: trap: integer overflow\n"},
		{"other illegal instruction", probe.OtherIllegal(), abi.TrapException, "processor exception (SIGILL)"},
		{"out of bounds", probe.Memory(), abi.TrapMemory, "mewz: at address 0x20008 of a linear memory of 0x20000 bytes\n"},
		{"stack", probe.Overflow(), abi.TrapStack, "call stack exhausted"},
		{"divide", probe.Divide(), abi.TrapException, "processor exception (SIGFPE)"},
		{"wild address", probe.Wild(), abi.TrapException, "processor exception (SIGSEGV) at address 0x1000"},
		{"memcpy", probe.Copy(), abi.TrapMemory, "0x20008"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := start(t, probeConfig(test.entry), leaver{})
			if event := next(i); event.Kind != Trapped {
				t.Fatalf("event = %+v, want a trap", event)
			}
			trap := i.Trap()
			if trap.Code != test.want {
				t.Errorf("code = %v, want %v", trap.Code, test.want)
			}
			report := i.Report(trap)
			if !strings.Contains(report, test.text) {
				t.Errorf("report = %q, want %q in it", report, test.text)
			}
			if !strings.Contains(report, "   0: +0x") {
				t.Errorf("report = %q, want a frame in it", report)
			}
		})
	}
}

// TestKernelFaultGoesToRuntime proves that a nil dereference of Go code is still
// a Go panic while a program exists.
func TestKernelFaultGoesToRuntime(t *testing.T) {
	start(t, probeConfig(probe.Return()), leaver{})
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	var nothing *Instance
	_ = nothing.config
}

func TestGrow(t *testing.T) {
	for number := range uint64(2) {
		config := probeConfig(probe.Return())
		config.MoreMemories = []abi.Memory{{MinPages: 2, MaxPages: 10}}
		config.WasiMemory = number
		i := start(t, config, leaver{})
		testGrow(t, i, number)
		if got := i.Grow(2, 0); got != GrowFailed {
			t.Errorf("Grow(2, 0) = %d for a memory that there is not, want -1", got)
		}
	}
}

func testGrow(t *testing.T, i *Instance, number uint64) {
	sizeBytes := make([]byte, 8)
	i.memories[number].sizeBytes = sizeBytes
	for _, test := range []struct {
		pages, want uint32
		size        int
	}{
		{0, 2, 2}, {1, 2, 3}, {0, 3, 3}, {8, GrowFailed, 3}, {1<<32 - 1, GrowFailed, 3}, {7, 3, 10}, {1, GrowFailed, 10}, {0, 10, 10},
	} {
		if got := i.Grow(number, test.pages); got != test.want || len(i.Memory()) != test.size*abi.WasmPageBytes {
			t.Errorf("memory %d: Grow(%d) = %d, memory of %d bytes; want %d, %d pages", number, test.pages, int32(got), len(i.Memory()), int32(test.want), test.size)
		}
	}
	memory := i.Memory()
	memory[len(memory)-1] = 1
	if sizeBytes[2] != 10 {
		t.Errorf("wasm_memory_bytes = %v, want 10 wasm pages", sizeBytes)
	}
}

// importer is a host of imports, as wasi.System.
type importer struct {
	t     *testing.T
	calls uint64
	args  *[7]uint64
}

type importerErrno uint16

func (h *importer) count(args *Args) importerErrno {
	h.calls++
	if args[0] != h.calls {
		h.t.Errorf("call %d has parameter %d", h.calls, args[0])
	}
	if h.calls%100 == 0 { // the Go stack has to move, also within a call
		deepen(int(h.calls))
		runtime.GC()
		runtime.Gosched()
	}
	return importerErrno(h.calls)
}

func (h *importer) done(args *Args) importerErrno {
	copy(h.args[:], args[:])
	return Exited
}

func (h *importer) wrong(*Args) importerErrno { return 1 }

// TestImports calls through all entries of imports, on a stack that grows.
func TestImports(t *testing.T) {
	const last = 1000
	for entry, params := range []int{2, 4, 6} {
		h := &importer{t: t, args: &[7]uint64{}}
		table := make([]func(*importer, *Args) importerErrno, probe.CallState+1)
		for n := range table {
			table[n] = (*importer).wrong
		}
		table[probe.CallCount], table[probe.CallDone], table[probe.CallNine] = (*importer).count, (*importer).done, (*importer).done
		for program, want := range map[uint64]uint64{probe.Count(): last * (last + 1) / 2, probe.Nine(): 1} {
			if err := Bind(h, table); err != nil {
				t.Fatal(err)
			}
			h.calls, *h.args = 0, [7]uint64{}
			i := start(t, probeConfig(program), leaver{})
			probe.Bind(current.importEntries[entry], current.memcpyEntry)
			done := make(chan Event)
			go func() { // on a small stack
				runtime.LockOSThread()
				i.Stop()
				if err := i.Start(handler); err != nil {
					t.Error(err)
				}
				done <- next(i)
			}()
			if event := <-done; event.Kind != Left || h.args[0] != want {
				t.Errorf("entry for %d: event %+v, first parameter %d, want %d", params, event, h.args[0], want)
			}
			for n := range h.args {
				got := uint64(0)
				if n < params {
					got = uint64(n + 1)
				}
				if program == probe.Nine() && h.args[n] != got {
					t.Errorf("entry for %d: parameter %d = %d, want %d", params, n, h.args[n], got)
				}
			}
		}
	}
}

func TestBindRefuses(t *testing.T) {
	type function = func(*importer, *Args) importerErrno
	if Bind(&importer{}, []function{}) == nil || Bind(&importer{}, make([]function, importsMax+1)) == nil {
		t.Error("Bind takes no functions, or more than there are numbers")
	}
}

func TestPanicInImport(t *testing.T) {
	table := []func(*importer, *Args) importerErrno{func(_ *importer, args *Args) importerErrno {
		if args[0] == 3 {
			panic("in import")
		}
		return 0
	}}
	if err := Bind(&importer{}, table); err != nil {
		t.Fatal(err)
	}
	i := start(t, probeConfig(probe.Forever()), leaver{})
	probe.Bind(current.importEntries[0], current.memcpyEntry)
	defer func() {
		if got := recover(); got != "in import" {
			t.Errorf("recover() = %v, want the panic of the function", got)
		}
	}()
	next(i)
}

func BenchmarkRoundTrip(b *testing.B) {
	left := b.N
	i := start(b, probeConfig(probe.Forever()), reply(func(_ uint64, args *Args) (uint64, bool) {
		left--
		return args[0], left > 0
	}))
	b.ResetTimer()
	next(i)
}
