// Package debuginfo reads what LLVM says about machine code: the encodings of
// DWARF, call frame information, and tables of landing pads.
//
// In: sections with their relocations applied. Out: Go values. Specifications:
// DWARF 5 sections 6.4 and 7; Linux Standard Base core 5.0, chapter 10 (.eh_frame);
// Itanium C++ ABI, Exception Handling Tables (.gcc_except_table). It never fails on
// damaged input: what cannot be read is left out or marked as unknown.
package debuginfo
