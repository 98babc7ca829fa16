package main

import (
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	"unsafe"
)

// What handler saw.
var seen struct {
	count, signal, code, address, rip, trap, cr2, value, magic uint64
}

const direct = 0xffff_8000_0000_0000

func pointer(address uintptr) *byte { return (*byte)(unsafe.Add(unsafe.Pointer(nil), address)) }

func faulted(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	debug.SetPanicOnFault(true)
	f()
	return false
}

var global [64]byte

// faults touches what must not be touched.
func faults() {
	text := **(**uintptr)(unsafe.Pointer(&[]func(){faults}[0]))
	touches := []struct {
		what string
		f    func()
	}{
		{"write to text", func() { *pointer(text) = 0xc3 }},
		{"write to rodata", func() { *unsafe.StringData("constant") = 'x' }},
		{"read page 0", func() { println(*pointer(8)) }},
		{"read address 0xfff", func() { println(*pointer(0xfff)) }},
		{"read below the kernel", func() { println(*pointer(0x3ff000)) }},
		{"read behind the kernel", func() { println(*pointer(0x2000000)) }},
		{"read the image in the direct map", func() { println(*pointer(direct + 0x400000)) }},
		{"guard page above the kernel stack", func() { println(*pointer(0xffff_ff00_0000_f000)) }},
		{"guard page below the kernel stack", func() { println(*pointer(0xffff_ff00_0000_afff)) }},
		{"guard page of an interrupt stack", func() { println(*pointer(0xffff_ff00_0001_cfff)) }},
		{"address that is not canonical", func() { println(*pointer(0x8000_0000_0000_0000)) }},
		{"execute data", func() { call(uintptr(unsafe.Pointer(&global))) }},
		{"execute the direct map", func() { call(direct + 0x100000) }},
	}
	for _, t := range touches {
		check(faulted(t.f), t.what+" is possible")
	}
	_, _, e := syscall.RawSyscall6(syscall.SYS_MMAP, 0, 4096, 7, 0x22, ^uintptr(0), 0)
	check(e == syscall.EACCES, "mmap gives memory to write and execute")
	at := mmap(0, 4096, 3, 0x22)
	_, _, e = syscall.RawSyscall(syscall.SYS_MPROTECT, at, 4096, 5)
	check(e == syscall.EACCES, "mprotect makes memory executable")
	_, _, e = syscall.RawSyscall(syscall.SYS_MPROTECT, text&^4095, 4096, 3)
	check(e != 0, "mprotect makes text writable")
	_, _, e = syscall.RawSyscall(syscall.SYS_WRITE, 1, 8, 4)
	check(e == syscall.EFAULT, "write from page 0")
	_, _, e = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 2, direct+0x100000, 0)
	check(e == syscall.EFAULT, "a system call writes to the kernel's memory")
	for range 20000 { // and none of it leaks
		check(faulted(func() { *pointer(0) = 1 }), "write to page 0")
	}
}

func call(address uintptr) {
	f := &address
	(*(*func())(unsafe.Pointer(&f)))()
}

func mmap(address, n, protection, flags uintptr) uintptr {
	r, _, e := syscall.RawSyscall6(syscall.SYS_MMAP, address, n, protection, flags, ^uintptr(0), 0)
	check(e == 0, "mmap")
	return r
}

func must(what string, number, a, b, c uintptr) {
	_, _, e := syscall.RawSyscall(number, a, b, c)
	check(e == 0, what)
}

const linear = 0x40000000 // abi.MemoryBase

