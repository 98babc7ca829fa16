package ninep_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/ninep"
	"mewz/kernel/vfs/vfstest"
	"mewz/kernel/virtio"
	"mewz/kernel/virtio/request"
	"mewz/test/qtest"
	"mewz/vmm/share"
)

// shares are the servers that the tests run against: that of a process, and QEMU's.
var shares = map[string]func(t *testing.T, directory string) *ninep.FileSystem{
	"process": openProcess,
	"qemu":    openQEMU,
}

// callers are the shares, and QEMU's with callers whose memory it reaches as that of a program.
func callers() map[string]func(t *testing.T, directory string) vfs.FileSystem {
	all := map[string]func(t *testing.T, directory string) vfs.FileSystem{"qemu, reached": openReached}
	for name, open := range shares {
		all[name] = func(t *testing.T, directory string) vfs.FileSystem { return open(t, directory) }
	}
	return all
}

func openReached(t *testing.T, directory string) vfs.FileSystem {
	t.Helper()
	m, files := openMachine(t, directory, "")
	reached, err := m.Linear(files)
	if err != nil {
		t.Fatal(err)
	}
	return reached
}

// openProcess shares a directory as mewz does with a kernel that is a process.
func openProcess(t *testing.T, directory string) *ninep.FileSystem {
	t.Helper()
	return openServer(t, directory, share.Options{})
}

func openServer(t *testing.T, directory string, o share.Options) *ninep.FileSystem {
	t.Helper()
	server, guest, err := share.Start(directory, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		guest.Close()
	})
	files, err := ninep.OpenStream(descriptor(t, guest), nil, logTo(t))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// descriptor returns the number of a file, as if it were inherited, without having it
// block (os.File.Fd does).
func descriptor(t *testing.T, f *os.File) int {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	if err := raw.Control(func(fd uintptr) {
		number = int(fd)
		_, err = unix.FcntlInt(fd, unix.F_SETFD, 0)
	}); err != nil {
		t.Fatal(err)
	}
	return number
}

func logTo(t *testing.T) func(string) { return func(message string) { t.Log(message) } }

// openQEMU shares a directory as mewz does with a machine.
func openQEMU(t *testing.T, directory string) *ninep.FileSystem {
	t.Helper()
	_, files := openMachine(t, directory, "")
	return files
}

func openMachine(t *testing.T, directory, options string) (*qtest.Machine, *ninep.FileSystem) {
	t.Helper()
	m := qtest.New(t, "-fsdev", "local,id=share,security_model=none,multidevs=remap,path="+directory+options,
		"-device", "virtio-9p-device,fsdev=share,mount_tag=test")
	transport := m.Open(virtio.Device9P)
	if tag := ninep.Tag(transport); tag != "test" {
		t.Errorf("Tag = %q, want test", tag)
	}
	files, err := ninep.Open(request.Machine{Machine: m, Transport: transport, Pause: m.Pause}, logTo(t))
	if err != nil {
		t.Fatal(err)
	}
	return m, files
}

// directory makes a directory without a comma in its name.
func directory(t *testing.T) string {
	t.Helper()
	d, err := os.MkdirTemp("", "share")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(d) })
	return d
}

// largest returns the greatest size of a file in a directory.
func largest(t *testing.T, directory string) uint64 {
	t.Helper()
	f, err := os.Create(filepath.Join(directory, "largest"))
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	return uint64(sort.Search(vfs.OffsetMax, func(n int) bool { return n == vfs.OffsetMax || f.Truncate(int64(n)+1) != nil }))
}

func TestRules(t *testing.T) {
	limits := vfstest.Limits{OffsetMax: largest(t, directory(t)), Entries: 400, Depth: 100}
	for name, open := range callers() {
		t.Run(name, func(t *testing.T) {
			vfstest.Run(t, func(t *testing.T) vfs.FileSystem { return open(t, directory(t)) }, limits)
		})
	}
}

// operationsEnv makes TestExercise as long as somebody has time for.
const operationsEnv = "MEWZ_FILE_OPERATIONS"

// operations is how many random operations TestExercise does.
func operations(t *testing.T) int {
	t.Helper()
	if text := os.Getenv(operationsEnv); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("%s=%s: %v", operationsEnv, text, err)
		}
		return n
	}
	return 3000
}

func TestExercise(t *testing.T) {
	limits := vfstest.Limits{OffsetMax: largest(t, directory(t))}
	for name, open := range callers() {
		t.Run(name, func(t *testing.T) {
			open := func(t *testing.T) vfs.FileSystem { return open(t, directory(t)) }
			vfstest.Exercise(t, open, vfstest.Plan{Operations: operations(t), Limits: limits})
			for seed := range uint64(3) {
				vfstest.Exercise(t, open, vfstest.Plan{Seed: 1 + seed, Operations: operations(t) / 6, Limits: limits})
			}
		})
	}
}

// TestFull runs the rules on a small tmpfs of the host, and fills it up.
func TestFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("issue 5: only root can mount a small file system")
	}
	const bytes = 4 << 20
	for name, open := range callers() {
		t.Run(name, func(t *testing.T) {
			vfstest.Run(t, func(t *testing.T) vfs.FileSystem {
				return small(t, bytes, func(directory string) vfs.FileSystem { return open(t, directory) })
			}, vfstest.Limits{FillBytes: bytes, Entries: 50, Depth: 20})
		})
	}
}

// small calls open with a directory that is a tmpfs of some bytes, which only open, and what it
// starts, can see.
func small(t *testing.T, bytes int, open func(directory string) vfs.FileSystem) (files vfs.FileSystem) {
	t.Helper()
	mounted, opened, end := directory(t), make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(end) })
	go func() {
		runtime.LockOSThread() // for good: the thread ends here, and its mounts with it
		defer func() { <-end }()
		defer close(opened)
		if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
			t.Errorf("no namespace of mounts: %v", err)
			return
		}
		if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Error(err)
			return
		}
		if err := unix.Mount("none", mounted, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
			t.Error(err)
			return
		}
		files = open(mounted)
	}()
	<-opened
	if files == nil {
		t.FailNow()
	}
	return files
}
