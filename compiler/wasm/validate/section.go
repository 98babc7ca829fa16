package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

// signature is a function type as strings of one byte for each value type, so
// that a thousand operands are compared and pushed at once.
type signature struct {
	params, results []byte
}

func (c *checker) checkTypes() error {
	types := c.module.Types
	c.signatures = make([]signature, len(types))
	c.canonical = make([]uint32, len(types))
	seen := map[string]uint32{}
	var key []byte
	for i := range types {
		t := &types[i]
		if len(t.Params) > wasm.MaxParams || len(t.Results) > wasm.MaxResults {
			return fmt.Errorf("type %d: %w", i, ErrImplementationSize)
		}
		packed := make([]byte, 0, len(t.Params)+len(t.Results))
		packed, err := c.pack(packed, t.Params)
		if err != nil {
			return fmt.Errorf("type %d: %w", i, err)
		}
		if packed, err = c.pack(packed, t.Results); err != nil {
			return fmt.Errorf("type %d: %w", i, err)
		}
		n := len(t.Params)
		c.signatures[i] = signature{packed[:n:n], packed[n:]}
		if len(t.Results) > 1 {
			c.use(wasm.FeatureMultiValue)
		}
		key = append(append(append(key[:0], packed[:n]...), 0), packed[n:]...)
		if first, ok := seen[string(key)]; ok {
			c.canonical[i] = first
			continue
		}
		seen[string(key)] = uint32(i)
		c.canonical[i] = uint32(i)
	}
	return nil
}

// pack appends types to packed, one byte each.
func (c *checker) pack(packed []byte, types []wasm.ValueType) ([]byte, error) {
	for _, t := range types {
		if err := c.checkValueType(t); err != nil {
			return nil, err
		}
		packed = append(packed, byte(t))
	}
	return packed, nil
}

func (c *checker) checkValueType(t wasm.ValueType) error {
	switch t {
	case wasm.I32, wasm.I64, wasm.F32, wasm.F64, wasm.FuncRef:
		return nil
	case wasm.ExternRef:
		c.use(wasm.FeatureReferenceTypes)
		return nil
	case wasm.V128:
		c.use(wasm.FeatureSIMD)
		return nil
	default:
		return fmt.Errorf("%w 0x%x", wasm.ErrMalformedValType, uint32(t))
	}
}

func (c *checker) checkImports() error {
	for i := range c.module.Imports {
		imported := &c.module.Imports[i]
		if err := c.checkImport(imported); err != nil {
			return fmt.Errorf("import %d (%.100q.%.100q): %w", i, imported.Module, imported.Name, fail(imported.Offset, err))
		}
	}
	c.importedFunctions = len(c.functionTypes)
	c.importedTables = len(c.tables)
	c.importedMemories = len(c.memories)
	c.importedGlobals = len(c.globals)
	return nil
}

func (c *checker) checkImport(i *wasm.Import) error {
	switch i.Kind {
	case wasm.ExternFunc:
		if uint64(i.Type) >= uint64(len(c.module.Types)) {
			return fmt.Errorf("%w type %d", ErrUnknown, i.Type)
		}
		c.functionTypes = append(c.functionTypes, i.Type)
		return nil
	case wasm.ExternTable:
		return c.addTable(i.Table, TableUse{Imported: true})
	case wasm.ExternMemory:
		return c.addMemory(i.Memory)
	case wasm.ExternGlobal:
		if i.Global.Mutable {
			c.use(wasm.FeatureMutableGlobals)
		}
		c.globals = append(c.globals, i.Global)
		return c.checkValueType(i.Global.Type)
	default:
		return fmt.Errorf("malformed import kind %d", i.Kind)
	}
}

func (c *checker) checkFunctions() error {
	m := c.module
	for i, typeIndex := range m.Functions {
		if uint64(typeIndex) >= uint64(len(m.Types)) {
			return fmt.Errorf("%s: %w type %d", m.FunctionLabel(uint32(c.importedFunctions+i)), ErrUnknown, typeIndex)
		}
	}
	c.functionTypes = append(c.functionTypes, m.Functions...)
	c.referenced = make([]bool, len(c.functionTypes))
	c.declared = make([]bool, len(c.functionTypes))
	return nil
}

func (c *checker) checkTables() error {
	for i := range c.module.Tables {
		t := &c.module.Tables[i]
		if err := c.addTable(t.Type, TableUse{}); err != nil {
			return fail(t.Offset, err)
		}
	}
	if len(c.tables) > 1 {
		c.use(wasm.FeatureReferenceTypes)
	}
	return nil
}

func (c *checker) addTable(t wasm.TableType, use TableUse) error {
	if !t.Limits.Is64 && (t.Limits.Min > maxTableElements || t.Limits.HasMax && t.Limits.Max > maxTableElements) {
		return ErrTableSize
	}
	if err := c.checkOrder(t.Limits); err != nil {
		return err
	}
	if !t.Element.IsReference() {
		return wasm.ErrMalformedRefType
	}
	c.tables = append(c.tables, t)
	c.tableUses = append(c.tableUses, use)
	return c.checkValueType(t.Element)
}

func (c *checker) checkOrder(l wasm.Limits) error {
	if l.Long || l.Is64 {
		c.use(wasm.FeatureMemory64)
	}
	if l.HasMax && l.Min > l.Max {
		return fmt.Errorf("%w: %d and %d", ErrLimits, l.Min, l.Max)
	}
	return nil
}

func (c *checker) checkMemories() error {
	for i := range c.module.Memories {
		memory := &c.module.Memories[i]
		if err := c.addMemory(memory.Type); err != nil {
			return fail(memory.Offset, err)
		}
	}
	return nil
}

