package vfstest

import (
	"strings"
	"syscall"

	"mewz/kernel/vfs"
)

// contentRules are about what is in files, and their attributes.
var contentRules = []rule{
	{"WriteRead", testWriteRead},
	{"Holes", testHoles},
	{"Append", testAppend},
	{"TwoHandles", testTwoHandles},
	{"Truncate", testTruncate},
	{"OpenTruncates", testOpenTruncates},
	{"SizeOfOthers", testSizeOfOthers},
	{"LargestFile", testLargestFile},
	{"Allocate", testAllocate},
	{"Sync", testSync},
	{"Times", testTimes},
	{"TimesOfChanges", testTimesOfChanges},
	{"UnlinkedFile", testUnlinkedFile},
	{"Full", testFull},
}

func testWriteRead(t *tester) {
	file := t.create(t.root, "file", "")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	t.wantContent(file, "")
	long := strings.Repeat("0123456789abcdef", 1000)
	t.write(h, long, 0)
	t.write(h, "ABC", 4095)
	t.write(h, "", 1<<20)
	want := long[:4095] + "ABC" + long[4098:]
	t.wantContent(file, want)
	for _, test := range []struct {
		n      int
		offset uint64
		want   string
	}{
		{0, 0, ""}, {5, 4093, want[4093:4098]}, {100, 15990, want[15990:]}, {10, 16000, ""}, {10, 1 << 40, ""}, {10, vfs.OffsetMax, ""},
	} {
		if got := t.readAt(h, test.n, test.offset); got != test.want {
			t.Errorf("Read(%d, %d) = %q, want %q", test.n, test.offset, got, test.want)
		}
	}
}

func testHoles(t *tester) {
	file := t.create(t.root, "file", "begin")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	t.write(h, "end", 50_000)
	t.wantContent(file, "begin"+strings.Repeat("\x00", 50_000-5)+"end")
	t.write(h, "middle", 20_000)
	want := "begin" + strings.Repeat("\x00", 20_000-5) + "middle" + strings.Repeat("\x00", 30_000-6) + "end"
	t.wantContent(file, want)
}

func testAppend(t *tester) {
	file := t.create(t.root, "file", "one")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	other := t.open(file, vfs.ModeWrite)
	for _, step := range []struct {
		h    vfs.Handle
		text string
		end  uint64
	}{{h, "two", 6}, {other, "three", 11}, {h, "", 11}, {h, "four", 15}} {
		n, end, err := t.files.Append(step.h, [][]byte{[]byte(step.text[:len(step.text)/2]), []byte(step.text[len(step.text)/2:])})
		if n != len(step.text) || end != step.end || err != nil {
			t.Errorf("Append(%q) = %d, %d, %v, want the end at %d", step.text, n, end, err, step.end)
		}
	}
	t.wantContent(file, "onetwothreefour")
}

func testTwoHandles(t *tester) {
	file := t.create(t.root, "file", "alpha")
	reader, writer := t.open(file, vfs.ModeRead), t.open(file, vfs.ModeWrite)
	if got := t.readAt(reader, 100, 0); got != "alpha" {
		t.Errorf("read %q", got)
	}
	t.write(writer, "omega and more", 0)
	if got := t.readAt(reader, 100, 0); got != "omega and more" {
		t.Errorf("read %q after another handle has written", got)
	}
	t.set(file, vfs.Change{SetSize: true, Size: 5})
	if got := t.readAt(reader, 100, 0); got != "omega" {
		t.Errorf("read %q after the file was cut", got)
	}
}

func testTruncate(t *tester) {
	file := t.create(t.root, "file", strings.Repeat("x", 10_000))
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	want := strings.Repeat("x", 10_000)
	for _, size := range []int{9_000, 4097, 4096, 4095, 4095, 12_000, 5_000, 1, 0, 100} {
		t.set(file, vfs.Change{SetSize: true, Size: uint64(size)})
		want = want[:min(size, len(want))]
		want += strings.Repeat("\x00", size-len(want))
		if got := t.readAt(h, readMax, 0); got != want {
			t.Errorf("after cutting to %d: %s, want %s", size, brief(got), brief(want))
		}
		t.wantContent(file, want)
	}
	t.write(h, "y", 4096)
	t.wantContent(file, strings.Repeat("\x00", 4096)+"y")
}

