// Package ninep is a directory of the host, live: a client of 9P2000.L.
//
// In: a server, behind a virtio device (Open) or a stream socket (OpenStream). Out:
// a vfs.FileSystem. Specifications: the manual of Plan 9, section 5, for the
// messages of 9P2000; for those of 9P2000.L the protocol.md of diod and
// include/net/9p/9p.h of Linux; virtio 1.2 names the device (ID 9) and Linux its
// configuration.
//
// A node is a fid, and a handle is another one, which the server has opened.
// Nothing of a file is kept here that the host could change: each call asks.
// Only two things are remembered of a node, what makes it the same file (the path
// of its qid) and whether it is a directory, file or link, and both are compared
// with what the server says later: where the name leads to another file then,
// which the host has put there, the node is ESTALE.
//
// Whatever the server says is checked before use: lengths, tags, types, names,
// cookies. A server that breaks the protocol is given up: the carrier is closed,
// every call returns EIO from then on, and the machine goes on. Error numbers of
// the server pass through.
//
// QEMU's server knows a file by its path. A file that is removed while it is open
// would have no attributes any more, so it gets a hidden name first (removed.go).
//
// Reading and writing go through memory that the server reaches, in pieces. Pieces
// of one read are asked for together; those of a write go one after the other, so
// that a failure in the middle leaves nothing behind it. Nothing is under way
// between two calls, so a server that waits for nothing disturbs nobody. Nothing
// is allocated by a call once the tables have their size.
package ninep
