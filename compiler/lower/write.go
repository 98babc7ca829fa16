package lower

import (
	"bytes"
	"strconv"

	"mewz/abi"
)

// Writing a finished function. While it is lowered, its registers are %v1, %v2
// and so on, and each wasm label has a block. LLVM reads numbers several times
// faster than names, so registers become %1, %2: numbers may have gaps but must
// ascend in the text, which all do but those of phis. And a block that does
// nothing but branch on is left out.

// write puts the finished function into the shard.
func (f *function) write() {
	w := writer{phis: make([]uint64, f.next/64+1), other: f.threadJumps()}
	for _, block := range f.blocks {
		for k := range block.phis {
			r := block.phis[k].register
			w.phis[r/64] |= 1 << (r % 64)
		}
	}
	// Before f.out is taken: it may declare symbols.
	var entry []byte
	entry = f.appendEntry(entry)
	w.out = append(f.out, " {\n"...)
	var phis []byte
	for n, block := range f.blocks {
		if w.other[block.label] != 0 {
			continue
		}
		w.label(block.label)
		if n == 0 {
			w.text(entry)
		}
		phis = phis[:0]
		for k := range block.phis {
			phis = f.appendPhi(phis, block, &block.phis[k])
		}
		w.text(phis)
		w.text(f.text[block.start:block.end])
	}
	for code, label := range f.traps {
		if label != 0 {
			w.label(label)
			w.out = append(appendTrap(w.out, abi.TrapCode(code)), "\n  unreachable\n"...)
		}
	}
	w.out = append(w.out, f.trapText...)
	f.out = append(w.out, "}\n\n"...)
}

// threadJumps returns where to branch instead of to blocks that only branch on,
// by label. A phi tells by which block it was reached, so what leads to one stays.
func (f *function) threadJumps() map[int]int {
	other := map[int]int{}
	blocks := map[int]*block{}
	for _, b := range f.blocks {
		blocks[b.label] = b
	}
	const jump = "  br label %b"
	for _, b := range f.blocks[1:] {
		text := f.text[b.start:b.end]
		if len(b.phis) > 0 || !bytes.HasPrefix(text, []byte(jump)) {
			continue
		}
		label, length := number(text[len(jump):])
		if len(jump)+length+len("\n") != len(text) {
			continue
		}
		label = follow(other, label)
		if target := blocks[label]; label != b.label && target != nil && len(target.phis) == 0 {
			other[b.label] = label
		}
	}
	return other
}

// follow returns the end of a chain of branches, and shortens it.
//
// Preconditions: other has no cycle.
func follow(other map[int]int, label int) int {
	end := label
	for other[end] != 0 {
		end = other[end]
	}
	for label != end {
		next := other[label]
		other[label] = end
		label = next
	}
	return end
}

// number reads a decimal number and says how long it is.
func number(b []byte) (n, length int) {
	for length < len(b) && '0' <= b[length] && b[length] <= '9' {
		n = n*10 + int(b[length]-'0')
		length++
	}
	return n, length
}

// writer appends the text of a function in its final form.
type writer struct {
	out   []byte
	phis  []uint64 // set of the registers that keep their names
	other map[int]int
}

func (w *writer) label(label int) {
	w.out = append(strconv.AppendInt(append(w.out, 'b'), int64(label), 10), ":\n"...)
}

// text appends text of instructions. Symbols contain no percent sign before a
// v or b (ImportSymbol, ExportSymbol).
func (w *writer) text(text []byte) {
	for {
		at := bytes.IndexByte(text, '%') + 1
		if at == 0 || at == len(text) {
			break
		}
		w.out = append(w.out, text[:at]...)
		text = text[at:]
		if text[0] == 'v' {
			if r, length := number(text[1:]); length > 0 && w.phis[r/64]>>(r%64)&1 == 0 {
				text = text[1:]
			}
		} else if text[0] == 'b' {
			label, length := number(text[1:])
			if length > 0 && w.other[label] != 0 {
				w.out = strconv.AppendInt(append(w.out, 'b'), int64(follow(w.other, label)), 10)
				text = text[1+length:]
			}
		}
	}
	w.out = append(w.out, text...)
}
