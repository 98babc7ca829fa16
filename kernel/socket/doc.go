// Package socket is what the functions of WASI need of a network: sockets that
// never wait.
//
// In: calls of one goroutine. Out: results at once, or syscall.EAGAIN and
// syscall.EINPROGRESS; readiness is told in a table of bytes, one a socket, so
// that poll_oneoff looks at one byte a descriptor. kernel/netstack implements it;
// tests have fakes. All errors are syscall.Errno.
package socket
