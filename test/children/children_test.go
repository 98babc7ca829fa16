package children

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// TestFamily has a shell start one that sleeps, and ends the shell first.
func TestFamily(t *testing.T) {
	c := exec.Command("/bin/sh", "-c", "sh -c 'echo; exec sleep 600' & wait")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadByte(); err != nil {
		t.Fatal(err)
	}
	own, below := All(os.Getpid()), Of(c.Process.Pid)
	if len(below) != 1 || !slices.Contains(own, c.Process.Pid) || !slices.Contains(own, below[0]) {
		t.Errorf("this process has started %v, the shell %v, want the shell %d and one below it", own, below, c.Process.Pid)
	}
	if left := Wait(below, time.Millisecond); !slices.Equal(left, below) {
		t.Errorf("%v are left of %v, which sleep", left, below)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range below {
		p, err := os.FindProcess(pid)
		if err == nil {
			err = p.Kill()
		}
		if err != nil {
			t.Error(err)
		}
	}
	// The shell is a zombie until c.Wait.
	if left := Wait(append(below, c.Process.Pid), time.Minute); len(left) != 0 {
		t.Errorf("%v are left of those that were killed", left)
	}
	_ = c.Wait() // it was killed
}
