package image

import (
	"errors"
	"fmt"

	"mewz/abi"
)

// Code is the machine code of an image's program and what is known about it.
type Code struct {
	Start   uint64 // address of Text[0]
	Text    []byte
	Symbols *abi.Symbols // addresses count from Start
}

// codeMaxBytes bounds the code that is read: all that fits below linear memory.
const codeMaxBytes = uint64(abi.MemoryBase)

// ReadCode reads the program's code from the image at name.
func ReadCode(name string) (*Code, error) {
	d, err := Read(name)
	if err != nil {
		return nil, err
	}
	img, err := openFile(name)
	if err != nil {
		return nil, err
	}
	defer img.f.Close()
	c := &Code{}
	for _, s := range d.Segments {
		if s.Kind != "text" && s.Kind != "symbols" {
			continue
		}
		if s.File > min(codeMaxBytes, d.FileBytes) {
			return nil, fmt.Errorf("%s: segment %s: %d bytes, more than there can be", name, s.Kind, s.File)
		}
		b := make([]byte, s.File)
		if _, err := img.f.ReadAt(b, int64(s.Offset)); err != nil {
			return nil, fmt.Errorf("%s: segment %s: %w", name, s.Kind, err)
		}
		if s.Kind == "text" {
			c.Start, c.Text = uint64(s.Address), b
			continue
		}
		table, err := abi.OpenSymbols(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c.Symbols = table.All()
	}
	if c.Text == nil || c.Symbols == nil {
		return nil, fmt.Errorf("%s: %w", name, errors.New("the image has no program"))
	}
	if uint64(d.Config.TextStart) != c.Start {
		return nil, fmt.Errorf("%s: the program's code does not begin its segment", name)
	}
	return c, nil
}
