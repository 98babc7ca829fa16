package qemu

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"mewz/abi"
	"mewz/vmm"
)

// probeMemoryBytes is the memory of the probe; it needs two pages.
const probeMemoryBytes = 16 << 20

// Probe runs a machine of a few instructions under accel and says whether it
// ran. A verdict about KVM is kept for later runs.
func (v *VMM) Probe(ctx context.Context, accel Accel) error {
	if accel == AccelKVM {
		if err := kvmOpens(); err != nil {
			return err
		}
	}
	path, err := v.find()
	if err != nil {
		return err
	}
	image, err := probeFile()
	if err != nil {
		return err
	}
	defer os.Remove(image)
	m := &vmm.Machine{Image: image, MemoryBytes: probeMemoryBytes}
	argv, err := v.command(path, m, accel)
	if err != nil {
		return err
	}
	s := &session{machine: m, argv: argv, readyTimeout: kvmReadyTimeout, kvm: accel == AccelKVM}
	result, err := s.run(ctx)
	if err == nil && result.Code != 0 {
		err = fmt.Errorf("the probe ended with code %d", result.Code)
	}
	if accel == AccelKVM && ctx.Err() == nil {
		reason := ""
		if err != nil {
			reason = err.Error()
		}
		rememberKVM(reason)
	}
	return err
}

func probeFile() (path string, err error) {
	f, err := os.CreateTemp("", "mewz-probe-*.img")
	if err != nil {
		return "", err
	}
	_, err = f.Write(probeImage())
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// probeCode is what the probe does, in the 32-bit mode of the PVH entry: it
// switches SSE on and uses it, which is where emulated KVMs give up, then sends
// BX bytes at SI to the host channel and ends the machine with code 0.
var probeCode = []byte{
	0x0f, 0x20, 0xc0, //             mov   eax, cr0
	0x83, 0xe0, 0xfb, //             and   eax, ~4 (EM)
	0x83, 0xc8, 0x02, //             or    eax, 2 (MP)
	0x0f, 0x22, 0xc0, //             mov   cr0, eax
	0x0f, 0x20, 0xe0, //             mov   eax, cr4
	0x0d, 0x00, 0x06, 0x00, 0x00, // or    eax, 0x600 (OSFXSR, OSXMMEXCPT)
	0x0f, 0x22, 0xe0, //             mov   cr4, eax
	0x0f, 0x57, 0xc0, //             xorps xmm0, xmm0
	0x66, 0x0f, 0xef, 0xc9, //       pxor  xmm1, xmm1
	0xbe, 0, 0, 0, 0, //             mov   esi, frames
	0xb9, 0, 0, 0, 0, //             mov   ecx, length
	0xba, 0, 0, 0, 0, //             mov   edx, channel port
	0xac,       //             next: lodsb
	0xee,       //                   out   dx, al
	0xe2, 0xfc, //                   loop  next
	0xba, 0, 0, 0, 0, //             mov   edx, debug exit port
	0x31, 0xc0, //                   xor   eax, eax
	0xef,       //                   out   dx, eax
	0xf4,       //             stop: hlt
	0xeb, 0xfd, //                   jmp   stop
}

// Offsets of the four immediates in probeCode.
const (
	probeFramesAt  = 31
	probeLengthAt  = 36
	probeChannelAt = 41
	probeExitAt    = 50
)

// probeImage returns the probe.
func probeImage() []byte {
	le := binary.LittleEndian
	code := append([]byte(nil), probeCode...)
	frames := abi.AppendFrameHeader(nil, abi.FrameReady, 0)
	frames = abi.AppendExitFrame(frames, abi.ExitByProgram, 0)
	le.PutUint32(code[probeFramesAt:], uint32(pvhBase+pvhCodeAt+len(code)))
	le.PutUint32(code[probeLengthAt:], uint32(len(frames)))
	le.PutUint32(code[probeChannelAt:], abi.ChannelPort)
	le.PutUint32(code[probeExitAt:], abi.DebugExitPort)
	return pvhImage(append(code, frames...))
}

// Layout of the probe: ELF header, two program headers, note, code.
const (
	pvhBase         = 0x100000
	elfHeaderBytes  = 64
	elfProgramBytes = 56
	pvhNoteAt       = elfHeaderBytes + 2*elfProgramBytes
	pvhNoteBytes    = 24
	pvhCodeAt       = pvhNoteAt + pvhNoteBytes
)

// pvhImage returns code as a static ELF that starts at its first byte, by a PVH
// note (Xen's XEN_ELFNOTE_PHYS32_ENTRY, type 18).
func pvhImage(code []byte) []byte {
	le := binary.LittleEndian
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...) // 64 bit, little-endian
	b = le.AppendUint16(b, 2)                                      // ET_EXEC
	b = le.AppendUint16(b, 62)                                     // EM_X86_64
	b = le.AppendUint32(b, 1)
	for _, v := range []uint64{pvhBase + pvhCodeAt, elfHeaderBytes, 0} { // entry, program headers, sections
		b = le.AppendUint64(b, v)
	}
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{elfHeaderBytes, elfProgramBytes, 2, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	b = appendProgramHeader(b, 1, 0, uint64(pvhCodeAt+len(code))) // PT_LOAD
	b = appendProgramHeader(b, 4, pvhNoteAt, pvhNoteBytes)        // PT_NOTE
	for _, v := range []uint32{4, 8, 18} {
		b = le.AppendUint32(b, v)
	}
	b = append(b, "Xen\x00"...)
	b = le.AppendUint64(b, pvhBase+pvhCodeAt)
	return append(b, code...)
}

func appendProgramHeader(b []byte, kind uint32, offset, size uint64) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, kind)
	b = le.AppendUint32(b, 7) // readable, writable, executable
	for _, v := range []uint64{offset, pvhBase + offset, pvhBase + offset, size, size, 4} {
		b = le.AppendUint64(b, v)
	}
	return b
}
