// Package vfs is the file systems of the machine behind one seam, and the
// resolution of paths in them.
//
// In: abi.Archive, where it lies in the image. Out: nodes, their attributes and
// their bytes; the bytes of a file are used where they lie, nothing is copied.
// Resolve walks a path from a directory that a program was given and never
// leaves that directory: neither by .. nor by a symbolic link (the sandbox of
// WASI: docs of wasi-filesystem, path resolution). Errors are the package's
// own; package wasi makes errno of them. Reading allocates nothing.
package vfs
