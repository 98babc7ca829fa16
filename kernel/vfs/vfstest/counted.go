package vfstest

import "mewz/kernel/vfs"

// Counted is a file system that counts what its caller holds.
type Counted struct {
	vfs.FileSystem
	// References are those that are held, by node; one that is given back too often
	// is negative.
	References map[vfs.NodeID]int
	Handles    int // that are open
	// OnLookup, if set, is called before each Lookup, as a host may change things in
	// the middle of a walk.
	OnLookup func(directory vfs.NodeID, name string)
}

// Count counts what is held of a file system.
func Count(files vfs.FileSystem) *Counted {
	return &Counted{FileSystem: files, References: map[vfs.NodeID]int{}}
}

func (c *Counted) add(node vfs.NodeID, n int) {
	if c.References[node] += n; c.References[node] == 0 {
		delete(c.References, node)
	}
}

// Hold counts a reference.
func (c *Counted) Hold(node vfs.NodeID) {
	c.add(node, 1)
	c.FileSystem.Hold(node)
}

// Release counts one less.
func (c *Counted) Release(node vfs.NodeID) {
	c.add(node, -1)
	c.FileSystem.Release(node)
}

// Lookup counts a reference to what it finds.
func (c *Counted) Lookup(directory vfs.NodeID, name []byte) (vfs.Entry, error) {
	if c.OnLookup != nil {
		c.OnLookup(directory, string(name))
	}
	entry, err := c.FileSystem.Lookup(directory, name)
	if err == nil {
		c.add(entry.Node, 1)
	}
	return entry, err
}

// Open counts a handle.
func (c *Counted) Open(node vfs.NodeID, mode vfs.Mode) (vfs.Handle, error) {
	h, err := c.FileSystem.Open(node, mode)
	if err == nil {
		c.Handles++
	}
	return h, err
}

// Create counts a handle and a reference.
func (c *Counted) Create(directory vfs.NodeID, name []byte, mode vfs.Mode) (vfs.Entry, vfs.Handle, error) {
	entry, h, err := c.FileSystem.Create(directory, name, mode)
	if err == nil {
		c.add(entry.Node, 1)
		c.Handles++
	}
	return entry, h, err
}

// Close counts one less.
func (c *Counted) Close(h vfs.Handle) error {
	c.Handles--
	return c.FileSystem.Close(h)
}
