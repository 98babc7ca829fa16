package qemu

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
	"mewz/test/children"
	"mewz/vmm"
)

func ignoreSignals() { signal.Ignore(syscall.SIGTERM) }

// fakeVMM returns a VMM whose QEMU is this test binary, with a cache directory
// of its own.
func fakeVMM(t *testing.T, kind string) *VMM {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv(fakeVariable, kind)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &VMM{Path: self, Accel: AccelTCG, Verbose: t.Logf}
}

func testMachine() (*vmm.Machine, *bytes.Buffer) {
	var stdout bytes.Buffer
	return &vmm.Machine{Image: "test.img", Name: "test", MemoryBytes: 64 << 20, Stdout: &stdout}, &stdout
}

func TestRunHello(t *testing.T) {
	m, stdout := testMachine()
	result, err := fakeVMM(t, "hello").Run(t.Context(), m)
	if err != nil || result.Code != 3 || result.Reason != abi.ExitByProgram || stdout.String() != "hello\n" {
		t.Fatalf("Run = %+v, %v with output %q", result, err, stdout)
	}
}

func TestRunFailures(t *testing.T) {
	for _, test := range []struct {
		kind, err, log string
		failure        bool
	}{
		{"broken", "the machine did not start: qemu-system-x86_64: -machine microvm: it is not to be", "", false},
		{"silent", "the machine did not start: it reset itself (triple fault)", "", true},
		{"reset", "the machine failed: it reset itself (triple fault)", "last words", true},
		{"killed", "the machine failed: QEMU was killed (SIGKILL)", "", true},
		{"garbage", `the machine failed: host channel, byte 8: no frame: "panic: r"`, "", true},
	} {
		m, _ := testMachine()
		_, err := fakeVMM(t, test.kind).Run(t.Context(), m)
		var failure *vmm.Failure
		if err == nil || errors.As(err, &failure) != test.failure || !strings.HasPrefix(err.Error(), test.err) {
			t.Errorf("%s: Run = %v, want %q", test.kind, err, test.err)
			continue
		}
		if failure != nil && !strings.Contains(failure.Log, test.log) {
			t.Errorf("%s: Run = %v, want %q with log %q", test.kind, err, test.err, test.log)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %q", test.kind, err)
		}
	}
}

func TestRunMissingQEMU(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	m, _ := testMachine()
	_, err := new(VMM).Run(t.Context(), m)
	want := "qemu-system-x86_64 not found: apt-get install qemu-system-x86"
	if err == nil || err.Error() != want {
		t.Errorf("Run = %v, want %s", err, want)
	}
}

func TestRunCancel(t *testing.T) {
	cause := errors.New("enough")
	for _, kind := range []string{"hangs", "deaf"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		m, _ := testMachine()
		m.Stdout = writerFunc(func([]byte) { cancel(cause) })
		start := time.Now()
		_, err := fakeVMM(t, kind).Run(ctx, m)
		if err != cause {
			t.Errorf("%s: Run = %v, want the cause", kind, err)
		}
		if took := time.Since(start); took > patience {
			t.Errorf("%s: it took %v", kind, took)
		}
		if left := children.Of(os.Getpid()); len(left) != 0 {
			t.Errorf("%s: processes %v are left", kind, left)
		}
	}
}

type writerFunc func([]byte)

func (w writerFunc) Write(b []byte) (int, error) { w(b); return len(b), nil }

func TestRunOutputClosed(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	m, _ := testMachine()
	m.Stdout = w
	go func() {
		io.ReadFull(r, make([]byte, 2))
		r.Close()
	}()
	if _, err := fakeVMM(t, "yes").Run(t.Context(), m); !errors.Is(err, vmm.ErrOutputClosed) {
		t.Errorf("Run = %v, want ErrOutputClosed", err)
	}
}

func TestRunOutputFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	m, _ := testMachine()
	m.Stdout = full
	_, err = fakeVMM(t, "yes").Run(t.Context(), m)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Run = %v, want ENOSPC", err)
	}
}

func TestRunStdin(t *testing.T) {
	in := strings.Repeat("0123456789abcdef\x00\xff\r\n", 10000)
	m, stdout := testMachine()
	m.Stdin = strings.NewReader(in)
	result, err := fakeVMM(t, "cat").Run(t.Context(), m)
	if err != nil || result.Code != 3 || stdout.String() != in+"hello\n" {
		t.Errorf("Run = %+v, %v, %d bytes out", result, err, stdout.Len())
	}
}

