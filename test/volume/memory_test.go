package volume

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/test/toolchain"
)

var memory = toolchain.Program{
	Name: "volume-memory", Language: toolchain.C, Sources: []string{"test/volume/src/memory.c"}, Flags: []string{"-O2"},
}

// Sizes in the test.
const (
	machineMemory = "96M"
	fileMegabytes = 20
	// slackPages is how much less a program may get that has used a file: the buffers of a
	// volume, what is kept of files at least, and the heap of the kernel.
	slackPages = 12 << 20 / (64 << 10)
)

// take runs the program in a machine and returns how many wasm pages it got.
func take(t *testing.T, machine, disk string, args ...string) (pages int) {
	t.Helper()
	mewz, err := toolchain.Mewz()
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := toolchain.Wasm(memory)
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"run", "-q", "--machine", machine, "-m", machineMemory, "--timeout", "5m", "--volume", disk + "::/data:size=64M", wasm, "--"}
	output, err := exec.Command(mewz, append(flags, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, output)
	}
	var same string
	if n, _ := fmt.Sscanf(string(output), "took %d\n%s", &pages, &same); n < 1 || len(args) > 0 && same != "same" {
		t.Fatalf("%q: %s", args, output)
	}
	return pages
}

// TestMemoryComesBack: a program gets the memory that is used to keep files, and the files stay
// as they are.
func TestMemoryComesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("machines are not short")
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("qemu-system-x86_64 is missing: run make setup")
		}
		t.Skip("qemu-system-x86_64 is missing: run make setup")
	}
	for _, machine := range []string{"microvm", "q35"} {
		t.Run(machine, func(t *testing.T) {
			disk := filepath.Join(t.TempDir(), "disk.img")
			without := take(t, machine, disk)
			with := take(t, machine, disk, "/data/file", fmt.Sprint(fileMegabytes))
			t.Logf("%d wasm pages without a file, %d with one", without, with)
			if with < without-slackPages {
				t.Errorf("the program gets %d wasm pages after it has used a file, %d without", with, without)
			}
		})
	}
}
