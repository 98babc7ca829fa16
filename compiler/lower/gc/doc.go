// Package gc is the heap of objects of the GC proposal, allocator and collector
// (docs/decisions/0011-garbage-collection.md). It is part of every object that
// makes structures or arrays: heap.ll is what package translate makes of the files
// that begin with the word heap (TestHeapIR), with symbols that lower gives the
// module's prefix. Nothing else is used of the package, but by its tests, where the
// same functions run on memory that machine.go provides.
//
// Collector: mark and sweep, nothing moves. Cells of one size lie in blocks of
// 64 KiB; larger objects take blocks of their own. Roots are the stack and the
// registers, looked at word by word (whatever looks like a pointer into an object
// keeps it), and exactly the globals, tables and element segments of all modules
// that share the heap. Marking uses a stack of bounded size; what does not fit is
// found again by walking the heap. Sweeping is lazy: a block is looked at when
// cells of its size are needed.
//
// An invariant that the conservative part needs: a word at the beginning of a
// cell is the address of a type if and only if an object is there. Everything
// that is handed out was cleared, and no collection begins before the headers
// of all dead cells are.
//
// docs/abi.md: wasm_heap, wasm_heap_commit; layout of objects and types.
package gc
