// Package share runs machines whose directory of the host goes by virtio-fs: what
// their programs do to it, the host sees, and the next machine.
package share
