package vfstest

import (
	"slices"
	"strings"
	"syscall"

	"mewz/kernel/vfs"
)

// operations are what an exercise does, each as often as its weight says.
var operations = []struct {
	weight int
	do     func(e *exerciser)
}{
	{14, (*exerciser).read}, {14, (*exerciser).write}, {5, (*exerciser).appendTo}, {6, (*exerciser).resize}, {3, (*exerciser).allocate},
	{8, (*exerciser).openFile}, {7, (*exerciser).closeFile}, {1, (*exerciser).sync},
	{9, (*exerciser).create}, {5, (*exerciser).makeDirectory}, {2, (*exerciser).makeSymlink}, {4, (*exerciser).makeLink},
	{7, (*exerciser).unlink}, {3, (*exerciser).removeDirectory}, {9, (*exerciser).rename},
	{4, (*exerciser).lookup}, {3, (*exerciser).setTimes}, {3, (*exerciser).hold}, {3, (*exerciser).release},
	{2, (*exerciser).openList}, {8, (*exerciser).list},
}

// operation does one.
func (e *exerciser) operation() {
	sum := 0
	for _, o := range operations {
		sum += o.weight
	}
	at := e.random.IntN(sum)
	for _, o := range operations {
		if at -= o.weight; at < 0 {
			o.do(e)
			break
		}
	}
	for e.names > exerciseNames {
		before := e.names
		if e.unlink(); e.names == before {
			e.removeDirectory()
		}
	}
}

// nameList is all names that are used, few enough to be met again.
var nameList = func() []string {
	names := strings.Split("abcdefghijklmnop", "")
	return append(names, strings.Repeat("n", 255), strings.Repeat("n", 100), "two words", ".hidden", "\xc3\xbc")
}()

func (e *exerciser) name() string { return nameList[e.random.IntN(len(nameList))] }

// directory chooses a directory of the tree, or one that is held and may be
// removed.
func (e *exerciser) directory() *object {
	if len(e.held) != 0 && e.random.IntN(10) == 0 {
		if n := e.held[e.random.IntN(len(e.held))]; n.kind == vfs.Directory && (n.links != 0 || !e.plan.Limits.UnlinkedNeedsHandle) {
			return n.object
		}
	}
	o := e.root
	for depth := 0; depth < exerciseDepth && e.random.IntN(4) != 0; depth++ {
		var below []*object
		for _, c := range o.children {
			if c.kind == vfs.Directory {
				below = append(below, c.object)
			}
		}
		if len(below) == 0 {
			break
		}
		o = below[e.random.IntN(len(below))]
	}
	return o
}

// node returns the node of a directory: one that is held, or by walking there.
// The caller gives the reference back.
func (e *exerciser) node(o *object) vfs.NodeID {
	for _, n := range e.held {
		if n.object == o {
			e.files.Hold(n.node)
			return n.node
		}
	}
	if o == e.root {
		e.files.Hold(e.files.Root())
		return e.files.Root()
	}
	parent := e.node(o.parent)
	entry, err := e.files.Lookup(parent, []byte(o.nameIn(o.parent)))
	e.must("Lookup on the way", err)
	e.files.Release(parent)
	return entry.Node
}

// depth is how deep a directory lies.
func (o *object) depth() (n int) {
	for o.parent != nil {
		o = o.parent
		n++
	}
	return n
}

// any chooses a name in a directory, mostly one that is there.
func (e *exerciser) any(directory *object) string {
	if n := len(directory.children); n != 0 && e.random.IntN(5) != 0 {
		return directory.children[e.random.IntN(n)].name
	}
	return e.name()
}

// vacancy lists what is wrong with making a name.
func vacancy(directory *object, name string) (errs []error) {
	if directory.links == 0 {
		errs = append(errs, vfs.ErrNotFound)
	}
	if directory.child(name) != nil {
		errs = append(errs, vfs.ErrExists)
	}
	return errs
}

// enter gives an object a name in the model.
func (e *exerciser) enter(directory *object, name string, o *object) {
	directory.children = append(directory.children, child{name, o})
	directory.modified = 0
	e.names++
	for _, l := range e.lists {
		l.changed(directory, name, true)
	}
}

