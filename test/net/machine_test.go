package net

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mewz/test/toolchain"
)

// kind is a way to run a program.
type kind struct {
	name    string
	vmm     string // of mewz; empty is the oracle
	machine string // of QEMU
	user    bool   // QEMU's user network, not a tap device
	nightly bool   // left out of an ordinary run, which has both machines and both networks without it
}

// kinds are all ways. Every one has a namespace of its own, so the ports are the same.
var kinds = []kind{
	{name: "oracle"},
	{name: "process-tap", vmm: "process"},
	{name: "microvm-user", vmm: "qemu", machine: "microvm", user: true},
	{name: "microvm-tap", vmm: "qemu", machine: "microvm", nightly: true},
	{name: "q35-user", vmm: "qemu", machine: "q35", user: true, nightly: true},
	{name: "q35-tap", vmm: "qemu", machine: "q35"},
}

// only restricts a run of the tests to some of the kinds.
var only = flag.String("kinds", "", "the kinds of machines to test, with commas between: oracle, process-tap, microvm-user, …")

// spec is a program and what it needs.
type spec struct {
	program toolchain.Program
	// args may have $ROOT for the folder of its files and $HOST for the address
	// that the test's own servers have for the program.
	args   []string
	root   string   // a folder, or empty
	tcp    int      // the port that it serves, or 0
	udp    int      // likewise
	listen string   // the address of a socket that it finds open
	v1     bool     // the oracle is to have the first generation of the sockets
	flags  []string // more for mewz
	quick  bool     // compiled for a small part of the time: a program like one that is optimised
}

// machine is a program that runs.
type machine struct {
	kind   kind
	ns     *namespace
	guest  string // its address for clients
	host   string // the address of the test's servers for it
	stdout *output
	stderr *output

	command *exec.Cmd
	ended   chan struct{} // closed after err has been set
	err     error
}

// The longest that anything may take that has no time of its own, on a computer that does other things
// too: what takes longer hangs.
const (
	readyTimeout = 6 * time.Minute // compiling included
	stepTimeout  = 4 * time.Minute
	endTimeout   = time.Minute // of a machine, and of what a tool has started that holds its output
)

// each runs a test on every kind of machine, or on those that have a tap device.
func each(t *testing.T, tapOnly bool, f func(t *testing.T, k kind)) {
	for _, k := range kinds {
		if k.user && tapOnly {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			k.require(t)
			f(t, k)
		})
	}
}

