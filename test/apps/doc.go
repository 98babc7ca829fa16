// Package apps runs real programs, built from source, and compares.
//
// In: the table of programs.go; each row is a program of package toolchain with
// its arguments, environment, standard input and files. Out: the same output
// and exit code under three executors: wazero, which is the oracle, mewz as a
// Linux process, and mewz as a machine under QEMU. Programs that trap must trap
// for the same reason, and the message must name it.
//
// A second table, of real_test.go, has programs of others and in more languages.
// Their oracle is wazero or the same sources as a native program, and their
// sizes and times stand in docs/conformance.md.
//
// What differs between any two systems (the order of a directory, times, inode
// numbers) the programs themselves do not print; the comparison knows no
// exceptions.
package apps
