package spec

import (
	"errors"
	"fmt"
	"strings"

	"mewz/compiler/wasm"
	"mewz/compiler/wasm/decode"
	"mewz/compiler/wasm/text"
	"mewz/compiler/wasm/validate"
)

// verdict is what decoding and validating a module gave.
type verdict struct {
	bytes    []byte
	module   *wasm.Module      // nil: malformed
	checked  *validate.Checked // nil: invalid
	decode   error
	validate error
}

// err is why the module cannot be compiled, or nil.
func (v *verdict) err() error {
	if v.decode != nil {
		return fmt.Errorf("decode: %w", v.decode)
	}
	if v.validate != nil {
		return fmt.Errorf("validate: %w", v.validate)
	}
	return nil
}

// expectMalformed says whether a malformed module was refused, and a text in the
// suite's words. Function bodies are read by the validator, so their encoding
// errors come from there.
func (v *verdict) expectMalformed(c *Command) error {
	if v.decode == nil && v.validate == nil {
		return errors.New("accepted a malformed module")
	}
	var malformed *text.Error
	if c.module != nil && errors.As(v.decode, &malformed) && !strings.Contains(malformed.Message, c.Text) {
		return fmt.Errorf("%w, want: %s", malformed, c.Text)
	}
	return nil
}

// expectInvalid says whether a module that is well formed but invalid was
// refused, and by the validator.
func (v *verdict) expectInvalid() error {
	if v.decode != nil {
		return fmt.Errorf("refused as malformed instead of invalid: %w", v.decode)
	}
	if v.validate == nil {
		return errors.New("accepted an invalid module")
	}
	return nil
}

// check decodes and validates a module by the rules of a version.
func (c *Compiler) check(version string, b []byte) verdict {
	v := verdict{bytes: b}
	if v.module, v.decode = decode.Module(b); v.decode != nil {
		v.module = nil
		return v
	}
	v.checked, v.validate = validateModule(v.module, version)
	return v
}
