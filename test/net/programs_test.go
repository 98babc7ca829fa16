package net

import (
	"testing"

	"mewz/test/toolchain"
)

// sources is where the programs lie, from the root of the project.
const sources = "test/net/programs/"

func c(name string) toolchain.Program {
	return toolchain.Program{
		Name: "net-" + name, Language: toolchain.C, Sources: []string{sources + "c/" + name + ".c"},
		Flags: []string{"-O2"}, WasmFlags: []string{"-mbulk-memory"},
	}
}

func golang(name string) toolchain.Program {
	return toolchain.Program{Name: "net-go-" + name, Language: toolchain.Go, Sources: []string{sources + "go/" + name}}
}

var (
	httpd     = c("httpd")
	functions = c("functions")
	udp       = c("udp")
	resolve   = c("resolve")
	client    = c("client")

	// httpdRust is named as its manifest names it.
	httpdRust = toolchain.Program{Name: "httpd-rust", Language: toolchain.RustCrates, Sources: []string{sources + "rust"}}
	// httpdRustEpoll waits with epoll_oneoff.
	httpdRustEpoll = toolchain.Program{
		Name: "httpd-rust", Language: toolchain.RustCrates, Sources: []string{sources + "rust"}, Flags: []string{"--features", "epoll"},
	}

	httpdGo    = golang("httpd")
	listenerGo = golang("listener")
	fetchGo    = golang("fetch")
)

// build returns the path of a program's module.
func build(t *testing.T, p toolchain.Program) string {
	t.Helper()
	path, err := toolchain.Wasm(p)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBuild builds every program.
func TestBuild(t *testing.T) {
	for _, p := range []toolchain.Program{httpd, functions, udp, resolve, client, httpdRust, httpdRustEpoll, httpdGo, listenerGo, fetchGo} {
		t.Run(p.Name, func(t *testing.T) { build(t, p) })
	}
}
