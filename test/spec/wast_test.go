package spec

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mewz/test/toolchain"

	"golang.org/x/sync/errgroup"
)

// toolCommand is a command as wasm-tools writes it.
type toolCommand struct {
	Type       string `json:"type"`
	Line       int    `json:"line"`
	Filename   string `json:"filename"`
	Binary     string `json:"binary_filename"` // the module, where filename is its text
	ModuleType string `json:"module_type"`
}

// TestModulesAsWasmTools compares the binary modules that package text makes of
// the suite of 3.0 with those of wasm-tools, byte for byte.
func TestModulesAsWasmTools(t *testing.T) {
	wasmTools, err := toolchain.WasmTools()
	if err != nil {
		skip(t, err)
	}
	dir, err := Suite3Dir()
	if err != nil {
		skip(t, err)
	}
	scripts, err := List3(dir)
	if err != nil {
		t.Fatal(err)
	}
	group, scratch := errgroup.Group{}, t.TempDir()
	group.SetLimit(workers)
	counts := make([]int, len(scripts))
	for i, s := range scripts {
		if !wanted(s, representative3) {
			continue
		}
		if err := s.Read(); err != nil {
			t.Fatal(err)
		}
		group.Go(func() error {
			counts[i] = compareModules(t, s, wasmTools, filepath.Join(scratch, s.Version+"-"+s.Name))
			return nil
		})
	}
	group.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		t.Fatal("no module was compared")
	}
	t.Logf("%d modules are equal", total)
}

// compareModules counts the modules of s that are equal.
func compareModules(t *testing.T, s *Script, wasmTools, folder string) (equal int) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Error(err)
		return 0
	}
	file := filepath.Join(folder, "commands.json")
	out, err := exec.CommandContext(context.Background(), wasmTools, "json-from-wast", s.Source, "-o", file, "--wasm-dir", folder).CombinedOutput()
	if err != nil {
		t.Errorf("%s: wasm-tools: %v\n%s", s.label(), err, out)
		return 0
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return 0
	}
	var script struct{ Commands []toolCommand }
	if err := json.Unmarshal(b, &script); err != nil {
		t.Error(err)
		return 0
	}
	if len(script.Commands) != len(s.Commands) {
		t.Errorf("%s: %d commands, wasm-tools has %d", s.label(), len(s.Commands), len(script.Commands))
		return 0
	}
	for i, theirs := range script.Commands {
		ours := &s.Commands[i]
		name := theirs.Filename
		if theirs.Binary != "" {
			name = theirs.Binary
		}
		if ours.module == nil || theirs.Filename == "" || theirs.ModuleType == "text" && theirs.Binary == "" {
			continue
		}
		want, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		switch got, err := s.Module(ours); {
		case err != nil:
			t.Errorf("%s:%d: %v", s.Source, ours.Line, err)
		case !bytes.Equal(got, want):
			t.Errorf("%s:%d: another module than wasm-tools'", s.Source, ours.Line)
			if keep := os.Getenv("KEEP"); keep != "" { os.WriteFile(filepath.Join(keep, "ours.wasm"), got, 0o644); os.WriteFile(filepath.Join(keep, "theirs.wasm"), want, 0o644) }
		default:
			equal++
		}
	}
	return equal
}
