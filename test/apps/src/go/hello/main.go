// Command hello prints its arguments and environment and ends with code 7.
package main

import (
	"os"
	"slices"
)

func main() {
	println("standard error of Go")
	for _, arg := range os.Args[1:] {
		os.Stdout.WriteString("argument " + arg + "\n")
	}
	env := os.Environ()
	slices.Sort(env)
	for _, variable := range env {
		os.Stdout.WriteString(variable + "\n")
	}
	os.Exit(7)
}
