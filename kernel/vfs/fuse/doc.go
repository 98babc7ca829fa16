// Package fuse is a directory of the host, live and read-write, by virtio-fs: the
// FUSE protocol (include/uapi/linux/fuse.h, version 7.31) over virtqueues (virtio
// 1.2, 5.11).
//
// In: a virtio device behind which virtiofsd serves a directory. Out: a
// vfs.FileSystem. Every call asks the host anew, for others change the directory
// meanwhile; what is kept between calls is data read ahead, for a moment, by the rules of
// decision 0019. Errors of the host pass through.
//
// The host side is outside. What it wrote is read once, checked, and then used; an
// answer against the rules gives the share up, and so does no answer within
// request.Patience: every call ends with EIO from then on, and the machine goes on.
//
// One goroutine calls it. Nothing is allocated for a request; nodes and handles
// are in tables that grow to a bound. FUSE interrupts, locks, extended attributes,
// DAX windows and READDIRPLUS are not used.
package fuse
