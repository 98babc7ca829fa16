package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mewz/test/linuxguest"
	"mewz/test/toolchain"
)

// kind is a way to run servers.
type kind int

const (
	kindMewz   kind = iota // Wasm in our machine
	kindLinux              // native in the Linux guest
	kindWazero             // Wasm on wasi-go and wazero in the Linux guest
)

var kindNames = []string{kindMewz: "mewz", kindLinux: "Linux", kindWazero: "Linux, wazero"}

// server is something that is measured.
type server struct {
	kind  kind
	label string // the language, or the program
	name  string // of -only and of messages
	port  int
	quick bool // part of -quick

	plain, counted *machine
	failed         error // why it is not measured further
	results        map[cell]*result
}

func (s *server) String() string { return kindNames[s.kind] + ": " + s.label }

// cell is a column of the tables.
type cell struct {
	body        int // of bodies
	connections int
}

// result is what was measured of a server in a cell.
type result struct {
	rates   []float64
	errors  string // of any of the runs
	counted bool
	request request
	profile profile // of all requests that were counted
	count   uint64  // of requests in profile
}

// request is what one costs in instructions of the guest.
type request struct{ total, repeats, user float64 }

// wasmServer is a server of test/net.
type wasmServer struct {
	language string
	program  toolchain.Program
	args     func(port int, folder string) []string
	quick    bool
	epoll    bool // wants epoll_oneoff, which wazero does not have
}

// The ports of the servers in the Linux guest. In our machines each has its own
// address, and the same port.
const (
	portMewz = 8080 + iota
	portEpoll
	portNginx
	portGo
	portWazero // and the following ones
)

// nativeServers are those of the Linux guest that Linux runs itself.
func nativeServers() []*linuxServer {
	var sizes []string
	for _, of := range bodies {
		sizes = append(sizes, strconv.Itoa(of.bytes))
	}
	return []*linuxServer{
		{
			server:  &server{kind: kindLinux, label: "C, epoll", name: "linux-epoll", port: portEpoll, quick: true},
			install: installEpoll,
			command: append([]string{"/bin/epoll", strconv.Itoa(portEpoll)}, sizes...),
		},
		{
			server:  &server{kind: kindLinux, label: "nginx", name: "linux-nginx", port: portNginx},
			install: installNginx,
			command: []string{guestNginx, "-c", nginxConfig},
		},
		{
			server:  &server{kind: kindLinux, label: "Go, net/http", name: "linux-go", port: portGo},
			install: installGo,
			command: []string{"/bin/http", ":" + strconv.Itoa(portGo), guestFiles},
		},
	}
}

func installEpoll(b *bench, a *linuxguest.Initrd) error {
	path := b.Path("epoll")
	source := filepath.Join(b.Root, "test/benchnet/src/epoll.c")
	if err := b.Execute("clang-19", "-O2", "-Wall", "-Werror", "-static", "-o", path, source); err != nil {
		return err
	}
	return a.Copy("/bin/epoll", path)
}

func installNginx(_ *bench, a *linuxguest.Initrd) error {
	tree, err := linuxPackages.Fetch()
	if err != nil {
		return err
	}
	a.Add(nginxConfig, fmt.Appendf(nil, nginxSettings, portNginx))
	a.Add("/etc/passwd", []byte("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"))
	a.Add("/etc/group", []byte("root:x:0:\nnogroup:x:65534:\n"))
	a.Directory("/var/log/nginx")
	a.Directory("/var/lib/nginx")
	return a.Program(guestNginx, tree, "usr/sbin/nginx")
}

func installGo(b *bench, a *linuxguest.Initrd) error {
	path, err := b.Build("http", "", "./test/benchnet/src/http")
	if err != nil {
		return err
	}
	return a.Copy("/bin/http", path)
}

// peers is a module of its own, for programs of others.
const peers = "test/bench/peers"

// wasirunPackage is the command of wasi-go; its version is in the go.mod of peers.
const wasirunPackage = "github.com/stealthrocket/wasi-go/cmd/wasirun"

// wazeroServer runs a module of test/net in the Linux guest.
func wazeroServer(w wasmServer, port int) *linuxServer {
	name := strings.ToLower(w.language)
	module := "/" + name + ".wasm"
	return &linuxServer{
		server: &server{kind: kindWazero, label: w.language, name: "wazero-" + name, port: port, quick: false},
		install: func(b *bench, a *linuxguest.Initrd) error {
			if !a.Has("/bin/wasirun") {
				path, err := b.Build("wasirun", peers, wasirunPackage)
				if err != nil {
					return err
				}
				if err := a.Copy("/bin/wasirun", path); err != nil {
					return err
				}
			}
			path, err := toolchain.Wasm(w.program)
			if err != nil {
				return err
			}
			return a.Copy(module, path)
		},
		command: append([]string{"/bin/wasirun", "--dir", guestFiles, module, "--"}, w.args(port, guestFiles)...),
	}
}

// webFolder makes the folder with the files that the servers serve.
func (b *bench) webFolder() (string, error) {
	folder := b.Path("www")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	for _, of := range bodies {
		if err := os.WriteFile(filepath.Join(folder, of.file()), of.content(), 0o666); err != nil {
			return "", err
		}
	}
	return folder, nil
}
