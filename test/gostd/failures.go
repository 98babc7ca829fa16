package gostd

// failure is a test that fails here and under an oracle that gives the program the
// same directories.
type failure struct {
	pkg, test string
	oracle    string // wazero or wasmtime
	reason    string
	ends      bool // the test ends the program: the others are run without it
}

var failures = []failure{
	{pkg: "os", test: "TestFileChdir", oracle: "wazero", reason: "wants to open /, and only the tree of Go and /tmp are there"},
	{pkg: "os", test: "TestOpenFileDevNull", oracle: "wazero", reason: "wants /dev/null"},
	{pkg: "os", test: "TestDevNullFile", oracle: "wazero", reason: "wants /dev/null"},
	{pkg: "html/template", test: "TestEmptyTemplateHTML", oracle: "wazero", reason: "wants /dev/null", ends: true},
}
