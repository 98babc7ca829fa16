// Package net runs the programs that a network is for, and drives them with real
// clients: curl, wrk, ab, browsers' ways of loading a page, bulk transfers with
// checksums, clients that are slow, that close half of a connection, that vanish.
//
// The programs are built from programs/: servers in C, Rust and Go, a UDP echo
// server, clients of DNS and HTTP. Each runs on every kind of machine of the table
// in machine_test.go: as a process and in QEMU, behind QEMU's user network or on a
// tap device in a network namespace that the test makes for itself. wasi-go, which
// has the same sockets on Linux's own network, is the oracle: what a program does
// wrong there is the program's fault.
//
// No test depends on how fast a machine is. What takes long is in a nightly form,
// with a short one in every run.
package net