func (c *checker) addMemory(t wasm.MemoryType) error {
	most := uint64(maxMemoryPages)
	if t.Limits.Is64 {
		most = maxMemoryPages64
	}
	if t.Limits.Min > most || t.Limits.HasMax && t.Limits.Max > most {
		return ErrMemorySize
	}
	if err := c.checkOrder(t.Limits); err != nil {
		return err
	}
	if t.Limits.Shared {
		c.use(wasm.FeatureThreads)
		if !t.Limits.HasMax {
			return ErrSharedMaximum
		}
	}
	if len(c.memories) > 0 {
		c.use(wasm.FeatureMultiMemory)
	}
	if len(c.memories) >= wasm.MaxMemories {
		return fmt.Errorf("more than %d memories: %w", wasm.MaxMemories, ErrImplementationSize)
	}
	c.memories = append(c.memories, t)
	return nil
}

func (c *checker) checkGlobals() error {
	for i := range c.module.Globals {
		g := &c.module.Globals[i]
		if err := c.checkValueType(g.Type.Type); err != nil {
			return fail(g.Offset, err)
		}
		if err := c.checkConstant(&g.Init, g.Type.Type); err != nil {
			return fmt.Errorf("global %d: %w", c.importedGlobals+i, err)
		}
		c.globals = append(c.globals, g.Type) // after its initialiser, which must not see it
	}
	c.globalWritten = make([]bool, len(c.globals))
	return nil
}

func (c *checker) checkExports() error {
	names := make(map[string]bool, len(c.module.Exports))
	for i := range c.module.Exports {
		e := &c.module.Exports[i]
		if names[e.Name] {
			return fail(e.Offset, fmt.Errorf("%w %.100q", ErrDuplicateExport, e.Name))
		}
		names[e.Name] = true
		if err := c.checkExport(e); err != nil {
			return fmt.Errorf("export %.100q: %w", e.Name, err)
		}
	}
	return nil
}

func (c *checker) checkExport(e *wasm.Export) error {
	index := uint64(e.Index)
	switch e.Kind {
	case wasm.ExternFunc:
		if index >= uint64(len(c.functionTypes)) {
			return unknown(e.Offset, "function", e.Index)
		}
		c.refer(e.Index)
	case wasm.ExternTable:
		if index >= uint64(len(c.tables)) {
			return unknown(e.Offset, "table", e.Index)
		}
		c.tableUses[e.Index].Exported = true
	case wasm.ExternMemory:
		if index >= uint64(len(c.memories)) {
			return unknown(e.Offset, "memory", e.Index)
		}
	case wasm.ExternGlobal:
		if index >= uint64(len(c.globals)) {
			return unknown(e.Offset, "global", e.Index)
		}
		if c.globals[e.Index].Mutable {
			c.use(wasm.FeatureMutableGlobals)
		}
	default:
		return fail(e.Offset, fmt.Errorf("malformed export kind %d", e.Kind))
	}
	return nil
}

// refer notes that a function is used as a value outside of bodies, which
// allows ref.func to name it inside (C.refs in the specification).
func (c *checker) refer(function uint32) {
	c.referenced[function] = true
	c.declared[function] = true
}

func (c *checker) checkStart() error {
	m := c.module
	if m.Start == nil {
		return nil
	}
	if uint64(*m.Start) >= uint64(len(c.functionTypes)) {
		return unknown(m.StartOffset, "function", *m.Start)
	}
	if t := c.FunctionType(*m.Start); len(t.Params)+len(t.Results) > 0 {
		return fail(m.StartOffset, fmt.Errorf("%w: %s must have no parameters and no results", ErrStartFunction, m.FunctionLabel(*m.Start)))
	}
	return nil
}

func (c *checker) checkElements() error {
	for i := range c.module.Elements {
		if err := c.checkElement(&c.module.Elements[i]); err != nil {
			return fmt.Errorf("element segment %d: %w", i, err)
		}
	}
	return nil
}

func (c *checker) checkElement(e *wasm.Element) error {
	if e.Mode == wasm.SegmentActive {
		if uint64(e.Table) >= uint64(len(c.tables)) {
			return unknown(e.Offset, "table", e.Table)
		}
		if t := c.tables[e.Table].Element; t != e.Type {
			return fail(e.Offset, fmt.Errorf("%w: %s segment for a table of %s", ErrTypeMismatch, e.Type, t))
		}
		if err := c.checkConstant(&e.Address, c.tables[e.Table].Limits.AddressType()); err != nil {
			return err
		}
	} else {
		c.use(wasm.FeatureBulkMemory)
	}
	if err := c.checkValueType(e.Type); err != nil {
		return fail(e.Offset, err)
	}
	for _, function := range e.Funcs {
		if uint64(function) >= uint64(len(c.functionTypes)) {
			return unknown(e.Offset, "function", function)
		}
		c.refer(function)
	}
	if len(e.Exprs) > 0 {
		c.use(wasm.FeatureBulkMemory)
	}
	for i := range e.Exprs {
		if err := c.checkConstant(&e.Exprs[i], e.Type); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

func (c *checker) checkData() error {
	if c.module.DataCount != nil {
		c.use(wasm.FeatureBulkMemory)
	}
	for i := range c.module.Data {
		d := &c.module.Data[i]
		if d.Mode != wasm.SegmentActive {
			c.use(wasm.FeatureBulkMemory)
			continue
		}
		if uint64(d.Memory) >= uint64(len(c.memories)) {
			return fmt.Errorf("data segment %d: %w", i, unknown(d.Offset, "memory", d.Memory))
		}
		if err := c.checkConstant(&d.Address, c.memories[d.Memory].Limits.AddressType()); err != nil {
			return fmt.Errorf("data segment %d: %w", i, err)
		}
	}
	return nil
}
