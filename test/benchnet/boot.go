package main

import "time"

// Bounds of starting. That of Linux covers compiling modules inside, under TCG;
// ours has nothing to compile.
const (
	linuxBootTimeout = 4 * time.Minute
	mewzBootTimeout  = 30 * time.Second
)

// suffixCounted tells the machines of a server apart.
const suffixCounted = "-counted"

// boot starts all machines and waits until all servers answer, then pauses them.
func (b *bench) boot() error {
	// Servers that spin or lag behind must not count as work of others: those
	// under wazero have guests of their own.
	for _, guest := range []struct {
		name string
		kind kind
	}{{"linux", kindLinux}, {"wazero", kindWazero}} {
		var servers []*linuxServer
		for _, s := range b.native {
			if s.server.kind == guest.kind {
				servers = append(servers, s)
			}
		}
		if err := b.bootLinux(guest.name, servers); err != nil {
			return err
		}
	}
	folder, err := b.webFolder()
	if err != nil {
		return err
	}
	for _, s := range b.ours {
		b.Progress("%s: boot", s.server.name)
		b.attempt(s.server, func() error {
			if err := s.build(b, folder); err != nil {
				return err
			}
			if s.server.plain, err = b.bootMewz(s, false); err != nil {
				return err
			}
			s.server.counted, err = b.bootMewz(s, true)
			return err
		})
	}
	return b.Context.Err()
}

func (b *bench) bootMewz(s *mewzServer, counted bool) (*machine, error) {
	name := s.server.name
	if counted {
		name += suffixCounted
	}
	m, err := s.boot(b, name, counted, "")
	if err != nil {
		return nil, err
	}
	if err := b.ready(m, s.server, time.Now().Add(mewzBootTimeout)); err != nil {
		return nil, err
	}
	return m, m.pause()
}

// bootLinux starts two Linux guests with the same servers at once. Compiling the
// modules in them takes longest of all.
func (b *bench) bootLinux(name string, servers []*linuxServer) error {
	if len(servers) == 0 {
		return nil
	}
	b.Progress("%s: boot", name)
	kernel, base, err := b.linuxImage(servers)
	if err != nil {
		return err
	}
	plain, err := b.linuxMachine(name, false, kernel, base, servers)
	if err != nil {
		return err
	}
	counted, err := b.linuxMachine(name+suffixCounted, true, kernel, base, servers)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(linuxBootTimeout)
	for _, s := range servers {
		s.server.plain, s.server.counted = plain, counted
		for _, m := range []*machine{plain, counted} {
			b.attempt(s.server, func() error { return b.ready(m, s.server, deadline) })
		}
	}
	for _, m := range []*machine{plain, counted} {
		if err := m.pause(); err != nil {
			return err
		}
	}
	return nil
}

// close ends everything that was started.
func (b *bench) close() {
	for _, m := range b.machines {
		m.stop()
	}
}
