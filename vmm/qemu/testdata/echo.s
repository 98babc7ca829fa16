# A guest of the tests: it echoes the chunks that come in over the serial line
# as one-byte frames and ends with code 42 at the end of the input.
.intel_syntax noprefix
.code32
start:
 mov esp, 0x9000
 mov edx, 0x3fa     # FIFO on, trigger level 14: QEMU fills it up to the level in one turn
 mov al, 0xc1
 out dx, al
 mov al, 1          # FrameReady
 call header0
chunk:
 call getb
 movzx ebx, al
 call getb
 mov bh, al
 test ebx, ebx
 jz done
next:
 call getb
 mov ah, al
 mov edx, 0xe9
 mov al, 2
 out dx, al
 push eax
 xor al, al
 out dx, al
 out dx, al
 out dx, al
 mov al, 1
 out dx, al
 xor al, al
 out dx, al
 out dx, al
 out dx, al
 pop eax
 mov al, ah
 out dx, al
 dec ebx
 jnz next
 jmp chunk
done:
 mov al, 6
 mov edx, 0xe9
 out dx, al
 xor al, al
 out dx, al
 out dx, al
 out dx, al
 mov al, 8
 out dx, al
 xor al, al
 out dx, al
 out dx, al
 out dx, al
 mov al, 1
 out dx, al
 xor al, al
 out dx, al
 out dx, al
 out dx, al
 mov al, 42
 out dx, al
 xor al, al
 out dx, al
 out dx, al
 out dx, al
 mov edx, 0x501
 mov eax, 42
 out dx, eax
 hlt
header0:
 mov edx, 0xe9
 out dx, al
 xor al, al
 mov ecx, 7
1: out dx, al
 loop 1b
 ret
getb:
 mov edx, 0x3fd
1: in al, dx
 test al, 1
 jz 1b
 mov edx, 0x3f8
 in al, dx
 ret
