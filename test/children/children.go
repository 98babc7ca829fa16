// Package children finds the processes that a process has started and waits for
// their end. A command that is killed takes what it has started with it, but a
// little later, and Linux tells only the parent when a process is gone.
//
// In: process identifiers. Out: those of other processes (proc_pid_task_tid_children(5)).
// It never sends a signal.
package children

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// lookAgain is the pause between two looks at processes that are to end.
const lookAgain = time.Millisecond

// Of lists the children of all threads of a process.
func Of(pid int) (pids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is well-formed
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(b)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// All lists the children of a process, theirs, and so on.
func All(pid int) (pids []int) {
	for _, child := range Of(pid) {
		pids = append(append(pids, child), All(child)...)
	}
	return pids
}

// Wait waits until processes are gone, or zombies whose parent is to collect them, and
// returns those that are not after a while.
func Wait(pids []int, patience time.Duration) (left []int) {
	deadline := time.Now().Add(patience)
	for _, pid := range pids {
		for !gone(pid) {
			if time.Now().After(deadline) {
				left = append(left, pid)
				break
			}
			time.Sleep(lookAgain)
		}
	}
	return left
}

// gone says whether a process holds nothing any more.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	// The state is behind the name, which may have any byte (proc_pid_stat(5)).
	state := bytes.TrimSpace(stat[bytes.LastIndexByte(stat, ')')+1:])
	return bytes.HasPrefix(state, []byte("Z")) || bytes.HasPrefix(state, []byte("X"))
}
