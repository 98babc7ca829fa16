package toolchain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Debian 12 has a second Rust that follows the releases, for the sake of web
// browsers, and its sources, but no library for WebAssembly. The library is
// built here. The packages conflict with rustc, so they are not installed but
// unpacked under build/.

// rustWebPackages are what rustc, cargo and the library's sources are in; their
// dependencies come with them.
var rustWebPackages = []string{"rustc-web", "cargo-web", "rust-web-src"}

const rustWebTarget = "wasm32-wasip1"

// vendor is the folder of the library's sources with the crates it needs.
const vendor = "vendor"

// ErrNoRustWeb says that the archives which this system uses have the newer Rust
// without the crates that its library is made of. Debian's security archive has
// it with them (1.96), the release of Debian 12 without (1.85).
var ErrNoRustWeb = errors.New("rust-web-src has no sources of the crates that std needs: add Debian's security archive")

// FetchRustWeb downloads and unpacks Debian's newer Rust unless it is there.
func FetchRustWeb() error {
	_, err := rustWeb()
	return err
}

// rustWeb returns the folder that stands for / to the newer Rust.
func rustWeb() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	debian := filepath.Join(root, "build", "debian")
	unpacked := filepath.Join(debian, "rust-web")
	if _, err := os.Stat(unpacked); err == nil {
		return unpacked, nil
	}
	unlock, err := lock(debian, "apt")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(unpacked); err == nil {
		return unpacked, nil
	}
	if err := unpackRustWeb(debian, unpacked); err != nil {
		return "", fmt.Errorf("packages %s: %w", strings.Join(rustWebPackages, " "), err)
	}
	return unpacked, nil
}

func unpackRustWeb(debian, unpacked string) error {
	options, err := aptOptions(filepath.Join(debian, "apt"))
	if err != nil {
		return err
	}
	install := append(options, "-o", "Debug::NoLocking=1", "-y", "--no-install-recommends", "--download-only", "install")
	if err := command(debian, nil, "apt-get", append(install, rustWebPackages...)...); err != nil {
		return err
	}
	packages, err := filepath.Glob(filepath.Join(debian, "apt", "cache", "archives", "*.deb"))
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(debian, ".unpacking-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	for _, p := range packages {
		if err := command(debian, nil, "dpkg-deb", "-x", p, scratch); err != nil {
			return err
		}
		os.Remove(p) // hundreds of megabytes; what is unpacked stays
	}
	return os.Rename(scratch, unpacked)
}

// rustWebEnv lets the newer Rust run where it was unpacked.
func rustWebEnv(root, prefix string) []string {
	usr := filepath.Join(prefix, "usr")
	return []string{
		"LD_LIBRARY_PATH=" + strings.Join([]string{
			filepath.Join(usr, "lib/x86_64-linux-gnu"), filepath.Join(usr, "lib"), filepath.Join(prefix, "lib/x86_64-linux-gnu"),
		}, ":"),
		"PATH=" + filepath.Join(usr, "bin") + ":" + os.Getenv("PATH"),
		"RUSTC=" + filepath.Join(usr, "bin/rustc"),
		"CARGO_HOME=" + filepath.Join(root, "build", "cargo"),
	}
}

// buildRustWeb builds a program and, the first time, the library.
func buildRustWeb(p Program) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	prefix, err := rustWeb()
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.Name, err)
	}
	usr := filepath.Join(prefix, "usr")
	library := filepath.Join(usr, "lib/rustlib/src/rust/library")
	if _, err := os.Stat(filepath.Join(library, vendor)); err != nil {
		return "", fmt.Errorf("%s: %w", p.Name, ErrNoRustWeb)
	}
	env := append(rustWebEnv(root, prefix),
		"CARGO_TARGET_DIR="+filepath.Join(root, "build", "rust-web"),
		"RUSTC_BOOTSTRAP=1", // -Zbuild-std is for nightly releases, or for this
		"RUSTFLAGS="+strings.Join([]string{
			"-C linker=wasm-ld-19 -C linker-flavor=wasm-ld -C link-self-contained=no -C strip=debuginfo -D warnings",
			"-L /usr/lib/wasm32-wasi -C link-arg=/usr/lib/wasm32-wasi/crt1-command.o",
			"--remap-path-prefix=" + root + "=.",
		}, " "),
	)
	b := build{name: p.Name, suffix: ".wasm", tool: filepath.Join(usr, "bin/cargo"), env: env}
	source := filepath.Join(root, p.Sources[0])
	b.by = &cargo{library: library, source: source, target: filepath.Join(root, "build", "rust-web")}
	b.inputs = []string{source}
	b.version = filepath.Base(b.tool)
	return b.run(root)
}

// cargo is a build by cargo, which wants a folder with a manifest.
type cargo struct {
	library string // the sources of std
	source  string // the program's one file
	target  string // where cargo keeps what it has built
}

// manifest names the program and switches unwinding off, which the target lacks.
const manifest = `[package]
name = %[1]q
version = "0.1.0"
edition = "2021"

[[bin]]
name = %[1]q
path = %[2]q

[profile.release]
panic = "abort"
`

// execute builds into the scratch folder that output lies in.
func (c *cargo) execute(b build, output string) error {
	// One at a time: cargo locks its folder for as long, but says so only to a
	// terminal.
	unlock, err := lock(c.target, "cargo")
	if err != nil {
		return err
	}
	defer unlock()
	scratch := filepath.Dir(output)
	text := fmt.Sprintf(manifest, b.name, c.source)
	if err := os.WriteFile(filepath.Join(scratch, "Cargo.toml"), []byte(text), 0o666); err != nil {
		return err
	}
	err = command(scratch, b.env, b.tool,
		"--config", `source.crates-io.replace-with="vendored"`,
		"--config", fmt.Sprintf("source.vendored.directory=%q", filepath.Join(c.library, vendor)),
		"build", "--offline", "--release", "-Zbuild-std=std,panic_abort", "--target", rustWebTarget)
	if err != nil {
		return err
	}
	return os.Rename(filepath.Join(c.target, rustWebTarget, "release", b.name+".wasm"), output)
}
