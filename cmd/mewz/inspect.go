package main

import (
	"bufio"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"mewz/abi"
	"mewz/compiler/object"
	"mewz/image"
)

// inspection is what inspect prints: one of Module, Image and Disassembly is set.
type inspection struct {
	File   string            `json:"file"`
	Kind   kind              `json:"kind"`
	Error  string            `json:"error,omitempty"` // why the module is not valid
	Module *moduleReport     `json:"module,omitempty"`
	Image  *imageDescription `json:"image,omitempty"`

	Disassembly *disassembly `json:"disassembly,omitempty"`
}

// imageDescription is image.Description in the words of the JSON output.
type imageDescription struct {
	Machine       string               `json:"machine"`
	FileBytes     uint64               `json:"file_bytes"`
	PhysicalBytes uint64               `json:"physical_bytes"`
	Segments      []segmentDescription `json:"segments"`
	Program       string               `json:"program"`
	Args          []string             `json:"args"`
	Env           []string             `json:"env,omitempty"`
	Imports       []string             `json:"imports,omitempty"`
	Unknown       []string             `json:"unknown_imports,omitempty"`
	MinPages      uint64               `json:"memory_min_pages"`
	MaxPages      uint64               `json:"memory_max_pages"`
	StackBytes    uint64               `json:"stack_bytes"`
	Functions     int                  `json:"functions"`
	Network       *networkDescription  `json:"network,omitempty"`
	Mounts        []mountDescription   `json:"mounts,omitempty"`
	Files         []fileDescription    `json:"files,omitempty"`
}

// networkDescription is abi.Network of an image that has one.
type networkDescription struct {
	Addresses []string `json:"addresses,omitempty"`
	Gateways  []string `json:"gateways,omitempty"`
	Servers   []string `json:"servers,omitempty"`
	Search    []string `json:"search,omitempty"`
	HostName  string   `json:"host_name,omitempty"`
	Listen    []string `json:"listen,omitempty"`
}

// mountDescription is an abi.Mount.
type mountDescription struct {
	Guest    string `json:"guest"`
	Kind     string `json:"kind"`
	Tag      string `json:"tag,omitempty"`
	ReadOnly bool   `json:"read_only,omitempty"`
	Bytes    uint64 `json:"bytes,omitempty"` // at most
}

type segmentDescription struct {
	Kind     string `json:"kind"`
	Flags    string `json:"flags"`
	Address  string `json:"address"`
	Physical string `json:"physical"`
	Bytes    uint64 `json:"bytes"`
	Memory   uint64 `json:"memory_bytes"`
}

type fileDescription struct {
	Path  string `json:"path"`
	Type  string `json:"type"`
	Bytes uint64 `json:"bytes"`
	Link  string `json:"link,omitempty"`
}

// Run shows what a file contains.
func (i *inspectCommand) Run(a *app) error {
	src, err := openSource(i.File)
	if err != nil {
		return err
	}
	found := inspection{File: i.File, Kind: src.kind}
	if i.Disassemble != "" {
		if found.Disassembly, err = i.disassemble(a, src); err != nil {
			return err
		}
		return printResult(i.Format, &found, found.Disassembly.print)
	}
	if src.kind == kindImage {
		description, err := image.Read(i.File)
		if err != nil {
			return err
		}
		found.Image = describeImage(description)
	} else {
		if found.Module, err = describe(src); err != nil {
			return err
		}
		if found.Module.Invalid != nil {
			found.Error = found.Module.Invalid.Error()
		}
	}
	return printResult(i.Format, &found, found.print)
}

// printResult prints v as JSON or with print as text.
func printResult(format string, v any, print func(io.Writer)) error {
	out := bufio.NewWriter(os.Stdout)
	if format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			return err
		}
	} else {
		print(out)
	}
	return stdoutError(out.Flush())
}

