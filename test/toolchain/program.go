package toolchain

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Language says which tool builds a Program.
type Language int

// The languages that tests are written in.
const (
	C          Language = iota
	CPP                 // C++17 with the library of cxx.go, and exceptions
	Rust                // Debian's rustc
	RustWeb             // Debian's newer rustc
	RustCrates          // Debian's rustc, with crates of Rust's registry
	Go
	AssemblyScript
	Zig
	Kotlin   // with the files wasi.kt and jvm.kt beside the source
	Prebuilt // the package's Prepare builds the module
)

// Exceptions is the form of exceptions in a module. C++ has one of them; C has
// one when longjmp is built of them.
type Exceptions int

// The forms of exceptions.
const (
	NoExceptions       Exceptions = iota
	LegacyExceptions              // try, catch, delegate: what clang 19 emits
	StandardExceptions            // try_table and exnref: WebAssembly 3.0, translated by wasm-opt
)

// Program is a program that can be built as a WebAssembly module.
type Program struct {
	Name     string
	Language Language
	// Sources are files relative to the root of the project; for Go the one
	// folder of the main package, which may be in a module of its own; for Rust
	// with crates the folder of the manifest; of a prebuilt program the module, in
	// its package.
	Sources []string
	// Packages are source packages that are part of a C or C++ program. The
	// folders with their headers are searched in this order.
	Packages   []*SourcePackage
	Flags      []string   // more arguments for the compiler
	Inputs     []string   // files that are included from elsewhere
	Exceptions Exceptions // of a C or C++ program as a module
	// WasmFlags and WasmLink are more arguments for compiler and linker of a
	// C, C++ or Zig program when it becomes a module. $ROOT is the root of the project.
	WasmFlags, WasmLink []string
	NativeFlags         []string // more arguments for the compiler of a native program
}

// Wasm builds the program as a WebAssembly module for WASI preview 1 and
// returns its path.
func Wasm(p Program) (string, error) {
	if p.Exceptions == StandardExceptions {
		return translateExceptions(p)
	}
	switch p.Language {
	case C:
		return buildC(p, wasmTarget(p))
	case CPP:
		return buildCPP(p)
	case Rust:
		return buildRust(p)
	case RustWeb:
		return buildRustWeb(p)
	case RustCrates:
		return buildRustCrates(p)
	case Go:
		return buildGo(p, ".wasm", []string{"GOOS=wasip1", "GOARCH=wasm"})
	case AssemblyScript:
		return buildAssemblyScript(p)
	case Zig:
		return buildZig(p)
	case Kotlin:
		return buildKotlin(p)
	case Prebuilt:
		return prebuilt(p)
	}
	return "", fmt.Errorf("%s: language %d is none that can be built", p.Name, p.Language)
}

// Native builds a program for this computer and returns its path.
func Native(p Program) (string, error) {
	switch p.Language {
	case C:
		return buildC(p, target{tool: clang, compile: p.NativeFlags})
	case CPP:
		return buildC(p, target{tool: clangCPP, compile: append([]string{cppStandard}, p.NativeFlags...)})
	case Go:
		return buildGo(p, ".native", nil)
	case Zig:
		return buildZigFor(p, "", []string{"-mcpu=baseline"})
	}
	return "", fmt.Errorf("%s: programs in language %d are not built natively", p.Name, p.Language)
}

// Command returns the command that runs a program on this computer, without
// WebAssembly: Native's, or for Kotlin the JVM.
func Command(p Program) ([]string, error) {
	if p.Language == Kotlin {
		return runKotlin(p)
	}
	path, err := Native(p)
	return []string{path}, err
}

const (
	clang    = "clang-19"
	clangCPP = "clang++-19"
)

// target is what differs between the builds of a C program. The zero value is
// this computer, the yardstick of the benchmarks: baseline x86-64, as Debian
// builds its own programs.
type target struct {
	tool          string
	suffix        string
	compile, link []string
	sources       []string // beyond those of the program
}

// wasmTarget builds a module. /usr/include is shut out, or headers of the system
// that wasi-libc lacks (setjmp.h) would be found there.
func wasmTarget(p Program) target {
	to := target{
		tool:    clang,
		suffix:  ".wasm",
		compile: slices.Clone(wasmCompile),
		link:    append([]string{triple, "-Wl,--stack-first", "-Wl,-z,stack-size=1048576"}, p.WasmLink...),
	}
	if p.Exceptions != NoExceptions {
		to.compile = append(to.compile, longjmpFlags...)
		to.sources = append(to.sources, longjmpFiles...)
	}
	to.compile = append(to.compile, p.WasmFlags...)
	return to
}

const triple = "--target=wasm32-wasi"

var wasmCompile = []string{triple, "-nostdlibinc", "-isystem", "/usr/include/wasm32-wasi"}

