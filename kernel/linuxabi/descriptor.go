package linuxabi

import (
	"mewz/abi"
	"mewz/kernel/cpu"
)

// Descriptors beyond those of package abi. The process has one of each.
const (
	descriptorEpoll  = 5
	descriptorEvent  = 6
	descriptorsCount = 7

	writeMaxBytes = 64 << 10 // interrupts are off while a write goes out

	fcntlGetFD = 1
	fcntlSetFD = 2
	fcntlGetFL = 3
	fcntlSetFL = 4

	openReadWrite = 2
	openNonblock  = 0x800

	pollIn   = 1
	pollOut  = 4
	pollHup  = 0x10
	pollNval = 0x20

	pollBytes  = 8  // struct pollfd
	epollBytes = 12 // struct epoll_event, packed
	pollMax    = 64 // descriptors in one ppoll

	epollAdd    = 1
	epollDelete = 2
	epollModify = 3
	epollEdge   = 1 << 31 // EPOLLET
)

// watch is what epoll knows of a descriptor.
type watch struct {
	watched bool
	edge    bool // edge triggered: reported once for each wake
	fresh   bool // something happened since it was reported
	data    uintptr
}

var (
	watches    [8]watch
	eventCount uintptr // of the eventfd
)

// sysWrite is write(descriptor, buffer, n).
//
//go:nosplit
func sysWrite(t *thread) uintptr {
	descriptor, address, n := t.rdi, t.rsi, t.rdx
	if !readable(address, n) {
		return efault
	}
	kind := abi.FrameStdout
	switch descriptor {
	case abi.DescriptorStdout:
	case abi.DescriptorLog:
		kind = abi.FrameLog
	case abi.DescriptorStderr:
		kind = abi.FrameStderr
	case abi.DescriptorControl:
		sendControl(address, n)
		return n
	case descriptorEvent:
		return writeEvent(address, n)
	default:
		return ebadf
	}
	n = min(n, writeMaxBytes)
	if n != 0 {
		sendFrame(kind, address, n)
	}
	return n
}

//go:nosplit
func writeEvent(address, n uintptr) uintptr {
	if n < 8 {
		return einval
	}
	eventCount += cpu.Load64(address)
	wakeInput(1 << descriptorEvent)
	return 8
}

// sysRead is read(descriptor, buffer, n).
//
//go:nosplit
func sysRead(t *thread) uintptr {
	descriptor, address, n := t.rdi, t.rsi, t.rdx
	if !writable(address, n) {
		return efault
	}
	switch descriptor {
	case abi.DescriptorStdin:
		receive()
		if taken := takeInput(address, n); taken != 0 || input.end || n == 0 {
			return taken
		}
		if input.nonblock {
			return eagain
		}
		waitAgain(t, never)
		return 0
	case descriptorEvent:
		if eventCount == 0 {
			return eagain
		}
		if n < 8 {
			return einval
		}
		cpu.Store64(address, eventCount)
		eventCount = 0
		return 8
	}
	return ebadf
}

//go:nosplit
func sysClose(t *thread) uintptr {
	if t.rdi >= descriptorsCount {
		return ebadf
	}
	return 0
}

// sysFcntl is fcntl(descriptor, command, argument).
//
//go:nosplit
func sysFcntl(t *thread) uintptr {
	if t.rdi >= descriptorsCount {
		return ebadf
	}
	switch t.rsi {
	case fcntlGetFD, fcntlSetFD:
		return 0
	case fcntlGetFL:
		if t.rdi == abi.DescriptorStdin && input.nonblock {
			return openReadWrite | openNonblock
		}
		return openReadWrite
	case fcntlSetFL:
		if t.rdi == abi.DescriptorStdin {
			input.nonblock = t.rdx&openNonblock != 0
		}
		return 0
	}
	return einval
}

// readiness returns the poll events of a descriptor.
//
//go:nosplit
func readiness(descriptor uintptr) uint32 {
	switch descriptor {
	case abi.DescriptorStdin:
		events := uint32(0)
		if input.head != input.tail {
			events |= pollIn
		}
		if input.end {
			events |= pollIn | pollHup
		}
		return events
	case abi.DescriptorStdout, abi.DescriptorLog, abi.DescriptorStderr, abi.DescriptorControl:
		return pollOut
	case descriptorEvent:
		if eventCount != 0 {
			return pollIn | pollOut
		}
		return pollOut
	}
	return pollNval
}