// leave takes a name away in the model.
func (e *exerciser) leave(directory *object, name string) {
	i := directory.find(name)
	directory.children = slices.Delete(directory.children, i, i+1)
	directory.modified = 0
	e.names--
	for _, l := range e.lists {
		l.changed(directory, name, false)
	}
}

func (e *exerciser) create() {
	if len(e.open) == exerciseHandles {
		e.closeFile()
		return
	}
	directory, name := e.directory(), e.name()
	e.note("create %.9s", name)
	node := e.node(directory)
	defer e.files.Release(node)
	entry, h, err := e.files.Create(node, []byte(name), vfs.ModeRead|vfs.ModeWrite)
	if !e.expect(err, vacancy(directory, name)) {
		return
	}
	o := &object{kind: vfs.File, links: 1}
	e.enter(directory, name, o)
	e.verifyNode(entry.Node, o, "a new file")
	e.files.Release(entry.Node)
	e.open = append(e.open, opened{h, vfs.ModeRead | vfs.ModeWrite, o})
}

func (e *exerciser) makeDirectory() {
	directory, name := e.directory(), e.name()
	if directory.depth() >= exerciseDepth {
		return
	}
	e.note("mkdir %.9s", name)
	node := e.node(directory)
	defer e.files.Release(node)
	if e.expect(e.files.MakeDirectory(node, []byte(name)), vacancy(directory, name)) {
		e.enter(directory, name, &object{kind: vfs.Directory, links: 1, parent: directory})
	}
}

func (e *exerciser) makeSymlink() {
	directory, name := e.directory(), e.name()
	target := strings.Repeat("t", 1+e.random.IntN(200))
	if e.random.IntN(10) == 0 {
		target = strings.Repeat("../", 1000)
	}
	e.note("symlink %.9s, %d bytes", name, len(target))
	node := e.node(directory)
	defer e.files.Release(node)
	if e.expect(e.files.MakeSymlink(node, []byte(name), []byte(target)), vacancy(directory, name)) {
		e.enter(directory, name, &object{kind: vfs.Symlink, links: 1, target: target})
	}
}

func (e *exerciser) makeLink() {
	from, to, toName := e.directory(), e.directory(), e.name()
	fromName := e.any(from)
	o := from.child(fromName)
	if o == nil {
		return
	}
	e.note("link %.9s to %.9s", fromName, toName)
	node, source := e.node(to), e.node(from)
	entry, err := e.files.Lookup(source, []byte(fromName))
	e.must("Lookup", err)
	defer e.files.Release(node)
	defer e.files.Release(source)
	defer e.files.Release(entry.Node)
	errs := vacancy(to, toName)
	if o.kind == vfs.Directory {
		errs = append(errs, syscall.EPERM)
	}
	if e.expect(e.files.MakeLink(entry.Node, node, []byte(toName)), errs) {
		e.enter(to, toName, o)
		o.links++
	}
}

func (e *exerciser) unlink() {
	directory := e.directory()
	name := e.any(directory)
	e.note("unlink %.9s", name)
	var errs []error
	o := directory.child(name)
	switch {
	case o == nil:
		errs = append(errs, vfs.ErrNotFound)
	case o.kind == vfs.Directory:
		errs = append(errs, vfs.ErrDirectory)
	}
	node := e.node(directory)
	defer e.files.Release(node)
	if e.expect(e.files.Unlink(node, []byte(name)), errs) {
		e.leave(directory, name)
		o.links--
	}
}

func (e *exerciser) removeDirectory() {
	directory := e.directory()
	name := e.any(directory)
	e.note("rmdir %.9s", name)
	var errs []error
	o := directory.child(name)
	switch {
	case o == nil:
		errs = append(errs, vfs.ErrNotFound)
	case o.kind != vfs.Directory:
		errs = append(errs, vfs.ErrNotDirectory)
	case len(o.children) != 0:
		errs = append(errs, vfs.ErrNotEmpty)
	}
	node := e.node(directory)
	defer e.files.Release(node)
	if e.expect(e.files.RemoveDirectory(node, []byte(name)), errs) {
		e.leave(directory, name)
		o.links, o.modified = 0, 0
	}
}

