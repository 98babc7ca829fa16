package gostd

// failure is a test that fails here and under an oracle that gives the program the
// same directories.
type failure struct {
	pkg, test string
	oracle    string // wazero or wasmtime
	reason    string
}

var failures = []failure{
	{"os", "TestFileChdir", "wazero", "wants to open /, and only the tree of Go and /tmp are there"},
	{"os", "TestOpenFileDevNull", "wazero", "wants /dev/null"},
	{"os", "TestDevNullFile", "wazero", "wants /dev/null"},
}
