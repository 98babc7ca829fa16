package ext4

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

// history is a run of operations on a recording disk.
type history struct {
	base   []byte  // the disk before
	writes []write // all that went to the device, flushes included
	ends   []int   // by operation, how many of the writes were there when it ended
	states []state // and what the tree was then
	acks   []ack
	// Writes before and behind these are of opening and closing the volume.
	mounted, unmounting int
	touch               map[int][]int
}

// ack is a Sync that has returned.
type ack struct{ writes, op, id int }

// cut returns what the device holds when the power fails after some writes: all up
// to the last flush, and of those after it any, in any order, torn in sectors.
func (h *history) cut(at int, r *rand.Rand) []byte {
	data := bytes.Clone(h.base)
	flushed := 0
	for i, w := range h.writes[:at] {
		if w.flush {
			flushed = i
		}
	}
	for _, w := range h.writes[:flushed] {
		copy(data[w.offset:], w.data)
	}
	const sector = 512
	pending := slices.Clone(h.writes[flushed:at])
	// While a volume is opened or closed its superblock is written in its place.
	whole := flushed < h.mounted || at > h.unmounting
	switch r.IntN(4) {
	case 0: // nothing is lost
	case 1: // all of it is
		pending = nil
	default:
		r.Shuffle(len(pending), func(i, k int) { pending[i], pending[k] = pending[k], pending[i] })
		pending = pending[:r.IntN(len(pending)+1)]
	}
	for _, w := range pending {
		switch r.IntN(4) {
		case 0: // only some sectors
			for i := 0; i < len(w.data); i += sector {
				at, n := int(w.offset)+i, sector
				if whole && at == superOffset {
					n = superBytes // decision 0020: its sum is in the other sector
					i += sector
				}
				if r.IntN(2) == 0 {
					copy(data[at:at+n], w.data[at-int(w.offset):])
				}
			}
		default:
			copy(data[w.offset:], w.data)
		}
	}
	return data
}

// record does random operations, after some that are not recorded.
func record(t *testing.T, seed uint64, d *disk, operations int) *history {
	fs := open(t, d, Options{CacheBytes: 300 << 10})
	x := newExerciser(t, fs, seed)
	for range 60 {
		x.step()
	}
	if err := fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	d.record, d.writes = true, nil
	h := &history{base: bytes.Clone(d.data), ends: []int{0}, states: []state{maps.Clone(x.now)}}
	h.acks = []ack{{0, 0, -1}}
	x.op, x.touch = 0, map[int][]int{}
	for _, th := range x.now {
		th.version = 0
	}
	x.fs = open(t, d, Options{CacheBytes: 300 << 10})
	h.mounted = len(d.writes)
	x.synced = func(id int) { h.acks = append(h.acks, ack{len(d.writes), x.op, id}) }
	for range operations {
		x.step()
		h.ends = append(h.ends, len(d.writes))
		h.states = append(h.states, maps.Clone(x.now))
	}
	h.unmounting = len(d.writes)
	if err := x.fs.Unmount(); err != nil {
		t.Fatal(err)
	}
	h.writes, h.touch = d.writes, x.touch
	return h
}

// check compares the tree after a crash with what was acknowledged: its names and
// sizes are those after some operation since the last Sync of everything, and so is
// the content of each file that was not touched after its last Sync.
func (h *history) check(t *testing.T, at int, tree state) (what string) {
	current, _ := slices.BinarySearch(h.ends, at)
	current = min(current, len(h.states)-1)
	first := 0
	for _, a := range h.acks {
		if a.writes <= at && a.id < 0 {
			first = a.op
		}
	}
	for op := current; op >= first; op-- {
		if what = differ(tree, h.states[op], false); what != "" {
			continue
		}
		for path, th := range h.states[op] {
			if th.kind != vfs.File || tree[path].content == th.content || !h.stable(th, at, current) {
				continue
			}
			return path + " has not the content that was synchronised (version " + strconv.Itoa(th.version) + ")"
		}
		return ""
	}
	return what + " (operations " + strconv.Itoa(first) + " to " + strconv.Itoa(current) + ")"
}

// stable reports whether a version of a file was acknowledged, and not touched since.
func (h *history) stable(th *thing, at, current int) bool {
	for _, op := range h.touch[th.id] {
		if op > th.version && op <= current {
			return false
		}
	}
	return slices.ContainsFunc(h.acks, func(a ack) bool {
		return a.writes <= at && a.op >= th.version && (a.id < 0 || a.id == th.id)
	})
}

// onlyReplay reports whether e2fsck has done nothing but replay the journal and
// finish what was being removed.
func onlyReplay(out string) bool {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		known := line == "" || strings.HasPrefix(line, "e2fsck ") || strings.Contains(line, "recovering journal") ||
			strings.HasPrefix(line, "Pass ") || strings.Contains(line, "Optimize? yes") || // no error: exit code 0
			strings.Contains(line, "FILE SYSTEM WAS MODIFIED") ||
			strings.Contains(line, " files (") || strings.HasPrefix(line, "Clearing orphaned inode") ||
			strings.HasPrefix(line, "Truncating orphaned inode") || strings.Contains(line, "Clearing all orphan")
		if !known {
			return false
		}
	}
	return true
}

// TestCrash cuts the power at hundreds of moments. e2fsck has nothing to do then but
// to replay the journal, and nothing acknowledged is lost; the same with our own
// replay.
func TestCrash(t *testing.T) {
	seeds, cuts := 4, 40
	if testing.Short() {
		seeds = 1
	}
	if n, err := strconv.Atoi(os.Getenv("MEWZ_CRASH_SEEDS")); err == nil {
		seeds = n
	}
	kinds := [][]string{nil, {"-b", "4096"}, {"-O", "^metadata_csum,uninit_bg"}, {"-b", "2048", "-O", "^64bit,orphan_file"}}
	for seed := range seeds {
		d := format(t, 12, kinds[seed%len(kinds)]...)
		h := record(t, uint64(100+seed), d, 250)
		r := rand.New(rand.NewPCG(uint64(seed), 9))
		for range cuts {
			at := r.IntN(len(h.writes) + 1)
			data := h.cut(at, r)
			crashed := bytes.Clone(data)
			fail := func(what string) {
				if keep := os.Getenv("KEEP_VOLUME"); keep != "" {
					_ = os.WriteFile(keep, crashed, 0o600)
				}
				t.Fatalf("seed %d, cut at %d of %d: %s", seed, at, len(h.writes), what)
			}
			mine := &disk{data: bytes.Clone(data)}
			if out, code := fsck(t, data, "-f", "-y"); code > 1 || !onlyReplay(out) {
				fail("e2fsck -fy ends with " + strconv.Itoa(code) + ":\n" + out)
			}
			if out, code := fsck(t, data, "-f", "-n"); code != 0 {
				fail("e2fsck -fn ends with " + strconv.Itoa(code) + ":\n" + out)
			}
			for _, d := range []*disk{{data: data}, mine} {
				fs, err := Open(d, Options{DataBytes: dataMinBytes})
				if err != nil {
					fail(err.Error())
				}
				if what := h.check(t, at, readTree(t, fs)); what != "" {
					fail(what)
				}
				if err := fs.Unmount(); err != nil {
					fail(err.Error())
				}
				fs.data.close()
			}
			if out, code := fsck(t, mine.data, "-f", "-n"); code != 0 {
				fail("e2fsck -fn after our replay ends with " + strconv.Itoa(code) + ":\n" + out)
			}
		}
	}
}
