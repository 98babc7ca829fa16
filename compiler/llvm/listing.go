package llvm

import (
	"bytes"
	"context"
	"fmt"
	"strings"
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
// llvm-mc, which knows what golang.org/x/arch does not: AVX and later.
func Disassemble(ctx context.Context, code []byte) ([]MachineInstruction, error) {
	path, err := find("llvm-mc")
	if err != nil {
		return nil, err
	}
	var in strings.Builder
	for _, b := range code {
		fmt.Fprintf(&in, "0x%02x ", b)
	}
	c := newCommand(ctx, path, "--disassemble", "--triple=x86_64", "--mattr=+avx512f,+avx512bw,+avx512dq,+avx512vl", "--output-asm-variant=1", "--show-encoding", "--print-imm-hex")
	var out bytes.Buffer
	c.Stdin, c.Stdout = strings.NewReader(in.String()), &out
	if err := c.Run(); err != nil {
		return nil, c.explain(err)
	}
	return parseDisassembly(out.String())
}

// parseDisassembly reads what llvm-mc prints: text, "# encoding: [0x..,0x..]".
func parseDisassembly(text string) ([]MachineInstruction, error) {
	var list []MachineInstruction
	for line := range strings.Lines(text) {
		instruction, encoding, ok := strings.Cut(line, "# encoding: [")
		if !ok {
			continue // directives
		}
		encoding, _, _ = strings.Cut(encoding, "]")
		list = append(list, MachineInstruction{
			Bytes: strings.Count(encoding, ",") + 1,
			Text:  strings.Join(strings.Fields(instruction), " "),
		})
	}
	return list, nil
}