// memory grows and shrinks linear memory the way the instance does.
func memory() {
	const reserved = 8<<30 + 65536
	const fixed = 0x32
	mmap(linear, reserved, 0, fixed)
	check(faulted(func() { *pointer(linear) = 1 }), "PROT_NONE can be written")
	const size = 12 << 20
	must("grow", syscall.SYS_MPROTECT, linear, size, 3)
	for i := uintptr(0); i < size; i += 4096 {
		check(*pointer(linear + i) == 0, "fresh memory is not zero")
		*pointer(linear + i) = byte(i>>12) | 1
	}
	must("hide", syscall.SYS_MPROTECT, linear+4096, size-8192, 0)
	check(faulted(func() { println(*pointer(linear + 4096)) }), "hidden memory can be read")
	must("show", syscall.SYS_MPROTECT, linear+4096, size-8192, 3)
	for i := uintptr(0); i < size; i += 4096 {
		check(*pointer(linear + i) == byte(i>>12)|1, "content changed by mprotect")
	}
	must("read-only", syscall.SYS_MPROTECT, linear+8192, 4096, 1)
	check(faulted(func() { *pointer(linear + 8192) = 1 }), "read-only memory can be written")
	check(*pointer(linear + 4096*3) == 3, "neighbour of read-only memory")
	must("discard", syscall.SYS_MADVISE, linear+3<<20, 1<<20, 4)
	check(*pointer(linear + 3<<20) == 0 && *pointer(linear + 4<<20) == 1, "MADV_DONTNEED")
	check(faulted(func() { *pointer(linear + size) = 1 }), "memory beyond the end")
	must("unmap", syscall.SYS_MUNMAP, linear, reserved, 0)
	check(faulted(func() { println(*pointer(linear)) }), "unmapped memory can be read")
	for round := range 200 { // frames and page tables come back
		at := mmap(0, 64<<20, 3, 0x22)
		for i := uintptr(0); i < 4<<20; i += 4096 {
			*pointer(at + i*3&^4095) = byte(round)
		}
		must("unmap", syscall.SYS_MUNMAP, at, 64<<20, 0)
	}
}

// commit claims more linear memory than there is.
func commit() {
	claim := func(bytes int) syscall.Errno {
		_, _, e := syscall.RawSyscall(0x6d65, uintptr(bytes), 0, 0)
		return e
	}
	check(claim(1<<20) == 0, "1 MiB is refused")
	check(claim(1<<40) == syscall.ENOMEM, "1 TiB is granted")
	n := 0
	for claim(1<<20) == 0 {
		n++
	}
	println("claimed", n, "MiB")
	check(claim(-(n+1)<<20) == 0, "giving back")
	check(claim(n<<20) == 0, "what was given back is gone")
}

// segments checks those that the test has added to the image.
func segments() {
	const archive = 0x10_0000_0000
	check(*pointer(linear) == 'L' && *pointer(linear + 0x2010) == 'M', "linear memory chunk")
	check(*pointer(linear + 0x27ff) == 'N' && *pointer(linear + 0x2800) == 0 && *pointer(linear + 0x2fff) == 0, "tail of the last page")
	*pointer(linear + 1) = 1
	const fixed = 0x32
	mmap(linear+0x3000, 8<<30, 0, fixed) // what follows the chunk
	must("grow", syscall.SYS_MPROTECT, linear+0x3000, 1<<20, 3)
	*pointer(linear + 0x3000) = 9
	check(*pointer(linear) == 'L' && *pointer(linear + 1) == 1, "chunk after its neighbour was mapped")
	must("protect the chunk too", syscall.SYS_MPROTECT, linear, 0x4000, 3)
	check(*pointer(linear) == 'L' && *pointer(linear + 0x3000) == 9, "chunk after mprotect")
	for i := uintptr(0); i < 5<<20; i += 4096 {
		check(*pointer(archive + i) == byte(i>>12), "archive")
	}
	check(faulted(func() { *pointer(archive) = 1 }), "the archive can be written")
	check(faulted(func() { println(*pointer(archive + 5<<20)) }), "behind the archive")
	check(faulted(func() { call(linear) }), "linear memory can be executed")
	must("unmap the chunk", syscall.SYS_MUNMAP, linear, 0x3000, 0)
	check(faulted(func() { println(*pointer(linear)) }), "unmapped chunk")
	ballast := make([]byte, 16<<20) // no frame of the image went to the allocator
	for i := range ballast {
		ballast[i] = 0xff
	}
	for i := uintptr(0); i < 5<<20; i += 4096 {
		check(*pointer(archive + i) == byte(i>>12), "archive was overwritten")
	}
	runtime.KeepAlive(ballast)
}

type sigaction struct{ handler, flags, restorer, mask uintptr }

func handle(signal uintptr) (old sigaction) {
	const siginfo, onStack, withRestorer = 4, 0x08000000, 0x04000000
	a := sigaction{handlerAddress(), siginfo | onStack | withRestorer, restorerAddress(), 0}
	_, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&old)), 8, 0, 0)
	check(e == 0, "rt_sigaction")
	return old
}

