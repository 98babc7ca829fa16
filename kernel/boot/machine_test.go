package boot_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mewz/abi"
	"mewz/kernel/kernelfile"
)

const qemu = "qemu-system-x86_64"

// buildSuite builds the kernel of testdata/suite once.
var buildSuite = sync.OnceValues(func() ([]byte, error) {
	return kernelfile.Build(".", "mewz/kernel/boot/testdata/suite")
})

// machine is one run of the suite.
type machine struct {
	test    string // first line of standard input
	input   []byte // what follows
	kind    string // QEMU machine type, default microvm
	cpu     string // default max
	memory  string // default 64M
	plain   bool   // without a host channel: text on the serial port
	raw     bool   // input is sent as it is, not as chunks
	extra   []string
	timeout time.Duration
	file    []byte // ELF file instead of the suite
}

// outcome is what a machine said.
type outcome struct {
	log, stdout, stderr, report string
	reason                      abi.ExitReason
	code                        uint32
	exits                       int // FrameExit frames
	status                      int // of QEMU: 2*code+1
}

func (m *machine) run(t *testing.T) *outcome {
	t.Helper()
	if _, err := exec.LookPath(qemu); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v: apt-get install qemu-system-x86", err)
		}
		t.Skipf("%v", err)
	}
	if m.file == nil {
		file, err := buildSuite()
		if err != nil {
			t.Fatal(err)
		}
		m.file = file
	}
	dir, err := os.MkdirTemp("", "machine") // no comma in it, as t.TempDir has here
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	image, channel := filepath.Join(dir, "image"), filepath.Join(dir, "channel")
	if err := os.WriteFile(image, m.file, 0o644); err != nil {
		t.Fatal(err)
	}
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	args := []string{"-accel", "tcg", "-machine", or(m.kind, "microvm"), "-cpu", or(m.cpu, "max"), "-m", or(m.memory, "64M"),
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
		"-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial",
		"-device", fmt.Sprintf("isa-debug-exit,iobase=%#x,iosize=2", abi.DebugExitPort), "-kernel", image}
	if !m.plain {
		args = append(args, "-chardev", "file,id=channel,path="+channel,
			"-device", fmt.Sprintf("isa-debugcon,iobase=%#x,readback=%#x,chardev=channel", abi.ChannelPort, abi.ChannelMagic))
	}
	if m.timeout == 0 {
		m.timeout = 5 * time.Minute // a hundred times what most take
	}
	ctx, cancel := context.WithTimeout(t.Context(), m.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, qemu, append(args, m.extra...)...)
	cmd.Stdin = bytes.NewReader(m.encode())
	var serial, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &serial, &messages
	err = cmd.Run()
	if ctx.Err() != nil {
		frames, _ := os.ReadFile(channel)
		t.Fatalf("%s: still running after %v; serial port %q, channel %q", m.test, m.timeout, serial.String(), frames)
	}
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	o := &outcome{status: cmd.ProcessState.ExitCode(), log: strings.ReplaceAll(serial.String(), "\r\n", "\n")}
	if !m.plain {
		frames, err := os.ReadFile(channel)
		if err != nil {
			t.Fatalf("%v; QEMU says %s", err, messages.String())
		}
		o.parse(t, frames)
	}
	return o
}

// encode returns what the serial port is fed with.
func (m *machine) encode() []byte {
	input := append([]byte(m.test+"\n"), m.input...)
	if m.plain || m.raw {
		return input
	}
	var out []byte
	for len(input) > 0 {
		n := min(len(input), abi.StdinChunkMaxBytes)
		out = binary.LittleEndian.AppendUint16(out, uint16(n))
		out = append(out, input[:n]...)
		input = input[n:]
	}
	return binary.LittleEndian.AppendUint16(out, 0)
}

func (o *outcome) parse(t *testing.T, frames []byte) {
	t.Helper()
	for len(frames) > 0 {
		kind, n, ok := abi.ParseFrameHeader(frames)
		if !ok || len(frames) < abi.FrameHeaderBytes+n {
			t.Fatalf("not a frame: % x", frames[:min(len(frames), 64)])
		}
		payload := frames[abi.FrameHeaderBytes:][:n]
		frames = frames[abi.FrameHeaderBytes+n:]
		switch kind {
		case abi.FrameStdout:
			o.stdout += string(payload)
		case abi.FrameStderr:
			o.stderr += string(payload)
		case abi.FrameLog:
			o.log += string(payload)
		case abi.FrameReport:
			o.report += string(payload)
		case abi.FrameExit:
			o.exits++
			o.reason, o.code, _ = abi.ParseExit(payload)
		}
	}
}