// wakeInput wakes the threads that wait for descriptors; they look again.
//
//go:nosplit
func wakeInput(descriptors uintptr) {
	for i := range watches {
		if descriptors>>uint(i)&1 != 0 {
			watches[i].fresh = true
		}
	}
	for i := uintptr(0); i < threadCount; i++ {
		if t := threadAt(threads[i&threadMask]); t.state == stateInput {
			wake(t)
		}
	}
}

// waitUntil returns when a wait of a system call ends that may be repeated: what
// was noted when it first waited.
//
//go:nosplit
func waitUntil(t *thread, nanos uintptr) uintptr {
	if t.repeated == 0 {
		t.until = never
		if nanos != never {
			t.until = now() + nanos
		}
	}
	return t.until
}

// sysPpoll is ppoll(descriptors, n, timeout, mask).
//
//go:nosplit
func sysPpoll(t *thread) uintptr {
	list, n := t.rdi, t.rsi
	if n > pollMax {
		return einval
	}
	if !writable(list, n*pollBytes) {
		return efault
	}
	nanos := uintptr(never)
	if t.rdx != 0 {
		var e uintptr
		if nanos, e = timespecAt(t.rdx); e != 0 {
			return e
		}
	}
	receive()
	ready := uintptr(0)
	for i := uintptr(0); i < n; i++ {
		at := list + i*pollBytes
		descriptor := uintptr(cpu.Load32(at))
		events := uint32(0)
		if int32(descriptor) >= 0 {
			events = readiness(descriptor) & (uint32(cpu.Load16(at+4)) | pollHup | pollNval)
		}
		cpu.Store16(at+6, uint16(events))
		if events != 0 {
			ready++
		}
	}
	if ready != 0 || nanos == 0 {
		return ready
	}
	until := waitUntil(t, nanos)
	if t.repeated != 0 && now() >= until {
		return 0
	}
	waitAgain(t, until)
	return 0
}

//go:nosplit
func sysEventfd(t *thread) uintptr {
	eventCount = t.rdi
	return descriptorEvent
}

//go:nosplit
func sysEpollCreate(*thread) uintptr { return descriptorEpoll }

// sysEpollCtl is epoll_ctl(epoll, operation, descriptor, event).
//
//go:nosplit
func sysEpollCtl(t *thread) uintptr {
	descriptor := t.rdx
	if t.rdi != descriptorEpoll {
		return ebadf
	}
	if descriptor != abi.DescriptorStdin && descriptor != descriptorEvent {
		return eperm // what Linux says of files that cannot be waited for
	}
	w := &watches[descriptor&7]
	switch t.rsi {
	case epollDelete:
		w.watched = false
		return 0
	case epollAdd, epollModify:
		if !readable(t.r10, epollBytes) {
			return efault
		}
		w.watched, w.fresh = true, true
		w.edge = cpu.Load32(t.r10)&epollEdge != 0
		w.data = cpu.Load64(t.r10 + 4)
		return 0
	}
	return einval
}

// sysEpollWait is epoll_pwait(epoll, events, n, timeout, mask).
//
//go:nosplit
func sysEpollWait(t *thread) uintptr {
	list, n, millis := t.rsi, t.rdx, int32(t.r10)
	if t.rdi != descriptorEpoll {
		return ebadf
	}
	if n == 0 || n > 1<<16 {
		return einval
	}
	if !writable(list, n*epollBytes) {
		return efault
	}
	if count := reportEvents(list, n); count != 0 || millis == 0 {
		return count
	}
	nanos := uintptr(never)
	if millis > 0 {
		nanos = uintptr(millis) * nanosPerMilli
	}
	until := waitUntil(t, nanos)
	if t.repeated != 0 && now() >= until {
		return 0
	}
	waitAgain(t, until)
	return 0
}

// reportEvents writes the events of watched descriptors that are due.
//
//go:nosplit
func reportEvents(list, n uintptr) uintptr {
	count := uintptr(0)
	for i := range watches {
		w := &watches[i]
		if !w.watched || count == n || w.edge && !w.fresh {
			continue
		}
		events := readiness(uintptr(i)) & (pollIn | pollHup)
		if events == 0 {
			continue
		}
		w.fresh = false
		cpu.Store32(list+count*epollBytes, events)
		cpu.Store64(list+count*epollBytes+4, w.data)
		count++
	}
	return count
}
