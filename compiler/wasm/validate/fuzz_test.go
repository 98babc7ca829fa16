package validate_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/internal/suite"
	"mewz/compiler/wasm/validate"
)

const fuzzMaxBytes = 64 << 10 // the oracle's time is not bounded by anything else

// weReject are faults in modules that wazero takes, each with its reason.
var weReject = []struct{ text, reason string }{
	{validate.ErrImplementationSize.Error(), "limits differ between implementations"},
	{"is mutable", "wazero does not check that a global in a constant expression is immutable"},
}

// theyReject are faults that wazero finds in modules that are valid.
var theyReject = []struct{ text, reason string }{
	{"tag section not supported", "an empty tag section needs no proposal by which isLater could tell"},
	{"has an empty module name", "wazero names modules and keeps the empty name for itself"},
}

// oracle says whether wazero accepts b.
func oracle(b []byte) error {
	ctx := context.Background()
	config := wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	defer runtime.Close(ctx)
	_, err := runtime.CompileModule(ctx, b)
	return err
}

// withoutCustoms leaves custom sections out of a module, of which we know that
// they are well formed: wazero rejects faults in the name section, which the
// specification wants ignored, and allocates what counts in it say before it
// looks whether that is there.
func withoutCustoms(b []byte) []byte {
	const headerBytes = 8
	out := slices.Clone(b[:headerBytes])
	r := wasm.NewReader(b[headerBytes:], headerBytes)
	for r.Len() > 0 {
		start := r.Offset()
		id, _ := r.Byte() // no errors: decode has been here
		size, _ := r.Uint32()
		if _, err := r.Bytes(size); err != nil {
			panic(err)
		}
		if id != 0 {
			out = append(out, b[start:r.Offset()]...)
		}
	}
	return out
}

// hasLargeCount says whether b may have a number of more than 14 bits. wazero
// allocates what a count says before it reads the entries, so it must not see
// such a module when the entries are not there.
func hasLargeCount(b []byte) bool {
	for i := range len(b) - 1 {
		if b[i] >= 0x80 && b[i+1] >= 0x80 {
			return true
		}
	}
	return false
}

func listed(err error, list []struct{ text, reason string }) bool {
	for _, row := range list {
		if strings.Contains(err.Error(), row.text) {
			return true
		}
	}
	return false
}

// compare reports a module that we and wazero judge differently.
func compare(t *testing.T, b []byte) {
	checked, err := check(b)
	if err != nil && strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
		t.Errorf("Module() = %q, want one line", err)
	}
	var unsupported *wasm.UnsupportedError
	if len(b) > fuzzMaxBytes || errors.As(err, &unsupported) {
		return // the rest of a module is not seen
	}
	if err == nil && isLater(checked, "v2") {
		return // the oracle has other features, or none of them in full
	}
	switch {
	case err == nil:
		b = withoutCustoms(b)
	case hasLargeCount(b):
		return
	}
	theirs := oracle(b)
	switch {
	case err != nil && strings.Contains(err.Error(), "size must be at most"): // theirs is about the number
	case err == nil && theirs != nil && !listed(theirs, theyReject):
		t.Errorf("accepted, but wazero says: %v", theirs)
	case err != nil && theirs == nil && !listed(err, weReject):
		t.Errorf("Module() = %v, but wazero accepts it", err)
	}
}

// FuzzValidate checks that decoder and validator never panic and that they
// accept what wazero accepts.
func FuzzValidate(f *testing.F) {
	seeds, err := suite.Seeds(4096)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range seeds {
		f.Add(seed)
	}
	for _, test := range laterValid {
		f.Add([]byte(later(test.locals, test.body)))
	}
	f.Fuzz(compare)
}
