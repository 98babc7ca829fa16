package workbench

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// TestRun runs processes that end well, fail, and take too long.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	b := &Bench{Context: ctx, Root: t.TempDir(), Directory: t.TempDir()}
	shell := func(text string) Process {
		return Process{Program: "sh", Args: []string{"-c", text}, Environment: []string{"WORD=yes"}, Timeout: ProcessTimeout}
	}
	o, err := b.Run(shell("echo $WORD; pwd"))
	if want := "yes\n" + b.Root + "\n"; err != nil || o.Stdout != want {
		t.Errorf("output = %q, %v, want %q", o.Stdout, err, want)
	}
	if _, err := b.Run(shell("echo reason >&2; exit 3")); err == nil || !strings.HasSuffix(err.Error(), "exit status 3\nreason") {
		t.Errorf("error = %v, want the code and what was said", err)
	}
	slow := shell("exec sleep 60")
	slow.Timeout = time.Millisecond
	if _, err := b.Run(slow); err == nil {
		t.Error("a process that takes too long is no error")
	}
	why := errors.New("enough")
	cancel(why)
	if _, err := b.Run(shell("true")); !errors.Is(err, why) {
		t.Errorf("error = %v, want the cause of the context", err)
	}
}

// TestRunDirectory holds that the folder of a run is gone after it, also when it failed.
func TestRunDirectory(t *testing.T) {
	t.Setenv("MEWZ", "/bin/true")
	var directory string
	why := errors.New("failed")
	err := run("workbench", ProcessTimeout, func(b *Bench) error {
		directory = b.Directory
		if err := os.WriteFile(b.Path("file"), nil, 0o666); err != nil {
			t.Error(err)
		}
		return why
	})
	if !errors.Is(err, why) {
		t.Errorf("error = %v, want %v", err, why)
	}
	if _, err := os.Stat(directory); !os.IsNotExist(err) {
		t.Errorf("%s: %v, want that it is gone", directory, err)
	}
}

// TestMachineStop ends a machine that does not hear, and keeps the end of what it said.
func TestMachineStop(t *testing.T) {
	b := &Bench{Context: t.Context()}
	m := b.NewMachine("sh", "-c", "echo first; head -c 4000 /dev/zero | tr '\\0' x; echo; echo last; exec sleep 60")
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	go m.Watch()
	for !strings.HasSuffix(m.Said.String(), "last") {
		select {
		case <-m.Ended:
			t.Fatalf("it ended: %s", &m.Said)
		case <-time.After(time.Millisecond):
		}
	}
	m.Stop(0)
	if state := m.ProcessState.String(); !strings.Contains(state, "terminated") {
		t.Errorf("it ended with %s, want by SIGTERM", state)
	}
	if said := m.Said.String(); len(said) > tailMaxBytes || strings.Contains(said, "first") {
		t.Errorf("%d bytes are kept of what it said", len(said))
	}
}
