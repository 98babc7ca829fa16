package qemu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// kvmReadyTimeout is how long a machine under KVM may take to its first
	// frame before TCG takes over; a working one takes some 50 ms.
	kvmReadyTimeout = 3 * time.Second
	// readyTimeout is the same for a machine that has no second choice. It is
	// only there so that nothing hangs: TCG on a busy computer is slow.
	readyTimeout = 2 * time.Minute
)

const kvmDevice = "/dev/kvm"

// accels returns the accelerators to try, in order.
func (v *VMM) accels() ([]Accel, error) {
	switch v.Accel {
	case AccelTCG:
		return []Accel{AccelTCG}, nil
	case AccelKVM:
		if err := kvmOpens(); err != nil {
			return nil, err
		}
		return []Accel{AccelKVM}, nil
	case AccelAuto, "":
		if err := kvmOpens(); err != nil {
			v.verbose("no KVM: %v", err)
			return []Accel{AccelTCG}, nil
		}
		if reason, known := kvmVerdict(); known {
			v.verbose("no KVM: it did not run a machine since this computer booted: %s", reason)
			return []Accel{AccelTCG}, nil
		}
		return []Accel{AccelKVM, AccelTCG}, nil
	default:
		return nil, fmt.Errorf("--accel %s: not one of auto, kvm, tcg", v.Accel)
	}
}

func (v *VMM) verbose(format string, args ...any) {
	if v.Verbose != nil {
		v.Verbose(format, args...)
	}
}

// kvmOpens says whether this user may use KVM.
func kvmOpens() error {
	fd, err := unix.Open(kvmDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
	switch {
	case err == nil:
		return unix.Close(fd)
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%s: permission denied: adduser $USER kvm, and log in again", kvmDevice)
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("%s does not exist: enable virtualisation in the firmware, or nested virtualisation of this machine", kvmDevice)
	default:
		return fmt.Errorf("%s: %w", kvmDevice, err)
	}
}

// verdictFile holds the boot id of the boot in which KVM did not work, a space,
// and why. Only the negative verdict is kept: the positive one costs nothing.
const verdictFile = "kvm-does-not-run"

// verdictMaxBytes bounds what is read back of it.
const verdictMaxBytes = 4096

func verdictPath() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "mewz", verdictFile), err
}

// bootID identifies this boot of the computer (random(4)).
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// kvmVerdict returns why KVM is known not to run machines since this boot.
func kvmVerdict() (reason string, known bool) {
	path, err := verdictPath()
	if err != nil {
		return "", false
	}
	b, err := os.ReadFile(path)
	if err != nil || len(b) > verdictMaxBytes {
		return "", false
	}
	boot, reason, ok := strings.Cut(string(b), " ")
	return strings.TrimSpace(reason), ok && boot != "" && boot == bootID()
}

// rememberKVM keeps the verdict; empty reason: that it works. A cache that
// can not be written only costs the next run its three seconds.
func rememberKVM(reason string) {
	path, err := verdictPath()
	if err != nil {
		return
	}
	if reason == "" {
		_ = os.Remove(path)
		return
	}
	id := bootID()
	if id == "" || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	reason = strings.ReplaceAll(reason, "\n", " ")
	_ = os.WriteFile(path, []byte(id+" "+reason[:min(len(reason), verdictMaxBytes/2)]+"\n"), 0o600)
}
