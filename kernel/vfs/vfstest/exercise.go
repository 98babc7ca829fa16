package vfstest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mewz/kernel/vfs"
)

// Plan says how a file system is exercised.
type Plan struct {
	Seed       uint64
	Operations int
	// Full says that the file system may be full at any time.
	Full   bool
	Limits Limits
	// Choices, if there are any, are what is chosen instead of by the seed, until they
	// end: the input of a fuzz target.
	Choices []byte
}

// choices are random numbers from the input of a fuzz target.
type choices struct {
	left []byte
	more *rand.PCG
}

// Uint64 takes two bytes, which are the most significant ones: those decide. The
// others are random, for package rand goes on until it likes a number.
func (c *choices) Uint64() uint64 {
	n := c.more.Uint64()
	for i := range min(2, len(c.left)) {
		n = n&^(0xff<<(56-8*i)) | uint64(c.left[i])<<(56-8*i)
	}
	c.left = c.left[min(2, len(c.left)):]
	return n
}

// Bounds of an exercise: small, so that operations meet each other.
const (
	exerciseBytes   = 256 << 10 // greatest file, as fsx has it
	exerciseHandles = 12
	exerciseLists   = 4
	exerciseHeld    = 8
	exerciseDepth   = 6
	exerciseNames   = 120  // in all directories together
	exerciseTrace   = 25   // operations that a failure shows
	verifyEvery     = 4000 // operations between two looks at everything
)

// Exercise does random operations on what open returns and on a model of it, and
// compares all answers; what is there at first becomes the model. A failure tells
// the seed, and after how many operations everything first differs from the model
// (for that it is done once more, looking at everything after each operation).
func Exercise(t *testing.T, open func(t *testing.T) vfs.FileSystem, plan Plan) {
	t.Helper()
	good, n, text := attempt(open(t), plan, plan.Operations)
	if text == "" {
		return
	}
	shorter := plan
	shorter.Operations = n
	if _, again, shortest := attempt(open(t), shorter, good); shortest != "" {
		n, text = again, shortest
	}
	t.Fatalf("seed %d, after %d operations: %s", plan.Seed, n, text)
}

// failure is what an exercise ends with.
type failure string

// attempt exercises a file system and looks at everything now and then, and from
// one operation on after each. It returns up to where all was well, and where and
// why it was not.
func attempt(files vfs.FileSystem, plan Plan, closely int) (good, n int, text string) {
	e := &exerciser{files: files, plan: plan, random: rand.New(rand.NewPCG(plan.Seed, 1))}
	fixed := &choices{plan.Choices, rand.NewPCG(plan.Seed, 2)}
	if plan.Choices != nil {
		e.random = rand.New(fixed)
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			text = string(r) + "\n" + strings.Join(e.trace, "\n")
		default:
			panic(r)
		}
	}()
	e.scan()
	for ; n < plan.Operations && (plan.Choices == nil || len(fixed.left) > 0); n++ {
		e.number = n
		e.operation()
		if n >= closely || n%verifyEvery == verifyEvery-1 {
			e.verify()
			good = n
		}
	}
	e.verify()
	e.finish()
	return n, n, ""
}

// object is a file, directory or link of the model.
type object struct {
	kind     vfs.Type
	links    int // of a directory 1, or 0 when removed
	content  []byte
	target   string
	children []child // of a directory
	parent   *object
	serial   uint64
	modified uint64 // as it was set; 0: not known
}

// child is a name in a directory of the model.
type child struct {
	name string
	*object
}

// find returns the index of a name, or -1.
func (o *object) find(name string) int {
	return slices.IndexFunc(o.children, func(c child) bool { return c.name == name })
}

// child returns what has a name, or nil.
func (o *object) child(name string) *object {
	if i := o.find(name); i >= 0 {
		return o.children[i].object
	}
	return nil
}

// nameIn returns the name of a directory.
func (o *object) nameIn(parent *object) string {
	return parent.children[slices.IndexFunc(parent.children, func(c child) bool { return c.object == o })].name
}

// within reports whether o is above, or lies below it.
func (o *object) within(above *object) bool {
	for o != nil && o != above {
		o = o.parent
	}
	return o != nil
}

