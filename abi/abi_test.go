package abi

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fullConfig() *Config {
	return &Config{
		Args: []string{"app.wasm", "", "ü"}, Env: []string{"A=1"},
		Entry: 0x600000, TextStart: 0x600000, TextEnd: 0x700000,
		MemoryBytes: 0x700010, Heap: 0x700040, MemoryMinPages: 2, MemoryMaxPages: 65536,
		MemoryImages: []Range{{MemoryBase, 4096}, {MemoryBase + 1<<20, 1}},
		Zero:         []Range{{0x701000, 4096}},
		StackBytes:   StackDefaultBytes,
		Symbols:      Range{SymbolsBase, 10}, Archive: Range{ArchiveBase, 20},
		Imports: []uint16{0, 45}, UnknownImports: []string{"env.f"},
		Seed: bytes.Repeat([]byte{7}, 32), WallClockNanos: 1 << 60,
		TerminalStdin: true, TerminalStderr: true, KernelLog: true,
		PreemptMillis: 10, ProgramName: "app.wasm",
		FilesAbsent: true,
		Mounts: []Mount{
			{Kind: MountArchive, Guest: "/"}, {Kind: MountMemory, Guest: "/tmp", Bytes: 1 << 20},
			{Kind: MountShare, Guest: "/data", Tag: "mewz0", ReadOnly: true}, {Kind: MountVolume, Guest: "/var", Tag: "7"},
		},
		Network: Network{Absent: true,
			Enabled: true, Addresses: []string{"10.0.2.15/24", "fd00::2/64"}, Gateways: []string{"10.0.2.2", "fd00::1"},
			Servers: []string{"10.0.2.3"}, Search: []string{"example.org", "example.net"}, HostName: "web",
			Listen: []string{"0.0.0.0:8080", "[::]:8443"},
		},
	}
}

func TestConfigRoundTrip(t *testing.T) {
	for _, want := range []*Config{{}, fullConfig()} {
		got, err := DecodeConfig(AppendConfig(nil, want))
		if err != nil {
			t.Fatal(err)
		}
		if len(want.Seed) == 0 {
			got.Seed = want.Seed
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("configuration changed on its way (-want +got):\n%s", diff)
		}
	}
}

func TestConfigTruncated(t *testing.T) {
	whole := AppendConfig(nil, fullConfig())
	for n := range whole {
		if _, err := DecodeConfig(whole[:n]); err != ErrConfig {
			t.Fatalf("DecodeConfig of the first %d bytes: error %v, want %v", n, err, ErrConfig)
		}
	}
	if _, err := DecodeConfig(append(whole, 0)); err != ErrConfig {
		t.Errorf("DecodeConfig with a byte too many: error %v, want %v", err, ErrConfig)
	}
}

func FuzzDecodeConfig(f *testing.F) {
	f.Add(AppendConfig(nil, fullConfig()))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeConfig(b)
		if err == nil && len(AppendConfig(nil, c)) != len(b) {
			t.Errorf("decoded %d bytes encode to another length", len(b))
		}
	})
}

func TestFrames(t *testing.T) {
	tests := []struct {
		name   string
		header []byte
		ok     bool
	}{
		{"ready", AppendFrameHeader(nil, FrameReady, 0), true},
		{"stdout", AppendFrameHeader(nil, FrameStdout, FrameMaxBytes), true},
		{"too long", AppendFrameHeader(nil, FrameStdout, FrameMaxBytes+1), false},
		{"kind 0", AppendFrameHeader(nil, 0, 1), false},
		{"network", AppendFrameHeader(nil, FrameNetwork, 10), true},
		{"warning", AppendFrameHeader(nil, FrameWarning, 10), true},
		{"kind 9", AppendFrameHeader(nil, 9, 1), false},
		{"short", []byte{1, 0, 0}, false},
		{"padding", []byte{1, 0, 1, 0, 0, 0, 0, 0}, false},
	}
	for _, test := range tests {
		if _, _, ok := ParseFrameHeader(test.header); ok != test.ok {
			t.Errorf("%s: ParseFrameHeader(%v) ok = %v, want %v", test.name, test.header, ok, test.ok)
		}
	}
	frame := AppendExitFrame(nil, ExitByTrap, ExitTrap)
	kind, n, ok := ParseFrameHeader(frame)
	if kind != FrameExit || n != len(frame)-FrameHeaderBytes || !ok {
		t.Fatalf("ParseFrameHeader(exit frame) = %v, %v, %v", kind, n, ok)
	}
	reason, code, ok := ParseExit(frame[FrameHeaderBytes:])
	if reason != ExitByTrap || code != ExitTrap || !ok {
		t.Errorf("ParseExit = %v, %v, %v", reason, code, ok)
	}
}

// How many functions there are: those of the witx, and WasmEdge's by name and type.
const (
	preview1Functions = 46
	wasmEdgeFunctions = 27
	unstableFunctions = 45 // all of preview 1 but sock_accept
)

// TestLookupFunctionByType holds for names that have more than one type.
func TestLookupFunctionByType(t *testing.T) {
	for _, test := range []struct {
		name  string
		types []string
	}{
		{"sock_accept", []string{"iii", "ii"}},
		{"sock_recv_from", []string{"iiiiiii", "iiiiiiii"}},
		{"sock_getlocaladdr", []string{"iiii", "iii"}},
		{"sock_getpeeraddr", []string{"iiii", "iii"}},
	} {
		numbers := map[int]bool{}
		for _, params := range test.types {
			number, _, matches := LookupFunction(Preview1, test.name, params, "i")
			if !matches || Functions[number].Params != params || numbers[number] {
				t.Errorf("LookupFunction(%s, %s) = %d, %v", test.name, params, number, matches)
			}
			numbers[number] = true
		}
		if _, found, matches := LookupFunction(Preview1, test.name, "i", "i"); !found || matches {
			t.Errorf("%s of no such type: want found, not matching", test.name)
		}
	}
}

