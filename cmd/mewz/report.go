package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/line"
)

// frameLine is a line of a backtrace as kernel/instance writes it: number,
// offset in the module, function.
var frameLine = regexp.MustCompile(`^ *\d+: 0x([0-9a-f]{1,8}) - `)

// withPlaces adds to each line of a backtrace the place in the source, where
// the module has DWARF. A report without a backtrace stays as it is.
func withPlaces(report string, src *source) string {
	if src.kind != kindModule || !strings.Contains(report, ": 0x") {
		return report
	}
	module, err := decode.Module(src.data)
	if err != nil {
		return report
	}
	table, err := line.Read(module)
	if err != nil {
		return report
	}
	var b strings.Builder
	for text := range strings.Lines(report) {
		b.WriteString(text)
		match := frameLine.FindStringSubmatch(text)
		if match == nil || !strings.HasSuffix(text, "\n") {
			continue
		}
		offset, err := strconv.ParseUint(match[1], 16, 32)
		if err != nil {
			continue
		}
		if place, ok := table.At(wasm.Offset(offset)); ok {
			fmt.Fprintf(&b, "             at %s:%d:%d\n", place.File, place.Line, place.Column)
		}
	}
	return b.String()
}