// opened is an open file.
type opened struct {
	h    vfs.Handle
	mode vfs.Mode
	*object
}

// heldNode is a node with a reference.
type heldNode struct {
	node vfs.NodeID
	*object
}

// exerciser is an exercise under way.
type exerciser struct {
	files  vfs.FileSystem
	plan   Plan
	random *rand.Rand
	number int
	root   *object
	names  int // in all directories together
	open   []opened
	lists  []*listing
	held   []heldNode
	trace  []string
	buffer []byte
}

// failf ends the exercise.
func (e *exerciser) failf(format string, arguments ...any) {
	panic(failure(fmt.Sprintf(format, arguments...)))
}

// note records an operation.
func (e *exerciser) note(format string, arguments ...any) {
	if len(e.trace) == exerciseTrace {
		e.trace = append(e.trace[:0], e.trace[1:]...)
	}
	e.trace = append(e.trace, fmt.Sprintf("%d: "+format, append([]any{e.number}, arguments...)...))
}

// expect compares the answer of an operation: it fails with one of the errors
// that apply, or succeeds if there are none. It reports whether it succeeded.
func (e *exerciser) expect(err error, errs []error) bool {
	switch {
	case err == vfs.ErrNoSpace && e.plan.Full:
	case err == nil && len(errs) == 0:
		return true
	case !slices.Contains(errs, err):
		e.failf("the answer is %v, want %v", err, errs)
	}
	return false
}

// must is expect of what has to succeed.
func (e *exerciser) must(what string, err error) {
	if err != nil {
		e.failf("%s: %v", what, err)
	}
}

// scan makes the model of what is there.
func (e *exerciser) scan() {
	e.root = &object{kind: vfs.Directory, links: 1}
	found := map[uint64]*object{} // by serial number, for hard links
	e.scanDirectory(e.files.Root(), e.root, found)
}

func (e *exerciser) scanDirectory(node vfs.NodeID, directory *object, found map[uint64]*object) {
	for _, name := range e.namesIn(node) {
		entry, err := e.files.Lookup(node, []byte(name))
		e.must("Lookup "+name, err)
		a, err := e.files.Attributes(entry.Node)
		e.must("Attributes", err)
		o := found[a.Serial]
		if o == nil || a.Type == vfs.Directory {
			o = &object{kind: a.Type, serial: a.Serial}
			found[a.Serial] = o
			switch a.Type {
			case vfs.Directory:
				o.parent = directory
				e.scanDirectory(entry.Node, o, found)
			case vfs.File:
				o.content = bytes.Clone(e.contentOf(entry.Node, int(a.Size)))
			case vfs.Symlink:
				target, err := e.files.ReadLink(entry.Node)
				e.must("ReadLink", err)
				o.target = string(target)
			}
		}
		o.links++
		e.names++
		directory.children = append(directory.children, child{name, o})
		e.files.Release(entry.Node)
	}
}

// namesIn lists a directory.
func (e *exerciser) namesIn(node vfs.NodeID) (names []string) {
	h, err := e.files.Open(node, vfs.ModeRead)
	e.must("Open a directory", err)
	e.must("List", e.files.List(h, 0, func(entry *vfs.DirectoryEntry) bool {
		names = append(names, string(entry.Name))
		return true
	}))
	e.must("Close", e.files.Close(h))
	if len(names) < 2 || names[0] != "." || names[1] != ".." {
		e.failf("a listing begins with %q", names)
	}
	return names[2:]
}

// contentOf reads a file of size bytes; it is valid until the next call.
func (e *exerciser) contentOf(node vfs.NodeID, size int) []byte {
	h, err := e.files.Open(node, vfs.ModeRead)
	e.must("Open", err)
	e.buffer = slices.Grow(e.buffer[:0], size+1)[:size+1]
	n, err := e.files.Read(h, [][]byte{e.buffer}, 0)
	e.must("Read", err)
	if n != size {
		e.failf("read %d bytes of a file of %d", n, size)
	}
	e.must("Close", e.files.Close(h))
	return e.buffer[:n]
}

