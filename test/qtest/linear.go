package qtest

import "mewz/kernel/vfs"

// linear is a file system whose callers' buffers are put into memory that devices
// reach, as the buffers of a program are.
type linear struct {
	vfs.FileSystem
	memory  []byte
	buffers [][]byte
}

// linearBytes is how much one call reads or writes.
const linearBytes = 3 << 20

// Linear lets calls of files read and write where devices reach it.
func (m *Memory) Linear(files vfs.FileSystem) (vfs.FileSystem, error) {
	memory, err := m.Allocate(linearBytes)
	return &linear{FileSystem: files, memory: memory.Bytes}, err
}

// place gives each buffer its place; what does not fit is left out.
func (l *linear) place(buffers [][]byte) [][]byte {
	l.buffers = l.buffers[:0]
	rest := l.memory
	for _, b := range buffers {
		n := min(len(b), len(rest))
		l.buffers = append(l.buffers, rest[:n:n])
		if rest = rest[n:]; n < len(b) {
			break
		}
	}
	return l.buffers
}

// fill is place, with what there is in buffers.
func (l *linear) fill(buffers [][]byte) [][]byte {
	placed := l.place(buffers)
	for i := range placed {
		copy(placed[i], buffers[i])
	}
	return placed
}

func (l *linear) Read(h vfs.Handle, into [][]byte, offset uint64) (int, error) {
	placed := l.place(into)
	for _, b := range placed {
		clear(b)
	}
	n, err := l.FileSystem.Read(h, placed, offset)
	left := n
	for i := range placed {
		left -= copy(into[i], placed[i][:min(left, len(placed[i]))])
	}
	return n, err
}

func (l *linear) Write(h vfs.Handle, from [][]byte, offset uint64) (int, error) {
	return l.FileSystem.Write(h, l.fill(from), offset)
}

func (l *linear) Append(h vfs.Handle, from [][]byte) (int, uint64, error) {
	return l.FileSystem.Append(h, l.fill(from))
}
