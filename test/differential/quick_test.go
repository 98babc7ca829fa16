package differential

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"mewz/test/spec"
)

func TestQuick(t *testing.T) {
	p, err := spec.BuildRunner(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	first, _ := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	n, _ := strconv.ParseUint(os.Getenv("N"), 10, 64)
	r := &Runner{Program: p}
	var total Counts
	for seed := first; seed < first+n; seed++ {
		rnd := rand.New(rand.NewPCG(seed, 0))
		c, err := NewCase(rnd, Generate(rnd))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		v := Variants[seed%uint64(len(Variants))]
		counts, err := r.Compare(context.Background(), c, v)
		t.Logf("seed %d: %s %d bytes %+v %v %v", seed, v.Name, len(c.Module), counts, time.Since(start), err)
		if err != nil {
			os.WriteFile("/tmp/diff"+strconv.FormatUint(seed, 10)+".wasm", c.Module, 0o644)
		}
		total.Calls += counts.Calls
		total.Traps += counts.Traps
		total.Open += counts.Open
	}
	t.Logf("%+v", total)
}
