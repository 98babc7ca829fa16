package mewz

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// This file holds what a machine can hold of the style guide and of the design:
// who imports whom, where unsafe code lies, how long things are, and what must
// not stand in any file. An exception has a reason and must still be needed.

const module = "mewz"

// Bounds of the style guide, number 18.
const (
	functionMaxLines = 70
	fileMaxLines     = 800
)

// layers lists for each package what it may import beyond the standard library:
// packages of the project and of others. A package imports its own layer or a
// lower one, and host and kernel meet only in abi. "..." at the end stands for
// every package below. Tests may import more.
var layers = map[string][]string{
	".":   {},
	"abi": {},

	"compiler/wasm":                {},
	"compiler/wasm/internal/suite": {},
	"compiler/wasm/decode":         {"compiler/wasm"},
	"compiler/wasm/validate":       {"compiler/wasm"},
	"compiler/wasm/survey":         {"compiler/wasm"},
	"compiler/wasm/line":           {"compiler/wasm", "compiler/wasm/decode", "github.com/ianlancetaylor/demangle"},
	"compiler/wasm/text":           {"compiler/wasm"},
	"compiler/debuginfo":           {},
	"compiler/object":              {"abi", "compiler/debuginfo"},
	"compiler/lower":               {"abi", "compiler/object", "compiler/wasm", "compiler/wasm/validate"},
	"compiler/lower/gc":            {},
	"compiler/lower/gc/translate":  {},
	"compiler/cache":               {},
	"compiler/llvm":                {"abi", "compiler/cache", "compiler/lower", "compiler/object", "golang.org/x/sync/...", "golang.org/x/sys/unix"},
	"compiler/listing":             {"abi", "compiler/object", "compiler/wasm", "compiler/wasm/line", "golang.org/x/arch/x86/x86asm"},
	"compiler":                     {"abi", "compiler/..."},
	"image":                        {"abi", "compiler/debuginfo", "compiler/object"},
	"vmm":                          {"abi", "golang.org/x/sys/unix"},
	"vmm/share":                    {"golang.org/x/sys/unix"},
	"vmm/process":                  {"abi", "vmm", "vmm/share", "golang.org/x/sys/unix"},
	"vmm/qemu":                     {"abi", "vmm", "golang.org/x/sys/unix"},
	"cmd/mewz": {
		"abi", "compiler/...", "image", "vmm", "vmm/...",
		"github.com/alecthomas/kong", "github.com/schollz/progressbar/v3", "golang.org/x/sys/unix", "golang.org/x/term",
	},

	// The kernel, from the bottom: what reaches the processor, what answers the
	// system calls of the Go runtime, and the portable part above them.
	"kernel/cpu":       {},
	"kernel/system":    {"abi"},
	"kernel/memory":    {"abi", "kernel/cpu"},
	"kernel/interrupt": {"abi", "kernel/cpu", "kernel/memory"},
	"kernel/clock":     {"abi", "kernel/cpu", "kernel/system"},
	"kernel/linuxabi":  {"abi", "kernel/clock", "kernel/cpu", "kernel/interrupt", "kernel/memory"},
	"kernel/boot":      {"abi", "kernel/clock", "kernel/cpu", "kernel/interrupt", "kernel/linuxabi", "kernel/memory"},
	// Devices: memory and registers, buses, transports, drivers.
	"kernel/device":           {"abi", "kernel/cpu", "kernel/system"},
	"kernel/pci":              {"abi", "kernel/cpu", "kernel/device", "kernel/system"},
	"kernel/virtio":           {"abi", "kernel/device"},
	"kernel/virtio/mmio":      {"abi", "kernel/device", "kernel/virtio"},
	"kernel/virtio/pci":       {"abi", "kernel/device", "kernel/pci", "kernel/virtio"},
	"kernel/virtio/discovery": {"abi", "kernel/device", "kernel/pci", "kernel/virtio", "kernel/virtio/mmio", "kernel/virtio/pci"},
	"kernel/virtio/console":   {"abi", "kernel/device", "kernel/virtio"},
	"kernel/virtio/request":   {"abi", "kernel/device", "kernel/virtio"},
	"kernel/virtio/block":     {"abi", "kernel/device", "kernel/system", "kernel/virtio", "kernel/virtio/request"},
	"kernel/packet":           {"abi", "kernel/device"},
	"kernel/packet/tap":       {"abi", "kernel/packet", "kernel/system"},
	"kernel/virtio/net":       {"abi", "kernel/device", "kernel/packet", "kernel/virtio"},

	// The network: what a driver and the stack hand each other, then the stack.
	"kernel/socket":          {},
	"kernel/netstack/header": {"kernel/packet", "kernel/socket"},
	"kernel/netstack/ip":     {"kernel/netstack/header", "kernel/packet", "kernel/socket"},
	"kernel/netstack/tcp":    {"kernel/netstack/header", "kernel/netstack/ip", "kernel/packet", "kernel/socket"},
	"kernel/netstack/dhcp":   {"kernel/netstack/header", "kernel/packet", "kernel/socket"},
	"kernel/netstack/dns":    {"kernel/netstack/header", "kernel/socket", "golang.org/x/net/dns/dnsmessage"},
	"kernel/netstack/udp":    {"kernel/netstack/header", "kernel/netstack/ip", "kernel/packet", "kernel/socket"},
	"kernel/netstack":        {"abi", "kernel/netstack/...", "kernel/packet", "kernel/socket"},

	"kernel/console":                 {"abi", "kernel/device", "kernel/system", "kernel/virtio", "kernel/virtio/console", "kernel/virtio/discovery"},
	"kernel/entropy":                 {"abi", "kernel/system"},
	"kernel/vfs":                     {"abi", "kernel/device"},
	"kernel/vfs/memfs":               {"kernel/device", "kernel/vfs"},
	"kernel/vfs/ninep":               {"abi", "kernel/device", "kernel/system", "kernel/vfs", "kernel/virtio", "kernel/virtio/request"},
	"kernel/vfs/fuse":                {"abi", "kernel/device", "kernel/vfs", "kernel/virtio", "kernel/virtio/request"},
	"kernel/vfs/ext4":                {"kernel/cpu", "kernel/device", "kernel/vfs"},
	"kernel/commandline":             {"abi"},
	"kernel/initramfs":               {"abi", "kernel/commandline", "kernel/vfs"},
	"kernel/instance":                {"abi", "kernel/system"},
	"kernel/instance/internal/probe": {"abi", "kernel/instance"},
	"kernel/wasi":                    {"abi", "kernel/clock", "kernel/console", "kernel/entropy", "kernel/instance", "kernel/socket", "kernel/system", "kernel/vfs"},
	"kernel":                         {"abi", "kernel/..."},

	// Tools of the host that build and check the kernel.
	"kernel/kernelfile": {"golang.org/x/arch/x86/x86asm"},
	"kernel/mkkernel":   {"kernel/kernelfile"},

	"test/...": {"...", "github.com/tetratelabs/wazero/...", "github.com/google/go-cmp/...", "golang.org/x/..."},

	// Modules of their own.
	"test/net/programs/...": {"github.com/stealthrocket/net/..."},
	"test/interop":          {"abi", "kernel/...", "gvisor.dev/gvisor/...", "golang.org/x/sys/unix"},
	"test/bench/peers/...":  {"github.com/bytecodealliance/wasmtime-go/...", "gonum.org/v1/plot/..."},
}

