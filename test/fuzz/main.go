// Command fuzz runs every fuzz target of the project for a while, one for each
// processor at a time, which `go test -fuzz` cannot do in one call. A find is written
// to testdata/fuzz of its package, to be committed with the repair.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	duration := flag.Duration("time", 20*time.Second, "how long each target runs; those of the network run three times as long")
	flag.Parse()
	if err := fuzz(*duration); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

type target struct{ pkg, name string }

// networkFactor is how much longer the targets of network run: anybody can send frames.
const networkFactor = 3

// network are the packages that read what comes from the network or its device.
var network = []string{"mewz/kernel/netstack", "mewz/kernel/virtio/net"}

// time is how long a target runs.
func (t *target) time(duration time.Duration) time.Duration {
	if slices.ContainsFunc(network, func(p string) bool { return t.pkg == p || strings.HasPrefix(t.pkg, p+"/") }) {
		return networkFactor * duration
	}
	return duration
}

func fuzz(duration time.Duration) error {
	targets, err := list()
	if err != nil {
		return err
	}
	var failed atomic.Int32
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for _, t := range targets {
		group.Go(func() error {
			fmt.Printf("fuzz: %s %s for %v\n", t.pkg, t.name, t.time(duration))
			output, err := t.run(duration)
			switch {
			case err == nil:
				fmt.Printf("fuzz: %s %s: %s\n", t.pkg, t.name, lastProgress(output))
			case isTimeUp(output):
				fmt.Printf("fuzz: %s %s: its time was up\n", t.pkg, t.name)
			default:
				fmt.Printf("fuzz: %s %s: %v\n%s", t.pkg, t.name, err, output)
				failed.Add(1)
			}
			return nil
		})
	}
	_ = group.Wait() // failed has the errors
	if n := failed.Load(); n > 0 {
		return fmt.Errorf("%d of %d targets failed", n, len(targets))
	}
	return nil
}

// run runs a target. One worker, because each loads all seeds; no minimising, which
// would take the whole time of a target with large inputs.
func (t *target) run(duration time.Duration) (output string, err error) {
	c := exec.Command("go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+t.time(duration).String(),
		"-parallel=1", "-fuzzminimizetime=1x", t.pkg)
	var b bytes.Buffer
	c.Stdout, c.Stderr = &b, &b
	err = c.Run()
	return b.String(), err
}

// lastProgress is the last line in which go test says how far it came.
func lastProgress(output string) string {
	last := "no progress"
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "fuzz: elapsed") {
			last = strings.TrimSpace(strings.TrimPrefix(line, "fuzz: "))
		}
	}
	return last
}

// isTimeUp says whether a failed run only came to the end of its time: when that
// falls on a busy moment, go test calls it a failure, without an input.
func isTimeUp(output string) bool {
	return strings.Contains(output, "context deadline exceeded") && !strings.Contains(output, "Failing input written to")
}

// list asks each package with a fuzz target in its test files for their names.
func list() ([]target, error) {
	output, err := exec.Command("go", "list", "-f",
		`{{.ImportPath}}{{range .TestGoFiles}} {{$.Dir}}/{{.}}{{end}}{{range .XTestGoFiles}} {{$.Dir}}/{{.}}{{end}}`, "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var targets []target
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		for _, file := range fields[1:] {
			content, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			for _, name := range names(content) {
				targets = append(targets, target{fields[0], name})
			}
		}
	}
	return targets, nil
}

// names finds the fuzz targets that a test file declares.
func names(file []byte) []string {
	var found []string
	for line := range bytes.Lines(file) {
		rest, ok := bytes.CutPrefix(line, []byte("func Fuzz"))
		if !ok {
			continue
		}
		if end := bytes.IndexByte(rest, '('); end > 0 {
			found = append(found, "Fuzz"+string(rest[:end]))
		}
	}
	return found
}
