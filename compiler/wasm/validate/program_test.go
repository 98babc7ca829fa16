package validate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/validate"
)

// goProgram compiles testdata/hello for wasip1.
func goProgram(t testing.TB) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "hello.wasm")
	build := exec.Command("go", "build", "-o", out, "./testdata/hello")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGoProgram validates a real program and looks at what is known about it.
func TestGoProgram(t *testing.T) {
	b := goProgram(t)
	start := time.Now()
	m, err := decode.Module(b)
	if err != nil {
		t.Fatal(err)
	}
	c, err := validate.Module(m)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d functions, %d data segments in %v; features %v", len(b), c.FunctionCount(), len(m.Data), time.Since(start), c.Features())
	if !c.GrowsMemory() || !c.Uses(wasm.FeatureSatTruncation) || !c.Uses(wasm.FeatureSignExtension) {
		t.Errorf("GrowsMemory() = %v, Features() = %v, want what Go uses", c.GrowsMemory(), c.Features())
	}
	if use := c.TableUse(0); !use.IsConstant() {
		t.Errorf("TableUse(0) = %+v, want a constant table", use)
	}
	if c.ImportedFunctions() == 0 || len(c.Memories()) != 1 || !c.GlobalWritten(0) {
		t.Errorf("ImportedFunctions() = %d, Memories() = %v, GlobalWritten(0) = %v", c.ImportedFunctions(), c.Memories(), c.GlobalWritten(0))
	}
	named := false
	for _, name := range m.Names.Functions {
		named = named || name == "main.main"
	}
	if !named {
		t.Error("the name section has no main.main")
	}
}

func BenchmarkGoProgram(b *testing.B) {
	bytes := goProgram(b)
	b.SetBytes(int64(len(bytes)))
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(bytes)))
		for b.Loop() {
			if _, err := decode.Module(bytes); err != nil {
				b.Fatal(err)
			}
		}
	})
	m, err := decode.Module(bytes)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("validate", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(bytes)))
		for b.Loop() {
			if _, err := validate.Module(m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
