package validate

import (
	"fmt"

	"mewz/compiler/wasm"
)

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
	c.importedTags = len(c.tags)
	return nil
}

func (c *checker) checkImport(i *wasm.Import) error {
	switch i.Kind {
	case wasm.ExternFunc:
		c.functionTypes = append(c.functionTypes, i.Type)
		return c.checkFunctionType(i.Type)
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
	case wasm.ExternTag:
		return c.addTag(i.Type)
	default:
		return fmt.Errorf("malformed import kind %d", i.Kind)
	}
}

func (c *checker) checkFunctions() error {
	m := c.module
	for i, typeIndex := range m.Functions {
		if err := c.checkFunctionType(typeIndex); err != nil {
			return fmt.Errorf("%s: %w", m.FunctionLabel(uint32(c.importedFunctions+i)), err)
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
		if err := c.checkTableInit(t); err != nil {
			return fmt.Errorf("table %d: %w", len(c.tables)-1, err)
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

// checkTableInit checks the value that the elements of a table begin with: null,
// unless the table says another or its type has no null (3.5.5).
func (c *checker) checkTableInit(t *wasm.Table) error {
	element := t.Type.Element
	if t.Init == nil {
		if !element.HasDefault() {
			return fail(t.Offset, fmt.Errorf("%w: a table of %s needs an initial value", ErrTypeMismatch, element))
		}
		return nil
	}
	c.use(wasm.FeatureFunctionReferences)
	return c.checkConstant(t.Init, element)
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

func (c *checker) checkTags() error {
	for i := range c.module.Tags {
		t := &c.module.Tags[i]
		if err := c.addTag(t.Type); err != nil {
			return fail(t.Offset, fmt.Errorf("tag %d: %w", len(c.tags)-1, err))
		}
	}
	return nil
}

// addTag adds a tag by its type (3.2.13), a function type without results.
func (c *checker) addTag(typeIndex uint32) error {
	c.use(wasm.FeatureExceptions)
	c.tags = append(c.tags, typeIndex)
	if err := c.checkFunctionType(typeIndex); err != nil {
		return err
	}
	if n := len(c.signatures[typeIndex].results); n > 0 {
		return fmt.Errorf("%w: type %d has %d results", ErrTagResult, typeIndex, n)
	}
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
	case wasm.ExternTag:
		if index >= uint64(len(c.tags)) {
			return unknown(e.Offset, "tag", e.Index)
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
	if err := c.checkElementType(e); err != nil {
		return fail(e.Offset, err)
	}
	if e.Mode == wasm.SegmentActive {
		if uint64(e.Table) >= uint64(len(c.tables)) {
			return unknown(e.Offset, "table", e.Table)
		}
		if t := c.tables[e.Table].Element; !c.IsSubtype(e.Type, t) {
			return fail(e.Offset, fmt.Errorf("%w: %s segment for a table of %s", ErrTypeMismatch, e.Type, t))
		}
		if err := c.checkConstant(&e.Address, c.tables[e.Table].Limits.AddressType()); err != nil {
			return err
		}
	} else {
		c.use(wasm.FeatureBulkMemory)
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

// checkElementType checks the type of a segment. That of function indices, which
// is not written, needs no proposal.
func (c *checker) checkElementType(e *wasm.Element) error {
	if e.Type == wasm.FuncRef.NonNull() && len(e.Exprs) == 0 {
		return nil
	}
	return c.checkValueType(e.Type)
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
