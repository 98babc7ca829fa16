// Package vfs is the file systems of the machine behind one seam, and the
// resolution of paths in them.
//
// In: abi.Archive, where it lies in the image, and others behind FileSystem. Out:
// nodes, handles and bytes; those of an archive are copied once, from where they
// lie to where the program wants them.
// Resolve walks a path from a directory that a program was given and never
// leaves that directory: neither by .. nor by a symbolic link nor by what is
// renamed meanwhile (the sandbox of WASI: docs of wasi-filesystem, path
// resolution). Errors are syscall.Errno. Reading allocates nothing.
package vfs
