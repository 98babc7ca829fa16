// Command suite is one program of many parts of Go and its library; the
// argument names the part. What it prints is the same in every run.
package main

import (
	"fmt"
	"os"
)

var parts = map[string]func() error{
	"goroutines": goroutines,
	"maps":       maps,
	"garbage":    garbage,
	"json":       encodeJSON,
	"time":       clocks,
	"random":     random,
	"files":      files,
	"stdin":      stdin,
	"exit":       func() error { os.Exit(113); return nil },
	"panic":      func() error { panic("this is a panic") },
	"nil":        func() error { var p *int; *p = 1; return nil },
	"deadlock":   func() error { select {} },
	"stack":      func() error { fmt.Println(deep(200_000)); return nil },
}

// deep needs a stack of many megabytes, which Go keeps in linear memory.
func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + n&1
}

func main() {
	if len(os.Args) != 2 || parts[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: suite PART")
		os.Exit(2)
	}
	if err := parts[os.Args[1]](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
