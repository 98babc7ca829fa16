package differential

import (
	"bytes"
	"context"
	"testing"

	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/validate"

	"github.com/tetratelabs/wazero"
)

// TestGenerate checks that the generator makes valid modules and the same ones
// each time.
func TestGenerate(t *testing.T) {
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features))
	defer runtime.Close(ctx)
	for seed := range uint64(300) {
		b := Generate(randFor(seed))
		if again := Generate(randFor(seed)); !bytes.Equal(b, again) {
			t.Fatalf("Generate gives two modules for seed %d", seed)
		}
		m, err := decode.Module(b)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if _, err := validate.Module(m); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		c, err := runtime.CompileModule(ctx, b)
		if err != nil {
			t.Fatalf("seed %d: wazero: %v", seed, err)
		}
		c.Close(ctx)
	}
}
