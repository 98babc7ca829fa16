package toolchain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// CPython is the Python interpreter, built for WASI in the folder wasm of its
// tree; that takes minutes. The folder root has its library where the
// interpreter finds it with PYTHONHOME=/.
var CPython = SourcePackage{Name: "python3.11", Release: release, Prepare: crossBuildCPython}

// CPythonProgram is the interpreter.
var CPythonProgram = Program{Name: "cpython", Language: Prebuilt, Packages: []*SourcePackage{&CPython}, Sources: []string{"wasm/python.wasm"}}

// buildPython is the Python that the library is built with: of the same version.
const buildPython = "/usr/bin/python3.11"

// crossBuildCPython configures and builds as Python's documentation of WASI has
// it, with Debian's tools instead of the SDK of WASI.
func crossBuildCPython(tree string) error {
	if _, err := os.Stat(buildPython); err != nil {
		return fmt.Errorf("%w: it builds Python for WASI: install python3", err)
	}
	directory := filepath.Join(tree, "wasm")
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return err
	}
	emulated := []string{"signal", "getpid", "process-clocks"}
	var link []string
	for _, e := range emulated {
		link = append(link, "-lwasi-emulated-"+e)
	}
	link = append(link, "-Wl,--stack-first", "-Wl,-z,stack-size=8388608")
	compile := append(slices.Clone(wasmCompile), "-D_WASI_EMULATED_SIGNAL", "-D_WASI_EMULATED_GETPID", "-D_WASI_EMULATED_PROCESS_CLOCKS")
	env := []string{
		"CONFIG_SITE=" + filepath.Join(tree, "Tools/wasm/config.site-wasm32-wasi"),
		"CC=" + clang + " " + triple, "CPP=" + clang + " -E " + strings.Join(wasmCompile, " "),
		"CFLAGS=" + strings.Join(compile, " "), "LDFLAGS=" + strings.Join(link, " "),
		"AR=llvm-ar-19", "RANLIB=llvm-ranlib-19", "LDSHARED=false",
		"PKG_CONFIG_LIBDIR=" + directory, // of this computer's libraries none are wanted
	}
	err := command(directory, env, "../configure", "--host=wasm32-unknown-wasi", "--build=x86_64-pc-linux-gnu",
		"--with-build-python="+buildPython, "--disable-test-modules", "--without-ensurepip", "--without-doc-strings")
	if err != nil {
		return err
	}
	// Clocks are pointers in wasi-libc and numbers in the module time.
	err = command(directory, nil, "make", "-j"+strconv.Itoa(runtime.NumCPU()), "OPT=-DNDEBUG -O2 -w -Wno-int-conversion", "python.wasm")
	if err != nil {
		return err
	}
	return copyTree(filepath.Join(tree, "Lib"), filepath.Join(tree, "root/lib/python3.11"))
}

// unwanted are folders of the library that no program needs.
var unwanted = []string{"test", "tests", "idlelib", "tkinter", "lib2to3", "ensurepip", "turtledemo", "__pycache__"}

// copyTree copies the files of a folder that are wanted.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(unwanted, entry.Name()) {
			return fs.SkipDir
		}
		relative, err := filepath.Rel(from, path)
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		target := filepath.Join(to, relative)
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return errors.Join(os.MkdirAll(filepath.Dir(target), 0o777), os.WriteFile(target, b, 0o666))
	})
}

// prebuilt returns the module in the program's package.
func prebuilt(p Program) (string, error) {
	folder, err := p.Packages[0].Folder()
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.Name, err)
	}
	path := filepath.Join(folder, p.Sources[0])
	_, err = os.Stat(path)
	return path, err
}
