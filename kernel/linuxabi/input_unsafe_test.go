package linuxabi

import "unsafe"

var taken [16]byte // global: it has one address

// takeString takes at most n bytes of input.
func takeString(n uintptr) string {
	return string(taken[:takeInput(uintptr(unsafe.Pointer(&taken)), min(n, uintptr(len(taken))))])
}
