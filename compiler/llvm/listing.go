package llvm

import (
	"bytes"
	"context"
	"debug/elf"
	"strings"

	"mewz/compiler/object"
)

// Optimize returns IR as the passes of a level leave it, as text; nil for a
// level that has no passes.
func Optimize(ctx context.Context, ir []byte, level Level, o Options) ([]byte, error) {
	p, err := findPipeline(level)
	if err != nil || p.passes == "" {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, shardWait)
	defer cancel()
	var out bytes.Buffer
	opt := newCommand(limited, o.Tools.Opt, append([]string{"-S", "-passes=" + p.passesOf(ir), "-o", "-"}, optFlags...)...)
	opt.Stdin, opt.Stdout = bytes.NewReader(ir), &out
	err = opt.start(&o)
	if err == nil {
		err = opt.Wait()
	}
	if err != nil {
		if limited.Err() != nil {
			return nil, limited.Err()
		}
		return nil, opt.explain(err)
	}
	return out.Bytes(), nil
}

// MachineInstruction is one instruction of machine code as text.
type MachineInstruction struct {
	Bytes int
	Text  string
}

// Disassemble returns the instructions of x86-64 code in Intel's syntax, by
// llvm-objdump, which knows what golang.org/x/arch does not: AVX and later.
func Disassemble(ctx context.Context, code []byte) ([]MachineInstruction, error) {
	path, err := find("llvm-objdump")
	if err != nil {
		return nil, err
	}
	file := object.New("code", elf.EM_X86_64)
	file.AddSection(object.Section{Name: ".text", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 1, Data: code})
	in, err := file.Encode()
	if err != nil {
		return nil, err
	}
	c := newCommand(ctx, path, "--disassemble", "--x86-asm-syntax=intel", "--print-imm-hex", "-")
	var out bytes.Buffer
	c.Stdin, c.Stdout = bytes.NewReader(in), &out
	if err := c.Run(); err != nil {
		return nil, c.explain(err)
	}
	return parseDisassembly(out.String()), nil
}

// parseDisassembly reads what llvm-objdump prints: an offset, bytes and text,
// "  1f: c5 d1 ef ed \tvpxor\txmm5, xmm5, xmm5".
func parseDisassembly(text string) (list []MachineInstruction) {
	for line := range strings.Lines(text) {
		code, instruction, ok := strings.Cut(line, "\t")
		offset, code, found := strings.Cut(code, ": ")
		if !ok || !found || strings.ContainsFunc(strings.TrimSpace(offset), notHex) {
			continue // headings
		}
		instruction, _, _ = strings.Cut(instruction, " #") // where an address leads without relocations
		list = append(list, MachineInstruction{
			Bytes: len(strings.Fields(code)),
			Text:  strings.Join(strings.Fields(instruction), " "),
		})
	}
	return list
}

func notHex(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }
