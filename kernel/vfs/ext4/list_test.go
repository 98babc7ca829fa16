package ext4

import (
	"math/bits"
	"slices"
	"testing"

	"mewz/kernel/vfs"
)

// sameHash returns names of 240 bytes that have one hash of the kind hashLegacy.
func sameHash(count int) (list []string) {
	const factor, target = 7152373, 0x12345678
	chars := map[uint32]byte{}
	for c := 1; c < 128; c++ {
		if c != '/' {
			chars[uint32(c)*factor] = byte(c)
		}
	}
	step := func(h0, h1 uint32, c byte) uint32 {
		if h := h1 + (h0 ^ uint32(c)*factor); h&0x80000000 == 0 {
			return h
		} else {
			return h - 0x7fffffff
		}
	}
	name := []byte{}
	for range 236 {
		name = append(name, 'n')
	}
	for number := uint32(0); len(list) < count; number++ {
		prefix := slices.Clone(name)
		for i := range 8 {
			prefix[i] = 'a' + byte(bits.RotateLeft32(number, -4*i)&15)
		}
		h0, h1 := uint32(0x12a3fe2d), uint32(0x37abe8f9)
		for _, c := range prefix {
			h1, h0 = h0, step(h0, h1, c)
		}
		// The last two: from what the hash must be follows the one before the last.
		for product, last := range chars {
			for _, carry := range [2]uint32{0, 0x7fffffff} {
				before := (target + carry - h0) ^ product
				if c, ok := chars[(before-h1)^h0]; ok && step(step(h0, h1, c), h0, last)<<1 == target<<1 {
					list = append(list, string(prefix)+string(c)+string(last))
				}
			}
		}
	}
	return list[:count]
}

// TestListSameHash: more names of the same hash than are sorted at once are all listed, each once,
// wherever the listing goes on.
func TestListSameHash(t *testing.T) {
	d := format(t, 16, "-b", "1024", "-E", "hash_seed=00000000-0000-0000-0000-000000000000")
	fs := open(t, d, Options{})
	fs.hashVersion = hashLegacy
	fs.lister.most = 4
	want := sameHash(24)
	want = append(want, "one", "two", "three")
	for _, name := range want {
		if err := fs.MakeSymlink(fs.Root(), []byte(name), []byte("target")); err != nil {
			t.Fatal(err)
		}
	}
	h, err := fs.Open(fs.Root(), vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, ".", "..", "lost+found")
	slices.Sort(want)
	for _, most := range []int{1, 3, 100} {
		var got []string
		for cookie, more := uint64(0), true; more; {
			more = false
			left := most
			if err := fs.List(h, cookie, func(e *vfs.DirectoryEntry) bool {
				if left == 0 {
					more = true
					return false
				}
				left--
				got = append(got, string(e.Name))
				cookie = e.Next
				return true
			}); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%d names at a time: %d are listed, want %d", most, len(got), len(want))
		}
	}
}
