package toolchain

import (
	"path/filepath"
	"strings"
)

// node is what comes from Node's registry: the compiler of AssemblyScript with
// its WASI imports, and binaryen, which it is built on. All versions are exact.
var node = NodePackages{Name: "assemblyscript", Packages: []string{
	"assemblyscript@0.28.20", "binaryen@131.0.0-nightly.20260721", "long@5.3.2", "@assemblyscript/wasi-shim@0.1.0",
}}

func (p *NodePackages) version() string { return strings.Join(p.Packages, " ") }

// buildAssemblyScript compiles the program's one source with console, process and
// Date made of WASI.
func buildAssemblyScript(p Program) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	tree, err := node.tree()
	if err != nil {
		return "", err
	}
	// asc wants paths from where it is run, the root.
	tree, err = filepath.Rel(root, tree)
	if err != nil {
		return "", err
	}
	modules := filepath.Join(tree, "node_modules")
	source := filepath.Join(root, p.Sources[0])
	b := build{name: p.Name, suffix: ".wasm", tool: "node", version: node.version(), inputs: []string{source}}
	b.args = append([]string{
		filepath.Join(modules, "assemblyscript/bin/asc.js"), p.Sources[0],
		"--config", filepath.Join(modules, "@assemblyscript/wasi-shim/asconfig.json"),
	}, p.Flags...)
	return b.run(root)
}
