package memfs

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

func newArena(t *testing.T, bytes uint64, charge func(int64) bool) *arena {
	t.Helper()
	a, err := openArena(bytes, charge)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func always(int64) bool { return true }

// ready counts the slabs that have memory.
func (a *arena) ready() (n int) {
	for _, s := range a.slabs {
		if s.ready {
			n++
		}
	}
	return n
}

func TestSizes(t *testing.T) {
	if nodeBytes > int(classUnits[class128])*unitBytes {
		t.Errorf("a node has %d bytes, more than its class", nodeBytes)
	}
	if entryBytes+nameMax > int(classUnits[class320])*unitBytes {
		t.Errorf("an entry has up to %d bytes, more than the largest class", entryBytes+nameMax)
	}
	if size := treeSlots * 4; size != int(classUnits[class256])*unitBytes {
		t.Errorf("an inner node has %d bytes, not what its class has", size)
	}
}

// Objects neither overlap nor are lost: each keeps what is written to it, and
// when all are free nothing is in use.
func TestArenaObjects(t *testing.T) {
	booked, most := int64(0), int64(0)
	a := newArena(t, 8<<20, func(bytes int64) bool {
		booked += bytes
		most = max(most, booked)
		return true
	})
	random := rand.New(rand.NewPCG(1, 2))
	type object struct {
		bytes int
		mark  byte
	}
	objects := map[ref]object{}
	check := func(r ref, o object) {
		for i, c := range a.raw(r, o.bytes) {
			if c != o.mark {
				t.Fatalf("byte %d of object %#x is %#x, want %#x", i, r, c, o.mark)
			}
		}
	}
	for step := range 100_000 {
		if random.IntN(100) < 55-step/2000 {
			o := object{1 + random.IntN(blockBytes), byte(step)}
			if random.IntN(4) != 0 {
				o.bytes = 1 + random.IntN(330)
			}
			r, err := a.takeBytes(o.bytes)
			if err != nil {
				t.Fatal(err)
			}
			if _, taken := objects[r]; taken {
				t.Fatalf("object %#x is taken twice", r)
			}
			b := a.raw(r, o.bytes)
			for i := range b {
				b[i] = o.mark
			}
			objects[r] = o
			continue
		}
		for r, o := range objects {
			check(r, o)
			a.freeBytes(r, o.bytes)
			delete(objects, r)
			break
		}
	}
	for r, o := range objects {
		check(r, o)
		a.freeBytes(r, o.bytes)
	}
	if a.blocks != 0 || a.ready() > idleMax || a.lists != [classes]ref{} {
		t.Errorf("%d blocks in use, %d slabs ready, lists %v, when all is free", a.blocks, a.ready(), a.lists)
	}
	if booked != 0 || most != slabBytes {
		t.Errorf("%d bytes are booked in the end, %d at most", booked, most)
	}
}

// Memory that the machine does not have, and addresses that the arena has not.
func TestArenaFull(t *testing.T) {
	left := int64(2 * slabBytes)
	a := newArena(t, 8<<20, func(bytes int64) bool {
		if bytes > left {
			return false
		}
		left -= max(bytes, 0) // what is touched stays taken
		return true
	})
	n := 0
	for err := error(nil); err == nil; n++ {
		_, err = a.takeBlock()
		if err != nil && err != vfs.ErrNoSpace {
			t.Fatal(err)
		}
	}
	if n != 2*slabBlocks+1 {
		t.Errorf("block %d is refused, want %d", n, 2*slabBlocks+1)
	}
	a = newArena(t, 3*slabBytes-1, always)
	for n = 0; ; n++ {
		if _, err := a.takeBlock(); err != nil {
			break
		}
	}
	if n != 3*slabBlocks {
		t.Errorf("%d blocks, want %d", n, 3*slabBlocks)
	}
}

// cutDown cuts a tree ever shorter, until nothing is left.
func cutDown(t *testing.T, a *arena, tr *tree, model map[uint64]ref, from uint64) {
	t.Helper()
	for ; ; from /= 5 {
		a.cut(tr, from)
		maps.DeleteFunc(model, func(i uint64, _ ref) bool { return i >= from })
		for i, r := range model {
			if got := a.get(tr, i); got != r {
				t.Fatalf("get(%#x) = %#x after cutting at %#x, want %#x", i, got, from, r)
			}
		}
		if at, r := a.next(tr, from); r != 0 {
			t.Fatalf("%#x is there after cutting at %#x", at, from)
		}
		if from == 0 {
			break
		}
	}
}

// A tree is compared with a map.
func TestTree(t *testing.T) {
	a := newArena(t, 64<<20, always)
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 20 {
		var tr tree
		model := map[uint64]ref{}
		index := func() uint64 { return random.Uint64N(1 << (1 + random.IntN(50))) }
		for range 2000 {
			switch i := index(); random.IntN(8) {
			case 0:
				for key := range model { // the first one, which is any
					i = key
					break
				}
				fallthrough
			case 1:
				if r := model[i]; r != 0 {
					a.freeBlock(r)
				}
				a.clear(&tr, i)
				delete(model, i)
			case 2:
				sorted := slices.Sorted(maps.Keys(model))
				at, found := slices.BinarySearch(sorted, i)
				_ = found
				wantIndex, want := uint64(0), ref(0)
				if at < len(sorted) {
					wantIndex, want = sorted[at], model[sorted[at]]
				}
				if got, r := a.next(&tr, i); got != wantIndex || r != want {
					t.Fatalf("next(%#x) = %#x, %#x, want %#x, %#x", i, got, r, wantIndex, want)
				}
			case 3:
				if got := a.get(&tr, i); got != model[i] {
					t.Fatalf("get(%#x) = %#x, want %#x", i, got, model[i])
				}
				if run := a.run(&tr, i); run != nil && run[i%treeSlots] != model[i] || run == nil && tr.height != 0 && model[i] != 0 {
					t.Fatalf("run(%#x) has something else than get", i)
				}
			default:
				if model[i] != 0 {
					continue
				}
				r, err := a.takeBlock()
				if err != nil {
					t.Fatal(err)
				}
				slot, err := a.slot(&tr, i)
				if err != nil {
					t.Fatal(err)
				}
				*slot, model[i] = r, r
			}
		}
		cutDown(t, a, &tr, model, index())
		if a.blocks != 0 || tr != (tree{}) {
			t.Fatalf("round %d: %d blocks in use, tree %+v, when all is cut", round, a.blocks, tr)
		}
	}
}

// A table of many objects has short chains, all the time, and is gone in the end.
func TestTable(t *testing.T) {
	const objects = 100_000
	a := newArena(t, 64<<20, always)
	random := rand.New(rand.NewPCG(5, 6))
	var table table
	var all []ref
	longest := 0
	find := func(r ref, hash uint32) bool {
		n := 0
		for at := a.first(&table, hash); at != 0; at = a.link(at).next {
			if n++; at == r {
				longest = max(longest, n)
				return true
			}
		}
		return false
	}
	for range objects {
		r, err := a.take(class64)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.insert(&table, r, random.Uint32()); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	for i, r := range all {
		if hash := a.link(r).hash; !find(r, hash) || i%10 == 0 && find(r+1<<30, hash) {
			t.Fatalf("object %d is lost, or another is there", i)
		}
	}
	if widthMin := uint64(objects-chainFew) / 2; table.width < widthMin {
		t.Errorf("%d chains for %d objects, want at least %d", table.width, objects, widthMin)
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i, r := range all {
		hash := a.link(r).hash
		a.remove(&table, r)
		if find(r, hash) {
			t.Fatalf("object %d is there after its removal", i)
		}
		a.free(r)
		if last := all[len(all)-1]; i < len(all)-1 && !find(last, a.link(last).hash) {
			t.Fatalf("the last object is lost when %d are removed", i+1)
		}
	}
	if longest > 16 { // about log n / log log n would be 5
		t.Errorf("a chain has %d objects", longest)
	}
	if a.blocks != 0 || table.items != 0 || table.width > 1 {
		t.Errorf("%d blocks in use, table %+v, when all is removed", a.blocks, table)
	}
}

// removeAll removes what is in a directory.
func removeAll(t *testing.T, f *FileSystem, directory ref) {
	t.Helper()
	var names []string
	if err := f.list(directory, firstCookie, func(e *vfs.DirectoryEntry) bool {
		names = append(names, string(e.Name))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		r, _, err := f.lookup(directory, []byte(name))
		if err != nil {
			t.Fatal(err)
		}
		isDirectory := f.node(r).kind == vfs.Directory
		if isDirectory {
			removeAll(t, f, r)
		}
		f.release(r)
		if err := f.unlink(directory, []byte(name), isDirectory); err != nil {
			t.Fatal(err)
		}
	}
}

// After random operations all is removed, and nothing stays but the marks of what
// the root of the file system below has.
func TestNothingIsLost(t *testing.T) {
	tree := vfstest.Tree{"a": "alpha", "b/c/d": "deep", "b/c/e": "", "b/link": "->x", "f": "f", "empty/": ""}
	lower, err := vfs.OpenArchive(vfstest.Archive(tree))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		lower vfs.FileSystem
		limit uint64
		marks uint64
	}{{"memory", nil, 64 << 20, 0}, {"copy on write", lower, 64 << 20, 4}, {"full", lower, 1 << 20, 4}} {
		for seed := range uint64(5) {
			var f *FileSystem
			vfstest.Exercise(t, func(t *testing.T) vfs.FileSystem {
				if f, err = New(Options{Lower: test.lower, LimitBytes: test.limit}); err != nil {
					t.Fatal(err)
				}
				return f
			}, vfstest.Plan{Seed: seed, Operations: 3000, Full: test.limit < 2<<20})
			removeAll(t, f, rootRef)
			if f.names.items != test.marks || f.copies.items != 0 || f.root.refs != 1 || f.root.size != 0 {
				t.Errorf("%s: %d names, want %d; %d copies, %d references to the root, which has %d entries", test.name,
					f.names.items, test.marks, f.copies.items, f.root.refs, f.root.size)
			}
			if test.lower == nil && f.arena.blocks != 0 {
				t.Errorf("%s: %d blocks in use", test.name, f.arena.blocks)
			}
			if f.arena.ready() > 3+idleMax { // marks, the table of names, its tree

				t.Errorf("%s: %d slabs have memory", test.name, f.arena.ready())
			}
			if err := f.End(); err != nil {
				t.Error(err)
			}
		}
	}
}

// What is merely looked at takes no more than a few nodes when it is given back.
func TestLookingTakesNothing(t *testing.T) {
	tree := vfstest.Tree{}
	for i := range 1000 {
		tree["d/"+strconv.Itoa(i)] = "content"
	}
	lower, err := vfs.OpenArchive(vfstest.Archive(tree))
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(Options{Lower: lower})
	if err != nil {
		t.Fatal(err)
	}
	defer f.End()
	var b [10]byte
	for i := range 1000 {
		place, err := vfs.Resolve(f, vfs.Walk{Base: f.Root(), Path: []byte("d/" + strconv.Itoa(i)), Follow: true})
		if err != nil || !place.Exists() {
			t.Fatal(err)
		}
		h, err := f.Open(place.Entry.Node, vfs.ModeRead)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := f.Read(h, [][]byte{b[:]}, 0); err != nil || string(b[:n]) != "content" {
			t.Fatal(n, err)
		}
		place.Release()
		if err := f.Close(h); err != nil {
			t.Fatal(err)
		}
	}
	if f.arena.blocks > 4+idleNodes/(blockBytes/128-1) || f.copies.items > idleNodes+1 { // and the directory that holds them
		t.Errorf("%d blocks in use, %d copies", f.arena.blocks, f.copies.items)
	}
}

// The heap of Go does not grow with files, names and content.
func TestHeapStaysSmall(t *testing.T) {
	f, err := New(Options{LimitBytes: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer f.End()
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	content := make([]byte, 64<<10)
	for i := range 20_000 {
		r, err := f.make(rootRef, []byte("a file with quite a long name, number "+strconv.Itoa(i)), vfs.File)
		if err != nil {
			t.Fatal(err)
		}
		if i%20 == 0 {
			if _, err := f.Write(handleOf(r, vfs.ModeWrite), [][]byte{content}, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	used := f.arena.blocks * blockBytes
	if grown := int64(live() - before); grown > int64(used/1000) {
		t.Errorf("the heap has grown by %d bytes with %d bytes of files", grown, used)
	}
	runtime.KeepAlive(f)
}