func testOpenTruncates(t *tester) {
	file := t.create(t.root, "file", "content")
	h := t.open(file, vfs.ModeWrite|vfs.ModeTruncate)
	t.wantContent(file, "")
	t.write(h, "new", 0)
	t.wantContent(file, "new")
	t.open(file, vfs.ModeRead|vfs.ModeWrite)
	t.wantContent(file, "new")
}

func testSizeOfOthers(t *tester) {
	directory, link := t.mkdir(t.root, "directory"), t.symlink(t.root, "link", "target")
	change := vfs.Change{SetSize: true}
	t.want("SetAttributes size of a directory", t.files.SetAttributes(directory, change), vfs.ErrDirectory)
	t.want("SetAttributes size of a link", t.files.SetAttributes(link, change), vfs.ErrInvalid)
	if a := t.attributes(link); a.Type != vfs.Symlink || a.Size != uint64(len("target")) || a.Links != 1 {
		t.Errorf("attributes of a link: %+v", a)
	}
	if a := t.attributes(directory); a.Type != vfs.Directory || a.Links == 0 {
		t.Errorf("attributes of a directory: %+v", a)
	}
	_, err := t.files.Open(directory, vfs.ModeRead|vfs.ModeWrite)
	t.want("Open a directory for writing", err, vfs.ErrDirectory)
	_, err = t.files.Open(link, vfs.ModeRead)
	t.want("Open a link", err, vfs.ErrLoop)
}

func testLargestFile(t *tester) {
	file := t.create(t.root, "file", "begin")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	last := t.limits.OffsetMax - 1
	t.write(h, "z", last)
	if a := t.attributes(file); a.Size != t.limits.OffsetMax {
		t.Errorf("size %d, want %d", a.Size, t.limits.OffsetMax)
	}
	if got := t.readAt(h, 5, last-2); got != "\x00\x00z" {
		t.Errorf("the end of the largest file is %q", got)
	}
	if got := t.readAt(h, 7, 0) + t.readAt(h, 3, last/2); got != "begin\x00\x00\x00\x00\x00" {
		t.Errorf("the largest file has %q", got)
	}
	_, err := t.files.Write(h, [][]byte{{1}}, t.limits.OffsetMax)
	t.want("Write beyond the largest offset", err, vfs.ErrTooLarge)
	n, err := t.files.Write(h, [][]byte{{1, 2}}, last)
	if n == 0 && err != vfs.ErrTooLarge || n == 1 && err != nil && err != vfs.ErrTooLarge || n == 2 {
		t.Errorf("Write across the largest offset = %d, %v", n, err)
	}
	_, _, err = t.files.Append(h, [][]byte{{1}})
	t.want("Append to the largest file", err, vfs.ErrTooLarge)
	t.want("SetAttributes size 1<<63", t.files.SetAttributes(file, vfs.Change{SetSize: true, Size: 1 << 63}), vfs.ErrTooLarge)
	t.want("Allocate beyond the largest offset", t.files.Allocate(h, vfs.OffsetMax, 1), vfs.ErrTooLarge)
	t.set(file, vfs.Change{SetSize: true, Size: 7})
	t.wantContent(file, "begin\x00\x00")
}

func testAllocate(t *tester) {
	file := t.create(t.root, "file", "content")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	for _, step := range []struct {
		offset, bytes uint64
		size          int
	}{{0, 3, 7}, {5, 2, 7}, {5, 10, 15}, {20_000, 5_000, 25_000}, {10_000, 1_000, 25_000}} {
		t.must("Allocate", t.files.Allocate(h, step.offset, step.bytes))
		t.wantContent(file, "content"+strings.Repeat("\x00", step.size-7))
	}
	t.write(h, "x", 24_000)
	t.set(file, vfs.Change{SetSize: true, Size: 5})
	t.must("Allocate", t.files.Allocate(h, 0, 24_001))
	t.wantContent(file, "conte"+strings.Repeat("\x00", 23_996))
}

