package image

import (
	"debug/elf"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mewz/abi"
	"mewz/compiler/object"
)

func TestJoinSegments(t *testing.T) {
	at := func(pairs ...uint64) []segment {
		var list []segment
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, segment{address: pairs[i], bytes: pairs[i+1], parts: []part{{0, make([]byte, pairs[i+1])}}})
		}
		return list
	}
	tests := []struct {
		limit int
		want  [][2]uint64 // address, bytes
		parts []int
	}{
		{9, [][2]uint64{{0, 10}, {20, 10}, {40, 10}, {100, 10}, {120, 5}}, []int{1, 1, 1, 1, 1}},
		{4, [][2]uint64{{0, 30}, {40, 10}, {100, 10}, {120, 5}}, []int{2, 1, 1, 1}},
		{2, [][2]uint64{{0, 50}, {100, 25}}, []int{3, 2}},
		{1, [][2]uint64{{0, 125}}, []int{5}},
	}
	for _, test := range tests {
		joined := joinSegments(at(0, 10, 20, 10, 40, 10, 100, 10, 120, 5), test.limit)
		var got [][2]uint64
		var parts []int
		for _, s := range joined {
			got = append(got, [2]uint64{s.address, s.bytes})
			parts = append(parts, len(s.parts))
		}
		if diff := cmp.Diff(test.want, got) + cmp.Diff(test.parts, parts); diff != "" {
			t.Errorf("joinSegments to %d: %s", test.limit, diff)
		}
	}
}

// TestManyChunks links more chunks of initial memory than there is room for in
// the program header table.
func TestManyChunks(t *testing.T) {
	m := testModule()
	m.Memory = &object.Memory{MinPages: 1000, MaxPages: 1000}
	var data []object.Data
	for i := range uint64(300) {
		data = append(data, object.Data{Offset: i*(128<<10) + 5, Bytes: []byte{byte(i), byte(i >> 8)}})
	}
	o := mergeData(t, m, data, nil, handFile(nil))
	img, file := encode(t, Input{ObjectName: "app.o", Object: o, Kernel: syntheticKernel(nil)})
	if n := len(img.headers); n*programHeaderBytes+elfHeaderBytes > abi.PageBytes || n < 60 {
		t.Errorf("%d program headers", n)
	}
	for _, d := range data {
		got := content(t, file, abi.MemoryBase+abi.VirtAddr(d.Offset), 2)
		if string(got) != string(d.Bytes) {
			t.Fatalf("memory at %#x = %v, want %v", d.Offset, got, d.Bytes)
		}
	}
}

func TestChunkErrors(t *testing.T) {
	tests := []struct {
		name    string
		section object.Section
		want    string
	}{
		{"beyond the memory", object.Section{Name: ".wasm.memory.2f000", Data: make([]byte, 0x1001)}, "beyond the memory"},
		{"not on a page", object.Section{Name: ".wasm.memory.2f001", Data: make([]byte, 1)}, "not on a page"},
		{"far", object.Section{Name: ".wasm.memory.fffffffffffff000", Data: make([]byte, 1)}, "beyond the memory"},
		{"overlap", object.Section{Name: ".wasm.memory.20000", Data: make([]byte, 1)}, "lies in the pages of"},
		{"zero", object.Section{Name: ".wasm.memory.2f000", Type: elf.SHT_NOBITS, Bytes: 10}, "initial memory without content"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := handObject(t, testModule(), func(f *object.File) {
				test.section.Flags = elf.SHF_ALLOC | elf.SHF_WRITE
				if test.name == "overlap" {
					// Read-write sections of one name are merged: this one differs by its flags.
					test.section.Flags = elf.SHF_ALLOC
				}
				f.AddSection(test.section)
			})
			_, err := Build(Input{ObjectName: "app.o", Object: o, Kernel: syntheticKernel(nil)})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Build = %v, want %q", err, test.want)
			}
		})
	}
}
