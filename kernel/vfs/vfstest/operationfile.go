package vfstest

import (
	"slices"
	"syscall"

	"mewz/kernel/vfs"
)

func (e *exerciser) openFile() {
	node, o, ok := e.find()
	if !ok {
		return
	}
	defer e.files.Release(node)
	mode := []vfs.Mode{
		vfs.ModeRead, vfs.ModeWrite, vfs.ModeRead | vfs.ModeWrite, vfs.ModeRead | vfs.ModeWrite, vfs.ModeWrite | vfs.ModeTruncate,
		vfs.ModeRead | vfs.ModeWrite | vfs.ModeSync,
	}[e.random.IntN(6)]
	var errs []error
	switch {
	case o.kind == vfs.Symlink:
		errs = append(errs, vfs.ErrLoop)
	case o.kind == vfs.Directory && mode&vfs.ModeWrite != 0:
		errs = append(errs, vfs.ErrDirectory)
	case o.kind == vfs.Directory || len(e.open) == exerciseHandles:
		return
	}
	e.note("open, mode %d", mode)
	h, err := e.files.Open(node, mode)
	if !e.expect(err, errs) {
		return
	}
	if mode&vfs.ModeTruncate != 0 {
		o.content, o.modified = nil, 0
	}
	e.open = append(e.open, opened{h, mode, o})
}

func (e *exerciser) closeFile() {
	if len(e.open) == 0 {
		return
	}
	i := e.random.IntN(len(e.open))
	e.note("close file %d", i)
	e.must("Close", e.files.Close(e.open[i].h))
	e.open = slices.Delete(e.open, i, i+1)
}

// handle chooses an open file.
func (e *exerciser) handle(mode vfs.Mode) (opened, bool) {
	if len(e.open) == 0 {
		e.openFile()
		return opened{}, false
	}
	o := e.open[e.random.IntN(len(e.open))]
	return o, o.mode&mode != 0
}

// extent chooses where to read or write: small and large, at odd places and at
// boundaries of blocks.
func (e *exerciser) extent() (offset, n int) {
	offset, n = e.random.IntN(exerciseBytes), e.random.IntN(1+e.random.IntN(1+e.random.IntN(1<<16)))
	switch e.random.IntN(4) {
	case 0:
		offset &^= 4095
	case 1:
		offset, n = offset&^4095, (n+4095)&^4095
	case 2:
		offset %= 10_000
	}
	return offset, min(n, exerciseBytes-offset)
}

// split cuts a buffer into up to three.
func (e *exerciser) split(b []byte) [][]byte {
	i := e.random.IntN(len(b) + 1)
	if e.random.IntN(2) == 0 {
		return [][]byte{b}
	}
	return [][]byte{b[:i/2], b[i/2 : i], nil, b[i:]}
}

func (e *exerciser) read() {
	o, ok := e.handle(vfs.ModeRead)
	if !ok {
		return
	}
	offset, n := e.extent()
	e.note("read %d at %d of %d", n, offset, len(o.content))
	e.buffer = slices.Grow(e.buffer[:0], n)[:n]
	got, err := e.files.Read(o.h, e.split(e.buffer), uint64(offset))
	e.must("Read", err)
	from := min(offset, len(o.content))
	e.same(e.buffer[:got], o.content[from:min(from+n, len(o.content))], "read")
}

// pattern fills a buffer with what tells where it belongs.
func (e *exerciser) pattern(n int) []byte {
	e.buffer = slices.Grow(e.buffer[:0], n)[:n]
	for i := range e.buffer {
		e.buffer[i] = byte(e.number*31 + i*7 + i>>8)
	}
	return e.buffer
}

// put changes the content of a file in the model.
func (o *object) put(b []byte, offset int) {
	if len(b) == 0 {
		return
	}
	o.extend(offset + len(b))
	copy(o.content[offset:], b)
	o.modified = 0
}

// extend makes a file of the model as long as that, if it is not.
func (o *object) extend(size int) {
	if add := size - len(o.content); add > 0 {
		o.content = append(o.content, make([]byte, add)...)
	}
}

func (e *exerciser) write() {
	o, ok := e.handle(vfs.ModeWrite)
	if !ok {
		return
	}
	offset, n := e.extent()
	e.note("write %d at %d of %d", n, offset, len(o.content))
	b := e.pattern(n)
	done, err := e.files.Write(o.h, e.split(b), uint64(offset))
	if e.wrote(done, n, err) {
		o.put(b[:done], offset)
	}
}

// wrote checks the answer of a write and reports whether something was.
func (e *exerciser) wrote(done, n int, err error) bool {
	switch {
	case e.plan.Full && done < n && (err == nil && done > 0 || err == vfs.ErrNoSpace):
		return done > 0
	case err != nil || done != n:
		e.failf("wrote %d of %d, %v", done, n, err)
	}
	return true
}