func testSync(t *tester) {
	entry, h, err := t.files.Create(t.root, []byte("file"), vfs.ModeRead|vfs.ModeWrite|vfs.ModeSync)
	t.must("Create", err)
	t.keep(entry.Node)
	t.write(h, "safe", 0)
	t.must("Sync", t.files.Sync(h, false))
	t.must("Sync data", t.files.Sync(h, true))
	t.must("Close", t.files.Close(h))
	t.write(t.open(entry.Node, vfs.ModeWrite|vfs.ModeDataSync), "r", 4)
	t.wantContent(entry.Node, "safer")
	directory := t.open(t.root, vfs.ModeRead)
	t.must("Sync a directory", t.files.Sync(directory, false))
	t.must("Sync a directory's data", t.files.Sync(directory, true))
}

// near reports whether a time is another one as far as times are told apart.
func (t *tester) near(a, b uint64) bool {
	return a/t.limits.TimeNanos == b/t.limits.TimeNanos
}

func testTimes(t *tester) {
	const early, late = 1_000_000_000_123_456_789, 1_900_000_000_987_654_321
	for _, node := range []vfs.NodeID{t.create(t.root, "file", "content"), t.mkdir(t.root, "directory"), t.root, t.symlink(t.root, "link", "target")} {
		made := t.attributes(node)
		t.set(node, vfs.Change{Accessed: vfs.TimeSet, AccessedNanos: early, Modified: vfs.TimeSet, ModifiedNanos: late})
		a := t.attributes(node)
		if !t.near(a.AccessedNanos, early) || !t.near(a.ModifiedNanos, late) || a.ChangedNanos < made.ChangedNanos {
			t.Errorf("times %+v, want %d and %d, changed since %d", a, uint64(early), uint64(late), made.ChangedNanos)
		}
		t.set(node, vfs.Change{Modified: vfs.TimeSet, ModifiedNanos: 5_000_000_000})
		if a = t.attributes(node); !t.near(a.AccessedNanos, early) || !t.near(a.ModifiedNanos, 5_000_000_000) {
			t.Errorf("times %+v, want %d and %d", a, uint64(early), 5_000_000_000)
		}
		t.set(node, vfs.Change{Accessed: vfs.TimeNow})
		if a = t.attributes(node); a.AccessedNanos < made.ChangedNanos/t.limits.TimeNanos || !t.near(a.ModifiedNanos, 5_000_000_000) {
			t.Errorf("times %+v, want now and %d", a, 5_000_000_000)
		}
		t.set(node, vfs.Change{})
		if b := t.attributes(node); b != a {
			t.Errorf("no change made %+v of %+v", b, a)
		}
	}
}

