package main

import (
	"os"
	"path/filepath"
	"strings"

	"mewz/image"
	"mewz/test/toolchain"
)

// mewzServer is a server that runs in a machine of ours.
type mewzServer struct {
	server *server
	wasm   wasmServer
	image  string
	linear uint64 // bytes of linear memory that the program declares
}

func newMewzServer(w wasmServer) *mewzServer {
	name := "mewz-" + strings.ToLower(w.language)
	return &mewzServer{
		server: &server{kind: kindMewz, label: w.language, name: name, port: portMewz, quick: w.quick},
		wasm:   w,
	}
}

// build makes the image, with the files in it.
func (s *mewzServer) build(b *bench, folder string) error {
	wasm, err := toolchain.Wasm(s.wasm.program)
	if err != nil {
		return err
	}
	s.image = b.Path(s.server.name + ".img")
	if err := b.Execute(b.Mewz, "build", "--root", folder, "-o", s.image, wasm); err != nil {
		return err
	}
	d, err := image.Read(s.image)
	if err != nil {
		return err
	}
	s.linear = d.Config.MemoryMinPages * wasmPageBytes
	return nil
}

const wasmPageBytes = 64 << 10

// boot starts a machine with the image. memory is a value of -m, or empty.
func (s *mewzServer) boot(b *bench, name string, counted bool, memory string) (*machine, error) {
	m := &machine{name: name}
	var err error
	if m.wire, err = b.namespace.newWire(); err != nil {
		return nil, err
	}
	flags, err := b.qemuFlags(m, counted)
	if err != nil {
		return nil, err
	}
	args := []string{
		"run", "--accel", "tcg", "--machine", b.machineType,
		"--net", "tap=" + m.wire.name, "--ip", m.wire.guestPrefix().String(), "--gateway", m.wire.host.String(),
	}
	for _, flag := range flags {
		args = append(args, "--qemu-arg="+flag)
	}
	if memory != "" {
		args = append(args, "-m", memory)
	}
	args = append(append(args, s.image, "--"), s.wasm.args(portMewz, "/")...)
	if counted {
		if m.symbols, err = readSymbols(filepath.Join(b.Root, kernelPath), s.image); err != nil {
			return nil, err
		}
	}
	return m, b.start(m, b.Mewz, args...)
}

// imageBytes is the size of the image.
func (s *mewzServer) imageBytes() (int64, error) {
	info, err := os.Stat(s.image)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
