package device

// Part returns the n registers of r from offset on.
func Part(r Registers, offset, n uint32) Registers { return &part{r, offset, n} }

type part struct {
	r          Registers
	from, have uint32
}

// at returns where offset is in r; an offset beyond the part becomes one that
// is beyond r, too.
func (p *part) at(offset, n uint32) uint32 {
	if offset > p.have || n > p.have-offset || p.from+offset < offset {
		return ^uint32(0)
	}
	return p.from + offset
}

func (p *part) Load8(offset uint32) uint8       { return p.r.Load8(p.at(offset, 1)) }
func (p *part) Load16(offset uint32) uint16     { return p.r.Load16(p.at(offset, 2)) }
func (p *part) Load32(offset uint32) uint32     { return p.r.Load32(p.at(offset, 4)) }
func (p *part) Store8(offset uint32, v uint8)   { p.r.Store8(p.at(offset, 1), v) }
func (p *part) Store16(offset uint32, v uint16) { p.r.Store16(p.at(offset, 2), v) }
func (p *part) Store32(offset uint32, v uint32) { p.r.Store32(p.at(offset, 4), v) }
