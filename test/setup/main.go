// Command setup installs what building and testing this project needs beyond
// Go, on Debian 12. It asks for nothing that is there already, so it may run
// before every build; the second run takes a moment. With -demo it leaves out
// what only the tests need.
package main

import (
	"flag"
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
	need need
}

// need says what a requirement is for.
type need int

const (
	forDemo  need = iota // and for the tests
	forTests             // only
)

var requirements = []requirement{
	{"clang-19", "/usr/bin/clang-19", "builds the C programs of the tests", forDemo},
	{"llvm-19", "/usr/bin/llc-19", "is the compiler's back end", forDemo},
	{"lld-19", "/usr/bin/wasm-ld-19", "links C programs", forDemo},
	{"lld-14", "/usr/bin/wasm-ld-14", "links Rust programs", forTests},
	{"libclang-rt-19-dev-wasm32", "/usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a", "is part of C programs", forDemo},
	{"wasi-libc", "/usr/lib/wasm32-wasi/libc.a", "is the C library of the C programs", forDemo},
	{"rustc", "/usr/bin/rustc", "builds the Rust programs of the tests", forTests},
	{"libstd-rust-dev-wasm32", "/usr/lib/rustlib/wasm32-wasi/lib", "is the library of the Rust programs", forTests},
	{"cargo", "/usr/bin/cargo", "builds the Rust programs that use crates", forTests},
	{"wrk", "/usr/bin/wrk", "loads the HTTP servers of the tests", forTests},
	{"apache2-utils", "/usr/bin/ab", "loads the HTTP servers of the tests", forTests},
	{"curl", "/usr/bin/curl", "asks the HTTP servers of the tests", forTests},
	{"chromium-headless-shell", "/usr/bin/chromium-headless-shell", "loads a page from the HTTP servers of the tests", forTests},
	{"iproute2", "/usr/sbin/ip", "makes the network namespaces of the tests", forTests},
	{"wabt", "/usr/bin/wat2wasm", "turns the text modules of the tests into binary", forTests},
	{"qemu-system-x86", "/usr/bin/qemu-system-x86_64", "runs the machines", forDemo},
	{"qemu-system-common", "/usr/lib/qemu/virtiofsd", "shares directories with machines by virtio-fs", forTests},
	{"cpio", "/usr/bin/cpio", "packs the initrds of the tests", forTests},
	{"e2fsprogs", "/usr/sbin/mkfs.ext4", "makes volumes, and checks them", forDemo},
	{"gcc", "/usr/bin/gcc", "links objects for Linux", forTests},
	{"libc6-dev", "/usr/include/stdio.h", "links objects for Linux", forTests},
	{"g++", "/usr/bin/g++", "has the library of native C++ programs", forTests},
	{"nodejs", "/usr/bin/node", "runs the compiler of AssemblyScript and wasm-opt", forTests},
	{"npm", "/usr/bin/npm", "fetches the compiler of AssemblyScript", forTests},
	{"maven", "/usr/bin/mvn", "fetches the compiler of Kotlin", forTests},
	{"default-jre-headless", "/usr/bin/java", "runs the compiler of Kotlin, and its programs as the oracle", forTests},
	{"libsimde-dev", "/usr/include/simde/x86/sse2.h", "makes intrinsics of SSE2 into those of WebAssembly", forTests},
	{"make", "/usr/bin/make", "builds SQLite's amalgamation", forDemo},
	{"tcl", "/usr/bin/tclsh", "builds SQLite's amalgamation", forTests},
	{"python3-pip", "/usr/bin/pip3", "fetches wasm-tools, whose modules the text format is compared with", forTests},
	{"dpkg-dev", "/usr/bin/dpkg-source", "unpacks source packages", forDemo},
	{"xz-utils", "/usr/bin/xz", "unpacks source packages", forDemo},
	{"ca-certificates", "/etc/ssl/certs/ca-certificates.crt", "lets Go fetch modules", forDemo},
}

func main() {
	demo := flag.Bool("demo", false, "only what make demo needs")
	flag.Parse()
	most := forTests
	if *demo {
		most = forDemo
	}
	if err := setUp(most); err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
}

// setUp installs and fetches everything up to a need.
func setUp(most need) error {
	missing := missingPackages(most)
	if len(missing) > 0 {
		if err := install(missing); err != nil {
			return err
		}
		if still := missingPackages(most); len(still) > 0 {
			return fmt.Errorf("apt-get installed %s, but their files are not where Debian 12 has them", strings.Join(still, " "))
		}
	}
	if err := toolchain.Lua.Fetch(); err != nil || most == forDemo {
		return err
	}
	if err := toolchain.SQLite.Fetch(); err != nil {
		return err
	}
	if err := toolchain.FetchRustWeb(); err != nil {
		return err
	}
	if err := toolchain.FetchWasmTools(); err != nil {
		return err
	}
	return toolchain.FetchPrograms()
}

func missingPackages(most need) []string {
	var missing []string
	for _, r := range requirements {
		if r.need > most {
			continue
		}
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
