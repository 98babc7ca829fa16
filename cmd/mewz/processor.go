package main

import (
	"bufio"
	"io"
	"os"
	"strings"

	"mewz/compiler"
)

// Values of --cpu that are no names of LLVM (decision 0012).
const (
	cpuAuto = "auto" // host for a process, else the compiler's default
	cpuHost = "host" // the best level of the psABI that this computer has
)

const cpuV3 = "x86-64-v3"

// v3Flags are what Linux calls the features that x86-64-v3 adds to x86-64-v2 (x86-64
// psABI, table 3.1). Linux leaves out avx where the system does not save its
// registers, so OSXSAVE is among them.
var v3Flags = []string{"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}

// processor returns what LLVM is told for a value of --cpu.
func processor(flag string) string {
	switch flag {
	case cpuAuto:
		return compiler.DefaultCPU
	case cpuHost:
		f, err := os.Open("/proc/cpuinfo")
		if err != nil {
			return compiler.DefaultCPU
		}
		defer f.Close()
		return hostProcessor(f)
	default:
		return flag
	}
}

// hostProcessor returns the level of the psABI of the first processor of a
// /proc/cpuinfo. There is none for x86-64-v4: its vectors of 512 bits made no
// measured program faster, and some slower.
func hostProcessor(cpuinfo io.Reader) string {
	lines := bufio.NewScanner(cpuinfo)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(name) != "flags" {
			continue
		}
		has := map[string]bool{}
		for _, flag := range strings.Fields(value) {
			has[flag] = true
		}
		for _, flag := range v3Flags {
			if !has[flag] {
				return compiler.DefaultCPU
			}
		}
		return cpuV3
	}
	return compiler.DefaultCPU
}
