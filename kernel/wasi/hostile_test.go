package wasi

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"mewz/abi"
	"mewz/kernel/socket"
	"mewz/kernel/socket/sockettest"
)

// hostileCalls are the calls that input stands for: a number, then eight bytes
// a parameter; whatever is left of it when they end is linear memory.
func hostileCalls(w *world, input []byte, most int) {
	for range most {
		if len(input) == 0 {
			return
		}
		number := uint64(input[0])
		input = input[1:]
		args := &w.args
		*args = Args{}
		for i := range args {
			if len(input) < 8 {
				break
			}
			args[i] = binary.LittleEndian.Uint64(input)
			input = input[8:]
		}
		if n := len(abi.Functions); number < uint64(n) && abi.Functions[number].Name == "fd_close" && uint32(args[0]) < 5 {
			continue // streams and directories stay, so that the rest is reached
		}
		w.Call(number, args)
		copy(w.Memory[4096:], input)
	}
}

// hostileSeeds are calls of every function with numbers at the edges.
func hostileSeeds(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	edges := []uint64{0, 1, 2, 3, 4, 5, 6, 7, 16, 4096, 65535, 65536, far, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1<<63 - 1, 1 << 63, 1<<64 - 1}
	for number := range abi.Functions {
		var seed []byte
		for range 8 {
			seed = append(seed, byte(number))
			for range abi.FunctionMaxParams {
				seed = binary.LittleEndian.AppendUint64(seed, edges[random.IntN(len(edges))])
			}
		}
		f.Add(seed)
	}
}

// hostileWorld opens what calls may meet: a connection, a listener, datagram sockets.
func hostileWorld(t *testing.T, n *netWorld) *world {
	n.pair()
	n.listener(81)
	n.datagrams()
	n.stdin.chunks = []string{"some input", ""}
	n.clock.endless = func() { t.Skip("an endless sleep is the program's own choice") }
	return n.world
}

// FuzzCalls holds that no sequence of calls with any arguments over any memory
// makes the kernel panic or wait for ever, or keeps something of a file system (newWorld
// looks after that): the program is hostile.
func FuzzCalls(f *testing.F) {
	hostileSeeds(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		n := newNetWorldOver(t, func(m *Machine) {
			m.Preopens = []Preopen{{"/", writable[2].make(t)}, {"/tmp", newMemory(t, nil)}}
		})
		n.net.Names = map[string][]socket.Address{"\x01": {sockettest.Loopback()}}
		hostileCalls(hostileWorld(t, n), input, 1000)
	})
}

// FuzzCallsOverStack is FuzzCalls with the machine's own stack below.
func FuzzCallsOverStack(f *testing.F) {
	hostileSeeds(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		hostileCalls(hostileWorld(t, newRealWorld(t)), input, 1000)
	})
}
