package fuse

import (
	"errors"
	"fmt"
	"testing"

	"mewz/kernel/vfs"
)

// TestWay: a directory that was looked up just now is not looked up again, unless a name may lead
// elsewhere; files are.
func TestWay(t *testing.T) {
	s := newServer(t)
	f := s.mustStart()
	must(t, "MakeDirectory", f.MakeDirectory(1, []byte("d")))
	e, h, err := f.Create(1, []byte("f"), vfs.ModeWrite)
	must(t, "Create", err)
	f.Release(e.Node)
	must(t, "Close", f.Close(h))
	lookup := func(name string) (vfs.NodeID, int) {
		before := s.asked[opLookup]
		e, err := f.Lookup(1, []byte(name))
		must(t, "Lookup", err)
		f.Release(e.Node)
		return e.Node, s.asked[opLookup] - before
	}
	node, _ := lookup("d")
	for _, test := range []struct {
		what string
		do   func()
		want int
	}{
		{"nothing", func() {}, 0},
		{"nothing again", func() {}, 0},
		{"a file that is forgotten", func() {
			_, _ = lookup("f")
			f.nodes.forget(f.nodes.newest)
		}, 0},
		{"time", func() { s.Machine.Wait(0, keepFor) }, 1},
		{"time again, not much", func() { s.Machine.Wait(0, keepFor-1) }, 0},
		{"a change of this machine", func() { must(t, "MakeDirectory", f.MakeDirectory(1, []byte("e"))) }, 1},
		{"a directory that is forgotten", func() {
			_, _ = lookup("e")
			f.nodes.forgetParked()
		}, 1},
		{"a server that keeps nothing", func() {
			s.lie = func(op opcode, out []byte) ([]byte, uint32) {
				if op == opLookup && len(out) > outHeaderBytes {
					put64(out, outHeaderBytes+16, 0)
				}
				return out, uint32(len(out))
			}
			s.Machine.Wait(0, keepFor)
			_, _ = lookup("d")
		}, 1},
	} {
		test.do()
		again, asked := lookup("d")
		if asked != test.want || f.nodes.all[again-1].kind != vfs.Directory {
			t.Errorf("after %s it is looked up %d times, want %d", test.what, asked, test.want)
		}
	}
	for range 3 {
		if _, asked := lookup("f"); asked != 1 {
			t.Errorf("a file is looked up %d times", asked)
		}
	}
	if got := f.nodes.all[node-1].refs; got != 0 {
		t.Errorf("%d references are left", got)
	}
	// Renaming has the old name lead nowhere and the new one to the same.
	_, _ = lookup("d")
	must(t, "Rename", f.Rename(1, []byte("d"), 1, []byte("g")))
	if _, err := f.Lookup(1, []byte("d")); err != vfs.ErrNotFound {
		t.Errorf("Lookup of a name that is gone = %v", err)
	}
	_, _ = lookup("g")
	ends(t, f)
}

// TestWayLong: names that are alike, long or many lead where they have to.
func TestWayLong(t *testing.T) {
	s := newServer(t)
	f := s.mustStart()
	serials := map[string]uint64{}
	var names []string
	for i := range 3 * waySteps {
		names = append(names, fmt.Sprintf("%0*d", 1+i%(2*wayNameMax), i%10), fmt.Sprint("d", i))
	}
	for _, name := range names {
		if err := f.MakeDirectory(1, []byte(name)); err != nil && !errors.Is(err, vfs.ErrExists) {
			t.Fatal(err)
		}
	}
	for range 3 {
		for _, name := range names {
			e, err := f.Lookup(1, []byte(name))
			must(t, "Lookup", err)
			a, err := f.Attributes(e.Node)
			must(t, "Attributes", err)
			if serials[name] == 0 {
				serials[name] = a.Serial
			}
			if a.Serial != serials[name] {
				t.Errorf("%s leads to %d, then to %d", name, serials[name], a.Serial)
			}
			f.Release(e.Node)
		}
	}
	ends(t, f)
}
