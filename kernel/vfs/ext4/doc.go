// Package ext4 is a volume of ext4 with a journal: read, written, and safe at any
// moment that the power fails.
//
// In: a Device of blocks that was formatted by mkfs.ext4. Out: a
// vfs.FileSystem. What is understood, and what is promised, stands in
// docs/decisions/0020-volumes.md; the format, in the kernel documentation of
// Linux (filesystems/ext4) and in that of jbd2.
//
// A change of metadata is an operation: it changes buffers of the cache, and when
// it fails it leaves them as they were. Operations gather in the running
// transaction. Commit writes it to the journal, as in Linux's ordered mode:
//
//	data of files, then the blocks of the transaction ─ flush ─ commit record ─ flush
//
// After that the blocks may go to their places (checkpoint), which frees the
// journal. What was freed is given away again only after the commit that frees it.
//
// Data of files is kept apart from that (dataCache), as are inodes and names that
// nobody uses: what is kept is always what the volume says, or newer.
//
// Everything read from the volume is hostile: numbers are checked where they are
// used, whatever was checked before; loops are bounded. Damage is EIO and one
// line in the log. A device that fails a write makes the volume read-only. Nothing
// here panics on what is on the volume. One goroutine calls; no locks.
package ext4