// TestMachines boots on all machine types, processors and sizes of RAM.
func TestMachines(t *testing.T) {
	for _, m := range []machine{
		{test: "hello", kind: "microvm"},
		{test: "hello", kind: "q35"},
		{test: "hello", kind: "pc"},
		{test: "hello", kind: "microvm,x-option-roms=off,pit=off,pic=off,rtc=off"},
		{test: "hello", cpu: "Nehalem"},
		{test: "hello", cpu: "Haswell"},
		{test: "hello", cpu: "EPYC", kind: "q35"},
		{test: "hello", cpu: "Skylake-Server"},
		{test: "hello", memory: "8M"},
		{test: "hello", memory: "16M", kind: "pc"},
		{test: "hello", memory: "3G", kind: "q35"},
		{test: "hello", memory: "6G", kind: "q35"},
		{test: "hello", memory: "5G"},
		{test: "hello", plain: true},
		{test: "faults", kind: "q35"},
		{test: "faults", cpu: "Nehalem"},
		{test: "memory", memory: "64M"},
		{test: "memory", memory: "5G", kind: "pc"},
		{test: "memory", memory: "24M"},
		{test: "commit", memory: "32M"},
		{test: "commit", memory: "5G"},
		{test: "signals"},
		{test: "signals", cpu: "Nehalem"},
		{test: "timer"},
		{test: "timer", cpu: "Nehalem"},
		{test: "threads", memory: "32M"},
		{test: "time", kind: "q35"},
		{test: "time"},
		{test: "soak", memory: "32M"},
		{test: "soak", kind: "q35", cpu: "Haswell"},
	} {
		t.Run(m.name(), func(t *testing.T) {
			o := m.run(t)
			if !strings.Contains(o.log, "ok "+m.test+"\n") || o.status != 1 {
				t.Errorf("status %d, log %q, report %q; want 1 and ok", o.status, o.log, o.report)
			}
			if !m.plain && (o.exits != 1 || o.code != 0 || o.report != "") {
				t.Errorf("%d exit frames, code %d, report %q", o.exits, o.code, o.report)
			}
		})
	}
}

func (m *machine) name() string {
	return strings.Join([]string{m.test, m.kind, m.cpu, m.memory}, "/")
}

// TestMachineEnds checks how machines end that cannot go on.
func TestMachineEnds(t *testing.T) {
	for _, m := range []struct {
		machine
		code   uint32
		report string // in the report or the log
	}{
		{machine{test: "exit"}, 77, ""},
		{machine{test: "panic"}, abi.ExitKernel, "panic: as asked for"},
		{machine{test: "overflow"}, abi.ExitKernel, "goroutine stack exceeds"},
		{machine{test: "oom", memory: "32M"}, abi.ExitMemory, "out of memory: all 29 MiB are used"},
		{machine{test: "nmi"}, abi.ExitKernel, "mewz: non-maskable interrupt, vector 0x2"},
		{machine{test: "doublefault"}, abi.ExitKernel, "mewz: double fault"},
		{machine{test: "kernelfault"}, abi.ExitKernel, "mewz: kernel stack overflow: page fault in the kernel"},
		{machine{test: "hello", cpu: "qemu64"}, abi.ExitKernel, "this processor is too old: x86-64-v2 is needed (QEMU: -cpu Nehalem or later); missing: SSSE3 SSE4.1"},
		{machine{test: "hello", cpu: "qemu32"}, abi.ExitKernel, "no 64-bit mode"},
		{machine{test: "hello", cpu: "qemu32", plain: true}, abi.ExitKernel, "no 64-bit mode"},
		{machine{test: "nmi", plain: true}, abi.ExitKernel, "mewz: non-maskable interrupt, vector 0x2"},
	} {
		t.Run(m.name(), func(t *testing.T) {
			o := m.run(t)
			if want := int(m.code*2+1) & 0xff; o.status != want {
				t.Errorf("status %d, want %d", o.status, want)
			}
			if !strings.Contains(o.report+o.log, m.report) {
				t.Errorf("report %q, log %q; want %q", o.report, o.log, m.report)
			}
			if !m.plain && (o.exits != 1 || o.reason != abi.ExitByKernel || o.code != m.code) {
				t.Errorf("%d exit frames, reason %d, code %d; want 1, ExitByKernel, %d", o.exits, o.reason, o.code, m.code)
			}
		})
	}
}

