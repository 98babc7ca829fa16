package qemu

import (
	"os"
	"os/signal"
	"syscall"
)

// followStop stops QEMU when Ctrl-Z stops the command, and lets it go on when
// the shell does: QEMU has its own process group, which the terminal does not
// know. It returns when done is closed.
func followStop(pid int, done <-chan struct{}) {
	stops := make(chan os.Signal, 1)
	signal.Notify(stops, syscall.SIGTSTP)
	defer signal.Stop(stops)
	for {
		select {
		case <-done:
			return
		case <-stops:
			// An error says that QEMU is gone, which done will say too.
			_ = syscall.Kill(-pid, syscall.SIGSTOP)
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			_ = syscall.Kill(-pid, syscall.SIGCONT)
		}
	}
}
