package spec

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// representative3 are the files of a short run: every group, but what the suite
// of 2.0 has as well.
var representative3 = []string{
	"3.0/call_indirect", "3.0/data", "3.0/elem", "3.0/global", "3.0/return_call", "3.0/return_call_indirect", "3.0/memory-multi",
	"3.0/load1", "3.0/imports3", "3.0/relaxed_min_max", "3.0/relaxed_laneselect", "threads/atomic", "3.0/call_ref", "3.0/load64",
	"3.0/table_grow64", "3.0/try_table", "3.0/struct", "3.0/simd_lane", "3.0/token", "3.0/annotations", "legacy/try_delegate",
}

// sameAs2 are the groups that the suite of 2.0 has too, at every level.
var sameAs2 = []string{coreGroup, "SIMD", "bulk memory and references", "text format"}

// scripts3 reads those scripts of 3.0 that this run includes.
func scripts3(t *testing.T) (scripts []*Script, complete bool) {
	t.Helper()
	dir, err := Suite3Dir()
	if err != nil {
		skip(t, err)
	}
	all, err := List3(dir)
	if err != nil {
		t.Fatal(err)
	}
	scripts = slices.DeleteFunc(slices.Clone(all), func(s *Script) bool { return !wanted(s, representative3) })
	for _, s := range scripts {
		if err := s.Read(); err != nil {
			t.Fatal(err)
		}
	}
	return scripts, len(scripts) == len(all)
}

// TestSuite3 runs the suite of 3.0: what 2.0 has too at one level, the rest at
// each.
func TestSuite3(t *testing.T) {
	scripts, complete := scripts3(t)
	if len(scripts) == 0 {
		t.Skipf("no file %s in the suite of 3.0", *only)
	}
	eachLevel(t, func(t *testing.T, r *Runner, _ []*Script) {
		isTable := r.Compiler.Level == "fast"
		list := slices.DeleteFunc(slices.Clone(scripts), func(s *Script) bool {
			return !isTable && *only == "" && slices.Contains(sameAs2, groupOf(s))
		})
		reports, err := r.RunAll(context.Background(), list, workers)
		if err != nil {
			t.Fatal(err)
		}
		for _, report := range reports {
			checkReport(t, report, map[string]bool{})
		}
		if complete && isTable {
			checkTable(t, Table3(reports), marks3)
		}
	})
}

func TestGroupOf(t *testing.T) {
	for file, want := range map[string]string{
		"simd_lane": "SIMD", "simd_memory-multi": "multiple memories", "table_copy64": "memory64", "table_copy": "bulk memory and references",
		"i32": "core", "threads/atomic": "threads", "relaxed_min_max": "relaxed SIMD", "type-rec": "garbage collection", "type": "core", "legacy/throw": legacyGroup,
	} {
		s := &Script{Version: version3, Name: file}
		if version, name, ok := strings.Cut(file, "/"); ok {
			s.Version, s.Name = version, name
		}
		if got := groupOf(s); got != want {
			t.Errorf("groupOf(%q) = %q, want %q", file, got, want)
		}
	}
}