// signals raises exceptions whose handler changes where they return to.
func signals() {
	runtime.LockOSThread()
	handle(4)
	invalid()
	check(seen.count == 1 && seen.signal == 4 && seen.code == 2 && seen.trap == 6 && seen.address == seen.rip, "SIGILL")
	handle(8)
	divide()
	check(seen.count == 2 && seen.signal == 8 && seen.code == 1 && seen.trap == 0, "SIGFPE")
	check(seen.magic == 0 || seen.magic == 0x46505853, "state of the floating-point registers")
}

// cpuTimer checks that a timer of processor time ticks only while its thread runs
// and that its signals keep vector registers.
func cpuTimer() {
	runtime.LockOSThread()
	const sigalrm = 14
	handle(sigalrm)
	event := [8]uint64{0x1234, sigalrm | 4<<32}
	tid, _, _ := syscall.RawSyscall(syscall.SYS_GETTID, 0, 0, 0)
	event[2] = uint64(tid)
	var id int32
	_, _, e := syscall.RawSyscall(syscall.SYS_TIMER_CREATE, 3, uintptr(unsafe.Pointer(&event)), uintptr(unsafe.Pointer(&id)))
	check(e == 0, "timer_create")
	spec := [4]int64{0, 5_000_000, 0, 5_000_000}
	_, _, e = syscall.RawSyscall6(syscall.SYS_TIMER_SETTIME, uintptr(id), 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	check(e == 0, "timer_settime")
	pause := syscall.Timespec{Nsec: 300_000_000}
	syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
	check(seen.count <= 2, "the timer ticks while its thread sleeps")
	before := seen.count
	for i := 0; seen.count < before+20; i++ {
		const n = 3_000_000
		check(vectorSum(n) == n, "a signal changed a vector register")
		check(i < 10000, "the timer does not tick")
	}
	check(seen.value == 0x1234 && int32(seen.code) == -2, "siginfo of the timer")
	println("ticks", seen.count)
	must("timer_delete", syscall.SYS_TIMER_DELETE, uintptr(id), 0, 0)
}

// threads has a hundred threads wait at once, while one never waits.
func threads() {
	var stop uint64
	clock := time.Now()
	done := make(chan bool)
	for range 100 {
		go func() {
			runtime.LockOSThread()
			pause := syscall.Timespec{Nsec: 300_000_000}
			syscall.Syscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&pause)), 0, 0)
			done <- true
		}()
	}
	go func() {
		runtime.LockOSThread()
		entersyscall() // as the instance does around a program
		spin(&stop)
		exitsyscall()
	}()
	for range 100 {
		<-done
	}
	stop = 1
	println("threads", time.Since(clock).String())
}

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

// clocks compares the clocks with each other.
func clocks() {
	start := time.Now()
	last := start
	for range 100000 {
		now := time.Now()
		check(!now.Before(last), "time goes backwards")
		last = now
	}
	t := time.Now()
	time.Sleep(200 * time.Millisecond)
	if d := time.Since(t); d < 200*time.Millisecond || d > 5*time.Second {
		println("slept", d.String())
		fail("sleep of 200 ms")
	}
	var spec syscall.Timespec
	_, _, e := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&spec)), 0)
	check(e == 0, "clock_gettime")
	println("unix", time.Now().Unix(), "uptime", spec.Sec*1000+spec.Nsec/1000000, "ms")
}

var ballast [][]byte

func outOfMemory() {
	for {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		ballast = append(ballast, b)
	}
}

func overflow() {
	debug.SetMaxStack(4 << 20)
	v := 1
	println(deep(1<<30, &v))
}

func raiseNMI() {
	const apic = 0xffff_ff00_4000_0000
	*(*uint32)(unsafe.Pointer(pointer(apic + 0x310))) = 0
	*(*uint32)(unsafe.Pointer(pointer(apic + 0x300))) = 0x4400
	time.Sleep(time.Second)
}

func raiseDoubleFault() {
	var register [10]byte
	var old [10]byte
	storeIDT(uintptr(unsafe.Pointer(&old)))
	register = old
	register[0], register[1] = 9*16-1, 0 // only up to the double fault
	loadIDT(uintptr(unsafe.Pointer(&register)))
	invalid()
}

// raiseKernelFault makes the kernel itself fault: its stack becomes unmapped
// memory behind a system call's back.
func raiseKernelFault() { badStack() }
