// Command backtrace reads beyond the end of memory. What Go itself notices (nil,
// division by zero, an index) it reports itself, and that is no trap.
package main

import (
	"fmt"
	"os"
	"unsafe"
)

type tree struct{ depth int }

//go:noinline
func far(address uintptr) byte {
	fmt.Println("reading")
	return *(*byte)(unsafe.Add(unsafe.Pointer(nil), address)) // @far
}

//go:noinline
func (t *tree) visit(n int) byte {
	fmt.Println("visit", n)
	if n > 0 {
		return t.visit(n-1) + 1 // @again
	}
	return far(uintptr(len(os.Args)) * 0xfffffff0) // @visit
}

func main() {
	t := &tree{}
	fmt.Println(t.visit(1)) // @main
}