func (e *exerciser) appendTo() {
	o, ok := e.handle(vfs.ModeWrite)
	if !ok {
		return
	}
	n := min(e.random.IntN(1+e.random.IntN(20_000)), max(0, exerciseBytes-len(o.content)))
	e.note("append %d to %d", n, len(o.content))
	b := e.pattern(n)
	done, end, err := e.files.Append(o.h, e.split(b))
	if e.wrote(done, n, err) {
		o.put(b[:done], len(o.content))
		if end != uint64(len(o.content)) {
			e.failf("the end is at %d, want %d", end, len(o.content))
		}
	}
}

func (e *exerciser) resize() {
	node, o, ok := e.find()
	if !ok {
		return
	}
	defer e.files.Release(node)
	size := e.random.IntN(1 + e.random.IntN(exerciseBytes))
	if e.random.IntN(3) == 0 {
		size &^= 4095
	}
	e.note("resize from %d to %d", len(o.content), size)
	var errs []error
	switch o.kind {
	case vfs.Directory:
		errs = append(errs, vfs.ErrDirectory)
	case vfs.Symlink:
		errs = append(errs, vfs.ErrInvalid)
	}
	if !e.expect(e.files.SetAttributes(node, vfs.Change{SetSize: true, Size: uint64(size)}), errs) {
		return
	}
	if size < len(o.content) {
		o.content = o.content[:size:size]
	}
	o.extend(size)
	o.modified = 0
}

func (e *exerciser) allocate() {
	o, ok := e.handle(vfs.ModeWrite)
	offset, n := e.extent()
	if !ok || n == 0 {
		return
	}
	e.note("allocate %d at %d of %d", n, offset, len(o.content))
	err := e.files.Allocate(o.h, uint64(offset), uint64(n))
	if err == syscall.EOPNOTSUPP { // not each file system of a host can
		return
	}
	if e.expect(err, nil) {
		o.extend(offset + n)
		o.modified = 0
	}
}

func (e *exerciser) sync() {
	if o, ok := e.handle(vfs.ModeRead | vfs.ModeWrite); ok {
		e.note("sync")
		e.must("Sync", e.files.Sync(o.h, e.random.IntN(2) == 0))
	}
}

// listing is a listing under way.
type listing struct {
	h      vfs.Handle
	cookie uint64
	*object
	// stayed are the names that have been there since the listing began, with how
	// often they have come; came are those that came or went since.
	stayed, came map[string]int
}

// changed records that a name came or went.
func (l *listing) changed(directory *object, name string, here bool) {
	if l.object != directory {
		return
	}
	if n, ok := l.stayed[name]; ok && !here {
		delete(l.stayed, name)
		l.came[name] = n
	} else if here {
		l.came[name] = 0
	}
}

func (e *exerciser) openList() {
	directory := e.directory()
	if len(e.lists) == exerciseLists || directory.links == 0 || e.plan.Limits.LooseCookies {
		return
	}
	e.note("open a directory of %d", len(directory.children))
	node := e.node(directory)
	defer e.files.Release(node)
	h, err := e.files.Open(node, vfs.ModeRead)
	e.must("Open a directory", err)
	l := &listing{h: h, object: directory, stayed: map[string]int{".": 0, "..": 0}, came: map[string]int{}}
	for _, c := range directory.children {
		l.stayed[c.name] = 0
	}
	e.lists = append(e.lists, l)
}

// list goes on with a listing; at its end all that stayed has come once.
func (e *exerciser) list() {
	if len(e.lists) == 0 {
		return
	}
	i := e.random.IntN(len(e.lists))
	l, most, n := e.lists[i], 1+e.random.IntN(5), 0
	e.note("list %d of directory %d from %#x", most, i, l.cookie)
	e.must("List", e.files.List(l.h, l.cookie, func(entry *vfs.DirectoryEntry) bool {
		name := string(entry.Name)
		l.cookie = entry.Next
		if _, ok := l.stayed[name]; ok {
			l.stayed[name]++
		} else if _, ok := l.came[name]; !ok {
			e.failf("the listing has %q, which is not there", name)
		}
		n++
		return n < most
	}))
	if n == most {
		return
	}
	e.note("the end of directory %d", i)
	if l.links != 0 { // what is listed of a removed directory is nobody's business
		for name, n := range l.stayed {
			if n != 1 {
				e.failf("%q came %d times in a listing, want once", name, n)
			}
		}
	}
	e.must("Close", e.files.Close(l.h))
	e.lists = slices.Delete(e.lists, i, i+1)
}
