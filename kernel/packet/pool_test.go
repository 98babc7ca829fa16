package packet

import (
	"testing"

	"mewz/abi"
	"mewz/kernel/device"
)

// memory hands out slabs, until limit.
type memory struct {
	next  abi.PhysAddr
	slabs int
	limit int
}

func (m *memory) allocate(n int) (device.Memory, error) {
	if m.slabs == m.limit {
		return device.Memory{}, device.ErrMemory
	}
	m.slabs++
	m.next += 1 << 30
	return device.Memory{Bytes: make([]byte, n), Physical: m.next}, nil
}

func TestPoolLimits(t *testing.T) {
	for _, test := range []struct{ maxBytes, slabs, want int }{
		{ChunkBytes - 1, 9, 0},
		{ChunkBytes, 9, 1},
		{5*ChunkBytes + 1, 9, 5},
		{slabChunks * ChunkBytes, 9, slabChunks},
		{(slabChunks + 3) * ChunkBytes, 9, slabChunks + 3},
		{9 * slabChunks * ChunkBytes, 2, 2 * slabChunks}, // the machine has no more
		{9 * slabChunks * ChunkBytes, 0, 0},
	} {
		m := &memory{limit: test.slabs}
		p := NewPool(m.allocate, test.maxBytes)
		if m.slabs != 0 {
			t.Errorf("%+v: memory is taken before it is needed", test)
		}
		var got []ChunkID
		physical := map[abi.PhysAddr]bool{}
		for {
			id, ok := p.Get()
			if !ok {
				break
			}
			got = append(got, id)
			p.Bytes(id)[0], p.Bytes(id)[ChunkBytes-1] = byte(id), byte(id>>8)
			if at := p.Physical(id); physical[at] || at%ChunkBytes != 0 {
				t.Fatalf("%+v: chunk %d is at %#x, where another is", test, id, at)
			}
			physical[p.Physical(id)] = true
		}
		if len(got) != test.want || p.Used() != test.want || p.Max() != test.want {
			t.Errorf("%+v: %d chunks, %d used of %d", test, len(got), p.Used(), p.Max())
		}
		if !p.Short() {
			t.Errorf("%+v: a pool without free chunks is not short", test)
		}
		for _, id := range got {
			if b := p.Bytes(id); b[0] != byte(id) || b[ChunkBytes-1] != byte(id>>8) || len(b) != ChunkBytes || cap(b) != ChunkBytes {
				t.Fatalf("%+v: chunk %d shares its memory", test, id)
			}
			p.Release(id)
		}
		if p.Used() != 0 || test.want > 8 && p.Short() {
			t.Errorf("%+v: %d used after all are released, short %v", test, p.Used(), p.Short())
		}
		for range test.want { // all come back
			if _, ok := p.Get(); !ok {
				t.Fatalf("%+v: a chunk is lost", test)
			}
		}
	}
}

func TestPoolHolders(t *testing.T) {
	p := NewPool((&memory{limit: 1}).allocate, ChunkBytes)
	id, _ := p.Get()
	p.Hold(id)
	p.Hold(id)
	for range 2 {
		p.Release(id)
		if _, ok := p.Get(); ok {
			t.Fatal("a chunk that is held is given away")
		}
	}
	p.Release(id)
	if again, ok := p.Get(); !ok || again != id {
		t.Errorf("Get = %d, %v, want the chunk again", again, ok)
	}
	p.Release(id)
	defer func() {
		if recover() == nil {
			t.Error("a chunk is released twice, and nobody notices")
		}
	}()
	p.Release(id)
}
