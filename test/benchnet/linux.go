package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"mewz/test/benchnet/guest/plan"
	"mewz/test/linuxguest"
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
	install     func(b *bench, a *linuxguest.Initrd) error
	command     []string
	environment []string
}

// linuxImage makes the kernel and the initrd with all servers; the guest's plan is
// added for each machine.
func (b *bench) linuxImage(servers []*linuxServer) (kernel string, base *linuxguest.Initrd, err error) {
	tree, err := linuxPackages.Fetch()
	if err != nil {
		return "", nil, err
	}
	kernel, version, err := linuxguest.Kernel(tree)
	if err != nil {
		return "", nil, err
	}
	b.linux = version
	a := linuxguest.New()
	init, err := b.Build("guest", "", "./test/benchnet/guest")
	if err != nil {
		return "", nil, err
	}
	if err := a.Copy("/init", init); err != nil {
		return "", nil, err
	}
	for _, folder := range []string{"/proc", "/sys", "/dev", "/tmp"} {
		a.Directory(folder)
	}
	if err := a.Modules(plan.Modules, tree, version, linuxModules); err != nil {
		return "", nil, err
	}
	for _, body := range bodies {
		a.Add(filepath.Join(guestFiles, body.file()), body.content())
	}
	for _, s := range servers {
		if err := s.install(b, a); err != nil {
			return "", nil, fmt.Errorf("%s: %w", s.server.name, err)
		}
	}
	return kernel, a, nil
}

// linuxMachine boots the guest and waits until all servers answer.
func (b *bench) linuxMachine(name string, counted bool, kernel string, base *linuxguest.Initrd, servers []*linuxServer) (*machine, error) {
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
	a := base.Clone()
	a.Add(plan.Path, text)
	path := b.Path(name + ".initrd")
	if err := a.WriteFile(path); err != nil {
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
