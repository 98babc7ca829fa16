package linuxabi

// calls are all system calls, by number. Everything else is ENOSYS.
var calls = [...]call{
	{0, "read", sysRead, Partial, "standard input and the event counter; other descriptors are EBADF"},
	{1, "write", sysWrite, Partial, "descriptors 1 to 4 and the event counter; at most writeMaxBytes at once but for frames"},
	{3, "close", sysClose, Partial, "accepts every open descriptor and keeps it open"},
	{9, "mmap", sysMmap, Partial, "private anonymous memory, MAP_FIXED, MAP_FIXED_NOREPLACE; never executable"},
	{10, "mprotect", sysMprotect, Full, "content survives PROT_NONE; PROT_EXEC is EACCES"},
	{11, "munmap", sysMunmap, Full, "frees frames and page tables; the kernel itself is EINVAL"},
	{13, "rt_sigaction", sysSigaction, Full, "SA_SIGINFO, SA_ONSTACK, SA_NODEFER, SA_RESETHAND; nothing restarts"},
	{14, "rt_sigprocmask", sysSigprocmask, Full, "masks of 8 bytes"},
	{sysNumberSigreturn, "rt_sigreturn", sysSigreturn, Full, "all registers and the floating-point state"},
	{24, "sched_yield", sysSchedYield, Full, "goes behind all threads that are ready"},
	{27, "mincore", sysRefuse, Refused, "ENOSYS: AT_PAGESZ makes it unnecessary"},
	{28, "madvise", sysMadvise, Partial, "MADV_DONTNEED frees; hints are accepted and ignored"},
	{35, "nanosleep", sysNanosleep, Partial, "does not tell what time was left"},
	{39, "getpid", sysGetpid, Full, "1"},
	{56, "clone", sysClone, Partial, "threads only; EAGAIN beyond threadSlots"},
	{60, "exit", sysExit, Full, "ends the calling thread"},
	{62, "kill", sysKill, Partial, "signals go to the calling thread"},
	{72, "fcntl", sysFcntl, Partial, "F_GETFD, F_SETFD, F_GETFL, F_SETFL (O_NONBLOCK of standard input)"},
	{131, "sigaltstack", sysSigaltstack, Full, "a stack for each thread"},
	{157, "prctl", sysRefuseArgument, Refused, "EINVAL: names of memory areas are not kept"},
	{158, "arch_prctl", sysArchPrctl, Partial, "ARCH_SET_FS"},
	{186, "gettid", sysGettid, Full, "numbers from 1, never used twice"},
	{200, "tkill", sysTkill, Full, "as tgkill"},
	{202, "futex", sysFutex, Partial, "FUTEX_WAIT with a relative time, FUTEX_WAKE"},
	{203, "sched_setaffinity", sysAccept, Partial, "there is one processor"},
	{204, "sched_getaffinity", sysGetaffinity, Full, "one processor"},
	{222, "timer_create", sysTimerCreate, Partial, "processor time of the calling thread; SIGEV_SIGNAL, SIGEV_THREAD_ID"},
	{223, "timer_settime", sysTimerSettime, Partial, "relative times; ticks only while the thread runs"},
	{224, "timer_gettime", sysTimerGettime, Full, "what is left"},
	{226, "timer_delete", sysTimerDelete, Full, "frees the timer"},
	{228, "clock_gettime", sysClockGettime, Partial, "realtime, monotonic, boottime, coarse ones, processor time; the vDSO answers the first two"},
	{229, "clock_getres", sysClockGetres, Full, "1 ns"},
	{230, "clock_nanosleep", sysClockNanosleep, Partial, "relative and absolute, realtime and monotonic"},
	{231, "exit_group", sysExitGroup, Full, "ends the machine"},
	{232, "epoll_wait", sysEpollWait, Partial, "as epoll_pwait"},
	{233, "epoll_ctl", sysEpollCtl, Partial, "standard input and the event counter"},
	{234, "tgkill", sysTgkill, Full, "ends waits with EINTR"},
	{257, "openat", sysOpenat, Refused, "ENOENT: there are no files"},
	{271, "ppoll", sysPpoll, Partial, "standard input, output and the event counter; the signal mask is ignored"},
	{281, "epoll_pwait", sysEpollWait, Partial, "the signal mask is ignored"},
	{290, "eventfd2", sysEventfd, Partial, "one for the process, never a semaphore"},
	{291, "epoll_create1", sysEpollCreate, Partial, "one for the process"},
	{302, "prlimit64", sysPrlimit, Partial, "reads 1024 for all limits"},
	{318, "getrandom", sysGetrandom, Partial, "GRND_RANDOM: RDRAND or EAGAIN; else RDRAND, or numbers good for hash seeds only"},
	{sysNumberCommit, "mewz_commit", sysCommit, Full, "claims frames for linear memory: 0 or ENOMEM"},
	{sysNumberDeviceMap, "mewz_device_map", sysDeviceMap, Full, "maps device registers, never memory: an address"},
	{sysNumberDeviceMemory, "mewz_device_memory", sysDeviceMemory, Full, "takes contiguous cleared memory for good: its address, and the physical one"},
	{sysNumberDeviceInterrupt, "mewz_device_interrupt", sysDeviceInterrupt, Full, "lets an interrupt line or a message in: slot and vector"},
	{sysNumberDeviceWait, "mewz_device_wait", sysDeviceWait, Full, "waits for interrupts of a set of slots, with a timeout"},
	{sysNumberInitramfs, "mewz_initramfs", sysInitramfs, Full, "what the VMM gave besides its command line: its address, and how much it is"},
	{sysNumberDeviceReach, "mewz_device_reach", sysDeviceReach, Full, "where linear memory lies for devices: how many extents"},
}

const callCount = uintptr(len(calls))

// Call describes a system call of the table for tests and documents.
type Call struct {
	Number   uintptr
	Name     string
	Support  Support
	Sentence string
	Missing  bool // no function
}

// Calls returns the table.
func Calls() []Call {
	list := make([]Call, 0, len(calls))
	for i := range calls {
		c := &calls[i]
		list = append(list, Call{c.number, c.name, c.support, c.sentence, c.function == nil})
	}
	return list
}
