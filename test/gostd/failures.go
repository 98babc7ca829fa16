package gostd

// failure is a test that fails here and under an oracle.
type failure struct {
	pkg, test string
	oracle    string // wazero or wasmtime
	reason    string
}

var failures = []failure{}
