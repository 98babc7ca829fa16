package validate

import (
	"crypto/sha256"
	"slices"

	"mewz/compiler/wasm"
)

// Checked is a valid module. Only Module makes one, so whoever has it may rely
// on everything that the specification says about valid modules: each index is
// in range, each body is well typed.
type Checked struct {
	module *wasm.Module

	functionTypes []uint32 // type index of each function, imports first
	tables        []wasm.TableType
	memories      []wasm.MemoryType
	globals       []wasm.GlobalType
	tags          []uint32 // type index of each tag
	types         []typeInfo
	groupKeys     [][sha256.Size]byte // of the groups that differ

	importedFunctions int
	importedTables    int
	importedMemories  int
	importedGlobals   int
	importedTags      int

	referenced    []bool // of each function
	globalWritten []bool
	tableUses     []TableUse
	features      map[wasm.Feature]bool
	growsMemory   bool
}

// TableUse says what can happen to a table besides being called through.
type TableUse struct {
	Imported bool
	Exported bool
	Written  bool // by table.set, table.fill, table.copy or table.init
	Grown    bool // by table.grow
}

// IsConstant says whether nothing but active element segments ever writes the
// table, so that it can be laid out at compile time.
func (u TableUse) IsConstant() bool { return u == TableUse{} }

// Module is the module itself. Must not be changed.
func (c *Checked) Module() *wasm.Module { return c.module }

// FunctionCount is the size of the function index space, imports included.
func (c *Checked) FunctionCount() int { return len(c.functionTypes) }

// ImportedFunctions is how many functions are imported; they come first.
func (c *Checked) ImportedFunctions() int { return c.importedFunctions }

// FunctionType is the type of a function by its index.
func (c *Checked) FunctionType(function uint32) *wasm.FuncType {
	return &c.module.Types[c.functionTypes[function]].FuncType
}

// FunctionTypeIndex is the type index of a function by its index.
func (c *Checked) FunctionTypeIndex(function uint32) uint32 { return c.functionTypes[function] }

// IsReferenced says whether the function can be called other than by a direct
// call: it stands in an element segment, in ref.func or among the exports.
func (c *Checked) IsReferenced(function uint32) bool { return c.referenced[function] }

// ImportedTables is how many tables are imported; they come first.
func (c *Checked) ImportedTables() int { return c.importedTables }

// TableUse is what the module does with a table.
func (c *Checked) TableUse(table uint32) TableUse { return c.tableUses[table] }

// Memories are the types of all memories, imports first.
func (c *Checked) Memories() []wasm.MemoryType { return c.memories }

// ImportedMemories is how many memories are imported; they come first.
func (c *Checked) ImportedMemories() int { return c.importedMemories }

// GrowsMemory says whether memory.grow occurs.
func (c *Checked) GrowsMemory() bool { return c.growsMemory }

// Globals are the types of all globals, imports first.
func (c *Checked) Globals() []wasm.GlobalType { return c.globals }

// ImportedGlobals is how many globals are imported; they come first.
func (c *Checked) ImportedGlobals() int { return c.importedGlobals }

// Tags are the type indices of all tags, imports first.
func (c *Checked) Tags() []uint32 { return c.tags }

// ImportedTags is how many tags are imported; they come first.
func (c *Checked) ImportedTags() int { return c.importedTags }

// GlobalWritten says whether global.set names the global.
func (c *Checked) GlobalWritten(global uint32) bool { return c.globalWritten[global] }

// Features are the proposals beyond WebAssembly 1.0 that the module uses, sorted.
func (c *Checked) Features() []wasm.Feature {
	features := make([]wasm.Feature, 0, len(c.features))
	for f := range c.features {
		features = append(features, f)
	}
	slices.Sort(features)
	return features
}

// Uses says whether the module uses a proposal.
func (c *Checked) Uses(f wasm.Feature) bool { return c.features[f] }
