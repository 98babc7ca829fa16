package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"mewz/test/children"
)

// napsProgram waits for a microsecond again and again, and says so now and then.
const napsProgram = `(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 256) "naps\n")
  (func (export "_start") (local $naps i32)
    (i32.store8 (i32.const 8) (i32.const 0)) ;; a clock
    (i32.store (i32.const 16) (i32.const 1)) ;; the monotonic one
    (i64.store (i32.const 24) (i64.const 1500)) ;; nanoseconds
    (i32.store (i32.const 200) (i32.const 256))
    (i32.store (i32.const 204) (i32.const 5))
    (loop $again
      (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)) (then unreachable))
      (local.set $naps (i32.add (local.get $naps) (i32.const 1)))
      (if (i32.eqz (i32.rem_u (local.get $naps) (i32.const 500)))
        (then (drop (call $write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 128)))))
      (br $again))))
`

// TestBusyHost takes the processor away from a machine while its timer is set to a
// microsecond: the machine goes on afterwards.
func TestBusyHost(t *testing.T) {
	for _, need := range []string{"kernel", "llvm", "qemu"} {
		if ok, _ := condition(need); !ok {
			t.Skip("no " + need)
		}
	}
	module := filepath.Join(t.TempDir(), "naps.wat")
	if err := os.WriteFile(module, []byte(napsProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("mewz", "run", "--accel", "tcg", "--machine", "q35", module)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(signalTimeout, func() { _ = c.Process.Signal(syscall.SIGTERM) })
	defer timer.Stop()
	lines := bufio.NewScanner(out)
	naps := func(count int, when string) {
		for i := range count {
			if !lines.Scan() {
				t.Fatalf("the machine stands still %s, after %d of %d lines", when, i, count)
			}
		}
	}
	naps(3, "at first")
	started := children.Of(c.Process.Pid)
	if len(started) != 1 {
		t.Fatalf("the command has started %v, want QEMU", started)
	}
	for round := range 5 {
		for _, s := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
			if err := syscall.Kill(started[0], s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond) // what the host does meanwhile is the test
		}
		naps(3, fmt.Sprintf("in round %d", round))
	}
	_ = c.Process.Signal(syscall.SIGTERM)
	for lines.Scan() { // until it has ended
	}
	_ = c.Wait()
}