// verify looks at everything.
func (e *exerciser) verify() {
	e.verifyDirectory(e.files.Root(), e.root, "", map[uint64]*object{})
	for _, o := range e.open {
		e.verifyOpen(o)
	}
	for _, n := range e.held {
		if n.links != 0 || !e.plan.Limits.UnlinkedNeedsHandle {
			e.verifyNode(n.node, n.object, "a held node")
		}
	}
}

// verifyOpen compares an open file, which may have no name any more.
func (e *exerciser) verifyOpen(o opened) {
	if o.mode&vfs.ModeRead == 0 {
		return
	}
	size := len(o.content) + 1
	e.buffer = slices.Grow(e.buffer[:0], size)[:size]
	n, err := e.files.Read(o.h, [][]byte{e.buffer}, 0)
	e.must("Read", err)
	e.same(e.buffer[:n], o.content, "an open file")
}

// same compares contents.
func (e *exerciser) same(got, want []byte, what string) {
	if bytes.Equal(got, want) {
		return
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	e.failf("%s: %d bytes, want %d; the first difference is at %d: %x, want %x", what, len(got), len(want), at,
		got[at:min(at+16, len(got))], want[at:min(at+16, len(want))])
}

func (e *exerciser) verifyDirectory(node vfs.NodeID, directory *object, path string, serials map[uint64]*object) {
	names := e.namesIn(node)
	var want []string
	for _, c := range directory.children {
		want = append(want, c.name)
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		e.failf("%s/ has %q, want %q", path, names, want)
	}
	e.verifyNode(node, directory, path+"/")
	for _, c := range directory.children {
		entry, err := e.files.Lookup(node, []byte(c.name))
		e.must("Lookup "+path+"/"+c.name, err)
		if entry.Type != c.kind {
			e.failf("%s/%s has type %d, want %d", path, c.name, entry.Type, c.kind)
		}
		e.verifyNode(entry.Node, c.object, path+"/"+c.name)
		if other := serials[c.serial]; other != nil && other != c.object {
			e.failf("%s/%s: another one has the inode number %d too", path, c.name, c.serial)
		}
		serials[c.serial] = c.object
		switch c.kind {
		case vfs.Directory:
			e.verifyDirectory(entry.Node, c.object, path+"/"+c.name, serials)
		case vfs.File:
			e.same(e.contentOf(entry.Node, len(c.content)), c.content, path+"/"+c.name)
		case vfs.Symlink:
			target, err := e.files.ReadLink(entry.Node)
			e.must("ReadLink", err)
			if string(target) != c.target {
				e.failf("%s/%s leads to %q, want %q", path, c.name, target, c.target)
			}
		}
		e.files.Release(entry.Node)
	}
}

// verifyNode compares attributes.
func (e *exerciser) verifyNode(node vfs.NodeID, o *object, what string) {
	a, err := e.files.Attributes(node)
	e.must("Attributes of "+what, err)
	if o.serial == 0 {
		o.serial = a.Serial
	}
	size := uint64(len(o.content) + len(o.target))
	switch {
	case a.Serial == 0 || a.Serial != o.serial:
		e.failf("%s has inode number %d, want %d", what, a.Serial, o.serial)
	case a.Type != o.kind:
		e.failf("%s has type %d, want %d", what, a.Type, o.kind)
	case o.kind != vfs.Directory && (a.Links != uint64(o.links) || a.Size != size):
		e.failf("%s has %d links and %d bytes, want %d and %d", what, a.Links, a.Size, o.links, size)
	case o.modified != 0 && a.ModifiedNanos/max(e.plan.Limits.TimeNanos, 1) != o.modified/max(e.plan.Limits.TimeNanos, 1):
		e.failf("%s was modified at %d, want %d", what, a.ModifiedNanos, o.modified)
	}
}

// finish closes what is open.
func (e *exerciser) finish() {
	for _, o := range e.open {
		e.must("Close", e.files.Close(o.h))
	}
	for _, l := range e.lists {
		e.must("Close", e.files.Close(l.h))
	}
	for _, n := range e.held {
		e.files.Release(n.node)
	}
}
