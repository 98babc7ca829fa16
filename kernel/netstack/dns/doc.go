// Package dns resolves names: a stub resolver (RFC 1034, 5.3.1; RFC 1035; RFC 2308 for negative
// answers, RFC 5452 against forged ones, RFC 6761 for localhost).
//
// In: names, answers of name servers, the text of /etc/hosts. Out: addresses. Each question has
// a socket of its own, so that its port is random like its number. It waits for nothing, and
// everything it keeps is bounded.
package dns