func describeImage(d *image.Description) *imageDescription {
	c := d.Config
	out := &imageDescription{
		Machine: strings.TrimPrefix(d.Machine.String(), "EM_"), FileBytes: d.FileBytes, PhysicalBytes: d.PhysicalBytes,
		Program: c.ProgramName, Args: c.Args, Env: c.Env, Unknown: c.UnknownImports,
		MinPages: c.MemoryMinPages, MaxPages: c.MemoryMaxPages, StackBytes: c.StackBytes, Functions: d.Functions,
	}
	if n := &c.Network; n.Enabled {
		out.Network = &networkDescription{n.Addresses, n.Gateways, n.Servers, n.Search, n.HostName, n.Listen}
	}
	kinds := map[abi.MountKind]string{
		abi.MountArchive: "archive", abi.MountMemory: "memory", abi.MountShare: "share", abi.MountVolume: "volume",
	}
	for _, m := range c.Mounts {
		out.Mounts = append(out.Mounts, mountDescription{m.Guest, kinds[m.Kind], m.Tag, m.ReadOnly, m.Bytes})
	}
	for _, s := range d.Segments {
		out.Segments = append(out.Segments, segmentDescription{
			Kind: s.Kind, Flags: flagsText(s.Flags), Address: fmt.Sprintf("%#x", uint64(s.Address)),
			Physical: fmt.Sprintf("%#x", uint64(s.Physical)), Bytes: s.File, Memory: s.Memory,
		})
	}
	for _, f := range d.Imports {
		out.Imports = append(out.Imports, f.Module+"."+f.Name)
	}
	types := map[abi.ArchiveType]string{abi.ArchiveDirectory: "directory", abi.ArchiveFile: "file", abi.ArchiveSymlink: "link"}
	for _, e := range d.Archive {
		out.Files = append(out.Files, fileDescription{Path: "/" + e.Path, Type: types[e.Type], Bytes: e.Bytes, Link: e.Link})
	}
	return out
}

// flagsText writes the rights of a segment as ls does.
func flagsText(flags elf.ProgFlag) string {
	text := []byte("---")
	for i, flag := range []elf.ProgFlag{elf.PF_R, elf.PF_W, elf.PF_X} {
		if flags&flag != 0 {
			text[i] = "rwx"[i]
		}
	}
	return string(text)
}

