package instance

// The three C functions that compiled code calls by itself. They keep to the
// System V ABI: DI destination, SI source or byte, DX length, RAX the
// destination; RAX, RCX, RDX, RSI, RDI, R8 to R11 and Y0 to Y8 are destroyed. They
// use no stack at all, so a fault in them unwinds like one in their caller. All
// small copies load everything before they store anything; that makes them
// right for overlapping ranges too, and so memcpy is memmove.

// memcpy is called by compiled code only.
func memcpy()

// memmove is called by compiled code only.
func memmove()

// memset is called by compiled code only.
func memset()

// What one round of a loop in string_amd64.s moves, by SSE and by AVX.
const (
	blockBytes     = 64
	wideBlockBytes = 128
)

// From wideMinBytes on copies use AVX where there is AVX. The aligned loop moves
// up to 32 bytes less than a block before its first round is over, so it must
// be at least two blocks.
const wideMinBytes = 256

// wideBytes returns the length from which on copies use AVX.
func wideBytes(saveMask uint64) uint64 {
	if saveMask&vectorComponents == 0 {
		return 1<<64 - 1
	}
	return wideMinBytes
}
