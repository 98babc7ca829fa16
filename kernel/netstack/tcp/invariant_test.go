package tcp

import "testing"

// checkConns checks what must hold of every connection between two events.
func checkConns(t testing.TB, e *Engine) {
	t.Helper()
	n, half, sparse := 0, 0, 0
	for _, c := range e.table {
		for ; c != nil; c = c.chain {
			n++
			sparse += c.sparse
			if c.state == synReceived {
				half++
			}
			checkConn(t, c)
		}
	}
	if n != e.conns || half != e.halfOpen || sparse != e.sparse {
		t.Fatalf("%d connections, %d half-open, %d sparse chunks; the engine counts %d, %d, %d", n, half, sparse, e.conns, e.halfOpen, e.sparse)
	}
}

func checkConn(t testing.TB, c *Conn) {
	t.Helper()
	flight := c.sndNxt - c.sndUna
	switch {
	case c.state == closed:
		t.Fatalf("closed, but in the table: %s", dump(c))
	case int32(flight) < 0 || int32(c.sndTail+1-c.sndNxt) < 0:
		t.Fatalf("sndUna, sndNxt, sndTail out of order: %s", dump(c))
	case int32(c.rcvNxt-c.rcvRead) < 0 || int32(c.rcvAdv-c.rcvNxt) < -1:
		t.Fatalf("rcvRead, rcvNxt, rcvAdv out of order: %s", dump(c))
	case c.pipe() > flight:
		t.Fatalf("more in the pipe than was sent: %s", dump(c))
	case c.congestion.window < c.mss && c.congestion.window < mssMin/2:
		t.Fatalf("no congestion window: %s", dump(c))
	case flight > 0 && c.resendAt == 0 && !c.inBlocked:
		t.Fatalf("data is out and no timer runs: %s", dump(c))
	case c.state >= established && flight == 0 && c.unsent() > 0 && c.resendAt == 0 && c.corkAt == 0 && !c.inBlocked && !c.inVisits:
		t.Fatalf("data waits and nothing will send it: %s", dump(c))
	case c.ackPending && c.ackAt == 0 && !c.inVisits && !c.inBlocked:
		t.Fatalf("an acknowledgement waits and nothing will send it: %s", dump(c))
	case (c.resendAt != 0 || c.ackAt != 0 || c.corkAt != 0 || c.aliveAt != 0 || c.closeAt != 0) && !c.inWheel:
		t.Fatalf("a timer runs outside the wheel: %s", dump(c))
	case c.fast && (c.gaps != nil || c.recovery.sacked != nil || c.recovery.active || c.state != established):
		t.Fatalf("header prediction in a state that is not simple: %s", dump(c))
	case c.gaps == nil && c.rcvRead == c.dataEnd() && c.rcv.head != 0:
		t.Fatalf("a chunk is held for nothing: %s", dump(c))
	case c.sndUna == c.sndTail && c.snd.head != 0:
		t.Fatalf("a chunk is held for what is acknowledged: %s", dump(c))
	case c.watcher != nil && c.ready != c.readiness():
		t.Fatalf("readiness %03b was told, it is %03b: %s", c.ready, c.readiness(), dump(c))
	}
}
