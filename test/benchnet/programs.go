package main

import (
	"strconv"

	"mewz/test/toolchain"
)

const sources = "test/net/programs/"

// wasmServers are the servers of test/net.
func wasmServers() []wasmServer {
	return []wasmServer{
		{
			language: "C", quick: true, args: portAndFolder,
			program: toolchain.Program{
				Name: "net-httpd", Language: toolchain.C, Sources: []string{sources + "c/httpd.c"},
				Flags: []string{"-O2"}, WasmFlags: []string{"-mbulk-memory"},
			},
		},
		{
			language: "Rust", args: portAndFolder,
			program: toolchain.Program{Name: "httpd-rust", Language: toolchain.RustCrates, Sources: []string{sources + "rust"}},
		},
		{
			language: "Rust-epoll", args: portAndFolder, epoll: true,
			program: toolchain.Program{
				Name: "httpd-rust", Language: toolchain.RustCrates, Sources: []string{sources + "rust"}, Flags: []string{"--features", "epoll"},
			},
		},
		{
			language: "Go", args: func(port int, folder string) []string { return []string{":" + strconv.Itoa(port), folder} },
			program: toolchain.Program{Name: "net-go-httpd", Language: toolchain.Go, Sources: []string{sources + "go/httpd"}},
		},
	}
}

func portAndFolder(port int, folder string) []string { return []string{strconv.Itoa(port), folder} }