func (f *inspection) print(w io.Writer) {
	if f.Image != nil {
		f.Image.print(w, f.File)
		return
	}
	m := f.Module
	title := map[kind]string{kindModule: "WebAssembly module", kindObject: "object of mewz compile"}[f.Kind]
	fmt.Fprintf(w, "%s: %s", f.File, title)
	if m.Sizes != nil {
		fmt.Fprintf(w, ", %d bytes (code %d, data %d, custom sections %d)",
			m.Sizes["module"], m.Sizes["code"], m.Sizes["data"], m.Sizes["custom"])
	}
	fmt.Fprintln(w)
	if f.Error != "" {
		fmt.Fprintf(w, "refused:    %s\n", f.Error)
	}
	if m.Name != "" {
		fmt.Fprintf(w, "name:       %s\n", printable(m.Name))
	}
	fmt.Fprintf(w, "functions:  %d\n", len(m.Functions))
	fmt.Fprintf(w, "memory:     %s\n", memoryText(m.Memory))
	if len(m.Features) > 0 {
		fmt.Fprintf(w, "features:   %s\n", strings.Join(m.Features, ", "))
	}
	for _, name := range slices.Sorted(keys(m.Options)) {
		fmt.Fprintf(w, "option:     %s = %s\n", name, printable(m.Options[name]))
	}
	printImports(w, m.Imports)
	printExports(w, m.Exports)
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func memoryText(m *object.Memory) string {
	if m == nil {
		return "none"
	}
	text := fmt.Sprintf("%d pages (%s)", m.MinPages, byteSize(m.MinPages*abi.WasmPageBytes))
	if m.HasMax {
		return text + fmt.Sprintf(", at most %d (%s)", m.MaxPages, byteSize(m.MaxPages*abi.WasmPageBytes))
	}
	return text
}

func printImports(w io.Writer, imports []object.Import) {
	if len(imports) == 0 {
		return
	}
	fmt.Fprintf(w, "imports (%d):\n", len(imports))
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i := range imports {
		im := &imports[i]
		fmt.Fprintf(table, "  %s.%s\t%s\n", printable(im.Module), printable(im.Name), typeText(im.Kind, im.Params, im.Results, im.Type))
	}
	table.Flush()
}

func printExports(w io.Writer, exports []object.Export) {
	if len(exports) == 0 {
		return
	}
	fmt.Fprintf(w, "exports (%d):\n", len(exports))
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i := range exports {
		e := &exports[i]
		fmt.Fprintf(table, "  %s\t%s\n", printable(e.Name), typeText(e.Kind, e.Params, e.Results, e.Type))
	}
	table.Flush()
}

// typeText writes the type of an import or export as the text format does.
func typeText(kind object.Kind, params, results, other string) string {
	switch {
	case kind == object.KindFunction && results != "":
		return fmt.Sprintf("func (%s) -> %s", object.TypeText(params), object.TypeText(results))
	case kind == object.KindFunction:
		return fmt.Sprintf("func (%s)", object.TypeText(params))
	default:
		return strings.TrimSpace(string(kind) + " " + other)
	}
}

// printable makes a name of a module safe for a terminal and one line.
func printable(name string) string {
	quoted := fmt.Sprintf("%q", name)
	return quoted[1 : len(quoted)-1]
}

func (d *imageDescription) print(w io.Writer, file string) {
	fmt.Fprintf(w, "%s: image of mewz build, %d bytes, for %s, %s in memory\n", file, d.FileBytes, d.Machine, byteSize(roundUp(d.PhysicalBytes, 1<<10)))
	fmt.Fprintf(w, "program:    %s\n", printable(d.Program))
	fmt.Fprintf(w, "arguments:  %s\n", quote(d.Args))
	for _, e := range d.Env {
		fmt.Fprintf(w, "variable:   %s\n", printable(e))
	}
	fmt.Fprintf(w, "memory:     %d to %d pages\n", d.MinPages, d.MaxPages)
	fmt.Fprintf(w, "stack:      %s\n", byteSize(d.StackBytes))
	if d.Network != nil {
		d.Network.print(w)
	}
	for i := range d.Mounts {
		d.Mounts[i].print(w)
	}
	fmt.Fprintf(w, "functions:  %d\n", d.Functions)
	fmt.Fprintln(w, "segments:")
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, s := range d.Segments {
		fmt.Fprintf(table, "  %s\t%s\t%s\tat %s\t%d bytes\t%d in memory\n", s.Kind, s.Flags, s.Address, s.Physical, s.Bytes, s.Memory)
	}
	table.Flush()
	for _, list := range []struct {
		title string
		names []string
	}{{"imports", d.Imports}, {"imports that trap", d.Unknown}} {
		if len(list.names) > 0 {
			fmt.Fprintf(w, "%s (%d):\n", list.title, len(list.names))
			for _, name := range list.names {
				fmt.Fprintf(w, "  %s\n", printable(name))
			}
		}
	}
	if len(d.Files) > 0 {
		fmt.Fprintf(w, "files (%d):\n", len(d.Files))
	}
	for _, f := range d.Files {
		line := fmt.Sprintf("  %-10s%12d  %s", f.Type, f.Bytes, printable(f.Path))
		if f.Link != "" {
			line += " -> " + printable(f.Link)
		}
		fmt.Fprintln(w, line)
	}
}

// print writes a mount in one line.
func (m *mountDescription) print(w io.Writer) {
	what := map[string]string{
		"archive": "the files of the image, changes in memory", "memory": "in memory",
		"share": "a directory of the host", "volume": "a volume",
	}[m.Kind]
	if m.Tag != "" {
		what += " with the tag " + m.Tag
	}
	if m.Bytes != 0 {
		what += ", at most " + byteSize(m.Bytes).String()
	}
	if m.ReadOnly {
		what += ", read-only"
	}
	fmt.Fprintf(w, "directory:  %s: %s\n", printable(m.Guest), printable(what))
}

// print writes a network in one line.
func (n *networkDescription) print(w io.Writer) {
	words := []string{"by DHCP"}
	if len(n.Addresses) > 0 {
		words = []string{strings.Join(n.Addresses, ", ")}
	}
	for _, part := range []struct {
		title string
		list  []string
	}{{"gateway", n.Gateways}, {"name server", n.Servers}, {"search", n.Search}, {"listens on", n.Listen}} {
		if len(part.list) > 0 {
			words = append(words, part.title+" "+strings.Join(part.list, ", "))
		}
	}
	if n.HostName != "" {
		words = append(words, "named "+n.HostName)
	}
	fmt.Fprintf(w, "network:    %s\n", printable(strings.Join(words, "; ")))
}
