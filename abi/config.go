package abi

import (
	"encoding/binary"
	"errors"
)

// Config is what the linker tells the kernel about the program, and what the
// command tells it about this run. It is the last segment of an image, at
// ConfigBase, so that a run may replace it without linking again.
type Config struct {
	Args []string // args_get; Args[0] is the program's name
	Env  []string // environ_get, "KEY=value"

	Entry          VirtAddr // wasm_start: instantiates, then calls _start
	TextStart      VirtAddr // text of the program
	TextEnd        VirtAddr
	MemoryBytes    VirtAddr // the object's uint64 wasm_memory_bytes; 0: the program has no memory
	MemoryMinPages uint64   // mapped before Entry is called
	MemoryMaxPages uint64   // memory.grow goes no further
	MoreMemories   []Memory // those after the first, in order
	Heap           VirtAddr // the object's wasm_heap; 0: the program makes no objects
	WasiMemory     uint64   // number of the memory that functions of WASI reach
	MemoryImages   []Range  // segments of the image that already lie in linear memory
	Zero           []Range  // demand-zero ranges to map: bss of the program
	StackBytes     uint64   // stack of the program
	Symbols        Range    // abi.Symbols, or zero
	Archive        Range    // abi.Archive, or zero
	Imports        []uint16 // numbers of the functions (abi.Functions) that the program imports
	UnknownImports []string // "module.name", called by CallUnknownImport with the index
	Seed           []byte   // 32 fresh random bytes of the host for one run, or empty
	WallClockNanos uint64   // time of the host when it wrote this, since 1970, or 0
	TerminalStdin  bool     // what the stream is on the host's side
	TerminalStdout bool
	TerminalStderr bool
	KernelLog      bool // print kernel messages
	PreemptMillis  uint32
	ProgramName    string  // for messages: the file name of the module
	Mounts         []Mount // what the program finds open
	// FilesAbsent says that the kernel of the image is the one without file systems, so
	// that there can be no Mounts; the linker chooses.
	FilesAbsent bool
	Network     Network
}

// Memory is a linear memory after the first.
type Memory struct {
	Bytes    VirtAddr // the object's uint64 wasm_memoryN_bytes
	MinPages uint64   // mapped before Entry is called
	MaxPages uint64   // memory.grow goes no further
}

// Memories returns all linear memories by their numbers; the first one is there also
// when the program has none, and empty then.
func (c *Config) Memories() []Memory {
	first := Memory{Bytes: c.MemoryBytes, MinPages: c.MemoryMinPages, MaxPages: c.MemoryMaxPages}
	return append([]Memory{first}, c.MoreMemories...)
}

// Range is a run of virtual memory.
type Range struct {
	Start VirtAddr
	Bytes uint64
}

const (
	configMagic = "mewzcfg5" // another one after each change of the encoding
	// ConfigMaxBytes bounds a configuration: arguments and environment of
	// Linux's own limit (128 KiB a string, 2 MiB in all) fit.
	ConfigMaxBytes = 16 << 20
)

// ErrConfig is returned for bytes that are no configuration of this version.
var ErrConfig = errors.New("abi: not a configuration of this version of mewz")

// AppendConfig appends the encoding of c to b.
func AppendConfig(b []byte, c *Config) []byte {
	e := encoder{append(b, configMagic...)}
	e.strings(c.Args)
	e.strings(c.Env)
	for _, v := range c.words() {
		e.uint64(*v)
	}
	e.uint64(uint64(len(c.MoreMemories)))
	for _, m := range c.MoreMemories {
		e.uint64(uint64(m.Bytes))
		e.uint64(m.MinPages)
		e.uint64(m.MaxPages)
	}
	e.ranges(c.MemoryImages)
	e.ranges(c.Zero)
	e.uint64(uint64(len(c.Imports)))
	for _, n := range c.Imports {
		e.uint64(uint64(n))
	}
	e.strings(c.UnknownImports)
	e.string(string(c.Seed))
	for _, f := range c.flags() {
		e.bool(*f)
	}
	e.uint64(uint64(c.PreemptMillis))
	e.string(c.ProgramName)
	e.mounts(c.Mounts)
	for _, list := range c.Network.lists() {
		e.strings(*list)
	}
	e.string(c.Network.HostName)
	return e.b
}

