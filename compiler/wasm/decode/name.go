package decode

import (
	"unicode/utf8"

	"mewz/compiler/wasm"
)

// The subsections of the name section (7.4.1).
const (
	nameModule    = 0
	nameFunctions = 1
	nameLocals    = 2
)

// maxLocalNames bounds the maps of local names, which take some fifty times the
// bytes that they are read from.
const maxLocalNames = 1_000_000

// readCustom reads a custom section (5.5.3); of all of them only the name
// section means something here.
func readCustom(m *wasm.Module, f *frame) error {
	r := f.reader()
	name, err := readName(r)
	if err != nil {
		return err
	}
	c := wasm.Custom{Name: name, Offset: r.Offset()}
	if c.Bytes, err = r.Bytes(uint32(r.Len())); err != nil {
		return err
	}
	m.Customs = append(m.Customs, c)
	if name == "name" && m.Names.Functions == nil {
		readNames(&m.Names, wasm.NewReader(c.Bytes, c.Offset))
	}
	return nil
}

// readNames reads as much of the name section as is well formed: a broken one
// must not make a module invalid (7.4).
func readNames(names *wasm.Names, r *wasm.Reader) {
	names.Functions = map[uint32]string{}
	names.Locals = map[uint32]map[uint32]string{}
	for r.Len() > 0 {
		id, err := r.Byte()
		if err != nil {
			return
		}
		size, err := r.Uint32()
		if err != nil {
			return
		}
		at := r.Offset()
		b, err := r.Bytes(size)
		if err != nil {
			return
		}
		sub := wasm.NewReader(b, at)
		switch id {
		case nameModule:
			names.Module, _ = readName(sub) // "" when broken
		case nameFunctions:
			readNameMap(sub, wasm.MaxFunctions, func(index uint32, name string) { names.Functions[index] = name })
		case nameLocals:
			readLocalNames(names, sub)
		default: // labels, types and others of proposals
		}
	}
}

// readNameMap reads a name map (7.4.2) up to its first fault and at most `most`
// names, and says how many it read. It leaves out empty and broken names.
func readNameMap(r *wasm.Reader, most uint32, add func(index uint32, name string)) uint32 {
	n, err := r.Uint32()
	if err != nil {
		return 0
	}
	for done := range min(n, most) {
		index, err := r.Uint32()
		if err != nil {
			return done
		}
		size, err := r.Uint32()
		if err != nil {
			return done
		}
		b, err := r.Bytes(size)
		if err != nil {
			return done
		}
		if len(b) > 0 && len(b) <= wasm.MaxNameBytes && utf8.Valid(b) {
			add(index, string(b))
		}
	}
	return min(n, most)
}

func readLocalNames(names *wasm.Names, r *wasm.Reader) {
	n, err := r.Uint32()
	if err != nil {
		return
	}
	left := uint32(maxLocalNames)
	for range n {
		function, err := r.Uint32()
		if err != nil || left == 0 {
			return
		}
		left -= readNameMap(r, left, func(index uint32, name string) {
			locals := names.Locals[function]
			if locals == nil {
				locals = map[uint32]string{}
				names.Locals[function] = locals
			}
			locals[index] = name
		})
	}
}
