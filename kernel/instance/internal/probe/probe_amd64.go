// Package probe is programs for the tests of package instance, as compiled code
// would be: C calling convention, their own stack, calls by hostcall.
//
// In: nothing. Out: the addresses of the programs. Only tests import it. Each
// program is entered like wasm_start and clobbers the registers that Go cares
// for (R14, BP, X15) on purpose.
package probe

import "mewz/abi"

// Numbers of calls that the programs make; tests answer them.
const (
	CallNine  = 1 // nine arguments: 1 to 9
	CallCount = 2 // args[0] counts up
	CallDone  = 3 // args[0] is the result
	CallState = 4 // args[0] is 0 if all registers survived a spin, else says which did not
)

// Values that programs keep in registers and expect to find again.
const (
	Magic      = 0x1234567
	SpinRounds = 1 << 30
	lastCount  = 1000
	trapCode   = abi.TrapIntegerOverflow
	memoryBase = abi.MemoryBase
	beyondMin  = 2*abi.WasmPageBytes + 8 // outside of the two wasm pages of the tests
	frameBytes = 4096 + 128
)

// Addresses of the programs.
func Nine() uint64         // makes CallNine, then CallDone with its result
func Count() uint64        // makes CallCount lastCount times, then CallDone with the sum of the results
func Forever() uint64      // makes CallCount for ever
func Spin() uint64         // spins, then makes CallState
func Unreachable() uint64  // ud1l code(%eax),%eax with trapCode
func OtherIllegal() uint64 // ud2
func Memory() uint64       // stores beyond its linear memory
func Overflow() uint64     // recurses without end
func Divide() uint64       // divides by zero
func Wild() uint64         // loads from an address that is nobody's
func Copy() uint64         // memcpy beyond its linear memory, called from a frame
func Return() uint64       // returns at once
func Start() uint64        // the first of them
func End() uint64          // behind the last of them

// Invoke calls a C function that uses no stack, and returns its result.
func Invoke(function, di, si, dx uint64) uint64

// Bind tells the programs where hostcall and memcpy are.
func Bind(hostcall, memcpy uint64)
