// Package interop lets the network stack talk to others: gVisor's netstack in the
// same process, and Linux behind TAP devices in network namespaces.
//
// Both are joined to ours by a link that loses, repeats, reorders, damages and
// delays frames from a seed, so what is tested is that every byte arrives, once and in
// order, and that connections end as both sides expect. With gVisor time is virtual: it
// moves to the next event when all goroutines are quiet, so no test waits and none
// depends on how fast the computer is. Linux has a clock of its own.
//
// It is a module of its own because gVisor wants a newer Go than the project does, and
// a list of modules that is longer than all of the project's.
package interop
