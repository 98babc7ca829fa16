package main

import (
	"strings"
	"testing"
)

func TestHostProcessor(t *testing.T) {
	all := strings.Join(v3Flags, " ")
	for _, test := range []struct{ name, cpuinfo, want string }{
		{"all of x86-64-v3", "processor\t: 0\nflags\t\t: fpu sse4_2 popcnt " + all + " avx512f\n", "x86-64-v3"},
		{"no MOVBE", "flags\t\t: fpu " + strings.Replace(all, "movbe", "", 1) + "\n", "x86-64-v2"},
		{"AVX-512 is no AVX2", "flags\t\t: " + strings.Replace(all, "avx2", "avx512f", 1) + "\n", "x86-64-v2"},
		{"the second processor does not count", "flags\t\t: fpu\n\nflags\t\t: " + all + "\n", "x86-64-v2"},
		{"vmx flags are others", "vmx flags\t: " + all + "\n", "x86-64-v2"},
		{"nothing", "", "x86-64-v2"},
	} {
		if got := hostProcessor(strings.NewReader(test.cpuinfo)); got != test.want {
			t.Errorf("%s: hostProcessor = %s, want %s", test.name, got, test.want)
		}
	}
}

func TestProcessor(t *testing.T) {
	for flag, want := range map[string]string{cpuAuto: "x86-64-v2", "x86-64-v3": "x86-64-v3", "skylake": "skylake"} {
		if got := processor(flag); got != want {
			t.Errorf("processor(%q) = %s, want %s", flag, got, want)
		}
	}
	run := runCommand{compileFlags: compileFlags{CPU: cpuAuto}, machineFlags: machineFlags{VMM: "process"}}
	if got := run.code().CPU; got != cpuHost {
		t.Errorf("a process has --cpu %s, want %s", got, cpuHost)
	}
	run.VMM = "qemu"
	if got := run.code().CPU; got != cpuAuto {
		t.Errorf("a machine has --cpu %s, want %s", got, cpuAuto)
	}
	run.VMM, run.CPU = "process", "x86-64-v2"
	if got := run.code().CPU; got != "x86-64-v2" {
		t.Errorf("--cpu x86-64-v2 became %s", got)
	}
}
