package main

import (
	"os"
	"os/exec"
	"testing"
)

// TestTree has a child: the tree has more memory than this process alone.
func TestTree(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	c := exec.Command("cat")
	c.Stdin = read
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	read.Close()
	own, child, tree := processKiB(os.Getpid()), processKiB(c.Process.Pid), treeKiB(os.Getpid())
	if own == 0 || child == 0 || tree <= own {
		t.Errorf("%d KiB of this process, %d of its child, %d together: want the third above the first, and no 0", own, child, tree)
	}
	write.Close()
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := processKiB(c.Process.Pid); got != 0 {
		t.Errorf("a process that has ended has %d KiB", got)
	}
}
