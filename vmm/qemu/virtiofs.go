package qemu

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mewz/vmm"
)

// VirtioFSPrograms are where virtiofsd is looked for, by PATH and then where
// distributions put what no user calls: QEMU's own until 7.2, then its successor.
var VirtioFSPrograms = []string{"virtiofsd", "/usr/libexec/virtiofsd", "/usr/lib/virtiofsd", "/usr/lib/qemu/virtiofsd"}

// ErrNoVirtioFS says that there is no virtiofsd, and the remedy.
var ErrNoVirtioFS = errors.New("virtiofsd not found: apt-get install virtiofsd, or qemu-system-common up to Debian 12; or share by 9p, which QEMU brings with it")

// Bounds of what virtiofsd may take to tell of itself and to be ready. Both
// are milliseconds; a computer that is busy takes longer.
const (
	virtioFSHelpTimeout  = 10 * time.Second
	virtioFSReadyTimeout = 10 * time.Second
)

// virtioFSListenDescriptor is the socket on which virtiofsd waits for QEMU.
const virtioFSListenDescriptor = 3

// VirtioFSShare is a directory of the host for one machine.
type VirtioFSShare struct {
	Program   string // path of virtiofsd; empty: one of VirtioFSPrograms
	Directory string
	Tag       string // by which the machine finds it
	ReadOnly  bool   // only a virtiofsd that can sees to it; the kernel does in any case
}

// VirtioFS is a virtiofsd that serves one share to one machine. It ends when its
// connection does: with QEMU, whatever ends that, with Close, and with this process.
type VirtioFS struct {
	tag        string
	child      *vmm.Child
	stop       context.CancelFunc
	said       *vmm.Tail
	connection *os.File // for QEMU
	unlocked   error    // why it is locked up in nothing; nil: it is in the directory
}

// effectiveUser is who starts it.
var effectiveUser = os.Geteuid

// FindVirtioFS returns the path of virtiofsd, or ErrNoVirtioFS.
func FindVirtioFS() (string, error) {
	for _, name := range VirtioFSPrograms {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoVirtioFS
}

// StartVirtioFS starts virtiofsd for a share and waits until it answers. It is
// good for one QEMU: a machine that is started again needs another one.
func StartVirtioFS(ctx context.Context, share VirtioFSShare) (*VirtioFS, error) {
	path := share.Program
	if path == "" {
		var err error
		if path, err = FindVirtioFS(); err != nil {
			return nil, err
		}
	}
	if err := checkDirectory(share.Directory); err != nil {
		return nil, err
	}
	kind, err := askVirtioFS(ctx, path)
	if err != nil {
		return nil, err
	}
	root := effectiveUser() == 0
	if !root && !kind.modern {
		return nil, fmt.Errorf("%s serves root only: install its successor, virtiofsd 1.7 or newer, or share by 9p", path)
	}
	for _, sandbox := range kind.sandboxes(root) {
		before := err // with the sandbox before this one
		var d *VirtioFS
		if d, err = startVirtioFS(ctx, path, kind.arguments(share, sandbox), share.Tag); err == nil {
			if sandbox == sandboxNone {
				d.unlocked = before
			}
			return d, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("sharing %s: %s: %w", share.Directory, path, err)
}

func checkDirectory(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no directory: only directories can be shared", path)
	}
	return nil
}

// virtioFSKind is which of the two programs of this name it is.
type virtioFSKind struct {
	modern   bool // the one in Rust
	readOnly bool // it knows --readonly
}

func askVirtioFS(ctx context.Context, path string) (virtioFSKind, error) {
	ctx, cancel := context.WithTimeout(ctx, virtioFSHelpTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, path, "--help")
	c.WaitDelay = time.Second
	help, err := c.CombinedOutput()
	if err != nil && len(help) == 0 {
		return virtioFSKind{}, fmt.Errorf("%s --help: %w", path, err)
	}
	return virtioFSKind{
		modern:   strings.Contains(string(help), "--shared-dir"),
		readOnly: strings.Contains(string(help), "--readonly"),
	}, nil
}

// sandboxes are the ways to lock virtiofsd up in the directory, the best first: a
// container may forbid namespaces, and a user cannot change the root directory.
func (k virtioFSKind) sandboxes(root bool) []string {
	if root {
		return []string{"namespace", "chroot"}
	}
	return []string{"namespace", sandboxNone}
}

// sandboxNone is the sandbox that is none. What serves the directory then may read and change
// all that the user may, as QEMU may that shares by 9p; a user who asked for virtiofsd
// expects more, and is told.
const sandboxNone = "none"

// unlockedText is that message.
func unlockedText(share string, reason error) string {
	return fmt.Sprintf("--share virtiofs: virtiofsd serves %s without a sandbox, for it may make no namespace (%v): "+
		"allow that to users (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone), or run mewz as root", share, reason)
}

// arguments are those of virtiofsd. It may be told of a change by nobody but us, so
// what the guest keeps it keeps for a second at most (cache=auto).
func (k virtioFSKind) arguments(share VirtioFSShare, sandbox string) []string {
	listen := fmt.Sprintf("--fd=%d", virtioFSListenDescriptor)
	if !k.modern {
		return []string{"-f", listen, "-o", "source=" + escapeFuse(share.Directory), "-o", "cache=auto,no_xattr,no_posix_lock,sandbox=" + sandbox}
	}
	args := []string{listen, "--shared-dir=" + share.Directory, "--cache", "auto", "--sandbox", sandbox}
	if share.ReadOnly && k.readOnly {
		args = append(args, "--readonly")
	}
	return args
}

// escapeFuse is for a value among the options of libfuse, which commas part.
func escapeFuse(value string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(value)
}

func startVirtioFS(ctx context.Context, path string, args []string, tag string) (*VirtioFS, error) {
	listener, connection, err := privateListener()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	d := &VirtioFS{tag: tag, stop: stop, said: vmm.NewTail(nil), connection: connection}
	c := vmm.NewCommand(ctx, path, args...)
	c.Stdout, c.Stderr = d.said, d.said
	c.ExtraFiles = []*os.File{virtioFSListenDescriptor - 3: listener}
	// Its own process group: Ctrl-C is for the command, and the child in the
	// namespace of its own ends with its parent.
	c.SysProcAttr.Setpgid = true
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	d.child, err = vmm.Start(c)
	listener.Close() // only virtiofsd has it, so its end ends the connection
	if err != nil {
		stop()
		connection.Close()
		return nil, err
	}
	if err := d.ready(); err != nil {
		d.Close() // all that it had to say is there then
		if said := vmm.LastLine(d.said.String()); said != "" {
			return nil, fmt.Errorf("%w: %s", err, said)
		}
		return nil, err
	}
	return d, nil
}

// privateListener returns a listening socket and the one connection to it. Its name is
// one of the kernel's choice without a file, so nothing is left behind. As long as
// virtiofsd has not taken the connection no other fits in (listen(2), backlog 0): if
// somebody was faster than us, we are told.
func privateListener() (listener, connection *os.File, err error) {
	l, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	listener = os.NewFile(uintptr(l), "virtiofsd's socket")
	c, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		listener.Close()
		return nil, nil, err
	}
	connection = os.NewFile(uintptr(c), "connection to virtiofsd")
	err = unix.Bind(l, &unix.SockaddrUnix{}) // autobind (unix(7))
	if err == nil {
		err = unix.Listen(l, 0)
	}
	var name unix.Sockaddr
	if err == nil {
		name, err = unix.Getsockname(l)
	}
	if err == nil {
		err = unix.Connect(c, name)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("a socket for virtiofsd: %w", err), listener.Close(), connection.Close())
	}
	return listener, connection, nil
}

