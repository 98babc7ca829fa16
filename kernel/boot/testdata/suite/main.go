// Command suite runs one test inside a machine. Its name is the first line of
// standard input; what follows is the test's own input.
package main

import (
	"syscall"

	"mewz/abi"
	_ "mewz/kernel/boot"
)

var tests = []struct {
	name string
	run  func()
}{
	{"hello", func() {}},
	{"soak", soak},
	{"faults", faults},
	{"stdin", stdin},
	{"memory", memory},
	{"commit", commit},
	{"segments", segments},
	{"timer", cpuTimer},
	{"signals", signals},
	{"threads", threads},
	{"time", clocks},
	{"oom", outOfMemory},
	{"overflow", overflow},
	{"panic", func() { panic("as asked for") }},
	{"nmi", raiseNMI},
	{"doublefault", raiseDoubleFault},
	{"kernelfault", raiseKernelFault},
	{"line", commandLine},
	{"exit", func() { syscall.Exit(77) }},
}

func main() {
	name := readLine()
	for _, t := range tests {
		if t.name == name {
			t.run()
			println("ok", name)
			syscall.Exit(0)
		}
	}
	fail("no test " + name)
}

func readLine() string {
	var line []byte
	for {
		var b [1]byte
		n, err := syscall.Read(0, b[:])
		if n == 0 || err != nil || b[0] == '\n' {
			return string(line)
		}
		line = append(line, b[0])
	}
}

func commandLine() {
	line, ok := syscall.Getenv(abi.CommandLineVariable)
	check(ok, "no command line")
	println("line [" + line + "]")
}

func fail(why string) {
	println("FAIL:", why)
	syscall.Exit(3)
}

func check(ok bool, why string) {
	if !ok {
		fail(why)
	}
}

func write(fd int, s string) { syscall.Write(fd, []byte(s)) }

// stdin prints the number and a checksum of all bytes until the end.
func stdin() {
	sum, total := uint32(2166136261), 0
	buffer := make([]byte, 3000)
	for {
		n, err := syscall.Read(0, buffer)
		check(err == nil, "read")
		if n == 0 {
			break
		}
		for _, b := range buffer[:n] {
			sum = (sum ^ uint32(b)) * 16777619
		}
		total += n
	}
	println("bytes", total, "sum", sum)
}
