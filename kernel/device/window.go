package device

import "mewz/kernel/cpu"

// window is mapped registers. Each access is a call through an interface, so
// the compiler neither joins nor moves any.
type window struct {
	at    uintptr // of the mapping, uncached
	bytes uint32
}

func (w *window) has(offset, n uint32) bool { return offset <= w.bytes && n <= w.bytes-offset }

func (w *window) Load8(offset uint32) uint8 {
	if !w.has(offset, 1) {
		return 0xff
	}
	return cpu.Load8(w.at + uintptr(offset))
}

func (w *window) Load16(offset uint32) uint16 {
	if !w.has(offset, 2) {
		return 0xffff
	}
	return cpu.Load16(w.at + uintptr(offset))
}

func (w *window) Load32(offset uint32) uint32 {
	if !w.has(offset, 4) {
		return 0xffff_ffff
	}
	return cpu.Load32(w.at + uintptr(offset))
}

func (w *window) Store8(offset uint32, v uint8) {
	if w.has(offset, 1) {
		cpu.Store8(w.at+uintptr(offset), v)
	}
}

func (w *window) Store16(offset uint32, v uint16) {
	if w.has(offset, 2) {
		cpu.Store16(w.at+uintptr(offset), v)
	}
}

func (w *window) Store32(offset uint32, v uint32) {
	if w.has(offset, 4) {
		cpu.Store32(w.at+uintptr(offset), v)
	}
}
