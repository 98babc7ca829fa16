package main

// Booting needs nothing of this program but to be linked in: the VMM finds the
// entry of package boot by a note, and it starts the Go runtime.
import _ "mewz/kernel/boot"