// kernelStandard is what the kernel may import of the standard library. Each
// byte of it is memory of every machine, and what is not here (fmt, os, net,
// crypto, reflect) brings initialisation, megabytes or system calls with it.
var kernelStandard = []string{
	"bytes", "cmp", "encoding/binary", "errors", "io", "iter", "maps", "math", "math/bits", "math/rand/v2",
	"runtime", "runtime/debug", "slices", "sort", "strconv", "strings", "sync", "sync/atomic", "syscall", "time",
	"unicode/utf8", "unsafe",
}

// kernelTools are packages in the kernel's folder that run on the host.
var kernelTools = []string{"kernel/kernelfile", "kernel/mkkernel"}

// longFunctions are functions of more than functionMaxLines, with the reason.
var longFunctions = map[string]string{}

// longFiles are files of more than fileMaxLines, with the reason.
var longFiles = map[string]string{}

// standInNames say nothing about what a package is for.
var standInNames = []string{"util", "utils", "common", "helper", "helpers", "types", "misc", "base", "shared"}

// forbidden are texts that tie a file to one computer or to a service. They are
// written in pieces because this file is searched too.
var forbidden = []*regexp.Regexp{
	regexp.MustCompile(`/wo` + `rk/`),
	regexp.MustCompile(`/ho` + `me/[a-z]`),
	regexp.MustCompile(`/ro` + `ot/[.a-z]`),
	regexp.MustCompile(`deb\.deb` + `ian\.org|secu` + `rity\.debian\.org|ftp\.[a-z.]*deb` + `ian\.org`),
	regexp.MustCompile(`proxy\.gol` + `ang\.org|sum\.gol` + `ang\.org`),
	regexp.MustCompile(`crates\.` + `io|registry\.np` + `mjs\.org|pypi\.` + `org|pythonhosted\.` + `org`),
}

