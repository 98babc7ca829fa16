package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mewz/vmm"
)

// What the mounts are comes in the order of the tags, whatever the order of the machine.
func TestFiles(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(disk, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &vmm.Machine{
		Shares:  []vmm.Share{{Path: t.TempDir(), Tag: "9"}, {Path: t.TempDir(), Tag: "7"}},
		Volumes: []vmm.Volume{{Path: disk, Tag: "8"}},
	}
	p := &process{machine: m, stop: func() {}}
	files, err := p.files()
	if err != nil || len(files) != 3 || files[1].Name() != disk || files[0] == nil || files[2] == nil {
		t.Errorf("files = %v, %v", files, err)
	}
	second := &process{machine: &vmm.Machine{Volumes: []vmm.Volume{{Path: disk, Tag: "7"}}}, stop: func() {}}
	if _, err := second.files(); err == nil || !strings.Contains(err.Error(), "another machine, or another program, uses the file") {
		t.Errorf("a volume that is in use: %v", err)
	}
	p.closeFiles()
	second.closeFiles()
	m.Volumes[0].Tag = "10"
	third := &process{machine: m, stop: func() {}}
	if _, err := third.files(); err == nil || !strings.Contains(err.Error(), "their tags are [10 7 9]") {
		t.Errorf("a gap: %v", err)
	}
	third.closeFiles()
}
