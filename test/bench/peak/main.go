// Command peak runs a command and says how much memory it and all its children had
// together at the worst moment: the sum of their proportional set sizes (PSS,
// proc_pid_smaps(5)), in which a page that several share counts once.
//
//	go run ./test/bench/peak build/mewz compile --no-cache -o /dev/null app.wasm
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// interval is between two looks. A process of LLVM runs for a second or two, and
// a look at one takes a millisecond.
const interval = 50 * time.Millisecond

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: peak COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
		os.Exit(1)
	}
}

func run(program string, args []string) error {
	c := exec.Command(program, args...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	start, all, own := time.Now(), 0, 0
	for {
		select {
		case err := <-ended:
			fmt.Fprintf(os.Stderr, "peak: %d MB in all, %d MB in the command itself, %v\n", all>>10, own>>10, time.Since(start).Round(time.Millisecond))
			return err
		case <-ticker.C:
			all, own = max(all, treeKiB(c.Process.Pid)), max(own, processKiB(c.Process.Pid))
		}
	}
}

// treeKiB is the memory of a process and its descendants. One that ends meanwhile
// has none.
func treeKiB(pid int) int {
	total := processKiB(pid)
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is well-formed
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for _, child := range strings.Fields(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				total += treeKiB(n)
			}
		}
	}
	return total
}

func processKiB(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, "Pss:"); ok {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB")) // 0 if Linux changes its format
			return n
		}
	}
	return 0
}
