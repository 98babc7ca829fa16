package qemu

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mewz/vmm"
)

// needVirtioFS skips a test where there is no virtiofsd, or not for this user.
func needVirtioFS(t *testing.T) {
	t.Helper()
	path, err := FindVirtioFS()
	if err != nil {
		t.Skip(err)
	}
	if kind, err := askVirtioFS(t.Context(), path); err != nil || !kind.modern && os.Geteuid() != 0 {
		t.Skipf("%s serves root only (%v)", path, err)
	}
}

// gone waits until no process of a group is left.
func gone(t *testing.T, group int) {
	t.Helper()
	for deadline := time.Now().Add(patience); syscall.Kill(-group, 0) != syscall.ESRCH; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("processes of group %d are left", group)
		}
	}
}

func TestVirtioFSEnds(t *testing.T) {
	needVirtioFS(t)
	directory := filepath.Join(t.TempDir(), `a,b\c=d`)
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	start := func() *VirtioFS {
		d, err := StartVirtioFS(t.Context(), VirtioFSShare{Directory: directory, Tag: "x"})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := start()
	pid := d.child.Process.Process.Pid
	d.Close()
	gone(t, pid)

	d = start() // QEMU ends: the last descriptor of the connection is closed
	pid = d.child.Process.Process.Pid
	theirs, err := unix.Dup(int(d.Connection().Fd()))
	if err != nil {
		t.Fatal(err)
	}
	d.Started()
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("it ends while QEMU is connected: %v", err)
	}
	unix.Close(theirs)
	<-d.child.Done
	gone(t, pid)
	d.Close()
}

// TestVirtioFSParentKilled kills the process that has started it, while somebody else
// holds the connection.
func TestVirtioFSParentKilled(t *testing.T) {
	needVirtioFS(t)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fakeVariable+"=share "+t.TempDir())
	c.ExtraFiles = []*os.File{theirs}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	control := make([]byte, unix.CmsgSpace(4))
	message := make([]byte, 100)
	n, _, _, _, err := unix.Recvmsg(pair[0], message, control, 0)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(message[:n]))
	if err != nil {
		t.Fatalf("%q", message[:n])
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	gone(t, pid)
}

// fakeShares makes the test binary play what has to do with shares.
func fakeShares(kind string) {
	if virtiofsd, ok := strings.CutPrefix(kind, "virtiofsd "); ok {
		fakeVirtioFS(virtiofsd)
	}
	if directory, ok := strings.CutPrefix(kind, "share "); ok {
		fakeShare(directory)
	}
}

// fakeShare starts a virtiofsd, hands its connection over descriptor 3 and waits.
func fakeShare(directory string) {
	d, err := StartVirtioFS(context.Background(), VirtioFSShare{Directory: directory, Tag: "x"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	unix.Sendmsg(3, []byte(strconv.Itoa(d.child.Process.Process.Pid)), unix.UnixRights(int(d.Connection().Fd())), nil, 0)
	time.Sleep(time.Hour)
}

func TestVirtioFSErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]string{
		"ends":   "it ended at once: no, I do not want to",
		"speaks": "it does not speak vhost-user",
		"both":   "", // the second sandbox works
	} {
		t.Setenv(fakeVariable, "virtiofsd "+kind)
		d, err := StartVirtioFS(t.Context(), VirtioFSShare{Program: os.Args[0], Directory: t.TempDir(), Tag: "x", ReadOnly: true})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", kind, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %s", kind, err, want)
		}
		if err == nil {
			d.Close()
		}
	}
	if _, err := StartVirtioFS(t.Context(), VirtioFSShare{Program: os.Args[0], Directory: file}); err == nil || !strings.Contains(err.Error(), "no directory") {
		t.Errorf("a file: %v", err)
	}
	t.Setenv("PATH", "")
	before := VirtioFSPrograms
	VirtioFSPrograms = []string{"virtiofsd"}
	defer func() { VirtioFSPrograms = before }()
	if _, err := StartVirtioFS(t.Context(), VirtioFSShare{Directory: "/"}); !errors.Is(err, ErrNoVirtioFS) {
		t.Errorf("without a program: %v", err)
	}
}

// A user who may make no namespaces is told that nothing locks virtiofsd up.
func TestVirtioFSWithoutSandbox(t *testing.T) {
	directory := t.TempDir()
	t.Cleanup(func(before []string) func() { return func() { VirtioFSPrograms = before } }(VirtioFSPrograms))
	VirtioFSPrograms = []string{os.Args[0]}
	for _, test := range []struct {
		user int
		kind string
		want string
	}{
		{1000, "both", "--share virtiofs: virtiofsd serves " + directory + " without a sandbox, for it may make no namespace (it ended at once: no, I do not want to): allow"},
		{1000, "works", ""},
		{0, "both", ""}, // chroot locks it up, too
	} {
		effectiveUser = func() int { return test.user }
		t.Setenv(fakeVariable, "virtiofsd "+test.kind)
		said := ""
		m := &vmm.Machine{Shares: []vmm.Share{{Path: directory, Tag: "x", ReadOnly: true, VirtioFS: true}}, Warned: func(text string) { said += text }}
		daemons, err := startDaemons(t.Context(), m)
		effectiveUser = os.Geteuid
		if err != nil || !strings.HasPrefix(said, test.want) || (said == "") != (test.want == "") {
			t.Errorf("user %d, %s: %v, said %q, want %q", test.user, test.kind, err, said, test.want)
		}
		closeDaemons(daemons)
	}
}

// fakeVirtioFS behaves like the virtiofsd in Rust.
func fakeVirtioFS(kind string) {
	if slices.Contains(os.Args, "--help") {
		fmt.Println("--shared-dir --readonly")
		os.Exit(0)
	}
	if kind == "ends" || kind == "both" && slices.Contains(os.Args, "namespace") {
		fmt.Fprintln(os.Stderr, "no, I do not want to")
		os.Exit(1)
	}
	if !slices.Contains(os.Args, "--fd=3") || !slices.Contains(os.Args, "--readonly") || !slices.ContainsFunc(os.Args, func(a string) bool { return strings.HasPrefix(a, "--shared-dir=") }) {
		fmt.Fprintf(os.Stderr, "%q\n", os.Args)
		os.Exit(1)
	}
	l, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		os.Exit(1)
	}
	c, err := l.Accept()
	if err != nil {
		os.Exit(1)
	}
	request := make([]byte, vhostUserHeaderBytes)
	io.ReadFull(c, request)
	answer := append(request, make([]byte, 8)...)
	if kind == "speaks" {
		answer = []byte("220 mail.example ESMTP ready")
	}
	c.Write(answer)
	bufio.NewReader(c).ReadByte() // until the end
	os.Exit(0)
}

func TestVirtioFSOptions(t *testing.T) {
	d := &VirtioFS{tag: "a,b"}
	if got := strings.Join(d.Options("microvm,rtc=on", 0, 9), " "); got != "-chardev socket,id=virtiofs0,fd=9 -device vhost-user-fs-device,chardev=virtiofs0,tag=a,,b" {
		t.Error(got)
	}
	if got := strings.Join(d.Options("q35", 1, 9), " "); got != "-chardev socket,id=virtiofs1,fd=9 -device vhost-user-fs-pci,chardev=virtiofs1,tag=a,,b" {
		t.Error(got)
	}
}
