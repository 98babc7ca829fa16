// Package gostd runs the tests of Go's standard library as programs of mewz:
// compiled for wasip1, each in the directory of its package, which with the rest of
// Go's tree is a directory of the host that it cannot change, and with /tmp, which
// it can.
//
// In: the packages of packages.go. Out: the tests that fail. Each of them stands in
// failures.go with the reason and fails under wazero or wasmtime too, and one that
// stands there and does not fail is an error.
//
//	go test ./test/gostd                                    the fast ones, as processes
//	MEWZ_NIGHTLY=1 go test -timeout 180m ./test/gostd       all, and some as machines
//	go test ./test/gostd -package '^os$' -executor machine  one, as a machine
//	go test ./test/gostd -package '^os$' -executor wazero   the same under an oracle
package gostd
