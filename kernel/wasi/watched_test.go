package wasi

import (
	"testing"

	"mewz/kernel/vfs"
)

// watched is a file system that counts the references and handles of another one, reports
// what is used without one, and fails when it is told to.
type watched struct {
	t       testing.TB
	files   vfs.FileSystem
	nodes   map[vfs.NodeID]int
	handles map[vfs.Handle]int
	calls   int // all but Hold, Release, Close
	// failing, if set, decides by name which calls fail before they reach the other one.
	failing func(call string) error
	// cut, if set, is the most bytes that a Read, Write or Append moves.
	cut int
	// unsure leaves numbers and types out of listings.
	unsure bool
}

// watch watches files until the test ends, or fails.
func watch(t testing.TB, files vfs.FileSystem) *watched {
	return &watched{t: t, files: files, nodes: map[vfs.NodeID]int{files.Root(): 1}, handles: map[vfs.Handle]int{}}
}

// balanced reports what was not given back.
func (w *watched) balanced() {
	w.t.Helper()
	for node, n := range w.nodes {
		if want := 0; n != want && !(node == w.files.Root() && n == 1) {
			w.t.Errorf("node %d has %d references at the end", node, n)
		}
	}
	for handle, n := range w.handles {
		if n != 0 {
			w.t.Errorf("handle %d is open %d times at the end", handle, n)
		}
	}
}

// call begins a call with some nodes.
func (w *watched) call(name string, nodes ...vfs.NodeID) error {
	w.t.Helper()
	w.calls++
	for _, node := range nodes {
		if w.nodes[node] <= 0 {
			w.t.Errorf("%s: nobody holds node %d", name, node)
		}
	}
	if w.failing != nil {
		return w.failing(name)
	}
	return nil
}

// use begins a call with a handle.
func (w *watched) use(name string, h vfs.Handle) error {
	w.t.Helper()
	if w.handles[h] <= 0 {
		w.t.Errorf("%s: handle %d is not open", name, h)
	}
	return w.call(name)
}

// short leaves of buffers what cut allows.
func (w *watched) short(buffers [][]byte) [][]byte {
	if w.cut == 0 {
		return buffers
	}
	left := w.cut
	var kept [][]byte
	for _, b := range buffers {
		n := min(len(b), left)
		kept, left = append(kept, b[:n]), left-n
	}
	return kept
}

func (w *watched) Root() vfs.NodeID { return w.files.Root() }

func (w *watched) Lookup(directory vfs.NodeID, name []byte) (vfs.Entry, error) {
	if err := w.call("Lookup", directory); err != nil {
		return vfs.Entry{}, err
	}
	entry, err := w.files.Lookup(directory, name)
	if err == nil {
		w.nodes[entry.Node]++
	}
	return entry, err
}

func (w *watched) Hold(node vfs.NodeID) {
	if w.nodes[node] <= 0 {
		w.t.Errorf("Hold: nobody holds node %d", node)
	}
	w.nodes[node]++
	w.files.Hold(node)
}

func (w *watched) Release(node vfs.NodeID) {
	if w.nodes[node] <= 0 {
		w.t.Errorf("Release: nobody holds node %d", node)
	}
	w.nodes[node]--
	w.files.Release(node)
}

func (w *watched) Attributes(node vfs.NodeID) (vfs.Attributes, error) {
	if err := w.call("Attributes", node); err != nil {
		return vfs.Attributes{}, err
	}
	return w.files.Attributes(node)
}

func (w *watched) SetAttributes(node vfs.NodeID, change vfs.Change) error {
	if err := w.call("SetAttributes", node); err != nil {
		return err
	}
	return w.files.SetAttributes(node, change)
}

func (w *watched) Open(node vfs.NodeID, mode vfs.Mode) (vfs.Handle, error) {
	if err := w.call("Open", node); err != nil {
		return 0, err
	}
	h, err := w.files.Open(node, mode)
	if err == nil {
		w.handles[h]++
	}
	return h, err
}

