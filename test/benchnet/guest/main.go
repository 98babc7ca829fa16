// Command guest is the first process of the Linux guest that test/benchnet
// compares with. It brings up the network and starts the servers that Plan lists,
// then says so on the console.
//
// In: /plan.json of the initrd, the kernel's modules beside it. Out: a line
// "ready" on the console, or what failed. It never ends: the kernel would panic.
package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"mewz/test/benchnet/guest/plan"
	"mewz/test/benchnet/link"
	"mewz/test/linuxguest/inside"
)

func main() {
	names, err := start()
	if err != nil {
		fmt.Println(plan.Failed, err)
	}
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		if err != nil {
			time.Sleep(time.Hour) // nobody left to wait for
		}
		fmt.Printf("%s code %d\n", plan.Ended(names[pid]), status.ExitStatus())
	}
}

// descriptors is how many files a server may have open: 800 connections and more.
const descriptors = 1 << 16

// start returns the names of the servers by the numbers of their processes.
func start() (map[int]string, error) {
	text, err := os.ReadFile(plan.Path)
	if err != nil {
		return nil, err
	}
	var p plan.Plan
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, err
	}
	if err := inside.Begin(plan.Modules, p.Modules); err != nil {
		return nil, err
	}
	for i, stream := range []string{"/dev/stdin", "/dev/stdout", "/dev/stderr"} {
		if err := os.Symlink(fmt.Sprintf("/proc/self/fd/%d", i), stream); err != nil {
			return nil, err
		}
	}
	if err := network(p.Address); err != nil {
		return nil, err
	}
	limit := unix.Rlimit{Cur: descriptors, Max: descriptors}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	for _, setting := range []string{"net/core/somaxconn", "net/ipv4/tcp_max_syn_backlog"} {
		if err := os.WriteFile("/proc/sys/"+setting, []byte("4096"), 0); err != nil {
			return nil, err
		}
	}
	names := map[int]string{}
	for _, server := range p.Servers {
		c := exec.Command(server.Command[0], server.Command[1:]...)
		c.Env = append([]string{"PATH=/bin", "HOME=/tmp", "GOMAXPROCS=1"}, server.Environment...)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Start(); err != nil {
			return nil, err
		}
		names[c.Process.Pid] = server.Name
	}
	fmt.Println(plan.Ready)
	return names, nil
}

// network brings up lo and the one other interface.
func network(address string) error {
	prefix, err := netip.ParsePrefix(address)
	if err != nil {
		return err
	}
	if err := link.Up("lo", netip.MustParsePrefix("127.0.0.1/8")); err != nil {
		return err
	}
	return link.Up("eth0", prefix)
}
