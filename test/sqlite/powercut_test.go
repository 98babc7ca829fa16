package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mewz/test/children"
)

// Rounds of killing at each place.
const (
	roundsUsually = 1
	roundsNightly = 40 // 200 in all
)

// Moments. A machine is killed after some transactions and a part of another.
const (
	transactionsMost = 12
	delayMost        = 30 * time.Millisecond
	transactionsAll  = 1_000_000 // more than a machine makes
)

// TestPowerCut kills machines and looks at the database that they leave.
func TestPowerCut(t *testing.T) {
	for _, p := range lasting() {
		t.Run(p.name, func(t *testing.T) {
			p.require(t)
			wasm, folder := build(t, commit), t.TempDir()
			rounds := roundsUsually
			if nightly() {
				rounds = roundsNightly
			}
			var acknowledged int64
			for round := range rounds {
				random := rand.New(rand.NewPCG(seedOf(p.name, round)))
				cut := moment{transactions: 1 + random.IntN(transactionsMost), delay: time.Duration(random.Int64N(int64(delayMost)))}
				last, err := p.cutOff(t, wasm, folder, cut)
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				acknowledged = max(acknowledged, last)
				if acknowledged = p.check(t, wasm, folder, acknowledged); t.Failed() {
					t.Fatalf("round %d, killed after %d transactions and %v", round, cut.transactions, cut.delay)
				}
			}
			t.Logf("%d rounds, %d transactions", rounds, acknowledged)
		})
	}
}

// moment is when a machine is killed.
type moment struct {
	transactions int
	delay        time.Duration
}

// contentSeed decides what the transactions do.
const contentSeed = "7"

// cutOff runs transactions and kills all that takes part: the command, the VMM, the
// servers of shares. It returns the last transaction that was said to be committed.
func (p place) cutOff(t *testing.T, wasm, folder string, cut moment) (last int64, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), machineTimeout)
	defer cancel()
	c := p.prepare(ctx, t, wasm, folder, p.database(), contentSeed, fmt.Sprint(transactionsAll))
	stdout, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		return 0, err
	}
	var started []int
	kill := func() {
		for _, pid := range append(started, c.Process.Pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // one that is gone needs none
		}
	}
	defer func() {
		kill()
		_ = c.Wait() // it was killed
		if left := children.Wait(started, waitDelay); len(left) != 0 && err == nil {
			err = fmt.Errorf("processes %v are left after the kill", left)
		}
	}()
	lines, seen, killed := bufio.NewScanner(stdout), 0, false
	for lines.Scan() { // what was said before the kill counts, also if it is read after
		number, ok := strings.CutPrefix(lines.Text(), "committed ")
		if !ok {
			return 0, fmt.Errorf("standard output %q; standard error %s", lines.Text(), stderr.String())
		}
		if last, err = strconv.ParseInt(number, 10, 64); err != nil {
			return 0, err
		}
		if seen++; seen == 1 { // all that it starts it has started
			started = children.All(c.Process.Pid)
		}
		if seen >= cut.transactions && !killed {
			time.Sleep(cut.delay) // the moment is the point
			killed = true
			kill()
		}
	}
	if !killed {
		return 0, fmt.Errorf("it ended before it was killed; standard error %s", stderr.String())
	}
	return last, lines.Err()
}

// check looks at the database and returns the last transaction in it.
func (p place) check(t *testing.T, wasm, folder string, acknowledged int64) int64 {
	t.Helper()
	output := p.run(t, wasm, folder, "", p.database(), contentSeed, "check")
	want := "integrity: ok\ncontents: ok\nfound "
	number, ok := strings.CutPrefix(output, want)
	found, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if !ok || err != nil {
		t.Errorf("the database is damaged:\n%s", output)
	}
	if found < acknowledged {
		t.Errorf("transaction %d is there, %d was committed", found, acknowledged)
	}
	return found
}

// TestCommit makes transactions without any harm, so that a failure of TestPowerCut
// is one of the cut.
func TestCommit(t *testing.T) {
	for _, p := range lasting() {
		t.Run(p.name, func(t *testing.T) {
			p.require(t)
			wasm, folder := build(t, commit), t.TempDir()
			p.run(t, wasm, folder, "", p.database(), contentSeed, "20")
			if found := p.check(t, wasm, folder, 20); found != 20 {
				t.Errorf("%d transactions, want 20", found)
			}
		})
	}
}