// A program that ends does not wait for somebody to type something.
func TestRunStdinBlocks(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	m, _ := testMachine()
	m.Stdin = r
	if _, err := fakeVMM(t, "hello").Run(t.Context(), m); err != nil {
		t.Errorf("Run = %v", err)
	}
}

func TestRunFallsBackToTCG(t *testing.T) {
	if err := kvmOpens(); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		kind, reason string
		timeout      time.Duration
	}{
		{"kvm hangs", "no sign of life for 300ms", 300 * time.Millisecond},
		{"kvm stops", "KVM stopped the machine: KVM internal error. Suberror: 1", time.Minute},
		{"kvm refuses", "failed to initialize kvm: Permission denied", time.Minute},
	} {
		v := fakeVMM(t, test.kind)
		v.Accel, v.kvmTimeout = AccelAuto, test.timeout
		tried := 0
		v.Verbose = func(format string, args ...any) {
			if format == startFormat && args[0] == AccelKVM {
				tried++
			}
		}
		for range 2 {
			m, stdout := testMachine()
			result, err := v.Run(t.Context(), m)
			if err != nil || result.Code != 3 || stdout.String() != "hello\n" {
				t.Fatalf("%s: Run = %+v, %v, output %q", test.kind, result, err, stdout)
			}
		}
		if tried != 1 {
			t.Errorf("%s: KVM was tried %d times, want once", test.kind, tried)
		}
		if reason, known := kvmVerdict(); !known || !strings.Contains(reason, test.reason) {
			t.Errorf("%s: verdict %q, want %q", test.kind, reason, test.reason)
		}
		v.Accel = AccelKVM
		m, _ := testMachine()
		if _, err := v.Run(t.Context(), m); err == nil || !strings.HasSuffix(err.Error(), "--accel tcg") {
			t.Errorf("%s: Run with --accel kvm = %v, want the remedy", test.kind, err)
		}
	}
}

func TestVerdictOfAnotherBoot(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	rememberKVM("it broke\nin two lines")
	if reason, known := kvmVerdict(); !known || reason != "it broke in two lines" {
		t.Errorf("kvmVerdict = %q, %v", reason, known)
	}
	path, err := verdictPath()
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "junk", "00000000-0000 it broke", strings.Repeat("x", 10000)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if reason, known := kvmVerdict(); known {
			t.Errorf("kvmVerdict of %.20q = %q, want none", content, reason)
		}
	}
	rememberKVM("")
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the verdict is still there: %v", err)
	}
}

func TestCommandRefuses(t *testing.T) {
	for _, test := range []struct {
		v     VMM
		bytes uint64
		err   string
	}{
		{VMM{Machine: "isapc"}, 64 << 20, "--machine isapc: not one of microvm, q35, pc"},
		{VMM{Accel: "xen"}, 64 << 20, "--accel xen: not one of auto, kvm, tcg"},
		{VMM{}, 1 << 20, "-m: 1048576 bytes of memory"},
		{VMM{}, 1 << 50, "-m: 1125899906842624 bytes of memory"},
	} {
		test.v.Path = "qemu"
		if test.v.Accel == "" {
			test.v.Accel = AccelTCG
		}
		argv, err := test.v.Command(&vmm.Machine{Image: "x", MemoryBytes: test.bytes})
		if err == nil || !strings.HasPrefix(err.Error(), test.err) {
			t.Errorf("Command = %q, %v, want %q", argv, err, test.err)
		}
	}
}

func TestCommand(t *testing.T) {
	v := VMM{Path: "qemu", Accel: AccelTCG, Machine: "q35", CPU: "Nehalem"}
	argv, err := v.Command(&vmm.Machine{Image: "-odd,name.img", MemoryBytes: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(argv, " ")
	for _, want := range []string{"-machine q35 ", "-accel tcg ", "-cpu Nehalem ", "-m 131072k ", "-kernel ./-odd,name.img",
		"isa-debugcon,chardev=channel,iobase=0xe9,", "isa-debug-exit,iobase=0x501,iosize=4",
		"-device virtio-serial-pci,", "virtserialport,bus=ports.0,nr=2,chardev=stdout,name=org.mewz.stdout"} {
		if !strings.Contains(got, want) {
			t.Errorf("Command = %s, lacks %q", got, want)
		}
	}
}
