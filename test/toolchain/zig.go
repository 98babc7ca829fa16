package toolchain

import "path/filepath"

// buildZig builds the program's one source file for WASI.
func buildZig(p Program) (string, error) {
	return buildZigFor(p, ".wasm", append([]string{"-target", "wasm32-wasi"}, p.WasmFlags...))
}

func buildZigFor(p Program, suffix string, target []string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	tree, err := zig.tree()
	if err != nil {
		return "", err
	}
	cache := filepath.Join(root, "build", "zig")
	source := filepath.Join(root, p.Sources[0])
	b := build{name: p.Name, suffix: suffix, tool: filepath.Join(tree, "ziglang/zig"), version: zig.String(), inputs: []string{source}}
	b.output = "-femit-bin="
	b.args = append([]string{"build-exe", source, "--cache-dir", cache, "--global-cache-dir", cache}, target...)
	b.args = append(b.args, p.Flags...)
	return b.run(root)
}
