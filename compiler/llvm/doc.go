// Package llvm turns LLVM IR as text into objects. It is the only package that
// knows LLVM: its programs, passes and flags.
//
// In: shards, each of which writes its IR when asked. Out: one ELF object for
// each. The work is done by opt and llc of LLVM 19 as processes, one pair for
// each shard, connected by a pipe: a fault of LLVM ends such a process and not
// us, and cancelling the context kills them. No temporary files.
//
// The same IR, level, processor and LLVM give the same object, and with a
// cache nothing is compiled twice.
package llvm
