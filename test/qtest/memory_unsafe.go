package qtest

import "unsafe"

// offsetIn returns where b lies in all, which no collector moves, if it does.
func offsetIn(all, b []byte) (int, bool) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b))) - uintptr(unsafe.Pointer(unsafe.SliceData(all)))
	return int(at), at < uintptr(len(all))
}