// require skips a test of a kind that is not asked for or cannot be had.
func (k kind) require(t *testing.T) {
	t.Helper()
	if *only != "" && !slices.Contains(strings.Split(*only, ","), k.name) {
		t.Skip("-kinds asks for others")
	}
	if k.nightly && !nightly && *only == "" {
		t.Skip("this kind is for the nightly run or -kinds")
	}
	if testing.Short() && k.vmm == "qemu" {
		t.Skip("-short runs processes only")
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil && k.vmm == "qemu" {
		unavailable(t, "qemu-system-x86_64 is missing: run make setup")
	}
}

// start starts a program and waits until it says that it listens, if it serves.
// It ends with the test.
func start(t *testing.T, k kind, s spec) *machine {
	t.Helper()
	m := prepare(t, k)
	m.start(t, s)
	if s.tcp != 0 || s.udp != 0 {
		m.stdout.wait(t, m, "listening on ", readyTimeout)
	}
	return m
}

// prepare makes the network of a machine.
func prepare(t *testing.T, k kind) *machine {
	t.Helper()
	m := &machine{kind: k, ns: newNamespace(t), guest: loopback, host: loopback, stdout: newOutput(), stderr: newOutput()}
	switch {
	case k.vmm == "":
		m.ns.ip(t, "addr add "+tapVanishes+"/32 dev lo", "-6 addr add "+tapGuest6+"/128 dev lo")
	case k.user:
		m.host = slirpHost
	default:
		m.ns.tap(t)
		m.guest, m.host = tapGuest, tapHost
	}
	return m
}

func (m *machine) start(t *testing.T, s spec) {
	t.Helper()
	wasm := build(t, s.program)
	var argv []string
	if m.kind.vmm == "" {
		argv = m.oracle(t, s, wasm)
	} else {
		argv = m.mewz(t, s, wasm)
	}
	m.command = exec.Command(argv[0], argv[1:]...)
	m.command.Stdout, m.command.Stderr = m.stdout, m.stderr
	m.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	m.command.WaitDelay = endTimeout
	m.ended = make(chan struct{})
	if err := m.ns.enter(m.command.Start); err != nil {
		t.Fatal(err)
	}
	go func() {
		m.err = m.command.Wait()
		close(m.ended)
	}()
	t.Cleanup(func() {
		m.end(t)
		if t.Failed() {
			t.Logf("%s\nstandard output: %s\nstandard error: %s", strings.Join(argv, " "), m.stdout.tail(), m.stderr.tail())
		}
	})
}

// oracle is the command line for wasi-go.
func (m *machine) oracle(t *testing.T, s spec, wasm string) []string {
	t.Helper()
	wasirun, err := toolchain.GoTool("test/net/programs", "github.com/stealthrocket/wasi-go/cmd/wasirun")
	if err != nil {
		t.Fatal(err)
	}
	argv := []string{wasirun, "--sockets", "wasmedgev2", "--dns-server", loopback + ":53"}
	if s.v1 {
		argv[2] = "wasmedgev1"
	}
	if s.listen != "" {
		argv = append(argv, "--listen", s.listen)
	}
	if s.root != "" {
		argv = append(argv, "--dir", s.root)
	}
	argv = append(argv, wasm, "--")
	return append(argv, m.arguments(s, s.root)...)
}

// mewz is the command line for a machine of ours.
func (m *machine) mewz(t *testing.T, s spec, wasm string) []string {
	t.Helper()
	// One processor for all kinds, so that a program is compiled once: those in Go take a minute each.
	argv := []string{mewz(t), "run", "--vmm", m.kind.vmm, "--cpu", "x86-64-v2"}
	if m.kind.machine != "" {
		argv = append(argv, "--machine", m.kind.machine)
	}
	if m.kind.user {
		argv = append(argv, "--net", "user", "--dns", slirpHost)
		if s.tcp != 0 {
			argv = append(argv, "-p", fmt.Sprintf("%s:%d:%d", loopback, s.tcp, s.tcp))
		}
		if s.udp != 0 {
			argv = append(argv, "-p", fmt.Sprintf("%s:%d:%d/udp", loopback, s.udp, s.udp))
		}
	} else {
		argv = append(argv, "--net", "tap="+tapName, "--ip", tapGuest+"/24", "--ip", tapGuest6+"/64",
			"--gateway", tapHost, "--dns", tapHost)
	}
	if s.listen != "" {
		argv = append(argv, "--listen", s.listen)
	}
	if s.root != "" {
		argv = append(argv, "--root", s.root)
	}
	if s.quick {
		argv = append(argv, "--opt", "0")
	}
	argv = append(argv, s.flags...)
	argv = append(argv, wasm, "--")
	return append(argv, m.arguments(s, "/")...)
}

func (m *machine) arguments(s spec, root string) []string {
	var args []string
	for _, a := range s.args {
		args = append(args, strings.NewReplacer("$ROOT", root, "$HOST", m.host).Replace(a))
	}
	return args
}

// mewz returns the command to test (toolchain.Mewz).
func mewz(t *testing.T) string {
	t.Helper()
	path, err := toolchain.Mewz()
	if err != nil {
		unavailable(t, err.Error())
	}
	return path
}

// end ends the program as Ctrl-C does, unless it has ended.
func (m *machine) end(t *testing.T) {
	if m.command.Process.Signal(os.Interrupt) == nil {
		select {
		case <-m.ended:
			return
		case <-time.After(endTimeout):
			t.Errorf("the machine goes on for %v after an interrupt", endTimeout)
		}
	}
	syscall.Kill(-m.command.Process.Pid, syscall.SIGKILL)
	<-m.ended
}

// wait waits for a program that ends by itself, and returns its exit code.
func (m *machine) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-m.ended:
	case <-time.After(readyTimeout):
		t.Fatalf("the program goes on for %v", readyTimeout)
	}
	var exit *exec.ExitError
	if m.err != nil && !errors.As(m.err, &exit) {
		t.Fatal(m.err)
	}
	return m.command.ProcessState.ExitCode()
}

// running says whether the program still runs.
func (m *machine) running() bool {
	select {
	case <-m.ended:
		return false
	default:
		return true
	}
}

// address is host:port of a port of the machine.
func (m *machine) address(port int) string {
	return m.guest + ":" + strconv.Itoa(port)
}

// url is of a path on the machine.
func (m *machine) url(port int, path string) string {
	return "http://" + m.address(port) + path
}

// tool runs a tool beside the machine and returns what it says.
func (m *machine) tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		unavailable(t, name+" is missing: run make setup")
	}
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	said, err := m.ns.run(ctx, name, args...)
	if err != nil {
		t.Fatalf("%s … %s: %v\n%s", name, args[len(args)-1], err, tail(said))
	}
	return said
}

// output collects what a program says.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	close(o.changed)
	o.changed = make(chan struct{})
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) tail() string { return tail(o.String()) }

// wait waits until the program has said something.
func (o *output) wait(t *testing.T, m *machine, text string, timeout time.Duration) {
	t.Helper()
	limit := time.After(timeout)
	for {
		o.mu.Lock()
		found, changed := bytes.Contains(o.text.Bytes(), []byte(text)), o.changed
		o.mu.Unlock()
		if found {
			return
		}
		select {
		case <-changed:
		case <-m.ended:
			t.Fatalf("the program ended (%v) before it said %q", m.err, text)
		case <-limit:
			t.Fatalf("the program has not said %q for %v", text, timeout)
		}
	}
}

// tail returns the end of a text that is too long for a message.
func tail(text string) string {
	const most = 3000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}
