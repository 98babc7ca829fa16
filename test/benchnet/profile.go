package main

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"mewz/image"
)

// profile is what the plugin counted: instructions by the address of the block
// that they are in.
type profile map[uint64]pair

// pair is a count of instructions and how many of them were iterations of
// string instructions, of which TCG counts every one. Of a difference both may be
// negative.
type pair struct{ instructions, repeats int64 }

func (p pair) minus(q pair) pair { return pair{p.instructions - q.instructions, p.repeats - q.repeats} }
func (p pair) plus(q pair) pair  { return pair{p.instructions + q.instructions, p.repeats + q.repeats} }

// recordWords is struct record of the plugin: address, length, instructions,
// repeats.
const recordWords = 4

// snapshot reads the plugin's file. Blocks of different length at one address
// count as one.
func (m *machine) snapshot() (profile, error) {
	content, err := os.ReadFile(m.counts)
	if err != nil {
		return nil, err
	}
	const recordBytes = 8 * recordWords
	if len(content)%recordBytes != 0 {
		return nil, fmt.Errorf("%s: %d bytes are no records of the plugin", m.counts, len(content))
	}
	p := profile{}
	for ; len(content) > 0; content = content[recordBytes:] {
		word := func(n int) uint64 { return binary.LittleEndian.Uint64(content[8*n:]) }
		if instructions := int64(word(2)); instructions != 0 {
			p[word(0)] = p[word(0)].plus(pair{instructions, int64(word(3))})
		}
	}
	return p, nil
}

// minus is what was counted since an earlier snapshot.
func (p profile) minus(earlier profile) profile {
	difference := profile{}
	for address, n := range p {
		if d := n.minus(earlier[address]); d.instructions != 0 {
			difference[address] = d
		}
	}
	return difference
}

// less is what a long run took beyond a short one, also where it took less.
func (p profile) less(short profile) profile {
	difference := p.minus(short)
	for address, n := range short {
		if _, ok := p[address]; !ok {
			difference[address] = pair{}.minus(n)
		}
	}
	return difference
}

// kernelHalf is where addresses of Linux itself begin.
const kernelHalf = 1 << 63

// sum adds up all blocks that a predicate picks.
func (p profile) sum(of func(address uint64) bool) pair {
	var total pair
	for address, n := range p {
		if of(address) {
			total = total.plus(n)
		}
	}
	return total
}

// symbols are the functions of our kernel and where the program's code is.
type symbols struct {
	functions  []function // by address
	start, end uint64     // of the program's code
	program    []function // its functions
}

type function struct {
	address uint64
	name    string
}

// kernelPath is the kernel that build/mewz carries.
const kernelPath = "image/kernels/x86_64.elf"

// readSymbols reads what there is about an image. The kernel's symbols are in
// its own file, which must be the one that was linked.
func readSymbols(kernel, path string) (*symbols, error) {
	f, err := elf.Open(kernel)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := sameKernel(f, path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	all, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kernel, err)
	}
	s := &symbols{}
	for _, symbol := range all {
		if elf.ST_TYPE(symbol.Info) == elf.STT_FUNC {
			s.functions = append(s.functions, function{symbol.Value, symbol.Name})
		}
	}
	code, err := image.ReadCode(path)
	if err != nil {
		return nil, err
	}
	s.start, s.end = code.Start, code.Start+uint64(len(code.Text))
	for _, f := range code.Symbols.Functions {
		s.program = append(s.program, function{code.Start + uint64(f.Start), f.Name})
	}
	for _, list := range [][]function{s.functions, s.program} {
		slices.SortFunc(list, func(a, b function) int { return cmp.Compare(a.address, b.address) })
	}
	return s, nil
}

// sameKernel compares the code of the kernel with that in an image.
func sameKernel(f *elf.File, path string) error {
	linked, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer linked.Close()
	text := f.Section(".text")
	if text == nil {
		return errors.New("the kernel has no code")
	}
	want, err := text.Data()
	if err != nil {
		return err
	}
	for _, p := range linked.Progs {
		if p.Type == elf.PT_LOAD && p.Vaddr <= text.Addr && text.Addr+text.Size <= p.Vaddr+p.Filesz {
			have := make([]byte, text.Size)
			if _, err := p.ReadAt(have, int64(text.Addr-p.Vaddr)); err != nil {
				return err
			}
			if !bytes.Equal(have, want) {
				return errors.New("its kernel is not that of " + kernelPath + ": make build")
			}
			return nil
		}
	}
	return errors.New("it has no kernel")
}

func (s *symbols) isProgram(address uint64) bool { return address >= s.start && address < s.end }

