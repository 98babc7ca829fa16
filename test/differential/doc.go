// Package differential compares compiled code with wazero and V8 on modules made
// at random.
//
// In: a seed. Out: a Finding, or nothing. The way of a seed: a generator makes a
// valid module (Generate, GenerateProposals, or wasm-tools smith) -> NewCase chooses
// calls -> Compare compiles the module in one of the Variants, runs it in a Linux
// process (package test/spec), and compares each call with wazero's interpreter or V8's
// Liftoff: results, kinds of traps, exported memories and globals -> Keep makes what
// differs smaller and writes it to testdata, where TestKept runs it in all Variants for ever. The same
// modules, changed in a few bytes, go to our validator and to wazero's, with
// wasm-tools for the casting vote.
//
// What is compared is what the specification decides. Results that are NaNs are
// equal, and the generators make a NaN canonical before its bits can be seen.
// Calls that exhaust the stack in one engine have no verdict, nor have those that
// take seconds. After a trap nothing else is compared, and a load whose value
// nobody needs need not trap: then the module is compiled once more with every
// load made twice, the first time to drop the value, and must trap
// (docs/abi.md, Where it differs from the specification). Where wazero's
// interpreter and its compiler differ from each other, or V8's compilers, the case
// says nothing of us.
//
// V8 judges what wazero has not: objects, references to functions, exceptions in both
// forms. It has one word for several traps, and its values come through JavaScript, so
// such modules export functions of integers only. Since references cannot be looked at
// from outside, each of these modules has a function that makes a number of what a
// reference leads to. The collector is made to run by an array that is larger than what
// may be allotted between two collections, and what it freed is overwritten at once.
//
// The generators: in the same time that of this package finds more, because
// its modules compute with what they are given, do not run out of fuel, and store
// what they compute where it can be seen (docs/conformance.md has the numbers).
// Smith knows shapes of modules that ours never has, so every tenth is one of its.
package differential
