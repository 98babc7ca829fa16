package memfs

import "math/bits"

// table is a hash table that grows and shrinks by one chain at a time (linear
// hashing), so that no change takes long and none needs memory in one piece.
type table struct {
	chains tree
	width  uint64 // number of chains
	items  uint64
}

// chainFew is how many objects do not need more than one chain, and so no tree: most
// of the time no more are looked at.
const chainFew = 6

// link is how an object hangs in a table.
type link struct {
	next ref
	hash uint32
}

// chain returns the number of the chain for a hash: by as many of its low bits as
// there are chains for.
func (t *table) chain(hash uint32) uint64 {
	half := uint64(1) << (bits.Len64(t.width) - 1) // the greatest power of two up to width
	i := uint64(hash) & (2*half - 1)
	if i >= t.width {
		i &= half - 1
	}
	return i
}

// first returns the first object that may have a hash; link.next leads on.
func (a *arena) first(t *table, hash uint32) ref {
	if t.items == 0 {
		return 0
	}
	return a.get(&t.chains, t.chain(hash))
}

// insert puts an object into the table.
func (a *arena) insert(t *table, r ref, hash uint32) error {
	t.width = max(t.width, 1)
	slot, err := a.slot(&t.chains, t.chain(hash))
	if err != nil {
		return err
	}
	*a.link(r) = link{*slot, hash}
	*slot = r
	t.items++
	if t.items > 2*t.width+chainFew {
		a.widen(t)
	}
	return nil
}

// widen adds a chain and moves to it what belongs there. Without memory for it
// chains get longer.
func (a *arena) widen(t *table) {
	added := t.width
	source := added - 1<<(bits.Len64(added)-1)
	if _, err := a.slot(&t.chains, added); err != nil {
		return
	}
	t.width++
	rest := a.get(&t.chains, source)
	var kept, moved ref
	for rest != 0 {
		l := a.link(rest)
		next := l.next
		if t.chain(l.hash) == added {
			l.next, moved = moved, rest
		} else {
			l.next, kept = kept, rest
		}
		rest = next
	}
	a.setChain(t, added, moved) // first: without source an inner node might be freed that both need
	a.setChain(t, source, kept)
}

// setChain makes r the first of a chain that has had a slot, or has one.
func (a *arena) setChain(t *table, chain uint64, r ref) {
	if r == 0 {
		a.clear(&t.chains, chain)
		a.prune(&t.chains, chain)
		return
	}
	if slot, err := a.slot(&t.chains, chain); err == nil { // it is there, so nothing is taken
		*slot = r
	}
}

// narrow takes the last chain away and adds what is in it to another.
func (a *arena) narrow(t *table) {
	last := t.width - 1
	target := last - 1<<(bits.Len64(last)-1)
	if r := a.get(&t.chains, last); r != 0 {
		slot, err := a.slot(&t.chains, target)
		if err != nil {
			return
		}
		end := a.link(r)
		for end.next != 0 {
			end = a.link(end.next)
		}
		end.next = *slot
		*slot = r
		a.clear(&t.chains, last)
	}
	t.width--
}

// remove takes an object out. Preconditions: it is in the table.
func (a *arena) remove(t *table, r ref) {
	chain := t.chain(a.link(r).hash)
	first := a.get(&t.chains, chain)
	if first == r {
		a.setChain(t, chain, a.link(r).next)
	} else {
		before := a.link(first)
		for before.next != r {
			before = a.link(before.next)
		}
		before.next = a.link(r).next
	}
	t.items--
	for range 2 { // as the bound sinks by two
		if t.width > 1 && t.items < t.width/2 {
			a.narrow(t)
		}
	}
}
