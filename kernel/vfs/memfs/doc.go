// Package memfs is a file system in memory: empty at first, or a copy-on-write
// layer over a file system that does not change.
//
// In: vfs.FileSystem below, memory by the page. Out: vfs.FileSystem with all of
// POSIX that it can express: holes, hard links, files that live on without a
// name, rename in all its cases (POSIX.1-2017, chapter 4.9 for times).
//
// Everything lies in an arena outside of the Go heap: content, names, nodes and
// the tables to find them. So the collector has nothing to do, what a program
// makes it remember is counted to the byte and ends at the limit, and what is
// removed goes back to the machine.
//
//	node ── tree ──▶ blocks of 4 KiB            file; what has no block is a hole,
//	                                             or still as it is below
//	node ── tree ──▶ entries by cookie ─▶ node  directory
//	names:  table  (directory, name) ─▶ entry
//	copies: table  node below ─▶ node
//
// Nothing of the file system below is copied before it has to be. A node below
// has a node here while somebody holds it, and for good once its attributes are
// changed; a file gets the blocks that are written; a directory the names that
// are added, and a mark (an entry without a node) for each that is removed.
//
// The time of the last reading is set by the first read after a change
// (relatime without its day), and not at all where nothing was changed: reading
// what a program was shipped with costs no memory. Links of directories are not
// counted: they have 1.
package memfs
