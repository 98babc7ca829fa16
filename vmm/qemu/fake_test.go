package qemu

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
)

// patience is far more than anything takes in these tests, on a computer that does other
// things too; what hangs does so for an hour.
const patience = time.Minute

// fakeVariable makes the test binary play QEMU: its value says which one.
const fakeVariable = "MEWZ_TEST_FAKE_QEMU"

func TestMain(m *testing.M) {
	if kind := os.Getenv(fakeVariable); kind != "" {
		fakeShares(kind)
		fake(kind)
	}
	os.Exit(m.Run())
}

// fake behaves like QEMU with a guest of some kind and does not return.
func fake(kind string) {
	channel := os.NewFile(channelDescriptor, "channel")
	serial := os.NewFile(serialDescriptor, "serial")
	send := func(kind abi.FrameKind, payload string) error {
		_, err := channel.Write(append(abi.AppendFrameHeader(nil, kind, len(payload)), payload...))
		return err
	}
	exit := func(code uint32) {
		channel.Write(abi.AppendExitFrame(nil, abi.ExitByProgram, code))
		os.Exit(int(2*code + 1))
	}
	fatal := func(message string) {
		fmt.Fprintln(os.Stderr, "qemu-system-x86_64: "+message)
		os.Exit(1)
	}
	underKVM := slices.Contains(os.Args, "kvm")
	switch {
	case kind == "kvm hangs" && underKVM:
		time.Sleep(time.Hour)
	case kind == "kvm stops" && underKVM:
		fmt.Fprint(os.Stderr, "KVM internal error. Suberror: 1\nextra data[0]: 0x1\nRAX=00000000005b0600\n")
		time.Sleep(time.Hour)
	case kind == "kvm refuses" && underKVM:
		fatal("failed to initialize kvm: Permission denied")
	case kind == "broken":
		fatal("-machine microvm: it is not to be")
	case kind == "silent":
		os.Exit(0)
	}
	if strings.HasPrefix(kind, "ports ") {
		send(abi.FrameReady, string([]byte{abi.ReadyPorts | abi.ReadyStops}))
		switch kind {
		case "ports closed":
			fakeClosed(serial)
		case "ports stops", "ports ignores":
			send(abi.FrameNetwork, "10.0.2.15/24")
			fakeStop(kind, serial)
		default:
			fakePorts(kind, send)
		}
		exit(3)
	}
	send(abi.FrameReady, "")
	switch kind {
	case "reset":
		send(abi.FrameLog, "last words\n")
		os.Exit(0)
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		time.Sleep(time.Hour)
	case "garbage":
		channel.WriteString("panic: runtime error\n")
		time.Sleep(time.Hour)
	case "hangs":
		send(abi.FrameStdout, "hello")
		time.Sleep(time.Hour)
	case "deaf":
		ignoreSignals()
		send(abi.FrameStdout, "hello")
		time.Sleep(time.Hour)
	case "yes":
		for send(abi.FrameStdout, "y\n") == nil {
		}
		time.Sleep(time.Hour)
	case "cat":
		fakeCat(serial, send)
	}
	send(abi.FrameStdout, "hello\n")
	exit(3)
}

// fakePorts is a guest whose streams are ports.
func fakePorts(kind string, send func(abi.FrameKind, string) error) {
	stdin := os.NewFile(portDescriptor+stdinPort, "stdin")
	stdout := os.NewFile(portDescriptor+stdoutPort, "stdout")
	stderr := os.NewFile(portDescriptor+stderrPort, "stderr")
	switch kind {
	case "ports cat":
		for {
			b := fakeRequest(stdin, abi.StdinRead, 1000)
			if len(b) == 0 {
				break
			}
			stdout.Write(b)
		}
		stderr.WriteString("done\n")
	case "ports read one":
		stdout.Write(fakeRequest(stdin, abi.StdinRead, 1))
		fakeRequest(stdin, abi.StdinWait, abi.StdinWaitForever)
	case "ports order":
		for range 1000 {
			stdout.WriteString("out\n")
			stderr.WriteString("err\n")
		}
	case "ports yes":
		for {
			if _, err := stdout.WriteString("y\n"); err != nil {
				time.Sleep(time.Hour)
			}
		}
	case "ports crash":
		stdout.WriteString("before the crash\n")
		os.Exit(0)
	case "ports nonsense":
		stdin.WriteString("nonsense")
		if _, err := stdin.Read(make([]byte, 1)); err != io.EOF {
			os.Exit(1)
		}
	}
}

// fakeStop is a guest that says goodbye when it is asked to end, and then ends, or does not.
func fakeStop(kind string, serial io.Reader) {
	stdout := os.NewFile(portDescriptor+stdoutPort, "stdout")
	chunk := make([]byte, 3)
	if _, err := io.ReadFull(serial, chunk); err != nil || chunk[0] != 1 || chunk[1] != 0 || chunk[2] != abi.RequestStop {
		os.Exit(1)
	}
	stdout.WriteString("goodbye\n")
	if kind == "ports ignores" {
		time.Sleep(time.Hour)
	}
}

// fakeClosed is a guest whose output nobody takes, and that says more before it ends.
func fakeClosed(serial io.Reader) {
	stdout := os.NewFile(portDescriptor+stdoutPort, "stdout")
	stdout.WriteString("x")
	if _, err := io.ReadFull(serial, make([]byte, 3)); err != nil {
		os.Exit(1)
	}
	stdout.Write(make([]byte, 8<<20)) // more than a pipe holds
}

// fakeRequest asks for standard input and returns the bytes of the answer.
func fakeRequest(stdin *os.File, kind abi.StdinRequest, argument uint32) []byte {
	stdin.Write(abi.AppendStdinRequest(nil, kind, argument))
	head := make([]byte, abi.StdinAnswerBytes)
	io.ReadFull(stdin, head)
	a, ok := abi.ParseStdinAnswer(head)
	if !ok || a.Kind != kind || kind == abi.StdinRead && a.Bytes > argument {
		os.Exit(1)
	}
	b := make([]byte, a.Bytes)
	io.ReadFull(stdin, b)
	return b
}

// fakeCat echoes the chunks of standard input.
func fakeCat(serial io.Reader, send func(abi.FrameKind, string) error) {
	for {
		header := make([]byte, 2)
		if _, err := io.ReadFull(serial, header); err != nil {
			os.Exit(1)
		}
		chunk := make([]byte, int(header[0])|int(header[1])<<8)
		if len(chunk) == 0 {
			return
		}
		if _, err := io.ReadFull(serial, chunk); err != nil || len(chunk) > abi.StdinChunkMaxBytes {
			os.Exit(1)
		}
		send(abi.FrameStdout, string(chunk))
	}
}
