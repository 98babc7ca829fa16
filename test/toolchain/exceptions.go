package toolchain

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Debian's libc++ for WebAssembly has no exceptions, so libc++, libc++abi and
// the few lines of libunwind that are needed are built here, from the sources of
// LLVM 19 in Zig's package.

// zig is the toolchain of Zig, for its programs and for the sources of LLVM's
// libraries; 0.14 has those of LLVM 19.1, the version of clang here.
var zig = PythonPackage{Name: "ziglang", Version: "0.14.1", Keep: []string{
	"ziglang/zig", "ziglang/lib/std", "ziglang/lib/compiler", "ziglang/lib/compiler_rt", "ziglang/lib/compiler_rt.zig",
	"ziglang/lib/c.zig", "ziglang/lib/c", "ziglang/lib/ubsan_rt.zig", "ziglang/lib/zig.h", "ziglang/lib/include",
	"ziglang/lib/libc/wasi", "ziglang/lib/libc/musl", "ziglang/lib/libc/include/wasm-wasi-musl", "ziglang/lib/libc/include/generic-musl",
	"ziglang/lib/libcxx", "ziglang/lib/libcxxabi", "ziglang/lib/libunwind",
}}

// Folders of Zig's package.
const (
	libcxx    = "ziglang/lib/libcxx"
	libcxxabi = "ziglang/lib/libcxxabi"
	libunwind = "ziglang/lib/libunwind"
)

// cxxSources are the files of the three libraries without threads, file systems
// and time zones.
var cxxSources = []struct {
	folder string
	names  []string
}{
	{libcxx + "/src", []string{
		"algorithm", "any", "bind", "call_once", "charconv", "chrono", "error_category", "exception", "expected", "functional",
		"hash", "ios", "ios.instantiations", "iostream", "locale", "memory", "memory_resource", "new", "new_handler",
		"new_helpers", "optional", "ostream", "print", "random", "regex", "stdexcept", "string", "strstream", "system_error",
		"typeinfo", "valarray", "variant", "vector", "verbose_abort", "ryu/d2fixed", "ryu/d2s", "ryu/f2s",
	}},
	{libcxxabi + "/src", []string{
		"abort_message", "cxa_aux_runtime", "cxa_default_handlers", "cxa_demangle", "cxa_exception", "cxa_exception_storage",
		"cxa_guard", "cxa_handlers", "cxa_personality", "cxa_vector", "cxa_virtual", "fallback_malloc", "private_typeinfo",
		"stdlib_exception", "stdlib_new_delete", "stdlib_stdexcept", "stdlib_typeinfo",
	}},
}

const (
	cxxSite     = "test/toolchain/cxx/site.h"
	cxxUnwind   = "test/toolchain/cxx/unwind.cpp"
	cppStandard = "-std=c++20"
)

// cxxFlags compile for WebAssembly with exceptions and the headers of the
// package in a folder.
func cxxFlags(root, folder string) []string {
	return append(slices.Clone(wasmCompile[:2]),
		"-nostdinc++", "-fwasm-exceptions", "-include", filepath.Join(root, cxxSite),
		"-isystem", filepath.Join(folder, libcxx, "include"), "-isystem", filepath.Join(folder, libcxxabi, "include"),
		"-isystem", filepath.Join(folder, libunwind, "include"), wasmCompile[2], wasmCompile[3])
}

// cxxLibrary builds the C++ library with exceptions as one object file.
func cxxLibrary() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	folder, err := zig.tree()
	if err != nil {
		return "", err
	}
	b := build{name: "libc++", suffix: ".o", tool: clangCPP, version: zig.String()}
	b.inputs = []string{filepath.Join(root, cxxSite), filepath.Join(root, cxxUnwind)}
	b.first = append(cxxFlags(root, folder), "-c", "-w", "-O2", "-std=c++23", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
		"-DNDEBUG", "-D_LIBCPP_BUILDING_LIBRARY", "-D_LIBCXXABI_BUILDING_LIBRARY", "-DLIBCXX_BUILDING_LIBCXXABI",
		"-I"+filepath.Join(folder, libcxx, "src"), "-I"+filepath.Join(folder, libunwind, "src"), filepath.Join(root, cxxUnwind))
	for _, part := range cxxSources {
		for _, name := range part.names {
			b.first = append(b.first, filepath.Join(folder, part.folder, name+".cpp"))
		}
	}
	b.args = []string{triple, "-nostdlib", "-r"}
	return b.run(root)
}

// FetchPrograms fetches what the real programs are built from and with, and builds
// the C++ library, unless it is there; not CPython, which takes minutes.
func FetchPrograms() error {
	if err := node.Fetch(); err != nil {
		return err
	}
	if err := kotlin.Fetch(); err != nil {
		return err
	}
	for _, p := range []*SourcePackage{&Zlib, &PNG, &QuickJS, &LuaFull} {
		if err := p.Fetch(); err != nil {
			return err
		}
	}
	_, err := cxxLibrary()
	return err
}

func buildCPP(p Program) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	library, err := cxxLibrary()
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.Name, err)
	}
	folder, err := zig.tree()
	if err != nil {
		return "", err
	}
	to := wasmTarget(p)
	to.tool = clangCPP
	to.compile = slices.Concat(cxxFlags(root, folder), []string{cppStandard}, p.WasmFlags)
	to.link = append(to.link, "-nostdlib++", library)
	to.sources = nil
	p.Inputs = append(slices.Clone(p.Inputs), cxxSite)
	return buildC(p, to)
}

// Longjmp for C programs, made of exceptions.
var (
	longjmpFlags = []string{"-mllvm", "-wasm-enable-sjlj", "-I$ROOT/test/toolchain/sjlj"}
	longjmpFiles = []string{"test/toolchain/sjlj/longjmp.c"}
)

// translateExceptions builds the program with the legacy form of exceptions and
// lets wasm-opt translate it into the standard one, which clang 19 does not emit.
func translateExceptions(p Program) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	p.Exceptions = LegacyExceptions
	legacy, err := Wasm(p)
	if err != nil {
		return "", err
	}
	tree, err := node.tree()
	if err != nil {
		return "", err
	}
	b := build{name: p.Name + "-standard", suffix: ".wasm", tool: "node", version: node.version(), inputs: []string{legacy}}
	b.args = []string{filepath.Join(tree, "node_modules/binaryen/bin/wasm-opt"), "--all-features", "--translate-to-exnref", legacy}
	return b.run(root)
}
