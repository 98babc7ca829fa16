// Package qtest is a machine of QEMU without a processor: a test has its registers
// and its memory. So a driver runs under go test against the devices of QEMU as they
// are, at the speed of the host.
//
// In: devices as options of QEMU, for its microvm. Out: a device.Machine and the
// transports of the devices. Registers go through the qtest protocol of QEMU
// (docs/devel/testing/qtest), memory is a file that both map.
package qtest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/abi"
	"mewz/kernel/device"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/discovery"
)

const (
	program     = "qemu-system-x86_64"
	memoryBytes = 64 << 20
	pageBytes   = 4 << 10
	inherited   = 3               // the first of ExtraFiles
	patience    = 2 * time.Minute // of QEMU, for its start and for one answer
)

// Machine is a machine of QEMU (device.Machine). A test ends when it breaks.
type Machine struct {
	t      testing.TB
	mu     sync.Mutex // one question at a time
	conn   net.Conn
	answer *bufio.Reader
	*Memory
	qemu  *exec.Cmd
	ended chan struct{}
}

// New starts a microvm with devices. A missing QEMU skips the test, unless CI is set.
func New(t testing.TB, devices ...string) *Machine {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v: apt-get install qemu-system-x86", err)
		}
		t.Skipf("%v", err)
	}
	directory, err := os.MkdirTemp("", "qtest") // short, and no comma in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	m := &Machine{t: t, Memory: NewMemory(t, memoryBytes)}
	socket := filepath.Join(directory, "qtest")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var messages strings.Builder
	m.qemu = exec.Command(program, append([]string{
		// The processor is stopped before its first instruction.
		"-accel", "tcg", "-S", "-qtest", "unix:" + socket, "-qtest-log", os.DevNull, "-machine", "microvm,memory-backend=ram",
		"-object", fmt.Sprintf("memory-backend-file,id=ram,size=%d,share=on,mem-path=/proc/self/fd/%d", memoryBytes, inherited),
		"-m", fmt.Sprintf("%dM", memoryBytes>>20), "-nodefaults", "-no-user-config", "-display", "none",
		"-global", "virtio-mmio.force-legacy=false",
	}, devices...)...)
	m.qemu.Stderr = &messages
	m.qemu.ExtraFiles = []*os.File{m.File}
	m.qemu.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := m.qemu.Start(); err != nil {
		t.Fatal(err)
	}
	m.ended = make(chan struct{})
	go func() {
		_ = m.qemu.Wait() // it is killed
		listener.Close()
		close(m.ended)
	}()
	t.Cleanup(m.Kill)
	if err := listener.(*net.UnixListener).SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if m.conn, err = listener.Accept(); err != nil {
		m.Kill()
		t.Fatalf("%v; QEMU says %s", err, messages.String())
	}
	m.answer = bufio.NewReader(m.conn)
	return m
}

// Kill ends QEMU at once, as a loss of power would.
func (m *Machine) Kill() {
	_ = m.qemu.Process.Kill() // it may have ended
	<-m.ended
	if m.conn != nil {
		m.conn.Close()
	}
}

// Open returns the transport of the only device of a kind.
func (m *Machine) Open(id virtio.DeviceID) virtio.Transport {
	m.t.Helper()
	devices, err := discovery.Find(m, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, d := range devices {
		if d.ID == id {
			transport, err := d.Open()
			if err != nil {
				m.t.Fatal(err)
			}
			return transport
		}
	}
	m.t.Fatalf("no device of kind %d", id)
	return nil
}

// Map implements device.Machine, as the methods below.
func (m *Machine) Map(physical abi.PhysAddr, n uint64) (device.Registers, error) {
	return &registers{m, physical, n}, nil
}

// Wait waits for a moment.
func (m *Machine) Wait(uint32, time.Duration) uint32 {
	m.Pause(0)
	return 0
}

// Pause lets QEMU go on (request.Machine).
func (m *Machine) Pause(time.Duration) { unix.Nanosleep(&unix.Timespec{Nsec: 1}, nil) }

// ask sends a command and returns the value that comes. A machine that is gone answers
// with all ones, as a bus without a device.
func (m *Machine) ask(format string, args ...any) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.conn.SetDeadline(time.Now().Add(patience)) // if that fails, the next does
	if _, err := fmt.Fprintf(m.conn, format+"\n", args...); err != nil {
		return ^uint32(0)
	}
	line, err := m.answer.ReadString('\n')
	if err != nil {
		return ^uint32(0)
	}
	word, value, _ := strings.Cut(strings.TrimSpace(line), " ")
	if word != "OK" {
		m.t.Errorf("qtest: %s: %s", fmt.Sprintf(format, args...), line)
	}
	if value == "" {
		return 0
	}
	v, err := strconv.ParseUint(value, 0, 64)
	if err != nil {
		m.t.Errorf("qtest: %s: %v", line, err)
	}
	return uint32(v)
}

// registers are registers of the machine.
type registers struct {
	machine *Machine
	at      abi.PhysAddr
	bytes   uint64
}

func (r *registers) load(width string, offset uint32) uint32 {
	if uint64(offset) >= r.bytes {
		return ^uint32(0)
	}
	return r.machine.ask("read%s %#x", width, uint64(r.at)+uint64(offset))
}

func (r *registers) store(width string, offset, v uint32) {
	if uint64(offset) < r.bytes {
		r.machine.ask("write%s %#x %#x", width, uint64(r.at)+uint64(offset), v)
	}
}

func (r *registers) Load8(offset uint32) uint8       { return uint8(r.load("b", offset)) }
func (r *registers) Load16(offset uint32) uint16     { return uint16(r.load("w", offset)) }
func (r *registers) Load32(offset uint32) uint32     { return r.load("l", offset) }
func (r *registers) Store8(offset uint32, v uint8)   { r.store("b", offset, uint32(v)) }
func (r *registers) Store16(offset uint32, v uint16) { r.store("w", offset, uint32(v)) }
func (r *registers) Store32(offset uint32, v uint32) { r.store("l", offset, v) }
