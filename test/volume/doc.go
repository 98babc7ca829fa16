// Package volume tests volumes in machines, where memory is short.
//
// In: a program that reads a file of a volume and then takes all memory. Out: it gets what
// it gets without the file, for what the kernel keeps of files is there for who wants it.
package volume
