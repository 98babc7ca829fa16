package net

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	"net/netip"
	"strings"
	"testing"
)

// Parts of a message (RFC 1035, 4.1) that the server of the tests knows.
const (
	dnsHeaderBytes = 12
	dnsTypeA       = 1
	dnsTypeCNAME   = 5
	dnsTypeAAAA    = 28
	dnsResponse    = 0x8580 // an answer, with authority, with recursion
	dnsTruncated   = 0x0200
	dnsNameError   = 3
	dnsDatagramMax = 512
	dnsSeveral     = 8
)

// record is one of a name.
type record struct {
	kind    uint16
	name    string // of a CNAME
	address netip.Addr
}

// dnsRecords are the names that the server knows. Those of long.test are said not
// to fit into a datagram.
var dnsRecords = map[string][]record{
	"four.test.":    {{kind: dnsTypeA, address: netip.MustParseAddr("10.1.2.3")}},
	"six.test.":     {{kind: dnsTypeAAAA, address: netip.MustParseAddr("2001:db8::7")}},
	"both.test.":    {{kind: dnsTypeA, address: netip.MustParseAddr("10.1.2.3")}, {kind: dnsTypeAAAA, address: netip.MustParseAddr("2001:db8::7")}},
	"alias.test.":   {{kind: dnsTypeCNAME, name: "four.test."}},
	"several.test.": severalRecords(),
	"long.test.":    severalRecords(),
}

func severalRecords() []record {
	var records []record
	for i := range dnsSeveral {
		records = append(records, record{kind: dnsTypeA, address: netip.AddrFrom4([4]byte{10, 9, 8, byte(i)})})
	}
	return records
}

func severalLines(name string) []string {
	var lines []string
	for _, r := range severalRecords() {
		lines = append(lines, fmt.Sprint(name, " ", r.address))
	}
	return lines
}

// serveDNS starts a DNS server beside a machine, over UDP and TCP.
func serveDNS(t *testing.T, m *machine) {
	t.Helper()
	packets, listener := m.ns.listenPacket(t, ":53"), m.ns.listen(t, ":53")
	go func() {
		buffer := make([]byte, dnsDatagramMax)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer, err := dnsAnswer(buffer[:n], false); err == nil {
				packets.WriteTo(answer, from)
			}
		}
	}()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go serveDNSConnection(c)
		}
	}()
}

// serveDNSConnection answers what comes over TCP, behind lengths of 16 bits.
func serveDNSConnection(c stdnet.Conn) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		answer, err := dnsAnswer(query, true)
		if err != nil {
			return
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

var errNoQuestion = errors.New("no question")

// dnsQuestion reads the one question of a query; end is where it ends.
func dnsQuestion(query []byte) (name string, kind uint16, end int, err error) {
	at := dnsHeaderBytes
	for {
		if at >= len(query) || at+1+int(query[at]) > len(query) {
			return "", 0, 0, errNoQuestion
		}
		n := int(query[at])
		if n == 0 {
			break
		}
		name += strings.ToLower(string(query[at+1:at+1+n])) + "."
		at += 1 + n
	}
	if at+5 > len(query) {
		return "", 0, 0, errNoQuestion
	}
	return name, binary.BigEndian.Uint16(query[at+1:]), at + 5, nil
}

// dnsAnswer answers a query. Of a name that does not fit, a datagram has only
// that it does not.
func dnsAnswer(query []byte, tcp bool) ([]byte, error) {
	name, kind, end, err := dnsQuestion(query)
	if err != nil {
		return nil, err
	}
	records, known := dnsRecords[name]
	flags := uint16(dnsResponse)
	if !known {
		flags |= dnsNameError
	}
	if name == "long.test." && !tcp {
		flags |= dnsTruncated
		records = nil
	}
	answer := append([]byte(nil), query[:2]...)
	answer = binary.BigEndian.AppendUint16(answer, flags)
	answer = append(answer, 0, 1, 0, 0, 0, 0, 0, 0)
	answer = append(answer, query[dnsHeaderBytes:end]...)
	count := uint16(0)
	for len(records) > 0 {
		next := []record(nil)
		for _, r := range records {
			if r.kind != kind && r.kind != dnsTypeCNAME {
				continue
			}
			answer = appendRecord(answer, name, r)
			count++
			if r.kind == dnsTypeCNAME {
				name, next = r.name, dnsRecords[r.name]
			}
		}
		records = next
	}
	binary.BigEndian.PutUint16(answer[6:], count)
	return answer, nil
}

func appendName(b []byte, name string) []byte {
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

func appendRecord(b []byte, name string, r record) []byte {
	data := r.address.AsSlice()
	if r.kind == dnsTypeCNAME {
		data = appendName(nil, r.name)
	}
	b = appendName(b, name)
	b = binary.BigEndian.AppendUint16(b, r.kind)
	b = append(b, 0, 1, 0, 0, 0, 60) // Internet, for a minute
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}
