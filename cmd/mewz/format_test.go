package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestRenameByLink: a new volume takes nobody's name.
func TestRenameByLink(t *testing.T) {
	dir := t.TempDir()
	made, other, free := filepath.Join(dir, "made"), filepath.Join(dir, "other"), filepath.Join(dir, "free")
	for _, name := range []string{made, other} {
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := renameByLink(made, other); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file that exists: %v, want EEXIST", err)
	}
	if b, err := os.ReadFile(other); err != nil || string(b) != other {
		t.Errorf("the other file: %q, %v", b, err)
	}
	if err := renameByLink(made, free); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(free); err != nil || string(b) != made {
		t.Errorf("the new file: %q, %v", b, err)
	}
	if _, err := os.Stat(made); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old name: %v", err)
	}
}
