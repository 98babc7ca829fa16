package ext4

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

// thing is a file, directory or link of a model; it never changes.
type thing struct {
	id      int
	kind    vfs.Type
	content string
	version int // operation that changed the content last
}

// state is a tree by path.
type state map[string]*thing

// run is a file system and what it should be.
type exerciser struct {
	t      testing.TB
	fs     *FileSystem
	r      *rand.Rand
	now    state
	ids    int
	op     int
	touch  map[int][]int // by id, operations that changed a file
	synced func(id int)  // -1: everything
	most   int           // bytes of a write
}

func newExerciser(t testing.TB, fs *FileSystem, seed uint64) *exerciser {
	return &exerciser{
		t: t, fs: fs, r: rand.New(rand.NewPCG(seed, 5)), now: state{}, touch: map[int][]int{},
		synced: func(int) {}, most: 6000,
	}
}

func split(path string) (directory, name string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// node walks to a path; the caller releases it.
func (x *exerciser) node(path string) vfs.NodeID {
	at := x.fs.Root()
	x.fs.Hold(at)
	if path == "" {
		return at
	}
	for _, name := range strings.Split(path, "/") {
		e, err := x.fs.Lookup(at, []byte(name))
		x.must("Lookup "+path, err)
		x.fs.Release(at)
		at = e.Node
	}
	return at
}

func (x *exerciser) must(what string, err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatalf("operation %d: %s: %v", x.op, what, err)
	}
}

// in calls do with the directory of a path.
func (x *exerciser) in(path string, do func(dir vfs.NodeID, name []byte)) {
	directory, name := split(path)
	dir := x.node(directory)
	do(dir, []byte(name))
	x.fs.Release(dir)
}

// pick returns a path of a kind, or "".
func (x *exerciser) pick(kind vfs.Type) string {
	var list []string
	for path, th := range x.now {
		if th.kind == kind {
			list = append(list, path)
		}
	}
	if len(list) == 0 {
		return ""
	}
	slices.Sort(list)
	return list[x.r.IntN(len(list))]
}

// fresh returns a path that is not in use.
func (x *exerciser) fresh() string {
	directory := ""
	if x.r.IntN(3) > 0 {
		if directory = x.pick(vfs.Directory); directory != "" {
			directory += "/"
		}
	}
	for {
		path := directory + fmt.Sprintf("n%d", x.r.IntN(1000))
		if x.r.IntN(4) == 0 {
			path += strings.Repeat("long", x.r.IntN(50))
		}
		if x.now[path] == nil {
			return path
		}
	}
}

// change replaces the content of a thing under all its names.
func (x *exerciser) change(path, content string) {
	old := x.now[path]
	th := &thing{old.id, old.kind, content, x.op}
	for p, other := range x.now {
		if other.id == old.id {
			x.now[p] = th
		}
	}
	x.touch[old.id] = append(x.touch[old.id], x.op)
}

func (x *exerciser) bytes() []byte {
	b := make([]byte, 1+x.r.IntN(x.most))
	for i := range b {
		b[i] = byte(x.r.Uint32())
	}
	return b
}

// open calls do with a file opened.
func (x *exerciser) open(path string, do func(h vfs.Handle)) {
	node := x.node(path)
	h, err := x.fs.Open(node, vfs.ModeRead|vfs.ModeWrite)
	x.must("Open "+path, err)
	do(h)
	x.must("Close "+path, x.fs.Close(h))
	x.fs.Release(node)
}

// step does one random operation.
func (x *exerciser) step() {
	x.op++
	switch k := x.r.IntN(100); {
	case k < 18 && len(x.now) < 60:
		x.create()
	case k < 45:
		x.write()
	case k < 55:
		x.resize()
	case k < 67:
		x.remove()
	case k < 80:
		x.rename()
	case k < 86 && len(x.now) < 60:
		path := x.fresh()
		x.in(path, func(dir vfs.NodeID, name []byte) { x.must("MakeDirectory", x.fs.MakeDirectory(dir, name)) })
		x.add(path, vfs.Directory, "")
	case k < 90:
		x.link()
	case k < 96:
		x.sync()
	default:
		x.must("SyncAll", x.fs.SyncAll())
		x.synced(-1)
	}
}

func (x *exerciser) add(path string, kind vfs.Type, content string) {
	x.ids++
	x.now[path] = &thing{x.ids, kind, content, x.op}
	x.touch[x.ids] = append(x.touch[x.ids], x.op)
}

