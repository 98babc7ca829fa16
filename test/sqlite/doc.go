// Package sqlite tests that data outlives the machine, with SQLite.
//
// In: SQLite's shell, its benchmark and a program of our own, built with
// test/toolchain/sqlite/filevfs.c, on every file system that a program can have.
// Out: the shell finds in a new machine what it left in another; the benchmark gives
// the answers that it gives on this computer, on every file system, in a process and in machines
// with both kinds of devices (all of them with MEWZ_NIGHTLY=1); and when the machine is killed at a
// random moment, the database is whole and nothing is lost that was said to be
// committed. MEWZ_NIGHTLY=1 kills 200 machines instead of a few.
package sqlite