func (e *exerciser) rename() {
	from, to := e.directory(), e.directory()
	fromName, toName := e.any(from), e.any(to)
	moved, old := from.child(fromName), to.child(toName)
	if moved != nil && moved.kind == vfs.Directory && to.depth() >= exerciseDepth {
		return
	}
	e.note("rename %.9s to %.9s", fromName, toName)
	source, target := e.node(from), e.node(to)
	defer e.files.Release(source)
	defer e.files.Release(target)
	err := e.files.Rename(source, []byte(fromName), target, []byte(toName))
	if !e.expect(err, renameErrors(moved, from, to, old)) || moved == old {
		return
	}
	if old != nil {
		to.children[to.find(toName)].object = moved // who lists sees the name all the time
		to.modified = 0
		old.links--
		if old.kind == vfs.Directory {
			old.links, old.modified = 0, 0
		}
	}
	e.leave(from, fromName)
	if old == nil {
		e.enter(to, toName, moved)
	}
	if moved.kind == vfs.Directory {
		moved.parent = to
		moved.modified = 0 // its .. has changed, which may count
	}
}

// renameErrors lists what is wrong with a rename.
func renameErrors(moved, from, to, old *object) (errs []error) {
	if moved == nil {
		errs = append(errs, vfs.ErrNotFound)
	}
	if to.links == 0 {
		errs = append(errs, vfs.ErrNotFound)
	}
	if moved != nil && moved.kind == vfs.Directory && to.within(moved) {
		errs = append(errs, vfs.ErrInvalid)
	}
	if moved == nil || old == nil || moved == old {
		return errs
	}
	switch {
	case old.kind == vfs.Directory && moved.kind != vfs.Directory:
		errs = append(errs, vfs.ErrDirectory)
	case old.kind != vfs.Directory && moved.kind == vfs.Directory:
		errs = append(errs, vfs.ErrNotDirectory)
	}
	if len(old.children) != 0 || from.within(old) {
		errs = append(errs, vfs.ErrNotEmpty)
	}
	return errs
}

func (e *exerciser) lookup() {
	directory := e.directory()
	name := e.any(directory)
	e.note("lookup %.9s", name)
	var errs []error
	o := directory.child(name)
	if o == nil {
		errs = append(errs, vfs.ErrNotFound)
	}
	node := e.node(directory)
	defer e.files.Release(node)
	entry, err := e.files.Lookup(node, []byte(name))
	if e.expect(err, errs) {
		e.verifyNode(entry.Node, o, name)
		e.files.Release(entry.Node)
	}
}

// find looks up something with a name that is there, or returns false.
func (e *exerciser) find() (vfs.NodeID, *object, bool) {
	directory := e.directory()
	name := e.any(directory)
	o := directory.child(name)
	if o == nil {
		return 0, nil, false
	}
	node := e.node(directory)
	entry, err := e.files.Lookup(node, []byte(name))
	e.must("Lookup", err)
	e.files.Release(node)
	return entry.Node, o, true
}

func (e *exerciser) setTimes() {
	node, o, ok := e.find()
	if !ok {
		return
	}
	defer e.files.Release(node)
	when := 1_000_000_000_000_000_000 + e.random.Uint64N(1<<59)
	e.note("set times")
	if e.expect(e.files.SetAttributes(node, vfs.Change{Modified: vfs.TimeSet, ModifiedNanos: when}), nil) {
		o.modified = when
	}
}

func (e *exerciser) hold() {
	if len(e.held) == exerciseHeld {
		e.release()
		return
	}
	if node, o, ok := e.find(); ok {
		e.note("hold")
		e.held = append(e.held, heldNode{node, o})
	}
}

func (e *exerciser) release() {
	if len(e.held) == 0 {
		return
	}
	i := e.random.IntN(len(e.held))
	e.note("release")
	e.files.Release(e.held[i].node)
	e.held = slices.Delete(e.held, i, i+1)
}
