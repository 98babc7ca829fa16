package instance

// The three C functions that compiled code calls by itself. They keep to the
// System V ABI: DI destination, SI source or byte, DX length, RAX the
// destination; RAX, RCX, RDX, RSI, RDI, R8 to R11 and X0 to X7 are destroyed. They
// use no stack at all, so a fault in them unwinds like one in their caller. All
// small copies load everything before they store anything; that makes them
// right for overlapping ranges too, and so memcpy is memmove.

// memcpy is called by compiled code only.
func memcpy()

// memmove is called by compiled code only.
func memmove()

// memset is called by compiled code only.
func memset()

// blockBytes is what one round of a loop in string_amd64.s moves.
const blockBytes = 64
