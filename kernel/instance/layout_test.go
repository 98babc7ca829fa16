package instance

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"mewz/abi"
)

// header makes the first page of an image with program headers of types.
func header(types ...uint32) []byte {
	le := binary.LittleEndian
	page := make([]byte, abi.PageBytes)
	copy(page, elfMagic)
	le.PutUint64(page[32:], elfHeaderBytes)
	le.PutUint16(page[54:], elfProgramHeaderBytes)
	le.PutUint16(page[56:], uint16(len(types)))
	for i, t := range types {
		h := page[elfHeaderBytes+i*elfProgramHeaderBytes:]
		le.PutUint32(h, t)
		le.PutUint64(h[16:], uint64(abi.ConfigBase))
		le.PutUint64(h[32:], uint64(100+i))
	}
	return page
}

func TestFindConfig(t *testing.T) {
	const load = 1 // PT_LOAD
	manyHeaders := header(load)
	binary.LittleEndian.PutUint16(manyHeaders[56:], 1000)
	farHeaders := header(load)
	binary.LittleEndian.PutUint64(farHeaders[32:], 1<<63)
	empty := header(abi.ProgramHeaderConfig)
	binary.LittleEndian.PutUint64(empty[elfHeaderBytes+32:], 0)
	for _, test := range []struct {
		name string
		page []byte
		want error
	}{
		{"found", header(load, abi.ProgramHeaderConfig), nil},
		{"no program", header(load, load), ErrNoProgram},
		{"no ELF", make([]byte, abi.PageBytes), errHeader},
		{"short", header()[:10], errHeader},
		{"headers beyond the page", manyHeaders, errHeader},
		{"headers far away", farHeaders, errHeader},
		{"empty configuration", empty, errHeader},
	} {
		got, err := findConfig(test.page)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if want := (abi.Range{Start: abi.ConfigBase, Bytes: 101}); err == nil && got != want {
			t.Errorf("%s: %+v, want %+v", test.name, got, want)
		}
	}
}

func TestGaps(t *testing.T) {
	whole := abi.Range{Start: 0x10000, Bytes: 0x10000}
	for _, test := range []struct {
		parts, want []abi.Range
	}{
		{nil, []abi.Range{whole}},
		{[]abi.Range{whole}, nil},
		{[]abi.Range{{Start: 0x10000, Bytes: 1}}, []abi.Range{{Start: 0x11000, Bytes: 0xf000}}},
		{[]abi.Range{{Start: 0x1f000, Bytes: 0x1000}, {Start: 0x12000, Bytes: 0x1800}}, []abi.Range{{Start: 0x10000, Bytes: 0x2000}, {Start: 0x14000, Bytes: 0xb000}}},
		{[]abi.Range{{Start: 0x12000, Bytes: 0}}, []abi.Range{whole}},
	} {
		if got := gaps(whole, test.parts); !slices.Equal(got, test.want) {
			t.Errorf("gaps(%x) = %x, want %x", test.parts, got, test.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*abi.Config)
		want   error
	}{
		{"good", func(*abi.Config) {}, nil},
		{"images", func(c *abi.Config) {
			c.MemoryImages = []abi.Range{{Start: abi.MemoryBase, Bytes: 5}, {Start: abi.MemoryBase + 0x1000, Bytes: 0x1000}}
		}, nil},
		{"more pages than the maximum", func(c *abi.Config) { c.MemoryMinPages = 11 }, errMemoryPages},
		{"more than 4 GiB", func(c *abi.Config) { c.MemoryMaxPages = abi.MemoryMaxPages + 1 }, errMemoryPages},
		{"odd stack", func(c *abi.Config) { c.StackBytes++ }, errStackBytes},
		{"no stack", func(c *abi.Config) { c.StackBytes = 0 }, errStackBytes},
		{"huge stack", func(c *abi.Config) { c.StackBytes = 1 << 40 }, errStackBytes},
		{"entry", func(c *abi.Config) { c.Entry = c.TextEnd }, errEntry},
		{"image below memory", func(c *abi.Config) { c.MemoryImages = []abi.Range{{Start: abi.KernelBase, Bytes: 5}} }, errMemoryImages},
		{"image beyond the pages", func(c *abi.Config) {
			c.MemoryImages = []abi.Range{{Start: abi.MemoryBase, Bytes: 3 * abi.WasmPageBytes}}
		}, errMemoryImages},
		{"huge image", func(c *abi.Config) { c.MemoryImages = []abi.Range{{Start: abi.MemoryBase, Bytes: 1<<64 - 1}} }, errMemoryImages},
		{"image off a page", func(c *abi.Config) { c.MemoryImages = []abi.Range{{Start: abi.MemoryBase + 8, Bytes: 8}} }, errMemoryImages},
		{"images that overlap", func(c *abi.Config) {
			c.MemoryImages = []abi.Range{{Start: abi.MemoryBase, Bytes: 0x1001}, {Start: abi.MemoryBase + 0x1000, Bytes: 8}}
		}, errMemoryImages},
		{"bss in linear memory", func(c *abi.Config) { c.Zero = []abi.Range{{Start: abi.MemoryBase - 8, Bytes: 16}} }, errZero},
		{"heap", func(c *abi.Config) { c.Heap = 0x801000 }, nil},
		{"heap below the kernel", func(c *abi.Config) { c.Heap = 8 }, errHeap},
		{"heap in linear memory", func(c *abi.Config) { c.Heap = abi.MemoryBase - 16 }, errHeap},
		{"heap beyond all", func(c *abi.Config) { c.Heap = 1<<64 - 8 }, errHeap},
		{"bss at zero", func(c *abi.Config) { c.Zero = []abi.Range{{Start: 0, Bytes: 16}} }, errZero},
	} {
		c := &abi.Config{
			Entry: 0x800000, TextStart: 0x800000, TextEnd: 0x801000,
			MemoryMinPages: 2, MemoryMaxPages: 10, StackBytes: 1 << 20,
		}
		test.change(c)
		if err := check(c); !errors.Is(err, test.want) {
			t.Errorf("%s: check = %v, want %v", test.name, err, test.want)
		}
	}
}
