// Package vfstest tests file systems, and makes archives for tests.
//
// In: a vfs.FileSystem; out: whether it does what the interface says (Run). In:
// paths and contents; out: abi.Archive as the image builder writes it (Archive).
package vfstest

import (
	"slices"
	"strings"

	"mewz/abi"
)

// ModifiedNanos is the time of every node.
const ModifiedNanos = 1_700_000_000_123_456_789

// Tree is the files of an archive by path. A content that begins with "->" is a
// symbolic link; directories need not be named, unless they are empty: then the
// path ends with a slash.
type Tree map[string]string

// node is a node under construction.
type node struct {
	abi.ArchiveNode
	name     string
	content  string
	children map[string]*node
	number   uint64
}

// Archive encodes t.
func Archive(t Tree) []byte {
	root := &node{ArchiveNode: abi.ArchiveNode{Type: abi.ArchiveDirectory}, children: map[string]*node{}}
	for path, content := range t {
		root.add(path, content)
	}
	list := []*node{root}
	for i := 0; i < len(list); i++ {
		n := list[i]
		if n.Type != abi.ArchiveDirectory {
			continue
		}
		n.DataOffset, n.Size, n.Links = uint64(len(list)), uint64(len(n.children)), 2
		for _, name := range sorted(n.children) {
			child := n.children[name]
			child.Parent, child.number = n.number, uint64(len(list))
			list = append(list, child)
		}
	}
	return encode(list)
}

func sorted(children map[string]*node) []string {
	var names []string
	for name := range children {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// add puts a file, link or empty directory below n.
func (n *node) add(path, content string) {
	name, rest, more := strings.Cut(path, "/")
	child := n.children[name]
	if child == nil {
		child = &node{name: name}
		child.Type = abi.ArchiveDirectory
		n.children[name] = child
	}
	target, link := strings.CutPrefix(content, "->")
	switch {
	case more:
		if child.children == nil {
			child.children = map[string]*node{}
		}
		if rest != "" {
			child.add(rest, content)
		}
	case link:
		child.Type, child.content = abi.ArchiveSymlink, target
	default:
		child.Type, child.content = abi.ArchiveFile, content
	}
}

// encode lays nodes, names and contents out.
func encode(list []*node) []byte {
	at := uint64(abi.ArchiveHeaderBytes + len(list)*abi.ArchiveNodeBytes)
	var names, contents []byte
	for _, n := range list {
		n.NameOffset, n.NameBytes = at+uint64(len(names)), uint16(len(n.name))
		names = append(names, n.name...)
	}
	at += uint64(len(names))
	b := abi.AppendArchiveHeader(nil, uint64(len(list)))
	for _, n := range list {
		n.ModifiedNanos, n.Mode = ModifiedNanos, 0o644
		if n.Type != abi.ArchiveDirectory {
			n.DataOffset, n.Size, n.Links = at+uint64(len(contents)), uint64(len(n.content)), 1
			contents = append(contents, n.content...)
		}
		b = abi.AppendArchiveNode(b, &n.ArchiveNode)
	}
	return append(append(b, names...), contents...)
}