func (w *watched) Create(directory vfs.NodeID, name []byte, mode vfs.Mode) (vfs.Entry, vfs.Handle, error) {
	if err := w.call("Create", directory); err != nil {
		return vfs.Entry{}, 0, err
	}
	entry, h, err := w.files.Create(directory, name, mode)
	if err == nil {
		w.nodes[entry.Node]++
		w.handles[h]++
	}
	return entry, h, err
}

func (w *watched) Close(h vfs.Handle) error {
	failed := w.use("Close", h)
	w.handles[h]--
	if err := w.files.Close(h); err != nil {
		return err
	}
	return failed
}

func (w *watched) Read(h vfs.Handle, into [][]byte, offset uint64) (int, error) {
	if err := w.use("Read", h); err != nil {
		return 0, err
	}
	return w.files.Read(h, w.short(into), offset)
}

func (w *watched) Write(h vfs.Handle, from [][]byte, offset uint64) (int, error) {
	if err := w.use("Write", h); err != nil {
		return 0, err
	}
	return w.files.Write(h, w.short(from), offset)
}

func (w *watched) Append(h vfs.Handle, from [][]byte) (int, uint64, error) {
	if err := w.use("Append", h); err != nil {
		return 0, 0, err
	}
	return w.files.Append(h, w.short(from))
}

func (w *watched) Allocate(h vfs.Handle, offset, bytes uint64) error {
	if err := w.use("Allocate", h); err != nil {
		return err
	}
	return w.files.Allocate(h, offset, bytes)
}

func (w *watched) Sync(h vfs.Handle, data bool) error {
	name := "Sync"
	if data {
		name = "Sync data"
	}
	if err := w.use(name, h); err != nil {
		return err
	}
	return w.files.Sync(h, data)
}

func (w *watched) List(h vfs.Handle, cookie uint64, visit func(*vfs.DirectoryEntry) bool) error {
	if err := w.use("List", h); err != nil {
		return err
	}
	if !w.unsure {
		return w.files.List(h, cookie, visit)
	}
	before := w.calls
	return w.files.List(h, cookie, func(e *vfs.DirectoryEntry) bool {
		if before != w.calls {
			w.t.Error("a call began before List had ended")
		}
		unknown := *e
		unknown.Serial, unknown.Type = 0, 0
		return visit(&unknown)
	})
}

func (w *watched) ReadLink(node vfs.NodeID) ([]byte, error) {
	if err := w.call("ReadLink", node); err != nil {
		return nil, err
	}
	return w.files.ReadLink(node)
}

func (w *watched) MakeDirectory(directory vfs.NodeID, name []byte) error {
	if err := w.call("MakeDirectory", directory); err != nil {
		return err
	}
	return w.files.MakeDirectory(directory, name)
}

func (w *watched) MakeSymlink(directory vfs.NodeID, name, target []byte) error {
	if err := w.call("MakeSymlink", directory); err != nil {
		return err
	}
	return w.files.MakeSymlink(directory, name, target)
}

func (w *watched) MakeLink(node, directory vfs.NodeID, name []byte) error {
	if err := w.call("MakeLink", node, directory); err != nil {
		return err
	}
	return w.files.MakeLink(node, directory, name)
}

func (w *watched) Unlink(directory vfs.NodeID, name []byte) error {
	if err := w.call("Unlink", directory); err != nil {
		return err
	}
	return w.files.Unlink(directory, name)
}

func (w *watched) RemoveDirectory(directory vfs.NodeID, name []byte) error {
	if err := w.call("RemoveDirectory", directory); err != nil {
		return err
	}
	return w.files.RemoveDirectory(directory, name)
}

func (w *watched) Rename(from vfs.NodeID, fromName []byte, to vfs.NodeID, toName []byte) error {
	if err := w.call("Rename", from, to); err != nil {
		return err
	}
	return w.files.Rename(from, fromName, to, toName)
}