// buildC compiles all sources, then links. It takes two commands because clang
// runs wasm-opt, where binaryen happens to be installed, when one command with
// -O does both, and clang 19 does not link at all with --no-wasm-opt.
func buildC(p Program, to target) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	b := build{name: p.Name, suffix: to.suffix, tool: to.tool}
	compile := append(append([]string{"-c"}, to.compile...), p.Flags...)
	for _, part := range p.Packages {
		tree, err := part.tree()
		if err != nil {
			return "", fmt.Errorf("%s: %w", p.Name, err)
		}
		compile = append(compile, "-I"+tree.path)
		compile = append(compile, part.sources(tree.path)...)
		b.version += tree.version + "\n"
	}
	if p.Packages != nil {
		compile = append(compile, "-w") // warnings of code that is not ours help nobody
	} else {
		compile = append(compile, "-Wall", "-Werror")
	}
	for _, source := range slices.Concat(p.Sources, to.sources) {
		path := filepath.Join(root, source)
		headers, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.h"))
		if err != nil {
			return "", err
		}
		compile = append(compile, path)
		b.inputs = append(append(b.inputs, path), headers...)
	}
	for _, input := range p.Inputs {
		b.inputs = append(b.inputs, filepath.Join(root, input))
	}
	for i := range compile {
		compile[i] = strings.ReplaceAll(compile[i], "$ROOT", root)
	}
	if name := sameObject(compile); name != "" {
		return "", fmt.Errorf("%s: two sources are named %s: their object files would be one", p.Name, name)
	}
	b.first = compile
	b.args = append([]string{"-lm"}, to.link...)
	return b.run(root)
}

// sameObject returns the name of a source that is among arguments twice, in
// different folders, or "".
func sameObject(args []string) string {
	seen := map[string]bool{}
	for _, arg := range args {
		extension := filepath.Ext(arg)
		if extension != ".c" && extension != ".cpp" || strings.HasPrefix(arg, "-") {
			continue
		}
		object := strings.TrimSuffix(filepath.Base(arg), extension)
		if seen[object] {
			return filepath.Base(arg)
		}
		seen[object] = true
	}
	return ""
}

// rustc is Debian's own: one from rustup, which may come first in PATH, has no
// std for wasm32-wasi.
const rustc = "/usr/bin/rustc"

// rustLinker is LLVM 14's because that of LLVM 19 refuses the metadata file in
// the libraries of Rust 1.63.
const rustLinker = "wasm-ld-14"

func buildRust(p Program) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	b := build{name: p.Name, suffix: ".wasm", tool: rustc}
	b.args = append([]string{
		"--target", "wasm32-wasi", "--edition", "2021", "-O", "-C", "strip=debuginfo",
		"-C", "linker=" + rustLinker, "-C", "linker-flavor=wasm-ld", "-D", "warnings",
	}, p.Flags...)
	for _, source := range p.Sources {
		// A relative path, because panic messages quote it.
		b.args = append(b.args, source)
		b.inputs = append(b.inputs, filepath.Join(root, source))
	}
	return b.run(root)
}

func buildGo(p Program, suffix string, env []string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, p.Sources[0])
	module, err := moduleOf(source)
	if err != nil {
		return "", err
	}
	main, err := filepath.Rel(module, source)
	if err != nil {
		return "", err
	}
	b := build{
		name: p.Name, suffix: suffix, tool: "go", directory: module,
		args: append(append([]string{"build", "-trimpath", "-buildvcs=false"}, p.Flags...), "./"+main),
		env:  append([]string{"CGO_ENABLED=0", "GOFLAGS="}, env...),
	}
	if b.inputs, err = filepath.Glob(filepath.Join(source, "*.go")); err != nil {
		return "", err
	}
	if module != root { // what it requires is part of it
		b.inputs = append(b.inputs, filepath.Join(module, "go.mod"), filepath.Join(module, "go.sum"))
	}
	return b.run(root)
}

// GoTool builds a command that a module of the project names as its tool, for this
// computer, and returns its path. module is the module's folder.
func GoTool(module, command string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(root, module)
	return build{
		name: path.Base(command), suffix: ".tool", tool: "go", directory: folder,
		args:   []string{"build", "-trimpath", "-buildvcs=false", command},
		env:    []string{"CGO_ENABLED=0", "GOFLAGS="},
		inputs: []string{filepath.Join(folder, "go.mod"), filepath.Join(folder, "go.sum")},
	}.run(root)
}

// Root returns the root of the project: the nearest directory upwards that holds
// go.mod.
func Root() (string, error) {
	directory, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return moduleOf(directory)
}

// Mewz returns the command to test: what MEWZ says, or build/mewz, which make build
// makes. The error says what to do when it is missing.
func Mewz() (string, error) {
	if path := os.Getenv("MEWZ"); path != "" {
		return path, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "build", "mewz")
	if _, err := os.Stat(path); err != nil {
		return "", errors.New("build/mewz is missing: run make build")
	}
	return path, nil
}

// moduleOf returns the nearest directory upwards that holds go.mod.
func moduleOf(directory string) (string, error) {
	for {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return "", fmt.Errorf("no go.mod in this directory or above: run this inside the project")
		}
		directory = parent
	}
}
