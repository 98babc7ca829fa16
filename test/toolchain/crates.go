package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A Rust program with crates lies in a folder with a manifest, Cargo.toml, and
// crates.lock: what cargo calls Cargo.lock, every crate with version and checksum,
// but with lockSource where that names the registry. Debian's cargo is of the same
// age as its rustc and does not know how registries are asked today, so the crates
// are fetched by the newer one and lie in build/crates, each in the folder of its
// version. Debian's builds from there, without a network.

// lockSource stands for the registry in crates.lock.
const lockSource = `source = "registry"`

// lockedSource is a line of Cargo.lock with the registry's name.
var lockedSource = regexp.MustCompile(`(?m)^source = "registry\+.*"$`)

// rustCargo is Debian's own, for the reason that rustc is.
const rustCargo = "/usr/bin/cargo"

const rustTarget = "wasm32-wasi"

// crates is a build by Debian's cargo.
type crates struct {
	folder   string // of the manifest
	vendored string // the crates, and Cargo.lock
	target   string // where cargo keeps what it has built
}

func buildRustCrates(p Program) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	c := &crates{folder: filepath.Join(root, p.Sources[0]), target: filepath.Join(root, "build", "crates", "target")}
	if c.vendored, err = vendorCrates(root, c.folder); err != nil {
		return "", fmt.Errorf("%s: %w", p.Name, err)
	}
	b := build{name: p.Name, suffix: ".wasm", tool: rustCargo, by: c, args: p.Flags, env: []string{
		"RUSTC=" + rustc,
		"CARGO_HOME=" + filepath.Join(root, "build", "crates", "home"),
		"CARGO_TARGET_DIR=" + c.target,
		"RUSTFLAGS=-C linker=" + rustLinker + " -C linker-flavor=wasm-ld --remap-path-prefix=" + root + "=.",
	}}
	b.inputs = []string{filepath.Join(c.folder, "Cargo.toml"), filepath.Join(c.folder, "crates.lock")}
	sources, err := filepath.Glob(filepath.Join(c.folder, "src", "*.rs"))
	b.inputs = append(b.inputs, sources...)
	if b.version, err = toolVersion(rustc, nil); err != nil {
		return "", err
	}
	return b.run(root)
}

// execute builds in the scratch folder that output lies in.
func (c *crates) execute(b build, output string) error {
	unlock, err := lock(c.target, "cargo") // cargo waits in silence otherwise
	if err != nil {
		return err
	}
	defer unlock()
	scratch := filepath.Dir(output)
	if err := copyManifest(c.folder, scratch); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(c.vendored, "Cargo.lock"), filepath.Join(scratch, "Cargo.lock")); err != nil {
		return err
	}
	err = command(scratch, b.env, b.tool, append([]string{
		"--config", `source.crates-io.replace-with="vendored"`,
		"--config", fmt.Sprintf("source.vendored.directory=%q", c.vendored),
		"build", "--offline", "--locked", "--release", "--target", rustTarget}, b.args...)...)
	if err != nil {
		return err
	}
	return os.Rename(filepath.Join(c.target, rustTarget, "release", b.name+".wasm"), output)
}

// vendorCrates returns the folder with everything that crates.lock of a folder names.
func vendorCrates(root, folder string) (string, error) {
	locked, err := os.ReadFile(filepath.Join(folder, "crates.lock"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(locked)
	name := filepath.Base(folder) + "-" + hex.EncodeToString(sum[:])[:16]
	return fetched("crates", name, func(scratch string) error {
		prefix, err := rustWeb()
		if err != nil {
			return err
		}
		cargo := filepath.Join(prefix, "usr/bin/cargo")
		env := rustWebEnv(root, prefix)
		if err := copyManifest(folder, scratch); err != nil {
			return err
		}
		// What cargo calls the registry is cargo's affair; everything else is as locked.
		if err := command(scratch, env, cargo, "generate-lockfile"); err != nil {
			return err
		}
		lockfile := filepath.Join(scratch, "Cargo.lock")
		generated, err := os.ReadFile(lockfile)
		if err != nil {
			return err
		}
		source := lockedSource.Find(generated)
		if source == nil {
			return fmt.Errorf("%s: cargo's lock file names no registry", folder)
		}
		text := strings.ReplaceAll(string(locked), lockSource, string(source))
		if err := os.WriteFile(lockfile, []byte(text), 0o666); err != nil {
			return err
		}
		if err := command(scratch, env, cargo, "vendor", "--quiet", "--locked", "--versioned-dirs", "vendor"); err != nil {
			return err
		}
		return keepCrates(scratch)
	})
}

// keepCrates makes the folder one of crates alone, and leaves out the prebuilt
// libraries for Windows, nearly all of its bytes.
func keepCrates(scratch string) error {
	crates, err := filepath.Glob(filepath.Join(scratch, "vendor", "*"))
	if err != nil {
		return err
	}
	for _, crate := range crates {
		if err := os.Rename(crate, filepath.Join(scratch, filepath.Base(crate))); err != nil {
			return err
		}
	}
	for _, name := range []string{"vendor", "src", "Cargo.toml"} {
		if err := os.RemoveAll(filepath.Join(scratch, name)); err != nil {
			return err
		}
	}
	return filepath.WalkDir(scratch, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(path, ".a") || strings.HasSuffix(path, ".lib")) {
			return os.Remove(path)
		}
		return err
	})
}

// copyManifest copies what cargo needs to know a program: Cargo.toml and its sources.
func copyManifest(folder, to string) error {
	if err := copyFile(filepath.Join(folder, "Cargo.toml"), filepath.Join(to, "Cargo.toml")); err != nil {
		return err
	}
	return os.CopyFS(filepath.Join(to, "src"), os.DirFS(filepath.Join(folder, "src")))
}

func copyFile(from, to string) error {
	contents, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, contents, 0o666)
}