// unfinished finds notes about missing work that name no issue.
var unfinished = regexp.MustCompile(`\bTO` + `DO\b|\bFIX` + `ME\b|\bXX` + `X\b`)

// tracked lists the files of the project: all but what is built and fetched.
func tracked(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (name == ".git" || name == "build") {
			return fs.SkipDir
		}
		if entry.Type().IsRegular() && name != ".git" && !strings.HasSuffix(name, ".elf") { // .git is a file in a worktree
			files = append(files, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// source is a parsed Go file.
type source struct {
	name   string // path from the root
	text   []byte
	syntax *ast.File
	set    *token.FileSet
}

func (s source) directory() string { return path.Dir(s.name) }
func (s source) isTest() bool      { return strings.HasSuffix(s.name, "_test.go") }
func (s source) isUnsafe() bool {
	return strings.HasSuffix(s.name, "_unsafe.go") || strings.HasSuffix(s.name, "_unsafe_test.go") ||
		strings.HasSuffix(s.name, "_unsafe_amd64.go") || strings.HasSuffix(s.name, "_unsafe_arm64.go")
}

// imports returns the import paths of a file.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, name := range tracked(t) {
		if !strings.HasSuffix(name, ".go") || strings.Contains(name, "/testdata/") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, name, text, parser.ParseComments)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		all = append(all, source{name, text, syntax, set})
	}
	return all
}

// TestPolicyLayers checks every import against layers and kernelStandard.
func TestPolicyLayers(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		allowed, ok := allowedImports(s.directory())
		if !ok {
			t.Errorf("%s: package %s is not in the table of layers (policy_test.go)", s.name, s.directory())
			continue
		}
		kernel := strings.HasPrefix(s.directory()+"/", "kernel/") && !slices.Contains(kernelTools, s.directory()) && !isFake(s.directory())
		for _, imported := range s.imports() {
			own, isOwn := strings.CutPrefix(imported, module+"/")
			switch {
			case isOwn || strings.Contains(strings.Split(imported, "/")[0], "."):
				if !matches(allowed, own) {
					t.Errorf("%s imports %s, which its layer does not allow (policy_test.go)", s.name, imported)
				}
			case kernel && !slices.Contains(kernelStandard, imported):
				t.Errorf("%s imports %s, which the kernel does not use (policy_test.go)", s.name, imported)
			}
		}
	}
}

// allowedImports finds the line of layers for a directory. A package of test
// fakes, vfs/vfstest, may import what vfs may, and vfs.
func allowedImports(directory string) ([]string, bool) {
	if allowed, ok := layers[directory]; ok {
		return allowed, true
	}
	if parent := path.Dir(directory); isFake(directory) {
		allowed, ok := layers[parent]
		return append(slices.Clone(allowed), parent), ok
	}
	for layer, allowed := range layers {
		if strings.HasSuffix(layer, "...") && matches([]string{layer}, directory) {
			return allowed, true
		}
	}
	return nil, false
}

// isFake says whether a package is for tests of the one that it lies in; it runs on
// the host.
func isFake(directory string) bool {
	return path.Base(directory) == path.Base(path.Dir(directory))+"test"
}

// matches says whether one of the patterns covers an import path.
func matches(patterns []string, imported string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if prefix, ok := strings.CutSuffix(pattern, "..."); ok {
			return strings.HasPrefix(imported+"/", prefix)
		}
		return pattern == imported
	})
}

// TestPolicyUnsafe finds unsafe and go:linkname outside of the files for them.
func TestPolicyUnsafe(t *testing.T) {
	for _, s := range sources(t) {
		if s.isUnsafe() {
			continue
		}
		if slices.Contains(s.imports(), "unsafe") {
			t.Errorf("%s imports unsafe: that belongs into a file *_unsafe.go", s.name)
		}
		for _, group := range s.syntax.Comments {
			for _, comment := range group.List {
				if strings.HasPrefix(comment.Text, "//go:link"+"name") {
					t.Errorf("%s: go:link"+"name belongs into a file *_unsafe.go", s.set.Position(comment.Pos()))
				}
			}
		}
	}
}

