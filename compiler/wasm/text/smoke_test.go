package text

import (
	"os"
	"testing"
)

func TestSmoke(t *testing.T) {
	b, err := os.ReadFile(os.Getenv("WAT"))
	if err != nil {
		t.Skip()
	}
	out, err := Module(b)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/out.wasm", out, 0o644)
}