// words lists the fields that are one number, in the order of the encoding.
func (c *Config) words() []*uint64 {
	return []*uint64{
		(*uint64)(&c.Entry), (*uint64)(&c.TextStart), (*uint64)(&c.TextEnd),
		(*uint64)(&c.MemoryBytes), &c.MemoryMinPages, &c.MemoryMaxPages, (*uint64)(&c.Heap), &c.WasiMemory, &c.StackBytes,
		(*uint64)(&c.Symbols.Start), &c.Symbols.Bytes,
		(*uint64)(&c.Archive.Start), &c.Archive.Bytes, &c.WallClockNanos,
	}
}

func (c *Config) flags() []*bool {
	return []*bool{&c.TerminalStdin, &c.TerminalStdout, &c.TerminalStderr, &c.KernelLog, &c.Network.Enabled, &c.Network.Absent, &c.FilesAbsent}
}

// DecodeConfig decodes what AppendConfig wrote.
func DecodeConfig(b []byte) (*Config, error) {
	if len(b) > ConfigMaxBytes || len(b) < len(configMagic) || string(b[:len(configMagic)]) != configMagic {
		return nil, ErrConfig
	}
	d := decoder{b: b[len(configMagic):]}
	c := &Config{Args: d.strings(), Env: d.strings()}
	for _, v := range c.words() {
		*v = d.uint64()
	}
	const memoryBytes = 3 * 8
	for range d.count(memoryBytes) {
		c.MoreMemories = append(c.MoreMemories, Memory{VirtAddr(d.uint64()), d.uint64(), d.uint64()})
	}
	c.MemoryImages = d.ranges()
	c.Zero = d.ranges()
	for range d.count(8) {
		c.Imports = append(c.Imports, uint16(d.uint64()))
	}
	c.UnknownImports = d.strings()
	c.Seed = []byte(d.string())
	for _, f := range c.flags() {
		*f = d.bool()
	}
	c.PreemptMillis = uint32(d.uint64())
	c.ProgramName = d.string()
	c.Mounts = d.mounts()
	for _, list := range c.Network.lists() {
		*list = d.strings()
	}
	c.Network.HostName = d.string()
	if d.failed || len(d.b) != 0 {
		return nil, ErrConfig
	}
	return c, nil
}

// encoder writes the fixed little-endian form that configurations and symbols
// share: numbers of 8 bytes, strings and lists behind their length.
type encoder struct{ b []byte }

func (e *encoder) uint64(v uint64) { e.b = binary.LittleEndian.AppendUint64(e.b, v) }
func (e *encoder) bool(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}
func (e *encoder) string(s string) {
	e.uint64(uint64(len(s)))
	e.b = append(e.b, s...)
}
func (e *encoder) strings(list []string) {
	e.uint64(uint64(len(list)))
	for _, s := range list {
		e.string(s)
	}
}
func (e *encoder) ranges(list []Range) {
	e.uint64(uint64(len(list)))
	for _, r := range list {
		e.uint64(uint64(r.Start))
		e.uint64(r.Bytes)
	}
}

// decoder reads what encoder wrote. After the first fault it yields zeroes and
// failed stays set.
type decoder struct {
	b      []byte
	failed bool
}

func (d *decoder) take(n uint64) []byte {
	if d.failed || n > uint64(len(d.b)) {
		d.failed = true
		return nil
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken
}
func (d *decoder) uint64() uint64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}
func (d *decoder) bool() bool {
	b := d.take(1)
	if b == nil || b[0] > 1 {
		d.failed = true
		return false
	}
	return b[0] == 1
}

// count reads the length of a list whose items take at least itemBytes each,
// which bounds it by what is there.
func (d *decoder) count(itemBytes uint64) uint64 {
	n := d.uint64()
	if n > uint64(len(d.b))/itemBytes {
		d.failed = true
		return 0
	}
	return n
}
func (d *decoder) string() string { return string(d.take(d.count(1))) }
func (d *decoder) strings() []string {
	var list []string
	for range d.count(8) {
		list = append(list, d.string())
	}
	return list
}
func (d *decoder) ranges() []Range {
	var list []Range
	for range d.count(16) {
		list = append(list, Range{Start: VirtAddr(d.uint64()), Bytes: d.uint64()})
	}
	return list
}
