//go:build !nofiles

package main

import "testing"

func TestAbsent(t *testing.T) {
	if got, want := absent("disk", nil, "give it one").Error(), "the machine has no disk: give it one"; got != want {
		t.Errorf("absent = %q, want %q", got, want)
	}
	there := make([]string, 100)
	there[0] = "\x1b"
	if got, want := absent("disk", there, "r").Error(), `the machine has no disk, only "\x1b", "", "", "", "", "", "", "": r`; got != want {
		t.Errorf("absent = %q, want %q", got, want)
	}
}
