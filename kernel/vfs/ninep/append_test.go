package ninep

import (
	"encoding/binary"
	"syscall"
	"testing"

	"mewz/kernel/vfs"
)

// TestAppendFull: what a host took of an append before it was full counts as written, and is
// not sent again, for it would lie in the file twice.
func TestAppendFull(t *testing.T) {
	const took = 3
	for _, test := range []struct {
		taken uint64
		want  error
	}{{took, nil}, {0, syscall.ENOSPC}} {
		server := &fake{}
		f := openFake(t, server)
		e, err := f.Lookup(f.Root(), []byte("f"))
		if err != nil {
			t.Fatal(err)
		}
		h, err := f.Open(e.Node, vfs.ModeWrite)
		if err != nil {
			t.Fatal(err)
		}
		const sizeAt = 56 // in Rgetattr
		size, writes := uint64(10), 0
		server.change = func(k kind, answer []byte) []byte {
			switch k {
			case kindGetattr:
				binary.LittleEndian.PutUint64(answer[sizeAt:], size)
			case kindWrite:
				writes++
				size += test.taken
				answer = binary.LittleEndian.AppendUint32(answer[:headerBytes], uint32(syscall.ENOSPC))
				answer[4] = byte(kindError + answerTo)
				binary.LittleEndian.PutUint32(answer, uint32(len(answer)))
			}
			return answer
		}
		n, end, err := f.Append(h, [][]byte{[]byte("hello")})
		if uint64(n) != test.taken || err != test.want || end != 10+test.taken || writes != 1 {
			t.Errorf("Append = %d, %d, %v after %d requests; want %d bytes, %v, and one request", n, end, err, writes, test.taken, test.want)
		}
	}
}
