package main

import (
	"fmt"
	"strconv"
	"time"

	"mewz/test/document"
)

// Bounds of the search for the least memory, in steps.
const (
	memoryStepBytes = 512 << 10
	memoryMostBytes = 64 << 20
	// memoryLeastBytes is the least that the command takes.
	memoryLeastBytes = 4 << 20
	mebibyte         = 1 << 20
)

// The load that a machine has to bear to count as one that serves.
const (
	memoryConnections = 800
	memoryTime        = 2 * time.Second
	memoryBootTimeout = 10 * time.Second
)

// memoryReport prints only how much memory our machines need.
func (b *bench) memoryReport() error {
	folder, err := b.webFolder()
	if err != nil {
		return err
	}
	t := document.Table{Columns: []string{"server", "least `-m`", "linear memory", "all but that"}}
	for _, s := range b.ours {
		if err := s.build(b, folder); err != nil {
			return err
		}
		least, err := b.leastMemory(s)
		if err != nil {
			return err
		}
		t.Add(s.server.name, mebibytes(least), mebibytes(s.linear), mebibytes(least-min(least, s.linear)))
	}
	fmt.Printf("What serves %d connections without an error:\n\n%s", memoryConnections, t.String())
	return nil
}

// leastMemory searches for the smallest machine that serves under load, by
// halving.
func (b *bench) leastMemory(s *mewzServer) (uint64, error) {
	low, high := memoryLeastBytes/memoryStepBytes, memoryMostBytes/memoryStepBytes
	if err := b.serves(s, high*memoryStepBytes); err != nil {
		return 0, fmt.Errorf("not even %d MiB are enough: %w", memoryMostBytes/mebibyte, err)
	}
	for low < high {
		middle := low + (high-low)/2
		if err := b.serves(s, middle*memoryStepBytes); err == nil {
			high = middle
		} else if b.Context.Err() != nil {
			return 0, b.Context.Err()
		} else {
			low = middle + 1
		}
	}
	return uint64(high) * memoryStepBytes, nil
}

// serves says whether a machine of so much memory serves all that wrk wants.
func (b *bench) serves(s *mewzServer, memoryBytes int) error {
	b.trials++
	m, err := s.boot(b, fmt.Sprintf("%s-memory-%d", s.server.name, b.trials), false, strconv.Itoa(memoryBytes))
	if err != nil {
		return err
	}
	defer m.stop()
	if err := b.ready(m, s.server, time.Now().Add(memoryBootTimeout)); err != nil {
		return err
	}
	for _, of := range bodies {
		l, err := b.wrk(m, s.server, of, memoryConnections, memoryTime)
		if err != nil {
			return err
		}
		if l.errors != "" || l.requests == 0 {
			return fmt.Errorf("%d requests, %s", l.requests, l.errors)
		}
	}
	return nil
}
