// Package abi is the contract between the host side of mewz (compiler, linker,
// command) and the kernel in the machine: addresses, trap codes, imports, and
// the formats of what the image carries and of what crosses the host channel.
//
// In: nothing. Out: constants, plain values and their encoders and decoders.
// Both sides import it, so it depends on nothing but the smallest standard
// packages: no fmt, no reflect, no os. Decoders check every length and never
// panic. docs/abi.md is the prose.
package abi