// unknown is the name of code without a symbol.
const unknown = "unknown"

// name returns the function that an address is in.
func (s *symbols) name(address uint64) string {
	list := s.functions
	if s.isProgram(address) {
		list = s.program
	}
	i, found := slices.BinarySearchFunc(list, address, func(f function, a uint64) int { return cmp.Compare(f.address, a) })
	if !found {
		i--
	}
	if i < 0 {
		return unknown
	}
	return list[i].name
}

// part is one of the parts that the time of a request goes to: the rows of the
// paper's Table 1.
type part string

const (
	partWasm      part = "Wasm"
	partWASI      part = "WASI"
	partStack     part = "network stack"
	partDriver    part = "driver"
	partMemory    part = "memory, copying"
	partTimer     part = "timer, interrupts"
	partScheduler part = "scheduler, Go runtime"
	// partWaiting is looking for frames before the processor is halted: it costs a
	// request nothing but answers the next one sooner.
	partWaiting part = "waiting"
)

var parts = []part{partWasm, partWASI, partStack, partDriver, partMemory, partTimer, partScheduler, partWaiting}

// partOf says by the beginning of a function's name what it is part of; the longest
// that fits counts. The Go runtime has the empty one.
var partOf = map[string]part{
	"": partScheduler,

	"main.":                      partWASI,
	"mewz/":                      partWASI,
	"main.(*machineWaiter).Wait": partWaiting,
	"golang.org/x/net/":          partStack, // messages of DNS
	"mewz/kernel/netstack":       partStack,
	"mewz/kernel/device.":        partDriver,
	"mewz/kernel/packet.":        partDriver,
	"mewz/kernel/pci.":           partDriver,
	"mewz/kernel/virtio":         partDriver,

	"mewz/kernel/virtio/net.(*Device).Pending": partWaiting,
	"mewz/kernel/memory.":                      partMemory,
	"runtime.clearpage":                        partMemory,
	"runtime.gc":                               partMemory,
	"runtime.(*gc":                             partMemory,
	"runtime.malloc":                           partMemory,
	"runtime.(*mcache).":                       partMemory,
	"runtime.(*mcentral).":                     partMemory,
	"runtime.(*mheap).":                        partMemory,
	"runtime.(*mspan).":                        partMemory,
	"runtime.memclr":                           partMemory,
	"runtime.memequal":                         partMemory,
	"runtime.memmove":                          partMemory,
	"runtime.newobject":                        partMemory,
	"runtime.growslice":                        partMemory,
	"runtime.scan":                             partMemory,
	"runtime.sweep":                            partMemory,
	"mewz/kernel/boot.":                        partTimer,
	"mewz/kernel/clock.":                       partTimer,
	"mewz/kernel/cpu.":                         partTimer,
	"mewz/kernel/interrupt.":                   partTimer,
	"mewz/kernel/linuxabi.":                    partTimer,
	"mewz/kernel/system.":                      partTimer,
	"time.":                                    partTimer,
	"runtime.nanotime":                         partTimer,
	"runtime.walltime":                         partTimer,
	"runtime.(*timers).":                       partTimer,
	"runtime.(*timer).":                        partTimer,
	"runtime.sigtramp":                         partTimer,
	"runtime.sighandler":                       partTimer,
	"runtime.asyncPreempt":                     partTimer,
	"internal/runtime/syscall":                 partTimer,
}

func (s *symbols) part(address uint64) part {
	if s.isProgram(address) {
		return partWasm
	}
	name := s.name(address)
	longest, found := -1, partScheduler
	for prefix, p := range partOf {
		if len(prefix) > longest && strings.HasPrefix(name, prefix) {
			longest, found = len(prefix), p
		}
	}
	return found
}

// byPart adds a profile up.
func (s *symbols) byPart(p profile) map[part]pair {
	sums := map[part]pair{}
	for address, n := range p {
		sums[s.part(address)] = sums[s.part(address)].plus(n)
	}
	return sums
}

// cost is a function with what it took.
type cost struct {
	name string
	part part
	pair
}

// byFunction lists the functions of a profile, the most expensive first.
func (s *symbols) byFunction(p profile) []cost {
	sums := map[cost]pair{}
	for address, n := range p {
		key := cost{name: s.name(address), part: s.part(address)}
		sums[key] = sums[key].plus(n)
	}
	var costs []cost
	for key, n := range sums {
		key.pair = n
		costs = append(costs, key)
	}
	slices.SortFunc(costs, func(a, b cost) int {
		return cmp.Or(cmp.Compare(b.instructions, a.instructions), cmp.Compare(a.name, b.name))
	})
	return costs
}
