package main

// handler is a signal handler: DI signal, SI siginfo, DX ucontext. It notes what
// it sees in seen and skips the instruction of invalid or divide.
func handler()

// restorer is the sa_restorer of handler.
func restorer()

func handlerAddress() uintptr
func restorerAddress() uintptr

// invalid executes UD2.
func invalid()

// divide divides by zero.
func divide() uintptr

// spin runs until *until is not 0.
func spin(until *uint64)

// vectorSum counts to n in a vector register.
func vectorSum(n uint64) uint64

func loadIDT(register uintptr)
func storeIDT(register uintptr)

// badStack lets the stack pointer run into the guard page of the kernel stack.
func badStack()