func TestFunctionsAreUnique(t *testing.T) {
	seen := map[Function]bool{}
	for i, f := range Functions {
		if seen[f] {
			t.Errorf("function %d, %s.%s, stands twice", i, f.Module, f.Name)
		}
		seen[f] = true
		if len(f.Params) > FunctionMaxParams || len(f.Results) > 1 {
			t.Errorf("%s.%s has more parameters or results than a call carries", f.Module, f.Name)
		}
		number, found, matches := LookupFunction(f.Module, f.Name, f.Params, f.Results)
		if number != i || !found || !matches {
			t.Errorf("LookupFunction(%v) = %d, %v, %v, want %d", f, number, found, matches, i)
		}
	}
	if n := len(Functions); n != preview1Functions+wasmEdgeFunctions+unstableFunctions || n >= CallMemoryGrow {
		t.Errorf("%d functions, want %d of preview 1, %d of WasmEdge and %d of wasi_unstable, less than %#x",
			n, preview1Functions, wasmEdgeFunctions, unstableFunctions, CallMemoryGrow)
	}
	if _, found, matches := LookupFunction(Preview1, "fd_write", "i", "i"); !found || matches {
		t.Error("fd_write of another type: want found, not matching")
	}
}

func TestSymbolTable(t *testing.T) {
	s := &Symbols{
		Functions: []SymbolFunction{{Start: 0, Bytes: 16, Index: 3, Name: "main"}, {Start: 32, Bytes: 8, Index: NoFunctionIndex}},
		Rows:      []UnwindRow{{Start: 0, CFAOffset: 8, Register: UnwindSP}, {Start: 1, CFAOffset: 16, Register: UnwindBP, SavedBP: -16}, {Start: 16}},
		Locations: []SymbolLocation{{Start: 4, Offset: 0x123}},
	}
	table, err := OpenSymbols(AppendSymbols(nil, s))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, table.All()); diff != "" {
		t.Errorf("All differs (-want +got):\n%s", diff)
	}
	if f, ok := table.Function(15); !ok || f != s.Functions[0] {
		t.Errorf("Function(15) = %v, %v", f, ok)
	}
	if f, ok := table.Function(16); ok {
		t.Errorf("Function(16) = %v, want none: between functions", f)
	}
	if f, ok := table.Function(39); !ok || f != s.Functions[1] {
		t.Errorf("Function(39) = %v, %v", f, ok)
	}
	if r, ok := table.Row(5); !ok || r != s.Rows[1] {
		t.Errorf("Row(5) = %v, %v", r, ok)
	}
	if _, ok := table.Row(20); ok {
		t.Error("Row(20) is there, want none: beyond the code")
	}
	if at := table.Location(3); at != 0 {
		t.Errorf("Location(3) = %#x, want 0", at)
	}
	if at := table.Location(9); at != 0x123 {
		t.Errorf("Location(9) = %#x, want 0x123", at)
	}
}

func FuzzOpenSymbols(f *testing.F) {
	f.Add(AppendSymbols(nil, &Symbols{Functions: []SymbolFunction{{Bytes: 1, Name: "f"}}}), uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, at uint32) {
		if table, err := OpenSymbols(b); err == nil {
			table.Function(at)
			table.Row(at)
			table.Location(at)
			table.All()
		}
	})
}

func testArchive() []byte {
	b := AppendArchiveHeader(nil, 2)
	end := uint64(ArchiveHeaderBytes + 2*ArchiveNodeBytes)
	b = AppendArchiveNode(b, &ArchiveNode{Type: ArchiveDirectory, Mode: 0o755, Links: 1, NameOffset: end, DataOffset: 1, Size: 1})
	b = AppendArchiveNode(b, &ArchiveNode{Type: ArchiveFile, Mode: 0o644, NameBytes: 1, Links: 1, NameOffset: end, DataOffset: end + 1, Size: 2, ModifiedNanos: 5})
	return append(b, "fhi"...)
}

func TestArchiveNodes(t *testing.T) {
	a, err := OpenArchive(testArchive())
	if err != nil {
		t.Fatal(err)
	}
	n, name, data, err := a.Node(1)
	if err != nil || name != "f" || string(data) != "hi" || n.ModifiedNanos != 5 || n.Mode != 0o644 {
		t.Errorf("Node(1) = %+v, %q, %q, %v", n, name, data, err)
	}
	if kind, entry, err := a.Entry(1); err != nil || kind != n.Type || string(entry) != name {
		t.Errorf("Entry(1) = %d, %q, %v", kind, entry, err)
	}
	if _, _, _, err := a.Node(2); err != ErrArchive {
		t.Errorf("Node(2): error %v, want %v", err, ErrArchive)
	}
	if _, _, err := a.Entry(2); err != ErrArchive {
		t.Errorf("Entry(2): error %v, want %v", err, ErrArchive)
	}
}

func FuzzArchive(f *testing.F) {
	f.Add(testArchive(), uint64(1))
	f.Fuzz(func(t *testing.T, b []byte, i uint64) {
		if a, err := OpenArchive(b); err == nil {
			n, name, _, err := a.Node(i % a.Nodes)
			if kind, entry, entryErr := a.Entry(i % a.Nodes); err == nil && (entryErr != nil || kind != n.Type || string(entry) != name) {
				t.Errorf("Entry = %d, %q, %v; Node = %d, %q", kind, entry, entryErr, n.Type, name)
			}
		}
	})
}
