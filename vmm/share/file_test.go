package share

import (
	"testing"

	"golang.org/x/sys/unix"
)

// What the server remembers of inode numbers has a bound, whatever the file systems give, and
// no two files get the same number.
func TestSerialsAreBounded(t *testing.T) {
	s, files := serials{}, map[uint64][2]uint64{}
	for i := range uint64(3 * prefixesMax) {
		device, inode := i%3, i*0x9e3779b97f4a7c15
		path := s.path(device, inode)
		if other, ok := files[path]; ok && path != 0 {
			t.Fatalf("device %d, inode %#x and %#x are both %#x", device, inode, other, path)
		}
		files[path] = [2]uint64{device, inode}
		if again := s.path(device, inode); again != path {
			t.Fatalf("device %d, inode %#x is %#x, then %#x", device, inode, path, again)
		}
	}
	if len(s) != prefixesMax {
		t.Errorf("%d prefixes, want %d", len(s), prefixesMax)
	}
	if _, err := s.qid(&unix.Stat_t{Dev: 4}); err != unix.EOVERFLOW {
		t.Errorf("qid of a file too many: %v, want EOVERFLOW", err)
	}
	ordinary := serials{}
	for inode := range uint64(1000) {
		if ordinary.path(1, inode) == 0 {
			t.Errorf("inode %d has no number", inode)
		}
	}
	if len(ordinary) != 1 {
		t.Errorf("it remembers %d numbers of ordinary files, want 1", len(ordinary))
	}
}