// The request of vhost-user that asks for the features (QEMU,
// docs/interop/vhost-user.rst): it changes nothing.
const (
	vhostUserGetFeatures = 1
	vhostUserVersion     = 1
	vhostUserHeaderBytes = 12
	vhostUserAnswerBytes = vhostUserHeaderBytes + 8
)

// ready waits until virtiofsd answers: it is in its sandbox then.
func (d *VirtioFS) ready() error {
	request := make([]byte, vhostUserHeaderBytes)
	binary.LittleEndian.PutUint32(request, vhostUserGetFeatures)
	binary.LittleEndian.PutUint32(request[4:], vhostUserVersion)
	if err := d.connection.SetDeadline(time.Now().Add(virtioFSReadyTimeout)); err != nil {
		return err
	}
	answer := make([]byte, vhostUserAnswerBytes)
	_, err := d.connection.Write(request)
	if err == nil {
		_, err = io.ReadFull(d.connection, answer)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer for %v", virtioFSReadyTimeout)
	case err != nil:
		return errors.New("it ended at once")
	case binary.LittleEndian.Uint32(answer) != vhostUserGetFeatures:
		return errors.New("it does not speak vhost-user")
	}
	return d.connection.SetDeadline(time.Time{})
}

// Connection returns what QEMU inherits, the descriptor of Options. It is closed
// here by Started.
func (d *VirtioFS) Connection() *os.File { return d.connection }

// Started is to be called when QEMU has the connection: from then on it holds
// the only one, so virtiofsd ends with it.
func (d *VirtioFS) Started() { d.connection.Close() }

// Options are those of QEMU for the device, number n of its kind in a machine of a
// type of Machines. descriptor is that of the connection in QEMU. The machine needs
// SharedMemory, too.
func (d *VirtioFS) Options(machine string, n, descriptor int) []string {
	device := "vhost-user-fs-pci"
	if strings.HasPrefix(machine, Machines[0]) {
		device = "vhost-user-fs-device"
	}
	id := fmt.Sprintf("virtiofs%d", n)
	return []string{
		"-chardev", fmt.Sprintf("socket,id=%s,fd=%d", id, descriptor),
		"-device", fmt.Sprintf("%s,chardev=%s,tag=%s", device, id, strings.ReplaceAll(d.tag, ",", ",,")),
	}
}

// SharedMemory are what a machine with a VirtioFS has besides: its memory is one that
// virtiofsd reaches. property belongs to the value of -machine, behind a comma.
func SharedMemory(bytes uint64) (options []string, property string) {
	return []string{"-object", fmt.Sprintf("memory-backend-memfd,id=memory,size=%dk,share=on", bytes>>10)}, "memory-backend=memory"
}

// virtioFSGrace is how long virtiofsd may take to end by itself.
const virtioFSGrace = 2 * time.Second

// Close ends virtiofsd and waits until it is gone. It is for after the end of QEMU:
// what the machine was told is written is in the hands of this computer then. It ends by
// itself, and takes its child with it; if it does not, it is killed.
func (d *VirtioFS) Close() {
	d.connection.Close()
	select {
	case <-d.child.Done:
	case <-time.After(virtioFSGrace):
	}
	d.stop()
	<-d.child.Done
}

// Said returns what virtiofsd has said.
func (d *VirtioFS) Said() string { return d.said.String() }