// TestPolicyLength holds the bounds of functions and files.
func TestPolicyLength(t *testing.T) {
	functions, files := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		lines := bytes.Count(s.text, []byte("\n"))
		if lines > fileMaxLines {
			files[s.name] = true
			if longFiles[s.name] == "" {
				t.Errorf("%s has %d lines, at most %d are allowed", s.name, lines, fileMaxLines)
			}
		}
		for _, declaration := range s.syntax.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Body == nil {
				continue
			}
			first, last := s.set.Position(function.Pos()).Line, s.set.Position(function.End()).Line
			length := last - first + 1
			if s.isTest() {
				length -= tableLines(s.set, function)
			}
			if length > functionMaxLines {
				name := s.directory() + "." + function.Name.Name
				functions[name] = true
				if longFunctions[name] == "" {
					t.Errorf("%s:%d: %s has %d lines, at most %d are allowed", s.name, first, name, length, functionMaxLines)
				}
			}
		}
	}
	for name := range longFunctions {
		if !functions[name] {
			t.Errorf("longFunctions names %s, which is gone or short enough: take it out", name)
		}
	}
	for name := range longFiles {
		if !files[name] {
			t.Errorf("longFiles names %s, which is gone or short enough: take it out", name)
		}
	}
}

// tableLines counts the lines that literals of a test function take: its tables,
// which are data.
func tableLines(set *token.FileSet, function *ast.FuncDecl) (lines int) {
	ast.Inspect(function, func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		if ok {
			lines += set.Position(literal.End()).Line - set.Position(literal.Pos()).Line
		}
		return !ok // literals inside of it are counted
	})
	return lines
}

// TestPolicyPackages holds names and comments of packages.
func TestPolicyPackages(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		name := strings.TrimSuffix(s.syntax.Name.Name, "_test")
		if slices.Contains(standInNames, name) {
			t.Errorf("%s: package %s: a name that says nothing", s.name, name)
		}
		if s.isTest() {
			continue
		}
		documented[s.directory()] = documented[s.directory()] || s.syntax.Doc != nil
	}
	for directory, ok := range documented {
		if !ok {
			t.Errorf("%s: no file has a package comment", directory)
		}
	}
}

// TestPolicyAssembly wants a Go file beside each assembly file and the
// architecture in its name.
func TestPolicyAssembly(t *testing.T) {
	for _, name := range tracked(t) {
		if !strings.HasSuffix(name, ".s") || strings.Contains(name, "/testdata/") {
			continue
		}
		base := strings.TrimSuffix(name, ".s")
		if !strings.HasSuffix(base, "_amd64") && !strings.HasSuffix(base, "_arm64") {
			t.Errorf("%s: the name of an assembly file ends with its architecture", name)
		}
		if _, err := os.Stat(base + ".go"); err != nil {
			t.Errorf("%s has no twin %s.go that says who jumps here and with what", name, path.Base(base))
		}
	}
}

// TestPolicyText looks into every file for what belongs into none.
func TestPolicyText(t *testing.T) {
	issue := regexp.MustCompile(`#\d`)
	for _, name := range tracked(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(text, 0) >= 0 {
			continue // not a text
		}
		number := 0
		for line := range bytes.Lines(text) {
			number++
			for _, pattern := range forbidden {
				if found := pattern.Find(line); found != nil {
					t.Errorf("%s:%d: %q ties the project to one computer or service", name, number, found)
				}
			}
			if strings.HasSuffix(name, ".go") && unfinished.Match(line) && !issue.Match(line) {
				t.Errorf("%s:%d: a note about missing work without an issue", name, number)
			}
		}
	}
}

// TestPolicyFormat is gofmt -l.
func TestPolicyFormat(t *testing.T) {
	for _, s := range sources(t) {
		formatted, err := format.Source(s.text)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
		} else if !bytes.Equal(formatted, s.text) {
			t.Errorf("%s is not formatted: run gofmt -w %s", s.name, s.name)
		}
	}
}

// TestPolicyTable checks the table of layers itself: every package that it
// names exists, and nobody may import the command or the tests.
func TestPolicyTable(t *testing.T) {
	for layer, allowed := range layers {
		if strings.HasSuffix(layer, "...") {
			continue
		}
		if found, err := filepath.Glob(filepath.Join(layer, "*.go")); err != nil || len(found) == 0 {
			t.Errorf("layers names %s, which has no Go file", layer)
		}
		for _, imported := range allowed {
			if strings.HasPrefix(imported, "test") || strings.HasPrefix(imported, "cmd") {
				t.Errorf("layers lets %s import %s, which nobody does", layer, imported)
			}
		}
	}
}
