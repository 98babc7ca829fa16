package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mewz/test/benchnet/guest/plan"
	"mewz/test/workbench"
)

// body is a file that is asked for.
type body struct {
	bytes int
	name  string
}

var bodies = []body{{400, "400 B"}, {10 << 10, "10 KB"}}

func (b body) file() string    { return strconv.Itoa(b.bytes) + ".txt" }
func (b body) content() []byte { return bytes.Repeat([]byte{'x'}, b.bytes) }

// load is what wrk did in one run.
type load struct {
	requests uint64
	rate     float64 // requests per second
	errors   string  // empty, or what wrk says about sockets and responses
}

// wrkGrace is how long wrk may take beyond its time, on a busy computer.
const wrkGrace = 30 * time.Second

var (
	wrkRequests = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkRate     = regexp.MustCompile(`(?m)^Requests/sec:\s*([0-9.]+)`)
	wrkErrors   = regexp.MustCompile(`(?m)^\s*(?:Socket errors: (.*)|(Non-2xx or 3xx responses: \d+))$`)
)

// wrk loads a server in the namespace.
func (b *bench) wrk(m *machine, s *server, of body, connections int, duration time.Duration) (load, error) {
	url := fmt.Sprintf("http://%v:%d/%s", m.wire.guest, s.port, of.file())
	said, err := b.Run(workbench.Process{
		Program: "wrk", Args: []string{"-t1", "-c" + strconv.Itoa(connections), fmt.Sprintf("-d%ds", int(duration.Seconds())), url},
		Timeout: duration + wrkGrace, Start: func(c *exec.Cmd) error { return b.namespace.do(c.Start) },
	})
	if err != nil {
		return load{}, err
	}
	return readWrk(said.Stdout)
}

// readWrk reads what wrk prints.
func readWrk(said string) (l load, err error) {
	requests, rate := wrkRequests.FindStringSubmatch(said), wrkRate.FindStringSubmatch(said)
	if requests == nil || rate == nil {
		return load{}, fmt.Errorf("wrk says nothing about requests:\n%s", said)
	}
	if l.requests, err = strconv.ParseUint(requests[1], 10, 64); err != nil {
		return load{}, err
	}
	if l.rate, err = strconv.ParseFloat(rate[1], 64); err != nil {
		return load{}, err
	}
	var troubles []string
	for _, found := range wrkErrors.FindAllStringSubmatch(said, -1) {
		troubles = append(troubles, found[1]+found[2])
	}
	l.errors = strings.Join(troubles, "; ")
	return l, nil
}

// requestTimeout bounds one request and its response.
const requestTimeout = 5 * time.Second

// get asks once over a new connection, which stays open, and checks the response.
func (b *bench) get(m *machine, s *server, of body) (net.Conn, error) {
	var connection net.Conn
	err := b.namespace.do(func() (err error) {
		connection, err = net.DialTimeout("tcp", net.JoinHostPort(m.wire.guest.String(), strconv.Itoa(s.port)), requestTimeout)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := exchange(connection, of); err != nil {
		connection.Close()
		return nil, fmt.Errorf("%s: %s: %w", s.name, of.file(), err)
	}
	return connection, nil
}

// exchange sends a request and compares the response with the file.
func exchange(connection net.Conn, of body) error {
	if err := connection.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(connection, "GET /%s HTTP/1.1\r\nHost: bench\r\n\r\n", of.file()); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !bytes.Equal(content, of.content()) {
		return fmt.Errorf("status %d with %d bytes that are not the file of %d", response.StatusCode, len(content), of.bytes)
	}
	return nil
}

// ready waits until a server answers each body.
func (b *bench) ready(m *machine, s *server, deadline time.Time) error {
	for _, of := range bodies {
		for {
			connection, err := b.get(m, s, of)
			if err == nil {
				connection.Close()
				break
			}
			if err := m.wait(b.Context, deadline, err, plan.Failed, plan.Ended(s.name)); err != nil {
				return err
			}
		}
	}
	return nil
}
