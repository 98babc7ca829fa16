package differential

import (
	"bytes"
	"context"
	"testing"

	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/validate"

	"github.com/tetratelabs/wazero"
)

// TestGenerateProposals checks the same of the second form.
func TestGenerateProposals(t *testing.T) {
	for seed := range uint64(300) {
		b := GenerateProposals(randFor(seed))
		if again := GenerateProposals(randFor(seed)); !bytes.Equal(b, again) {
			t.Fatalf("GenerateProposals gives two modules for seed %d", seed)
		}
		m, err := decode.Module(b)
		if err == nil {
			_, err = validate.Module(m)
		}
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

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
