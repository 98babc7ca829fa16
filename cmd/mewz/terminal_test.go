package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminalProgram says which of its streams are terminals, then echoes lines.
const terminalProgram = `
#include <stdio.h>
#include <unistd.h>
int main(void) {
  char line[100];
  printf("terminals %d%d%d\n", isatty(0), isatty(1), isatty(2));
  while (fflush(stdout), fgets(line, sizeof line, stdin)) printf("got %s", line);
  return 5;
}
`

// openTerminal returns both ends of a new pseudo-terminal (pty(7)).
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// expect reads from a terminal until text comes.
func expect(t *testing.T, master *os.File, text string) {
	t.Helper()
	var seen bytes.Buffer
	b := make([]byte, 4096)
	for !strings.Contains(seen.String(), text) {
		n, err := master.Read(b)
		seen.Write(b[:n])
		if err != nil {
			t.Fatalf("waiting for %q: %v after %q", text, err, seen.String())
		}
	}
}

func TestTerminal(t *testing.T) {
	for _, need := range []string{"kernel", "llvm", "clang", "qemu"} {
		if ok, _ := condition(need); !ok {
			t.Skip("no " + need)
		}
	}
	dir := t.TempDir()
	source, module := filepath.Join(dir, "terminal.c"), filepath.Join(dir, "terminal.wasm")
	if err := os.WriteFile(source, []byte(terminalProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("clang-19", "--target=wasm32-wasi", "-O1", source, "-o", module).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, vmm := range []string{"process", "qemu"} {
		for _, end := range []struct {
			name string
			key  byte
			code int
		}{{"Ctrl-D", 4, 5}, {"Ctrl-C", 3, 130}} {
			t.Run(vmm+" "+end.name, func(t *testing.T) {
				master, slave := openTerminal(t)
				before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
				if err != nil {
					t.Fatal(err)
				}
				c := exec.Command("mewz", "run", "--vmm", vmm, module)
				c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
				c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				timer := time.AfterFunc(signalTimeout, func() { _ = c.Process.Kill() })
				defer timer.Stop()
				expect(t, master, "terminals 111")
				fmt.Fprint(master, "hello\n")
				expect(t, master, "got hello")
				if _, err := master.Write([]byte{end.key}); err != nil {
					t.Fatal(err)
				}
				_ = c.Wait()
				if got := c.ProcessState.ExitCode(); got != end.code {
					t.Errorf("exit code %d, want %d", got, end.code)
				}
				after, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
				if err != nil || *after != *before {
					t.Errorf("the terminal was left in another mode: %v, %v", after, err)
				}
			})
		}
	}
}
