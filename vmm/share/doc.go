// Package share serves a directory of this computer by 9P2000.L to a kernel that
// runs as a process, as QEMU does to one in a machine.
//
// In: a directory and one end of a stream socket. Out: answers. Specifications:
// the manual of Plan 9, section 5, and the messages of 9P2000.L as Linux has them
// (include/net/9p/9p.h). It is complete for kernel/vfs/ninep, its only client:
// extended attributes, locks, devices, owners and permissions are not there.
//
// A fid is a descriptor of Linux (O_PATH), so it stays the same file whatever
// becomes of its names. A step of a walk is one openat of one name that follows no
// link and is neither . nor .., so nothing leads out of the directory; mounts below
// it belong to it. Only files and directories are opened, through /proc/self/fd,
// where a descriptor is exactly the file that it is. Requests are answered one
// after the other, by one goroutine.
package share
