package main

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"mewz/abi"
)

// wrongValues has a wrong value for each flag that takes one, and the exit code: of usage for what
// is wrong by itself, of failure for what is not there.
var wrongValues = map[string]struct {
	value string
	code  int
}{
	"opt": {"7", abi.ExitUsage}, "cpu": {"a/b", abi.ExitUsage}, "emit": {"asm", abi.ExitUsage}, "ir": {"some", abi.ExitUsage},
	"env": {"=x", abi.ExitUsage}, "stack": {"1G", abi.ExitUsage}, "unknown-imports": {"maybe", abi.ExitUsage},
	"root": {"absent", abi.ExitFailure}, "tmpfs": {"/x:lots", abi.ExitUsage}, "dir": {"::/data", abi.ExitUsage},
	"volume": {"disk.img", abi.ExitUsage}, "share": {"nfs", abi.ExitUsage},
	"ip": {"10.0.0.2", abi.ExitUsage}, "gateway": {"router", abi.ExitUsage}, "dns": {"server", abi.ExitUsage}, "dns-search": {"a..b", abi.ExitUsage},
	"hostname": {"a_b", abi.ExitUsage}, "listen": {"80", abi.ExitUsage}, "publish": {"http", abi.ExitUsage}, "net": {"tap", abi.ExitUsage},
	"pcap":   {"absent/wire.pcap", abi.ExitFailure},
	"memory": {"lots", abi.ExitUsage}, "vmm": {"xen", abi.ExitUsage}, "machine": {"isapc", abi.ExitUsage}, "accel": {"hvf", abi.ExitUsage},
	"timeout": {"soon", abi.ExitUsage},
}

// Flags whose values only others know are in scripts: QEMU's (root.txtar), names of functions
// (disassemble.txtar), files to write (output.txtar).
var valuesOfOthers = map[string]bool{"guest-cpu": true, "qemu-arg": true, "disassemble": true, "output FILE": true}

// inModuleDirectory has the test run where there is a module.
func inModuleDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if err := os.WriteFile("good.wat", []byte(`(module (func (export "_start")))`), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkUsage runs a command line, which is wrong: its only line names what is.
func checkUsage(t *testing.T, args []string, code int, part string) {
	t.Helper()
	got := -1
	text := captureStderr(t, func() { got = execute(args) })
	if got != code || strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "mewz: "+args[0]+": ") || !strings.Contains(text, part) {
		t.Errorf("mewz %q = %d with %q, want %d and one line about %q", args, got, text, code, part)
	}
}

// requiredArgs is what a command cannot do without.
func requiredArgs(command *kong.Node) []string {
	var args []string
	for _, flag := range command.Flags {
		if flag.Required {
			args = append(args, "--"+flag.Name+"=out")
		}
	}
	if len(command.Positional) > 0 {
		args = append(args, "good.wat")
	}
	return args
}

// Every command ends with 2 for what is wrong with its command line, and every flag is tried.
func TestUsageExitCodes(t *testing.T) {
	inModuleDirectory(t)
	exited := false
	parser, err := kong.New(&cli{}, options(&exited)...)
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for _, command := range parser.Model.Leaves(true) {
		name := command.Name
		required := requiredArgs(command)
		checkUsage(t, append([]string{name, "--bogus"}, required...), abi.ExitUsage, "unknown flag --bogus")
		if len(command.Positional) > 0 {
			file := required[len(required)-1]
			checkUsage(t, append([]string{name}, required[:len(required)-1]...), abi.ExitUsage, "<file>")
			checkUsage(t, append([]string{name}, append(required[:len(required)-1:len(required)-1], "")...), abi.ExitUsage, "<file>: the value is empty")
			checkUsage(t, append([]string{name}, append(required[:len(required)-1:len(required)-1], "absent.wasm")...), abi.ExitFailure, "absent.wasm: no such file")
			required[len(required)-1] = file
		} else {
			checkUsage(t, []string{name, "something"}, abi.ExitUsage, "unexpected argument something")
		}
		for _, flag := range command.Flags {
			if flag.IsBool() || flag.Name == "help" {
				continue
			}
			checkUsage(t, []string{name, "--" + flag.Name}, abi.ExitUsage, "--"+flag.Name+": a value is missing")
			if !flag.Required && !flag.Hidden { // in required it stands again, and the last one counts; hidden ones pass all on
				checkUsage(t, append([]string{name, "--" + flag.Name + "="}, required...), abi.ExitUsage, "-")
			}
			checkFlag(t, command, flag, tried)
		}
	}
	for flag := range wrongValues {
		if !tried[flag] {
			t.Errorf("no command has a flag --%s", flag)
		}
	}
}

// checkFlag tries a flag with a wrong value.
func checkFlag(t *testing.T, command *kong.Node, flag *kong.Flag, tried map[string]bool) {
	t.Helper()
	key := flag.Name
	switch {
	case key == "output" && flag.PlaceHolder == "FILE":
		key = "output FILE"
	case key == "output":
		checkUsage(t, append([]string{command.Name, "--output=yaml"}, requiredArgs(command)...), abi.ExitUsage, `--output must be one of "text","json"`)
		return
	}
	if valuesOfOthers[key] || key == "cpu" && command.Name == "inspect" { // compiles only what -d names
		return
	}
	wrong, ok := wrongValues[key]
	if !ok {
		t.Errorf("mewz %s --%s: no wrong value to try: add one to wrongValues", command.Name, key)
		return
	}
	tried[key] = true
	part := "--" + flag.Name
	if (key == "env" || key == "publish") && flag.Short != 0 {
		part = "-" + string(flag.Short)
	}
	if key == "cpu" && !found("opt-19", "llc-19") {
		return
	}
	checkUsage(t, append([]string{command.Name, "--" + flag.Name + "=" + wrong.value}, requiredArgs(command)...), wrong.code, part)
}
