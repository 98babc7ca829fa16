package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Run prints which mewz this is.
func (*versionCommand) Run(*app) error {
	_, err := fmt.Println(versionLine())
	return stdoutError(err)
}

// versionLine is what is printed: the second word is the version.
func versionLine() string {
	return fmt.Sprintf("mewz %s (%s, %s/%s)", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// version is what the Go tool recorded: a tag, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "development"
}
