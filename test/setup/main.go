// Command setup installs what building and testing this project needs beyond
// Go, on Debian 12. It asks for nothing that is there already, so it may run
// before every build; the second run takes a moment.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"mewz/test/toolchain"
)

// requirement is a package of Debian and a file of it that shows it is there.
type requirement struct {
	pkg  string
	file string
	why  string
}

var requirements = []requirement{
	{"clang-19", "/usr/bin/clang-19", "builds the C programs of the tests"},
	{"llvm-19", "/usr/bin/llc-19", "is the compiler's back end"},
	{"lld-19", "/usr/bin/wasm-ld-19", "links C programs"},
	{"lld-14", "/usr/bin/wasm-ld-14", "links Rust programs"},
	{"libclang-rt-19-dev-wasm32", "/usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a", "is part of C programs"},
	{"wasi-libc", "/usr/lib/wasm32-wasi/libc.a", "is the C library of the C programs"},
	{"rustc", "/usr/bin/rustc", "builds the Rust programs of the tests"},
	{"libstd-rust-dev-wasm32", "/usr/lib/rustlib/wasm32-wasi/lib", "is the library of the Rust programs"},
	{"wabt", "/usr/bin/wat2wasm", "turns the text modules of the tests into binary"},
	{"qemu-system-x86", "/usr/bin/qemu-system-x86_64", "runs the machines"},
	{"gcc", "/usr/bin/gcc", "links objects for Linux"},
	{"libc6-dev", "/usr/include/stdio.h", "links objects for Linux"},
	{"make", "/usr/bin/make", "builds SQLite's amalgamation"},
	{"tcl", "/usr/bin/tclsh", "builds SQLite's amalgamation"},
	{"dpkg-dev", "/usr/bin/dpkg-source", "unpacks source packages"},
	{"xz-utils", "/usr/bin/xz", "unpacks source packages"},
	{"ca-certificates", "/etc/ssl/certs/ca-certificates.crt", "lets Go fetch modules"},
}

func main() {
	if err := setUp(); err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
}

func setUp() error {
	missing := missingPackages()
	if len(missing) > 0 {
		if err := install(missing); err != nil {
			return err
		}
		if still := missingPackages(); len(still) > 0 {
			return fmt.Errorf("apt-get installed %s, but their files are not where Debian 12 has them", strings.Join(still, " "))
		}
	}
	for _, p := range toolchain.SourcePackages {
		if err := p.Fetch(); err != nil {
			return err
		}
	}
	return toolchain.FetchRustWeb()
}

func missingPackages() []string {
	var missing []string
	for _, r := range requirements {
		if _, err := os.Stat(r.file); err != nil {
			fmt.Printf("setup: %s is missing: it %s\n", r.pkg, r.why)
			missing = append(missing, r.pkg)
		}
	}
	return missing
}

// install runs apt-get, as root or through sudo.
func install(packages []string) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("this is no Debian: install what %s are called here: clang, llvm and lld 19, lld 14, wasi-libc, "+
			"Rust 1.63 for wasm32-wasi, wabt, QEMU", strings.Join(packages, " "))
	}
	if err := aptGet("update"); err != nil {
		return err
	}
	return aptGet(append([]string{"install", "-y", "--no-install-recommends"}, packages...)...)
}

func aptGet(args ...string) error {
	command := append([]string{"apt-get", "-q"}, args...)
	if os.Geteuid() != 0 {
		if _, err := exec.LookPath("sudo"); err != nil {
			return fmt.Errorf("neither root nor sudo: as root, run %s", strings.Join(command, " "))
		}
		command = append([]string{"sudo", "env", "DEBIAN_FRONTEND=noninteractive"}, command...)
	}
	c := exec.Command(command[0], command[1:]...)
	c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return nil
}
