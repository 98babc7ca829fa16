package main

import (
	"fmt"
	"math"

	"mewz/test/document"
)

// geomean is the geometric mean, the one that is right for ratios: it does not
// depend on which side is the yardstick. Of nothing it is NaN.
func geomean(ratios []float64) float64 {
	sum := 0.0
	for _, ratio := range ratios {
		sum += math.Log(ratio)
	}
	return math.Exp(sum / float64(len(ratios)))
}

// Markers of the blocks that are no section.
const (
	machineMarker = "machine"
	budgetsMarker = "budgets"
)

// written is how the document is marked where this command writes.
func written(path string) document.Document {
	return document.Document{Path: path, Writer: "go run ./test/bench", Tag: "bench"}
}

// Units of numbers in tables.

const (
	kilobyte = 1e3
	megabyte = 1e6
	mebibyte = 1 << 20
)

// count writes a number of things.
func count(n uint64) string { return document.Count(float64(n)) }

func ratio(v float64) string { return fmt.Sprintf("%.2f", v) }

// bytesText writes a size in units of ten, as files have them.
func bytesText(n uint64) string {
	switch v := float64(n); {
	case n == 0:
		return "0"
	case v < megabyte:
		return fmt.Sprintf("%.1f kB", v/kilobyte)
	default:
		return fmt.Sprintf("%.2f MB", v/megabyte)
	}
}
