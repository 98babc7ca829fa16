package kernelfile

import (
	"debug/elf"
	"errors"
	"fmt"
	"sort"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// belowRuntime are the packages whose code runs below the Go runtime. It may call
// nothing outside of them: then it cannot allocate, grow its stack, take a write
// barrier, panic, or wait.
var belowRuntime = []string{
	"mewz/kernel/boot.", "mewz/kernel/linuxabi.", "mewz/kernel/memory.",
	"mewz/kernel/interrupt.", "mewz/kernel/clock.", "mewz/kernel/cpu.",
}

// aboveRuntime are functions of these packages that ordinary Go code calls.
var aboveRuntime = map[string]bool{
	"mewz/kernel/boot.init":      true,
	"mewz/kernel/linuxabi.Calls": true,
}

// harmless are functions of the runtime that code below it may reach: they touch
// nothing but their registers and the memory they are given.
var harmless = map[string]bool{
	"runtime.duffzero":       true,
	"runtime.duffcopy":       true,
	"_rt0_amd64_linux":       true,
	"runtime.gcWriteBarrier": false, // named to say so: never
}

// Lint proves from the machine code of f that no code below the Go runtime
// leaves it, and that none of it uses VEX instructions, whose registers trap
// entry does not save. Indirect calls go to functions of the same packages,
// which Lint sees too.
func Lint(f *elf.File) error {
	symbols, err := f.Symbols()
	if err != nil {
		return err
	}
	text := f.Section(".text")
	if text == nil {
		return errors.New("no text")
	}
	code, err := text.Data()
	if err != nil {
		return err
	}
	var functions []elf.Symbol
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Value >= text.Addr && s.Value < text.Addr+text.Size {
			functions = append(functions, s)
		}
	}
	sort.Slice(functions, func(i, j int) bool { return functions[i].Value < functions[j].Value })
	var faults []error
	seen := 0
	for _, s := range functions {
		if !isBelow(s.Name) || s.Size == 0 {
			continue
		}
		seen++
		body := code[s.Value-text.Addr:][:s.Size]
		faults = append(faults, lintFunction(s, body, functions)...)
	}
	if seen == 0 {
		faults = append(faults, errors.New("no code below the runtime: was the file linked with -s?"))
	}
	return errors.Join(faults...)
}

func isBelow(name string) bool {
	name = strings.TrimSuffix(name, ".abi0")
	if aboveRuntime[name] || strings.HasPrefix(name, "mewz/kernel/boot.init.") {
		return false
	}
	for _, prefix := range belowRuntime {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// lintFunction checks the calls and jumps of one function.
func lintFunction(s elf.Symbol, body []byte, functions []elf.Symbol) []error {
	if is32Bit(s.Name) {
		return nil // decodes differently, and calls nothing but its neighbours
	}
	var faults []error
	for at := 0; at < len(body); {
		if isVEX(body[at:]) {
			faults = append(faults, fmt.Errorf("%s+%#x: VEX instruction", s.Name, at))
		}
		inst, err := x86asm.Decode(body[at:], 64)
		if err != nil || inst.Len == 0 {
			at++ // an instruction that x86asm does not know (XSAVE, RDRAND) is not a call
			continue
		}
		if relative, ok := inst.Args[0].(x86asm.Rel); ok {
			target := s.Value + uint64(at+inst.Len) + uint64(int64(relative))
			if name := functionAt(functions, target); target < s.Value || target >= s.Value+s.Size {
				if !isBelow(name) && !harmless[strings.TrimSuffix(name, ".abi0")] {
					faults = append(faults, fmt.Errorf("%s+%#x: %v %s", s.Name, at, inst.Op, name))
				}
			}
		}
		at += inst.Len
	}
	return faults
}

// is32Bit names the code that runs before long mode.
func is32Bit(name string) bool {
	switch strings.TrimSuffix(name, ".abi0") {
	case "mewz/kernel/boot.pvhEntry", "mewz/kernel/boot.noLongMode", "mewz/kernel/boot.getPC":
		return true
	}
	return false
}

// isVEX reports whether an instruction begins with a VEX or EVEX prefix, which in
// 64-bit mode are nothing else.
func isVEX(b []byte) bool {
	return b[0] == 0xc5 || b[0] == 0xc4 || b[0] == 0x62
}

func functionAt(functions []elf.Symbol, address uint64) string {
	i := sort.Search(len(functions), func(i int) bool { return functions[i].Value > address })
	if i == 0 {
		return fmt.Sprintf("%#x", address)
	}
	return functions[i-1].Name
}
