// Command fuzz runs every fuzz target of the project for a while, one after the
// other, which `go test -fuzz` cannot do in one call. A find is written to
// testdata/fuzz of its package, to be committed with the repair.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	duration := flag.Duration("time", 20*time.Second, "how long each target runs")
	flag.Parse()
	if err := fuzz(*duration); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

type target struct{ pkg, name string }

func fuzz(duration time.Duration) error {
	targets, err := list()
	if err != nil {
		return err
	}
	failed := 0
	for _, t := range targets {
		fmt.Printf("fuzz: %s %s for %v\n", t.pkg, t.name, duration)
		c := exec.Command("go", "test", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+duration.String(),
			// One worker, because each loads all seeds; no minimising, which would
			// take the whole time of a target with large inputs.
			"-parallel=1", "-fuzzminimizetime=1x", t.pkg)
		var output bytes.Buffer
		c.Stdout, c.Stderr = io.MultiWriter(os.Stdout, &output), os.Stderr
		if err := c.Run(); err != nil && !isTimeUp(output.String()) {
			fmt.Printf("fuzz: %s %s: %v\n", t.pkg, t.name, err)
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d targets failed", failed, len(targets))
	}
	return nil
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
