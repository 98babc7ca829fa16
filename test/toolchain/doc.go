// Package toolchain builds the programs that tests and benchmarks run, from
// their sources, with tools of Debian, Go, Python's, Node's and Java's registries.
//
// In: a Program, which names sources and how to build them. Out: the path of a
// WebAssembly module or of a native program for the same sources. What has been
// built lies under build/ at the root of the project, named by a hash over the
// sources, the commands and the versions of the tools, so nothing is built
// twice and nothing old is ever used. Several processes may build at the same
// time: each result is made under a lock and renamed into its place.
//
// Lua and SQLite come from Debian's source packages. They are fetched by
// apt-get with a configuration of our own, derived from the sources of the
// system, so that no setting of the system changes and no host name stands
// here. Zig, whose package also has the sources of LLVM's C++ library, comes from
// Python's registry, the compiler of AssemblyScript and a recent V8 from Node's and
// that of Kotlin from Java's, each in one exact version.
//
// Nothing here installs anything: test/setup does.
package toolchain
