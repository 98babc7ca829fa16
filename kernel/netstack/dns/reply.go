package dns

import (
	"strings"
	"time"

	"mewz/kernel/netstack/header"
	"mewz/kernel/socket"

	"golang.org/x/net/dns/dnsmessage"
)

// recordsMax bounds the records of a message that are looked at.
const recordsMax = 128

// reply is what a message says about a question.
type reply struct {
	code      dnsmessage.RCode
	truncated bool
	name      string // at the end of the aliases
	addresses []socket.Address
	ttl       time.Duration
}

// parseReply reads a message. ok is false if it is malformed or does not answer the
// question with that name, type and number (RFC 5452, 9.1).
func parseReply(b []byte, name string, kind recordType, number uint16) (r reply, ok bool) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil || !h.Response || h.ID != number || h.OpCode != 0 {
		return r, false
	}
	asked, err := p.Question()
	if err != nil || asked.Type != kind || asked.Class != dnsmessage.ClassINET || text(asked.Name) != name {
		return r, false
	}
	if p.SkipAllQuestions() != nil {
		return r, false
	}
	r = reply{code: h.RCode, truncated: h.Truncated, name: name, ttl: ttlMax}
	if r.truncated {
		return r, true
	}
	records, ok := answers(&p)
	if !ok {
		return r, false
	}
	r.follow(records, kind)
	if len(r.addresses) == 0 {
		r.ttl = min(r.ttl, negativeTTL(&p))
	}
	return r, true
}

// text is a name in lower case without the dot at its end.
func text(n dnsmessage.Name) string {
	return strings.ToLower(strings.TrimSuffix(n.String(), "."))
}

// record is a resource record that says something about addresses.
type record struct {
	owner   string
	kind    recordType
	ttl     time.Duration
	alias   string
	address socket.Address
}

// answers reads the records of the answer section.
func answers(p *dnsmessage.Parser) (all []record, ok bool) {
	for range recordsMax {
		h, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			return all, true
		}
		if err != nil {
			return nil, false
		}
		r := record{owner: text(h.Name), kind: h.Type, ttl: seconds(h.TTL)}
		switch {
		case h.Class != dnsmessage.ClassINET:
			err = p.SkipAnswer()
			r.kind = 0
		case h.Type == recordA:
			var a dnsmessage.AResource
			a, err = p.AResource()
			r.address = header.MapIPv4(a.A)
		case h.Type == recordAAAA:
			var a dnsmessage.AAAAResource
			a, err = p.AAAAResource()
			r.address = a.AAAA
		case h.Type == dnsmessage.TypeCNAME:
			var c dnsmessage.CNAMEResource
			c, err = p.CNAMEResource()
			r.alias = text(c.CNAME)
		default:
			err = p.SkipAnswer()
		}
		if err != nil {
			return nil, false
		}
		all = append(all, r)
	}
	return all, p.SkipAllAnswers() == nil
}

// follow goes from alias to alias and takes the addresses of the last.
func (r *reply) follow(all []record, kind recordType) {
	for range chainMax {
		moved := false
		for i := range all {
			if a := &all[i]; a.kind == dnsmessage.TypeCNAME && a.owner == r.name && a.alias != r.name && isName(a.alias) {
				r.name, r.ttl, moved = a.alias, min(r.ttl, a.ttl), true
				break
			}
		}
		if !moved {
			break
		}
	}
	for i := range all {
		a := &all[i]
		// An IPv4-mapped address in an AAAA record is no way to a node (RFC 4942, 2.2).
		fits := a.kind == kind && header.IsIPv4(a.address) == (kind == recordA)
		if fits && a.owner == r.name && len(r.addresses) < addressesMax {
			r.addresses = append(r.addresses, a.address)
			r.ttl = min(r.ttl, a.ttl)
		}
	}
}

// negativeTTL is how long it may be remembered that there is no record (RFC 2308, 5).
func negativeTTL(p *dnsmessage.Parser) time.Duration {
	for range recordsMax {
		h, err := p.AuthorityHeader()
		if err != nil {
			return 0
		}
		if h.Type != dnsmessage.TypeSOA {
			if p.SkipAuthority() != nil {
				return 0
			}
			continue
		}
		soa, err := p.SOAResource()
		if err != nil {
			return 0
		}
		return min(seconds(h.TTL), seconds(soa.MinTTL))
	}
	return 0
}

// seconds makes a lifetime of a number, of which the highest bit counts as none (RFC 2181, 8).
func seconds(n uint32) time.Duration {
	if n >= 1<<31 {
		return 0
	}
	return time.Duration(n) * time.Second
}
