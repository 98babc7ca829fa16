// Package gostd runs the tests of Go's standard library as programs of mewz:
// compiled for wasip1 and run with -test.short, as `go tool dist test` does for that
// system, each in the directory of its package, which with the rest of Go's tree is a
// directory of the host that it cannot change, and with /tmp, which it can.
//
// In: the packages of packages.go. Out: the tests that fail. Each of them stands in
// failures.go with the reason and fails under wazero or wasmtime too, which a nightly
// run holds, and one that stands there and does not fail is an error. How many tests
// passed stands in testdata/results.json, and docs/conformance.md shows it: a test
// that is not run any more is an error, too, with the Go that the file names.
//
//	go test ./test/gostd                                    the fast ones, as processes
//	make gostd                                              all, and some as machines
//	go test ./test/gostd -package '^os$' -executor machine  one, as a machine
//	go test ./test/gostd -package '^os$' -executor wazero   the same under an oracle
//
// With -update what was run is written into both files. With -resume a package that
// the same mewz has run with the same outcome as expected is not run again: make gostd
// has it, so that it can be stopped and started. All took an hour and a half on two
// cores that others used at the same time, and nearly all of it was compiling.
package gostd
