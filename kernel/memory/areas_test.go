package memory

import (
	"math/rand/v2"
	"testing"
)

// pageModel is the slow truth: what each of a few pages means.
type pageModel [64]struct{ physical, flags uintptr }

func (m *pageModel) set(low, high, physical, flags uintptr) {
	for i := low / PageBytes; i < high/PageBytes; i++ {
		m[i].flags, m[i].physical = flags, 0
		if flags&areaImage != 0 {
			m[i].physical = physical + i*PageBytes - low
		}
	}
}

func (m *pageModel) compare(t *testing.T, a *Areas, step int) {
	t.Helper()
	for i := 1; i < a.n; i++ {
		if a.list[i-1].high > a.list[i].low {
			t.Fatalf("step %d: areas %d and %d overlap", step, i-1, i)
		}
	}
	for i := range m {
		at := uintptr(i) * PageBytes
		v := a.lookup(at)
		switch {
		case v == nil:
			if m[i].flags != 0 {
				t.Fatalf("step %d: page %d is in no area, want flags %#x", step, i, m[i].flags)
			}
		case v.flags != m[i].flags || v.flags&areaImage != 0 && v.physical+at-v.low != m[i].physical:
			t.Fatalf("step %d: page %d has flags %#x, want %#x", step, i, v.flags, m[i].flags)
		}
	}
}

func TestAreasRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var a Areas
	var m pageModel
	for step := range 20000 {
		low := uintptr(random.IntN(len(m)-1)) * PageBytes
		high := low + uintptr(1+random.IntN(len(m)-1-int(low/PageBytes)))*PageBytes
		switch random.IntN(4) {
		case 0:
			a.remove(low, high)
			m.set(low, high, 0, 0)
		case 1:
			a.set(low, high, 0x1000000, ProtectRead|areaImage)
			m.set(low, high, 0x1000000, ProtectRead|areaImage)
		case 2:
			flags := uintptr(1 + random.IntN(3))
			a.set(low, high, 0, flags)
			m.set(low, high, 0, flags)
		case 3:
			covered := true
			for i := low / PageBytes; i < high/PageBytes; i++ {
				covered = covered && m[i].flags != 0
			}
			if got := a.protect(low, high, ProtectWrite); got != covered {
				t.Fatalf("step %d: protect = %v, want %v", step, got, covered)
			}
			if covered {
				for i := low / PageBytes; i < high/PageBytes; i++ {
					m[i].flags = m[i].flags&^protectMask | ProtectWrite
				}
			}
		}
		m.compare(t, &a, step)
	}
}

func TestAreasMerge(t *testing.T) {
	var a Areas
	for i := range uintptr(100) {
		a.set(i*PageBytes, (i+1)*PageBytes, 0, ProtectRead)
	}
	a.set(100*PageBytes, 101*PageBytes, 0x5000, ProtectRead|areaImage)
	a.set(101*PageBytes, 102*PageBytes, 0x6000, ProtectRead|areaImage)
	a.set(102*PageBytes, 103*PageBytes, 0x9000, ProtectRead|areaImage)
	if a.n != 3 {
		t.Errorf("%d areas, want 3", a.n)
	}
}

func TestAreasGap(t *testing.T) {
	const p = PageBytes
	for _, test := range []struct {
		taken [][2]uintptr
		bytes uintptr
		want  uintptr
	}{
		{nil, 4 * p, 96 * p},
		{[][2]uintptr{{90 * p, 100 * p}}, 4 * p, 86 * p},
		{[][2]uintptr{{90 * p, 97 * p}}, 4 * p, 86 * p},
		{[][2]uintptr{{90 * p, 96 * p}}, 4 * p, 96 * p},
		{[][2]uintptr{{20 * p, 40 * p}, {44 * p, 100 * p}}, 4 * p, 40 * p},
		{[][2]uintptr{{20 * p, 40 * p}, {43 * p, 100 * p}}, 4 * p, 16 * p},
		{[][2]uintptr{{12 * p, 100 * p}}, 4 * p, 0},
		{[][2]uintptr{{1 * p, 2 * p}, {14 * p, 120 * p}}, 4 * p, 10 * p},
		{nil, 1 << 40, 0},
	} {
		var a Areas
		for _, r := range test.taken {
			a.set(r[0], r[1], 0, ProtectRead)
		}
		if got := a.gap(test.bytes, 10*p, 100*p); got != test.want {
			t.Errorf("gap(%#x) with %x = %#x, want %#x", test.bytes, test.taken, got, test.want)
		}
	}
}

func TestRangesSubtract(t *testing.T) {
	const p = PageBytes
	for _, test := range []struct {
		low, high uintptr
		want      map[uintptr]uintptr
	}{
		{0, p, map[uintptr]uintptr{10 * p: 20 * p, 30 * p: 40 * p}},
		{10 * p, 20 * p, map[uintptr]uintptr{30 * p: 40 * p}},
		{12*p + 1, 13*p + 1, map[uintptr]uintptr{10 * p: 12 * p, 14 * p: 20 * p, 30 * p: 40 * p}},
		{5 * p, 35 * p, map[uintptr]uintptr{35 * p: 40 * p}},
		{0, 100 * p, map[uintptr]uintptr{}},
	} {
		var r ranges
		r.add(10*p-5, 20*p+5)
		r.add(30*p, 40*p)
		r.subtract(test.low, test.high)
		if r.n != len(test.want) {
			t.Errorf("subtract(%#x, %#x): %d ranges, want %d", test.low, test.high, r.n, len(test.want))
		}
		for i := range r.n {
			if v := r.list[i]; test.want[v.low] != v.high {
				t.Errorf("subtract(%#x, %#x): range %#x to %#x", test.low, test.high, v.low, v.high)
			}
		}
	}
}
