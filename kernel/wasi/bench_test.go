package wasi

import (
	"testing"

	"mewz/abi"
	"mewz/kernel/vfs"
	"mewz/kernel/vfs/vfstest"
)

// benchWorld is a world whose file system nobody watches.
func benchWorld(b *testing.B, files vfs.FileSystem) *world {
	clock := &fakeClock{}
	machine := Machine{Config: &abi.Config{}, Clock: clock, Stdin: &fakeInput{clock: clock}, Preopens: []Preopen{{"/", files}}}
	system, err := New(machine)
	if err != nil {
		b.Fatal(err)
	}
	w := &world{System: system, t: b, clock: clock, top: 4096}
	w.Memory = make(Memory, testMemoryBytes)
	return w
}

// BenchmarkFiles is what a server of files does for each request.
func BenchmarkFiles(b *testing.B) {
	for _, f := range writable[1:] {
		b.Run(f.name, func(b *testing.B) { benchFiles(b, f.make(b)) })
	}
	archive, _ := vfs.OpenArchive(vfstest.Archive(testTree))
	b.Run("plain", func(b *testing.B) { benchFiles(b, archive) })
}

func benchFiles(b *testing.B, files vfs.FileSystem) {
	w := benchWorld(b, files)
	at, n := w.path("dir/a")
	list, count := w.vector(8192, 5)
	b.Run("stat", func(b *testing.B) {
		for b.Loop() {
			w.args = Args{3, 1, at, n, 128}
			w.pathFilestatGet(&w.args)
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			w.args = Args{3, 1, at, n, 0, 2, 0, 0, 0}
			w.pathOpen(&w.args)
			fd := uint64(w.u32(0))
			w.args = Args{fd, list, count, 0}
			w.fdRead(&w.args)
			w.args = Args{fd}
			w.fdClose(&w.args)
		}
	})
}
