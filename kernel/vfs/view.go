package vfs

// view shows a file system that may change, but not by whoever sees it so: the
// methods of readOnly are nearer than those below.
type view struct {
	readOnly
	below
}

type below struct{ FileSystem }

// ReadOnly returns a view of a file system in which nothing can be changed.
func ReadOnly(files FileSystem) FileSystem { return view{readOnly{files}, below{files}} }

// Open opens a file or directory, if it is not to be changed.
func (v view) Open(node NodeID, mode Mode) (Handle, error) {
	if mode&(ModeWrite|ModeTruncate) == 0 {
		return v.below.Open(node, mode)
	}
	a, err := v.Attributes(node)
	if err != nil {
		return 0, err
	}
	return 0, openError(a.Type, mode)
}
