package vmm

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// lowEnv says that this process is a child of TestChildDescriptors.
const lowEnv = "MEWZ_TEST_DESCRIPTORS"

// TestChildDescriptors checks that a child may open as many files as its user may, also
// when a shell has given this process fewer.
func TestChildDescriptors(t *testing.T) {
	if os.Getenv(lowEnv) != "" {
		c := NewCommand(t.Context(), "/bin/sh", "-c", "ulimit -Sn")
		var out bytes.Buffer
		c.Stdout = &out
		child, err := Start(c)
		if err != nil {
			t.Fatal(err)
		}
		<-child.Done
		fmt.Printf("soft %s", out.String())
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/bin/sh", "-c", "ulimit -Sn 500 && exec \"$0\" -test.run='^TestChildDescriptors$'", self)
	c.Env = append(os.Environ(), lowEnv+"=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("soft %d\n", limit.Max); !strings.Contains(string(out), want) {
		t.Errorf("the child says %q, want %q", out, want)
	}
}
