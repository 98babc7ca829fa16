package main

import (
	"fmt"
	"time"
)

// The numbers of connections that requests come over.
var connectionCounts = []int{1, 50, 800}

// Lengths of runs of wrk, which takes whole seconds. The short run of a count is
// what the long one is compared with; at 800 connections it has to be long
// enough for the slowest server to open them all.
const (
	warmTime    = 1 * time.Second
	rateTime    = 2 * time.Second
	rateRounds  = 2
	shortTime   = 1 * time.Second
	longTime    = 2 * time.Second
	manyShort   = 2 * time.Second
	manyLong    = 4 * time.Second
	manyAtLeast = 500                    // connections
	settleTime  = 250 * time.Millisecond // for what closing connections leaves to do
)

func (s *server) result(c cell) *result {
	if s.results == nil {
		s.results = map[cell]*result{}
	}
	if s.results[c] == nil {
		s.results[c] = &result{}
	}
	return s.results[c]
}

// cells are all columns that are measured.
func (b *bench) cells() []cell {
	var cells []cell
	for body := range bodies {
		for _, connections := range connectionCounts {
			if !b.quick || connections == 50 {
				cells = append(cells, cell{body, connections})
			}
		}
	}
	return cells
}

// measureAll measures every server in every cell, in turn within a cell.
func (b *bench) measureAll() {
	for _, s := range b.servers {
		b.attempt(s, func() error { return b.warm(s) })
	}
	for _, c := range b.cells() {
		for round := range rounds(c) {
			for _, s := range b.servers {
				b.Progress("%s: %d connections, %s, requests per second, round %d", s.name, c.connections, bodies[c.body].name, round+1)
				b.attempt(s, func() error { return b.measureRate(s, c) })
			}
		}
		for _, s := range b.servers {
			b.Progress("%s: %d connections, %s, instructions", s.name, c.connections, bodies[c.body].name)
			b.attempt(s, func() error { return b.measureCount(s, c) })
		}
	}
}

// rounds is how often requests per second are measured. One connection waits
// most of the time, which is not what servers are compared by.
func rounds(c cell) int {
	if c.connections == 1 {
		return 1
	}
	return rateRounds
}

// attempt does something with a server that has not failed so far.
func (b *bench) attempt(s *server, do func() error) {
	if s.failed != nil || b.Context.Err() != nil {
		return
	}
	if err := do(); err != nil {
		s.failed = fmt.Errorf("%s: %w", s, err)
		b.Progress("%v", s.failed)
	}
}

// warm loads both machines of a server with as many connections as there will
// be, so that what happens only once is over.
func (b *bench) warm(s *server) error {
	for _, m := range []*machine{s.plain, s.counted} {
		for _, connections := range []int{connectionCounts[len(connectionCounts)-1], connectionCounts[0]} {
			_, err := b.loadOnce(m, s, cell{0, connections}, warmTime)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// loadOnce lets a machine run for the time of one load.
func (b *bench) loadOnce(m *machine, s *server, c cell, duration time.Duration) (load, error) {
	if err := m.resume(); err != nil {
		return load{}, err
	}
	l, err := b.wrk(m, s, bodies[c.body], c.connections, duration)
	if err != nil {
		return load{}, err
	}
	if l.errors != "" {
		b.Progress("%s: %s: %d connections, %s, %v: %d requests, %s", m.name, s.name, c.connections, bodies[c.body].name, duration, l.requests, l.errors)
	}
	time.Sleep(settleTime)
	return l, m.pause()
}

func (b *bench) measureRate(s *server, c cell) error {
	l, err := b.loadOnce(s.plain, s, c, rateTime)
	if err != nil {
		return err
	}
	r := s.result(c)
	r.rates = append(r.rates, l.rate)
	if l.errors != "" {
		r.errors = l.errors
	}
	return nil
}

// measureCount counts the instructions of a long run less those of a short one.
func (b *bench) measureCount(s *server, c cell) error {
	short, long := shortTime, longTime
	if c.connections >= manyAtLeast {
		short, long = manyShort, manyLong
	}
	first, opening, err := b.countOnce(s, c, short)
	if err != nil {
		return err
	}
	second, whole, err := b.countOnce(s, c, long)
	if err != nil {
		return err
	}
	r := s.result(c)
	for _, l := range []load{first, second} {
		if l.errors != "" {
			r.errors = l.errors
		}
	}
	if second.requests <= first.requests {
		r.errors = fmt.Sprintf("%d requests in %v but %d in %v", first.requests, short, second.requests, long)
		return nil // other cells may do better
	}
	r.count = second.requests - first.requests
	r.profile = whole.less(opening)
	r.counted = true
	total := r.profile.sum(func(uint64) bool { return true })
	user := r.profile.sum(s.isUser)
	n := float64(r.count)
	r.request = request{float64(total.instructions) / n, float64(total.repeats) / n, float64(user.instructions) / n}
	return nil
}

// isUser says whether code is the server's side: that of a process, or of the
// program and of WASI.
func (s *server) isUser(address uint64) bool {
	if symbols := s.counted.symbols; symbols != nil {
		p := symbols.part(address)
		return p == partWasm || p == partWASI
	}
	return address < kernelHalf
}

func (b *bench) countOnce(s *server, c cell, duration time.Duration) (load, profile, error) {
	before, err := s.counted.snapshot()
	if err != nil {
		return load{}, nil, err
	}
	l, err := b.loadOnce(s.counted, s, c, duration)
	if err != nil {
		return load{}, nil, err
	}
	after, err := s.counted.snapshot()
	return l, after.minus(before), err
}

// Idle: how many connections stay open and for how long nothing happens.
const (
	idleConnections = 800
	idleTime        = 5 * time.Second
)

// idle returns the share of a processor that a machine uses with connections
// that are open and say nothing.
func (b *bench) idle(s *server) (float64, error) {
	m := s.plain
	if err := m.resume(); err != nil {
		return 0, err
	}
	for range idleConnections {
		connection, err := b.get(m, s, bodies[0])
		if err != nil {
			return 0, err
		}
		defer connection.Close()
	}
	time.Sleep(settleTime)
	before, err := m.cpu()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	time.Sleep(idleTime)
	after, err := m.cpu()
	if err != nil {
		return 0, err
	}
	share := float64(after-before) / float64(time.Since(start))
	return share, m.pause()
}

// measureRest measures what is not about requests: idle connections, memory.
func (b *bench) measureRest() {
	if b.quick {
		return
	}
	for _, s := range b.ours {
		b.attempt(s.server, func() error {
			b.Progress("%s: %d idle connections", s.server.name, idleConnections)
			share, err := b.idle(s.server)
			if err != nil {
				return err
			}
			b.found.idle[s.server] = share
			if s.server.name != nameC {
				return nil
			}
			b.Progress("%s: least memory", s.server.name)
			least, err := b.leastMemory(s)
			if err == nil {
				b.found.memory[s.server] = least
			}
			return err
		})
	}
}