func (x *exerciser) create() {
	path, b := x.fresh(), []byte{}
	x.in(path, func(dir vfs.NodeID, name []byte) {
		e, h, err := x.fs.Create(dir, name, vfs.ModeWrite)
		x.must("Create", err)
		if x.r.IntN(2) == 0 {
			b = x.bytes()
			_, err = x.fs.Write(h, [][]byte{b}, 0)
			x.must("Write", err)
		}
		x.must("Close", x.fs.Close(h))
		x.fs.Release(e.Node)
	})
	x.add(path, vfs.File, string(b))
}

func (x *exerciser) write() {
	path := x.pick(vfs.File)
	if path == "" {
		return
	}
	content, b := x.now[path].content, x.bytes()
	at := x.r.IntN(len(content) + 3000)
	x.open(path, func(h vfs.Handle) {
		switch x.r.IntN(6) {
		case 0:
			at = len(content)
			_, end, err := x.fs.Append(h, [][]byte{b[:len(b)/2], b[len(b)/2:]})
			x.must("Append", err)
			if end != uint64(at+len(b)) {
				x.t.Fatalf("Append ends at %d, want %d", end, at+len(b))
			}
		case 1:
			x.must("Allocate", x.fs.Allocate(h, uint64(at), uint64(len(b)*3)))
			if n := at + 3*len(b); n > len(content) {
				content += strings.Repeat("\x00", n-len(content))
			}
			b = nil
		default:
			n, err := x.fs.Write(h, [][]byte{b}, uint64(at))
			x.must("Write", err)
			if n != len(b) {
				x.t.Fatalf("Write = %d, want %d", n, len(b))
			}
		}
	})
	if len(b) > 0 {
		c := []byte(content)
		if n := at + len(b); n > len(c) {
			c = append(c, make([]byte, n-len(c))...)
		}
		copy(c[at:], b)
		content = string(c)
	}
	x.change(path, content)
}

func (x *exerciser) resize() {
	path := x.pick(vfs.File)
	if path == "" {
		return
	}
	content := x.now[path].content
	n := x.r.IntN(len(content)*5/4 + 10)
	node := x.node(path)
	x.must("SetAttributes", x.fs.SetAttributes(node, vfs.Change{SetSize: true, Size: uint64(n)}))
	x.fs.Release(node)
	if n > len(content) {
		content += strings.Repeat("\x00", n-len(content))
	}
	x.change(path, content[:n])
}

// below reports whether a directory has something in it.
func (x *exerciser) below(path string) bool {
	for p := range x.now {
		if strings.HasPrefix(p, path+"/") {
			return true
		}
	}
	return false
}

func (x *exerciser) remove() {
	path := x.pick([]vfs.Type{vfs.File, vfs.File, vfs.Directory, vfs.Symlink}[x.r.IntN(4)])
	if path == "" {
		return
	}
	x.in(path, func(dir vfs.NodeID, name []byte) {
		if x.now[path].kind != vfs.Directory {
			x.must("Unlink", x.fs.Unlink(dir, name))
			delete(x.now, path)
			return
		}
		err := x.fs.RemoveDirectory(dir, name)
		if x.below(path) {
			if err != vfs.ErrNotEmpty {
				x.t.Fatalf("RemoveDirectory = %v, want ErrNotEmpty", err)
			}
			return
		}
		x.must("RemoveDirectory", err)
		delete(x.now, path)
	})
}

func (x *exerciser) rename() {
	from := x.pick([]vfs.Type{vfs.File, vfs.File, vfs.Directory, vfs.Symlink}[x.r.IntN(4)])
	if from == "" {
		return
	}
	to := x.fresh()
	if x.r.IntN(3) == 0 {
		to = x.pick(x.now[from].kind)
	}
	if strings.HasPrefix(to, from+"/") || to == from || x.now[to] != nil && (x.below(to) || x.now[to].id == x.now[from].id) {
		return
	}
	x.in(from, func(fromDir vfs.NodeID, fromName []byte) {
		x.in(to, func(toDir vfs.NodeID, toName []byte) { x.must("Rename", x.fs.Rename(fromDir, fromName, toDir, toName)) })
	})
	for p, th := range maps.Clone(x.now) {
		if p == from || strings.HasPrefix(p, from+"/") {
			delete(x.now, p)
			x.now[to+p[len(from):]] = th
		}
	}
}

