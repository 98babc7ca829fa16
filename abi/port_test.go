package abi

import "testing"

func TestStdinRequests(t *testing.T) {
	tests := []struct {
		name     string
		kind     StdinRequest
		argument uint32
		ok       bool
	}{
		{"read", StdinRead, 1, true},
		{"longest read", StdinRead, StdinMaxBytes, true},
		{"read of nothing", StdinRead, 0, false},
		{"too long", StdinRead, StdinMaxBytes + 1, false},
		{"wait", StdinWait, 0, true},
		{"wait forever", StdinWait, StdinWaitForever, true},
		{"kind 0", 0, 1, false},
		{"kind 3", 3, 1, false},
	}
	for _, test := range tests {
		kind, argument, ok := ParseStdinRequest(AppendStdinRequest(nil, test.kind, test.argument))
		if ok != test.ok || ok && (kind != test.kind || argument != test.argument) {
			t.Errorf("%s: ParseStdinRequest = %v, %v, %v", test.name, kind, argument, ok)
		}
	}
	if _, _, ok := ParseStdinRequest([]byte{1, 0, 0, 0, 1, 0, 0}); ok {
		t.Error("a short request is one")
	}
}

func TestStdinAnswers(t *testing.T) {
	tests := []struct {
		name string
		a    StdinAnswer
		ok   bool
	}{
		{"bytes", StdinAnswer{StdinRead, 0, StdinMaxBytes}, true},
		{"end", StdinAnswer{StdinRead, 0, 0}, true},
		{"too long", StdinAnswer{StdinRead, 0, StdinMaxBytes + 1}, false},
		{"read with state", StdinAnswer{StdinRead, StdinReady, 0}, false},
		{"ready", StdinAnswer{StdinWait, StdinReady | StdinHangup, 0}, true},
		{"unknown state", StdinAnswer{StdinWait, 4, 0}, false},
		{"wait with bytes", StdinAnswer{StdinWait, 0, 1}, false},
		{"kind 0", StdinAnswer{}, false},
	}
	for _, test := range tests {
		a, ok := ParseStdinAnswer(AppendStdinAnswer(nil, test.a))
		if ok != test.ok || ok && a != test.a {
			t.Errorf("%s: ParseStdinAnswer = %+v, %v", test.name, a, ok)
		}
	}
}
