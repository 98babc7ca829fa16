package lower

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/text"
	"mewz/compiler/wasm/validate"
)

// FuzzLower checks that lowering never panics on a valid module.
func FuzzLower(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.wat")
	more, _ := filepath.Glob("../testdata/run/*.wat")
	for _, file := range append(files, more...) {
		f.Add(assemble(f, file))
	}
	scripts, _ := filepath.Glob("../../test/spec/testdata/own/*.wast")
	for _, file := range scripts {
		script, _ := os.ReadFile(file)
		for _, source := range regexp.MustCompile(`(?ms)^\(module.*?^\)$`).FindAll(script, -1) {
			if b, err := text.Module(source); err == nil {
				f.Add(b)
			}
		}
	}
	seeds, _ := filepath.Glob("testdata/*.wasm")
	for _, file := range seeds {
		if b, err := os.ReadFile(file); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode.Module(b)
		if err != nil {
			return
		}
		checked, err := validate.Module(m)
		if err != nil {
			return
		}
		for _, o := range []Options{{Locations: true}, {Global0InRegister: true, HashedTypeIDs: true}, {LocalsInMemory: true, Memory: MemoryPointer}} {
			p, err := New(checked, o)
			if err != nil {
				return
			}
			for i := range p.Shards() {
				if _, err := p.IR(i); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