// testTimesOfChanges sets all times long ago and sees which a change brings up.
func testTimesOfChanges(t *tester) {
	const ago = 1_000_000_000_000_000_000
	old := vfs.Change{Accessed: vfs.TimeSet, AccessedNanos: ago, Modified: vfs.TimeSet, ModifiedNanos: ago}
	directory := t.mkdir(t.root, "directory")
	file := t.create(directory, "file", "content")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	for _, step := range []struct {
		name            string
		do              func()
		file, directory bool // the time of the content changes
	}{
		{"write", func() { t.write(h, "x", 0) }, true, false},
		{"append", func() { _, _, _ = t.files.Append(h, [][]byte{{1}}) }, true, false},
		{"cut", func() { t.set(file, vfs.Change{SetSize: true, Size: 3}) }, true, false},
		{"read", func() { t.readAt(h, 1, 0) }, false, false},
		{"link", func() { t.must("MakeLink", t.files.MakeLink(file, directory, []byte("second"))) }, false, true},
		{"rename", func() { t.must("Rename", t.rename(directory, "second", directory, "third")) }, false, true},
		{"unlink", func() { t.unlink(directory, "third") }, false, true},
		{"create", func() { t.create(directory, "new", "") }, false, true},
		{"mkdir", func() { t.mkdir(directory, "below") }, false, true},
		{"rmdir", func() { t.must("RemoveDirectory", t.files.RemoveDirectory(directory, []byte("below"))) }, false, true},
		{"symlink", func() { t.symlink(directory, "link", "x") }, false, true},
	} {
		t.set(file, old)
		t.set(directory, old)
		step.do()
		if got := !t.near(t.attributes(file).ModifiedNanos, ago); got != step.file {
			t.Errorf("%s changes the time of the file: %v, want %v", step.name, got, step.file)
		}
		if got := !t.near(t.attributes(directory).ModifiedNanos, ago); got != step.directory {
			t.Errorf("%s changes the time of the directory: %v, want %v", step.name, got, step.directory)
		}
	}
}

func testUnlinkedFile(t *tester) {
	file := t.create(t.root, "file", "content")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	serial := t.attributes(file).Serial
	t.unlink(t.root, "file")
	t.missing(t.root, "file")
	t.wantNames(t.root, "")
	fresh := t.create(t.root, "file", "new")
	if a := t.attributes(fresh); a.Serial == serial {
		t.Errorf("two files have the inode number %d", serial)
	}
	t.write(h, "CON", 0)
	if got := t.readAt(h, 100, 0); got != "CONtent" {
		t.Errorf("an unlinked file has %q", got)
	}
	if a := t.attributes(file); a.Links != 0 || a.Size != 7 || a.Serial != serial {
		t.Errorf("attributes of an unlinked file: %+v", a)
	}
	t.set(file, vfs.Change{SetSize: true, Size: 3})
	if got := t.readAt(h, 100, 0); got != "CON" {
		t.Errorf("an unlinked file has %q after it was cut", got)
	}
	t.wantContent(fresh, "new")
	if t.limits.UnlinkedNeedsHandle {
		return
	}
	held := t.create(t.root, "held", "by a reference")
	t.unlink(t.root, "held")
	t.wantContent(held, "by a reference")
}

// testFull fills the file system up.
func testFull(t *tester) {
	if t.limits.FillBytes == 0 {
		t.Skip("issue 5: no size to fill up")
	}
	before := t.create(t.root, "before", "safe")
	file := t.create(t.root, "file", "")
	h := t.open(file, vfs.ModeRead|vfs.ModeWrite)
	const chunk = 64 << 10
	b, written := []byte(strings.Repeat("full", chunk/4)), uint64(0)
	var err error
	for err == nil && written <= 2*t.limits.FillBytes {
		var n int
		n, err = t.files.Write(h, [][]byte{b}, written)
		written += uint64(n)
	}
	t.want("Write to a full file system", err, vfs.ErrNoSpace)
	if a := t.attributes(file); a.Size != written || written < t.limits.FillBytes/2 {
		t.Errorf("size %d after writing %d of about %d", a.Size, written, t.limits.FillBytes)
	}
	t.want("Allocate in a full file system", t.files.Allocate(h, 0, 4*t.limits.FillBytes), vfs.ErrNoSpace)
	for offset := uint64(0); offset < written; offset += chunk / 2 {
		if got := t.readAt(h, 4, offset); got != "full" {
			t.Fatalf("at %d is %q", offset, got)
		}
	}
	t.wantContent(before, "safe")
	t.set(file, vfs.Change{SetSize: true})
	t.write(h, strings.Repeat("x", chunk), 0)
	t.unlink(t.root, "file")
	if _, _, err := t.files.Create(vfs.NodeID(t.root), []byte("before"), vfs.ModeWrite); err != vfs.ErrExists && err != syscall.ENOSPC {
		t.Errorf("Create of what is there = %v", err)
	}
}