func (x *exerciser) link() {
	path := x.fresh()
	if from := x.pick(vfs.File); from != "" && x.r.IntN(2) == 0 {
		node := x.node(from)
		x.in(path, func(dir vfs.NodeID, name []byte) { x.must("MakeLink", x.fs.MakeLink(node, dir, name)) })
		x.fs.Release(node)
		x.now[path] = x.now[from]
		return
	}
	target := strings.Repeat("t", 1+x.r.IntN(100))
	x.in(path, func(dir vfs.NodeID, name []byte) { x.must("MakeSymlink", x.fs.MakeSymlink(dir, name, []byte(target))) })
	x.add(path, vfs.Symlink, target)
}

func (x *exerciser) sync() {
	path := x.pick(vfs.File)
	if path == "" {
		return
	}
	x.open(path, func(h vfs.Handle) { x.must("Sync", x.fs.Sync(h, x.r.IntN(2) == 0)) })
	x.synced(x.now[path].id)
}

// readTree reads all of a volume but lost+found.
func readTree(t testing.TB, fs *FileSystem) state {
	t.Helper()
	tree := state{}
	var walk func(node vfs.NodeID, path string)
	walk = func(node vfs.NodeID, path string) {
		h, err := fs.Open(node, vfs.ModeRead)
		if err != nil {
			t.Fatalf("Open %s: %v", path, err)
		}
		var names []string
		if err := fs.List(h, 2, func(e *vfs.DirectoryEntry) bool { names = append(names, string(e.Name)); return true }); err != nil {
			t.Fatalf("List %s: %v", path, err)
		}
		_ = fs.Close(h)
		for _, name := range names {
			if path == "" && name == "lost+found" {
				continue
			}
			e, err := fs.Lookup(node, []byte(name))
			if err != nil {
				t.Fatalf("Lookup %s of %s: %v", name, path, err)
			}
			full := strings.TrimPrefix(path+"/"+name, "/")
			a, err := fs.Attributes(e.Node)
			if err != nil {
				t.Fatal(err)
			}
			th := &thing{id: int(a.Serial), kind: e.Type}
			tree[full] = th
			switch e.Type {
			case vfs.Directory:
				walk(e.Node, full)
			case vfs.Symlink:
				b, err := fs.ReadLink(e.Node)
				if err != nil {
					t.Fatal(err)
				}
				th.content = string(b)
			case vfs.File:
				th.content = readFile(t, fs, e.Node, a.Size)
			}
			fs.Release(e.Node)
		}
	}
	walk(fs.Root(), "")
	return tree
}

func readFile(t testing.TB, fs *FileSystem, node vfs.NodeID, size uint64) string {
	t.Helper()
	h, err := fs.Open(node, vfs.ModeRead)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size+10)
	n, err := fs.Read(h, [][]byte{b}, 0)
	if err != nil || uint64(n) != size {
		t.Fatalf("Read = %d, %v, want %d", n, err, size)
	}
	_ = fs.Close(h)
	return string(b[:n])
}

// differ returns a path in which two trees are not the same, or "". Contents are compared if
// full is set, else only how long they are.
func differ(got, want state, full bool) string {
	for path, w := range want {
		g := got[path]
		switch {
		case g == nil:
			return path + " is missing"
		case g.kind != w.kind || len(g.content) != len(w.content):
			return fmt.Sprintf("%s is %d, %d bytes, want %d, %d", path, g.kind, len(g.content), w.kind, len(w.content))
		case full && g.content != w.content:
			i := 0
			for g.content[i] == w.content[i] {
				i++
			}
			return fmt.Sprintf("%s differs at byte %d of %d", path, i, len(w.content))
		}
	}
	for path := range got {
		if want[path] == nil {
			return path + " should not be there"
		}
	}
	return ""
}

// TestModel does random operations on each kind of volume, compares all with the model
// now and then, also after mounting again, and has e2fsck look at it.
func TestModel(t *testing.T) {
	for i, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			d := format(t, 16, k.flags...)
			fs := open(t, d, Options{CacheBytes: 300 << 10})
			x := newExerciser(t, fs, uint64(i))
			x.most = 100_000
			for round := range 6 {
				for range 150 {
					x.step()
				}
				if what := differ(readTree(t, x.fs), x.now, true); what != "" {
					t.Fatalf("round %d: %s", round, what)
				}
				if err := x.fs.Unmount(); err != nil {
					t.Fatal(err)
				}
				mustBeClean(t, d)
				x.fs = open(t, d, Options{CacheBytes: 300 << 10})
				if what := differ(readTree(t, x.fs), x.now, true); what != "" {
					t.Fatalf("round %d, mounted again: %s", round, what)
				}
			}
		})
	}
}
