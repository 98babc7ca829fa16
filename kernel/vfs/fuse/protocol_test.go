package fuse

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"mewz/kernel/vfs"
)

// TestNames finds a zero and a slash wherever they are, and nothing else.
func TestNames(t *testing.T) {
	var e entryBuffer
	e.init()
	for _, n := range []int{1, 7, 8, 9, 16, 255} {
		for at := range n {
			for c := range 256 {
				b := make([]byte, direntBytes(n))
				put32(b, 16, uint32(n))
				copy(b[direntHeadBytes:], strings.Repeat("\x80", n))
				b[direntHeadBytes+at] = byte(c)
				got := e.parse(b)
				if bad := c == 0 || c == '/'; bad != (got == 0) || !bad && (got != len(b) || !bytes.Equal(e.Name, b[direntHeadBytes:][:n])) {
					t.Fatalf("a name of %d bytes with %#x at %d: parse = %d", n, c, at, got)
				}
			}
		}
	}
}

// TestAttributes reads what is written, and times that are too early or late.
func TestAttributes(t *testing.T) {
	b := make([]byte, attrBytes)
	put64(b, 0, 77)
	put64(b, 8, fileMaxBytes)
	put64(b, 24, 1<<64-5)
	put64(b, 32, 1_700_000_000)
	put32(b, 52, 123)
	put64(b, 40, 1<<62)
	put32(b, 60, vfs.ModeSymlink|0o777)
	put32(b, 64, 3)
	want := vfs.Attributes{
		Serial: 77, Type: vfs.Symlink, Links: 3, Size: vfs.OffsetMax,
		ModifiedNanos: 1_700_000_000_000_000_123, ChangedNanos: 1<<64 - 1,
	}
	if got, ok := parseAttributes(b); !ok || got != want {
		t.Errorf("parseAttributes = %+v, %v", got, ok)
	}
	for mode, want := range map[uint32]vfs.Type{vfs.ModeDirectory: vfs.Directory, vfs.ModeFile: vfs.File, 0o010000: vfs.Other, 0o140000: vfs.Other} {
		put32(b, 60, mode)
		if got, ok := parseAttributes(b); !ok || got.Type != want {
			t.Errorf("mode %o: type %d, %v", mode, got.Type, ok)
		}
	}
}

// TestFlags compares flags with those of open(2) here: they reach the host as they are.
func TestFlags(t *testing.T) {
	for mode, want := range map[vfs.Mode]uint32{
		vfs.ModeRead:  unix.O_RDONLY,
		vfs.ModeWrite: unix.O_WRONLY,
		vfs.ModeRead | vfs.ModeWrite | vfs.ModeTruncate: unix.O_RDWR, // truncating is not for handles that are opened again
		vfs.ModeRead | vfs.ModeWrite | vfs.ModeSync:     unix.O_RDWR | unix.O_SYNC,
		vfs.ModeWrite | vfs.ModeDataSync:                unix.O_WRONLY | unix.O_DSYNC,
		vfs.ModeWrite | vfs.ModeDataSync | vfs.ModeSync: unix.O_WRONLY | unix.O_SYNC,
	} {
		if got := flagsOf(mode) &^ flagLarge; got != want {
			t.Errorf("flagsOf(%#x) = %#o, want %#o", mode, got, want)
		}
	}
	for got, want := range map[uint32]uint32{
		flagCreate: unix.O_CREAT, flagExclusive: unix.O_EXCL, flagTruncate: unix.O_TRUNC, flagAppend: unix.O_APPEND, flagDirectory: unix.O_DIRECTORY,
	} {
		if got != want {
			t.Errorf("a flag is %#o, want %#o", got, want)
		}
	}
}
