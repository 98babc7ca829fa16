// Package initramfs reads what a VMM gives a kernel besides its command line: an
// archive of files in cpio's format newc, as `cpio -o -H newc` writes it and QEMU's
// -initrd passes it on.
//
// In: bytes that anybody may have written. Out: arguments and variables of the program
// (Apply), and files in a file system in memory (Layer), with each entry a part of those
// bytes until then (Next).
// Specification: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
package initramfs

import (
	"errors"
	"strings"
	"syscall"
)

// Entry is a file, directory or symbolic link.
type Entry struct {
	Name string // relative to the root, without . and .. and doubled slashes; "" is the root
	Type Type
	// Serial is the number of the inode: names of one file have the same, if Links is not 1.
	Serial  uint64
	Links   uint32
	Seconds uint32 // of the last change, since 1970
	Data    []byte // of a file, or where a link leads
}

// Type is what an entry is (the type bits of mode, stat(2)).
type Type uint32

// Types of entries that can be used; there are others, for devices.
const (
	Directory Type = syscall.S_IFDIR
	File      Type = syscall.S_IFREG
	Symlink   Type = syscall.S_IFLNK
)

// Layout of an entry: the magic and 13 numbers of 8 hexadecimal digits, then the name
// with a zero, then the data; both begin at a multiple of 4.
const (
	magicBytes  = 6
	numberBytes = 8
	headerBytes = magicBytes + 13*numberBytes
	align       = 4

	nameMaxBytes = 4096 // PATH_MAX, as in Linux
)

// Numbers of a header, by their places.
const (
	numberSerial   = 0
	numberMode     = 1
	numberLinks    = 4
	numberTime     = 5
	numberBytesOf  = 6 // size of the data
	numberMajor    = 7
	numberMinor    = 8
	numberNameSize = 11
)

// trailer is the name of the entry at the end.
const trailer = "TRAILER!!!"

// ErrEnd says that there are no more entries.
var ErrEnd = errors.New("initramfs: the end")

// Errors of bytes that are no archive.
var (
	errMagic      = errors.New("initramfs: no cpio archive in the format newc: make one by cpio -o -H newc")
	errCompressed = errors.New("initramfs: the archive is compressed: give it as cpio -o -H newc writes it")
	errTruncated  = errors.New("initramfs: the archive ends in the middle of an entry")
	errHeader     = errors.New("initramfs: a header of the archive is damaged")
	errName       = errors.New("initramfs: the archive has a name that is empty, too long or leads upwards")
)

// Next returns the first entry of an archive and what follows it, or ErrEnd. Behind the
// last entry there may be zeroes and another archive.
func Next(archive []byte) (e Entry, rest []byte, err error) {
	for {
		if archive = skipZeroes(archive); len(archive) == 0 {
			return Entry{}, nil, ErrEnd
		}
		name, e, rest, err := next(archive)
		if err != nil {
			return Entry{}, nil, err
		}
		if name == trailer {
			archive = rest
			continue
		}
		if e.Name, err = clean(name); err != nil {
			return Entry{}, nil, err
		}
		return e, rest, nil
	}
}

func skipZeroes(b []byte) []byte {
	for len(b) != 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// next takes an entry apart, whatever its name.
func next(b []byte) (name string, e Entry, rest []byte, err error) {
	if err := checkMagic(b); err != nil {
		return "", e, nil, err
	}
	if len(b) < headerBytes {
		return "", e, nil, errTruncated
	}
	var numbers [13]uint32
	for i := range numbers {
		n, ok := parseHex(b[magicBytes+i*numberBytes:][:numberBytes])
		if !ok {
			return "", e, nil, errHeader
		}
		numbers[i] = n
	}
	nameBytes, dataBytes := uint64(numbers[numberNameSize]), uint64(numbers[numberBytesOf])
	if nameBytes == 0 || nameBytes > nameMaxBytes {
		return "", e, nil, errName
	}
	dataAt := alignUp(headerBytes + nameBytes)
	end := dataAt + dataBytes
	if end > uint64(len(b)) {
		return "", e, nil, errTruncated
	}
	name, _, terminated := strings.Cut(string(b[headerBytes:headerBytes+nameBytes]), "\x00")
	if !terminated {
		return "", e, nil, errName
	}
	e = Entry{
		Type:   Type(numbers[numberMode] & syscall.S_IFMT),
		Serial: uint64(numbers[numberMajor])<<48 ^ uint64(numbers[numberMinor])<<32 ^ uint64(numbers[numberSerial]),
		Links:  numbers[numberLinks], Seconds: numbers[numberTime], Data: b[dataAt:end:end],
	}
	return name, e, b[min(alignUp(end), uint64(len(b))):], nil
}

func alignUp(n uint64) uint64 { return (n + align - 1) &^ (align - 1) }

// checkMagic says what something is that is no entry.
func checkMagic(b []byte) error {
	magic := string(b[:min(len(b), magicBytes)])
	switch {
	case magic == "070701", magic == "070702": // the latter with checksums, which nobody needs
		return nil
	case strings.HasPrefix(magic, "\x1f\x8b"), strings.HasPrefix(magic, "\x28\xb5\x2f\xfd"), strings.HasPrefix(magic, "\xfd7zXZ"):
		return errCompressed // gzip, zstd, xz
	}
	return errMagic
}

func parseHex(digits []byte) (n uint32, ok bool) {
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		n = n<<4 | uint32(c)
	}
	return n, true
}

// clean makes a name one that begins at the root.
func clean(name string) (string, error) {
	if name == "" {
		return "", errName
	}
	var b strings.Builder
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
			continue
		case "..":
			return "", errName
		}
		if b.Len() != 0 {
			b.WriteByte('/')
		}
		b.WriteString(part)
	}
	return b.String(), nil
}
