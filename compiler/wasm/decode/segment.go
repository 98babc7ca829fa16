package decode

import (
	"fmt"
	"math"

	"mewz/compiler/wasm"
)

// The bits of an element segment's first field (5.5.12).
const (
	elementNotActive = 1 << 0 // passive or declarative
	elementExplicit  = 1 << 1 // active: has a table index; otherwise: declarative
	elementExprs     = 1 << 2
	elementFlagsMost = 7

	elementKindFunc = 0x00
)

func readElements(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Elements, err = vector(r, limit{"element segments", wasm.MaxElementSegs, 3}, func(r *wasm.Reader, e *wasm.Element) error {
		return readElement(m, r, e)
	})
	return err
}

func readElement(m *wasm.Module, r *wasm.Reader, e *wasm.Element) error {
	e.Offset = r.Offset()
	flags, err := r.Uint32()
	if err != nil {
		return err
	}
	if flags > elementFlagsMost {
		return &wasm.OffsetError{Offset: e.Offset, Err: fmt.Errorf("%w %d", ErrElementKind, flags)}
	}
	if err := readElementMode(m, r, e, flags); err != nil {
		return err
	}
	if err := readElementType(r, e, flags); err != nil {
		return err
	}
	if flags&elementExprs == 0 {
		e.Funcs, err = vector(r, limit{"elements", wasm.MaxElements, 1}, readIndex)
		return err
	}
	e.Exprs, err = vector(r, limit{"elements", wasm.MaxElements, 2}, func(r *wasm.Reader, c *wasm.ConstExpr) error {
		return readConstExpr(m, r, c)
	})
	return err
}

func readElementMode(m *wasm.Module, r *wasm.Reader, e *wasm.Element, flags uint32) error {
	switch {
	case flags&elementNotActive == 0:
		e.Mode = wasm.SegmentActive
	case flags&elementExplicit == 0:
		e.Mode = wasm.SegmentPassive
		return nil
	default:
		e.Mode = wasm.SegmentDeclarative
		return nil
	}
	if flags&elementExplicit != 0 {
		if err := readIndex(r, &e.Table); err != nil {
			return err
		}
	}
	return readConstExpr(m, r, &e.Address)
}

func readElementType(r *wasm.Reader, e *wasm.Element, flags uint32) (err error) {
	e.Type = wasm.FuncRef
	if flags&elementExprs == 0 {
		e.Type = wasm.FuncRef.NonNull() // function indices
	}
	if flags&(elementNotActive|elementExplicit) == 0 {
		return nil
	}
	if flags&elementExprs != 0 {
		e.Type, err = r.RefType()
		return err
	}
	at := r.Offset()
	kind, err := r.Byte()
	if err == nil && kind != elementKindFunc {
		return &wasm.OffsetError{Offset: at, Err: fmt.Errorf("%w 0x%02x", ErrElementKind, kind)}
	}
	return err
}

// The first field of a data segment (5.5.14).
const (
	dataActive         = 0
	dataPassive        = 1
	dataActiveExplicit = 2
)

func readData(m *wasm.Module, r *wasm.Reader) (err error) {
	m.Data, err = vector(r, limit{"data segments", wasm.MaxDataSegments, 2}, func(r *wasm.Reader, d *wasm.Data) error {
		return readDataSegment(m, r, d)
	})
	return err
}

func readDataSegment(m *wasm.Module, r *wasm.Reader, d *wasm.Data) error {
	d.Offset = r.Offset()
	kind, err := r.Uint32()
	if err != nil {
		return err
	}
	switch kind {
	case dataActive:
	case dataPassive:
		d.Mode = wasm.SegmentPassive
	case dataActiveExplicit:
		if err := readIndex(r, &d.Memory); err != nil {
			return err
		}
	default:
		return &wasm.OffsetError{Offset: d.Offset, Err: fmt.Errorf("%w %d", ErrDataKind, kind)}
	}
	if d.Mode == wasm.SegmentActive {
		if err := readConstExpr(m, r, &d.Address); err != nil {
			return err
		}
	}
	size, err := r.Uint32()
	if err != nil {
		return err
	}
	d.Bytes, err = r.Bytes(size)
	return err
}

func readCode(m *wasm.Module, r *wasm.Reader) (err error) {
	index := uint32(m.CountImports(wasm.ExternFunc))
	m.Code, err = vector(r, limit{"functions", wasm.MaxFunctions, 3}, func(r *wasm.Reader, c *wasm.Code) error {
		if err := readBody(r, c); err != nil {
			return fmt.Errorf("%s: %w", m.FunctionLabel(index), err)
		}
		index++
		return nil
	})
	return err
}

func readBody(r *wasm.Reader, c *wasm.Code) error {
	size, err := r.Uint32()
	if err != nil {
		return err
	}
	at := r.Offset()
	b, err := r.Bytes(size)
	if err != nil {
		return err
	}
	if size > wasm.MaxFunctionBytes {
		return &wasm.OffsetError{Offset: at, Err: fmt.Errorf("a function of %d bytes: %w, %d", size, ErrImplementationSize, wasm.MaxFunctionBytes)}
	}
	body := wasm.NewReader(b, at)
	total := uint64(0)
	c.Locals, err = vector(body, limit{"groups of locals", math.MaxUint32, 2}, func(r *wasm.Reader, g *wasm.LocalGroup) error {
		at := r.Offset()
		if err := readLocals(r, g); err != nil {
			return err
		}
		if total += uint64(g.Count); total > wasm.MaxLocals {
			return &wasm.OffsetError{Offset: at, Err: fmt.Errorf("%w: %w, %d", ErrTooManyLocals, ErrImplementationSize, wasm.MaxLocals)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.Offset = body.Offset()
	c.Body, err = body.Bytes(uint32(body.Len()))
	return err
}

func readLocals(r *wasm.Reader, g *wasm.LocalGroup) (err error) {
	if g.Count, err = r.Uint32(); err != nil {
		return err
	}
	g.Type, err = r.ValueType()
	return err
}
