// Package lower translates a valid module into LLVM IR as text (WebAssembly
// core specification 3.0, chapter 4).
//
// In: validate.Checked. Out: a Plan, which writes the IR of each shard when
// asked, and what of the module is no code: data segments and symbol names.
// Files are named for the instruction classes of the specification, and for what
// goes across them: sums, addresses, values.
//
// The IR has no undefined behaviour for any input, uses neither fast-math nor
// contraction, and needs nothing but memcpy, memmove and memset from its
// environment. docs/abi.md is the contract of the symbols. Lowering never
// panics on a valid module, never runs LLVM and never touches a file. Equal
// input gives equal text.
//
// A Plan is immutable: IR may be called from several goroutines.
package lower
