package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"mewz/test/document"
	"mewz/test/toolchain"
)

// machineFacts says when, where and with what was measured.
func (b *bench) machineFacts(o options) string {
	command := "go run ./test/bench"
	if o.short {
		command += " -short"
	}
	if o.only != "" {
		command += " -only " + o.only
	}
	var r document.Report
	for _, fact := range [][2]string{
		{"command", "`make bench`, which is `" + command + "`; `-markdown docs/benchmarks.md` writes this file"},
		{"date", time.Now().UTC().Format(time.DateOnly)},
		{"processor", fmt.Sprintf("%d × %s", runtime.NumCPU(), processor())},
		{"system", strings.TrimSpace(readFile("/proc/sys/kernel/ostype") + " " + readFile("/proc/sys/kernel/osrelease"))},
		{"load before", strings.TrimSpace(loadAverage())},
		{"clang", b.firstLine("clang-19", "--version")},
		{"QEMU", b.firstLine("qemu-system-x86_64", "--version")},
		{"Go", runtime.Version()},
		{"wazero", moduleVersion("github.com/tetratelabs/wazero")},
		{"V8", b.v8Version()},
	} {
		fmt.Fprintf(&r, "* %s: %s\n", fact[0], fact[1])
	}
	return r.String()
}

// processor returns the name that Linux has for the processor.
func processor() string {
	for line := range strings.Lines(readFile("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// loadAverage returns the three averages of proc(5).
func loadAverage() string {
	fields := strings.Fields(readFile("/proc/loadavg"))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

// readFile returns the content of a file that says something about the
// computer, or nothing.
func readFile(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}

// v8Version returns which V8 is measured, and in what.
func (b *bench) v8Version() string {
	node, err := toolchain.V8()
	if err != nil {
		return "missing"
	}
	return b.firstLine(node, "-p", "`${process.versions.v8}, in Node.js ${process.version}`")
}

// firstLine returns the first line of what a tool says about itself.
func (b *bench) firstLine(tool string, args ...string) string {
	o, err := b.exec(tool, args...)
	if err != nil {
		return "missing"
	}
	line, _, _ := strings.Cut(o.Stdout, "\n")
	return line
}

// moduleVersion returns the version of a module that this program is built
// with.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range info.Deps {
		if module.Path == path {
			return module.Version
		}
	}
	return "unknown"
}
