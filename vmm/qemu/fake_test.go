package qemu

import (
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"mewz/abi"
)

// fakeVariable makes the test binary play QEMU: its value says which one.
const fakeVariable = "MEWZ_TEST_FAKE_QEMU"

func TestMain(m *testing.M) {
	if kind := os.Getenv(fakeVariable); kind != "" {
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
