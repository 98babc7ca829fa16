package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mewz/test/benchnet/guest/plan"
	"mewz/test/toolchain"
)

// linuxPackages are what the Linux guest is made of.
var linuxPackages = toolchain.BinaryPackages{
	Folder: "benchnet",
	Names:  []string{"nginx", "libc6", "libcrypt1", "libpcre2-8-0", "libssl3", "zlib1g"},
	Newest: []string{"linux-image-amd64"},
}

// linuxModules are the kernel's modules for a virtio network device over PCI, in
// the order of their dependencies.
var linuxModules = []string{
	"drivers/virtio/virtio_ring.ko", "drivers/virtio/virtio.ko", "drivers/virtio/virtio_pci_modern_dev.ko",
	"drivers/virtio/virtio_pci_legacy_dev.ko", "drivers/virtio/virtio_pci.ko",
	"net/core/failover.ko", "drivers/net/net_failover.ko", "drivers/net/virtio_net.ko",
}

// Where things lie in the Linux guest.
const (
	guestFiles  = "/www"
	guestNginx  = "/bin/nginx"
	nginxConfig = "/etc/nginx.conf"
)

// nginxSettings are those of somebody who cares for speed: one process, no log,
// sendfile, open files kept.
const nginxSettings = `daemon off;
master_process off;
error_log stderr crit;
pid /tmp/nginx.pid;
events { worker_connections 4096; multi_accept on; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 100000000;
  open_file_cache max=100;
  default_type text/plain;
  client_body_temp_path /tmp/1; proxy_temp_path /tmp/2; fastcgi_temp_path /tmp/3; uwsgi_temp_path /tmp/4; scgi_temp_path /tmp/5;
  server { listen %d backlog=4096; root ` + guestFiles + `; }
}
`

// linuxServer is a server of the Linux guest: what the initrd needs for it and
// how it is started.
type linuxServer struct {
	server      *server
	install     func(b *bench, a *initrd) error
	command     []string
	environment []string
}

// linuxImage makes the kernel and the initrd with all servers; the guest's plan is
// added for each machine.
func (b *bench) linuxImage(servers []*linuxServer) (kernel string, base *initrd, err error) {
	tree, err := linuxPackages.Fetch()
	if err != nil {
		return "", nil, err
	}
	kernels, err := filepath.Glob(filepath.Join(tree, "boot", "vmlinuz-*"))
	if err != nil || len(kernels) != 1 {
		return "", nil, fmt.Errorf("%s has %d kernels, want 1: remove it", tree, len(kernels))
	}
	b.linux = strings.TrimPrefix(filepath.Base(kernels[0]), "vmlinuz-")
	a := &initrd{}
	init, err := b.build("guest", "./test/benchnet/guest")
	if err != nil {
		return "", nil, err
	}
	if err := a.copy("/init", init); err != nil {
		return "", nil, err
	}
	for _, folder := range []string{"/proc", "/sys", "/dev", "/tmp"} {
		a.directory(folder)
	}
	for _, module := range linuxModules {
		from := filepath.Join(tree, "lib/modules", b.linux, "kernel", module)
		if err := a.copy(filepath.Join(plan.Modules, filepath.Base(module)), from); err != nil {
			return "", nil, err
		}
	}
	for _, body := range bodies {
		a.add(filepath.Join(guestFiles, body.file()), body.content())
	}
	for _, s := range servers {
		if err := s.install(b, a); err != nil {
			return "", nil, fmt.Errorf("%s: %w", s.server.name, err)
		}
	}
	return kernels[0], a, nil
}

// linuxMachine boots the guest and waits until all servers answer.
func (b *bench) linuxMachine(name string, counted bool, kernel string, base *initrd, servers []*linuxServer) (*machine, error) {
	m := &machine{name: name}
	var err error
	if m.wire, err = b.namespace.newWire(); err != nil {
		return nil, err
	}
	p := plan.Plan{Address: m.wire.guestPrefix().String()}
	for _, module := range linuxModules {
		p.Modules = append(p.Modules, filepath.Base(module))
	}
	for _, s := range servers {
		p.Servers = append(p.Servers, plan.Server{Name: s.server.name, Command: s.command, Environment: s.environment})
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	a := &initrd{inodes: base.inodes, made: base.made}
	a.buffer.Write(base.buffer.Bytes())
	a.add(plan.Path, text)
	path := b.path(name + ".initrd")
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(a.finish(f), f.Close()); err != nil {
		return nil, err
	}
	flags, err := b.qemuFlags(m, counted)
	if err != nil {
		return nil, err
	}
	flags = append(flags,
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
		"-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", linuxMemory,
		"-netdev", "tap,id=net,ifname="+m.wire.name+",script=no,downscript=no", "-device", "virtio-net-pci,netdev=net",
		"-kernel", kernel, "-initrd", path, "-append", "console=ttyS0 quiet nokaslr panic=-1")
	return m, b.start(m, "qemu-system-x86_64", flags...)
}

// linuxMemory holds all servers with room to spare.
const linuxMemory = "1024M"
