package image

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"

	"mewz/compiler/debuginfo"
	"mewz/compiler/object"
)

// Size of the synthetic program: what the compiler makes of Go's net/http.
const (
	benchTextBytes   = 10 << 20
	benchRelocations = 440_000
	benchFunctions   = 15_000
	benchLines       = 600_000
)

// benchObject makes an object of the size above.
func benchObject(b *testing.B) []byte {
	f := object.New("bench", elf.EM_X86_64)
	text := f.AddSection(object.Section{
		Name: ".text", Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 16, Data: make([]byte, benchTextBytes),
	})
	section := uint32(f.AddSectionSymbol(text))
	memory := uint32(f.AddSymbol(object.Symbol{Name: "wasm_memory", Binding: elf.STB_GLOBAL, Section: object.SectionUndefined}))
	m := testModule()
	m.Functions = nil
	const functionBytes = benchTextBytes / benchFunctions &^ 15
	first := uint32(len(f.Symbols))
	for i := range benchFunctions {
		name := fmt.Sprintf("f%d", i)
		if i == 0 {
			name = "wasm_start"
		}
		f.AddSymbol(object.Symbol{
			Name: name, Binding: elf.STB_GLOBAL, Type: elf.STT_FUNC, Visibility: elf.STV_HIDDEN,
			Section: text, Value: uint64(i * functionBytes), Bytes: functionBytes,
		})
		m.Functions = append(m.Functions, object.Function{
			Symbol: name, Index: uint32(i), Name: fmt.Sprintf("some/package.(*Type%d).Method%d", i/10, i), Offset: uint64(i * 300),
		})
	}
	relocations := make([]object.Relocation, benchRelocations)
	for i := range relocations {
		r := object.Relocation{Offset: uint64(i * 20), Type: uint32(elf.R_X86_64_32S), Symbol: memory, Addend: int64(i)}
		if i%9 < 4 {
			r = object.Relocation{Offset: uint64(i * 20), Type: uint32(elf.R_X86_64_PLT32), Symbol: first + uint32(i*7%benchFunctions), Addend: -4}
		}
		relocations[i] = r
	}
	f.Sections[text].Relocations = relocations
	addFrames(f, section, functionBytes)
	addLines(f, section)
	return mergeProgram(b, m, nil, f)
}

// addFrames adds unwind information: a CIE and an FDE with five rows for each
// function.
func addFrames(f *object.File, text uint32, functionBytes int) {
	data := []byte{20, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0}
	var relocations []object.Relocation
	for i := range benchFunctions {
		start := len(data)
		data = append(data, 28, 0, 0, 0)
		data = binary.LittleEndian.AppendUint32(data, uint32(start+4))
		relocations = append(relocations, object.Relocation{
			Offset: uint64(len(data)), Type: uint32(elf.R_X86_64_PC32), Symbol: text, Addend: int64(i * functionBytes),
		})
		data = append(data, 0, 0, 0, 0)
		data = binary.LittleEndian.AppendUint32(data, uint32(functionBytes))
		data = append(data, 0, 0x41, 0x0e, 16, 0x42, 0x0e, 24, 0x41, 0x0e, 32, 0x48, 0x0e, 8, 0, 0, 0)
	}
	f.AddSection(object.Section{Name: debuginfo.EHFrameSection, Flags: elf.SHF_ALLOC, Align: 8, Data: data, Relocations: relocations})
}

// addLines adds a line table of one sequence.
func addLines(f *object.File, text uint32) {
	header := []byte{1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0}
	program := []byte{0, 9, lineSetAddress, 0, 0, 0, 0, 0, 0, 0, 0}
	for range benchLines {
		program = append(program, lineAdvanceLine, 0xe4, 0x00, 13+14*16) // 100 lines, then 16 bytes
	}
	program = append(program, 0, 1, lineEndSequence)
	data := binary.LittleEndian.AppendUint32(nil, uint32(6+len(header)+len(program)))
	data = binary.LittleEndian.AppendUint16(data, 4)
	data = binary.LittleEndian.AppendUint32(data, uint32(len(header)))
	data = append(data, header...)
	address := uint64(len(data) + 3)
	data = append(data, program...)
	f.AddSection(object.Section{
		Name: lineSection, Data: data,
		Relocations: []object.Relocation{{Offset: address, Type: uint32(elf.R_X86_64_64), Symbol: text}},
	})
}

// BenchmarkLink links and writes a 10 MB object (DESIGN.md section 6: 0.3 s).
func BenchmarkLink(b *testing.B) {
	o, kernel := benchObject(b), syntheticKernel(nil)
	path := filepath.Join(b.TempDir(), "app.img")
	b.SetBytes(int64(len(o)))
	for b.Loop() {
		img, err := Build(Input{ObjectName: "app.o", Object: o, Kernel: kernel})
		if err != nil {
			b.Fatal(err)
		}
		if err := img.WriteFile(path); err != nil {
			b.Fatal(err)
		}
	}
}
