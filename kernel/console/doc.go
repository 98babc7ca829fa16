// Package console is what the machine says and hears: the three byte streams
// of the program, and the frames that tell the host how the machine ends.
//
// In: bytes. Out: bytes, whole: short writes and interrupted system calls are
// dealt with here. The streams are ports of a virtio console device (abi/port.go)
// if the machine has one that works, else the descriptors of abi
// (abi.DescriptorStdin and so on); the frames always go to a descriptor. An
// image started by hand has only the three descriptors everybody has; then
// standard error and reports go to descriptor 2 and the end is an exit code
// only. It never buffers, so nothing is lost when the machine stops, and never
// takes input that the program does not read.
package console