// TestCommandLine boots with command lines of all lengths.
func TestCommandLine(t *testing.T) {
	long := "a=" + strings.Repeat("x", abi.CommandLineMaxBytes-4) + "y"
	for _, test := range []struct{ kind, line string }{
		{"q35", ""},
		{"q35", "ip=10.0.2.15/24 gateway=10.0.2.2 "},
		{"pc", "ip=10.0.2.15/24 gateway=10.0.2.2 "},
		{"pc", long},
		{"microvm,auto-kernel-cmdline=off", "ip=10.0.2.15/24 gateway=10.0.2.2"},
	} {
		m := machine{test: "line", kind: test.kind, extra: []string{"-append", test.line}}
		if o := m.run(t); !strings.Contains(o.log, "line ["+test.line+"]\n") || o.status != 1 {
			t.Errorf("%s: status %d, log %.100q, report %q; want %.100q", test.kind, o.status, o.log, o.report, test.line)
		}
	}
	m := machine{test: "line", kind: "q35", extra: []string{"-append", long + "z"}}
	if o := m.run(t); !strings.Contains(o.report, "the kernel command line is longer than 4095 bytes") || o.code != abi.ExitKernel {
		t.Errorf("too long: status %d, log %.100q, report %q", o.status, o.log, o.report)
	}
}

// TestStdin sends more than all buffers hold, binary, and its end.
func TestStdin(t *testing.T) {
	input := make([]byte, 100_000)
	source := rand.NewChaCha8([32]byte{1})
	source.Read(input)
	sum := fnv.New32a()
	sum.Write(input)
	want := fmt.Sprintf("bytes %d sum %d\n", len(input), sum.Sum32())
	for _, kind := range []string{"microvm", "q35", "pc"} {
		t.Run(kind, func(t *testing.T) {
			m := machine{test: "stdin", input: input, kind: kind}
			if o := m.run(t); !strings.Contains(o.log, want) {
				t.Errorf("log %q, want %q", o.log, want)
			}
		})
	}
}

// TestSegments boots an image with segments whose physical addresses are not
// their virtual ones, as the linker of images makes them.
func TestSegments(t *testing.T) {
	file, err := buildSuite()
	if err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 0x2800)
	chunk[0], chunk[0x2010], chunk[0x27ff] = 'L', 'M', 'N'
	archive := make([]byte, 5<<20)
	for i := 0; i < len(archive); i += 4096 {
		archive[i] = byte(i >> 12)
	}
	file = addSegment(t, file, uint64(abi.MemoryBase), 6, chunk)
	file = addSegment(t, file, uint64(abi.ArchiveBase), 4, archive)
	for _, memory := range []string{"48M", "4G"} {
		m := machine{test: "segments", file: file, memory: memory}
		if o := m.run(t); !strings.Contains(o.log, "ok segments\n") {
			t.Errorf("-m %s: log %q, report %q", memory, o.log, o.report)
		}
	}
}

// addSegment appends a PT_LOAD segment, packed behind all others in physical
// memory.
func addSegment(t *testing.T, file []byte, address uint64, flags uint32, data []byte) []byte {
	t.Helper()
	const headerBytes, typeLoad = 56, 1
	le := binary.LittleEndian
	file = bytes.Clone(file)
	phoff, n := le.Uint64(file[32:]), uint64(le.Uint16(file[56:]))
	end := uint64(0)
	for i := range n {
		if h := file[phoff+i*headerBytes:]; le.Uint32(h) == typeLoad {
			end = max(end, le.Uint64(h[24:])+le.Uint64(h[40:]))
		}
	}
	end = (end + 4095) &^ 4095
	for len(file)%4096 != 0 {
		file = append(file, 0xcc)
	}
	h := file[phoff+n*headerBytes:][:headerBytes]
	le.PutUint32(h, typeLoad)
	le.PutUint32(h[4:], flags)
	for i, v := range []uint64{uint64(len(file)), address, end, uint64(len(data)), uint64(len(data)), 4096} {
		le.PutUint64(h[8+8*i:], v)
	}
	le.PutUint16(file[56:], uint16(n+1))
	return append(file, data...)
}

// TestBootInstructions holds boot to its part of the budget of a million
// instructions up to the first one of the program.
func TestBootInstructions(t *testing.T) {
	file, err := kernelfile.Build(".", "mewz/kernel/boot/testdata/hello")
	if err != nil {
		t.Fatal(err)
	}
	m := machine{test: "", file: file, memory: "128M", extra: []string{"-icount", "shift=0"}}
	o := m.run(t)
	var n int
	if _, err := fmt.Sscanf(o.log, "hello after %d ns", &n); err != nil {
		t.Fatalf("log %q, report %q", o.log, o.report)
	}
	t.Logf("%d instructions from entry to main.main", n)
	const most = 700_000
	if n > most || n < 100_000 {
		t.Errorf("%d instructions, want at most %d", n, most)
	}
}
