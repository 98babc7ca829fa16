/* What the TCG plugins of the benchmarks share: the API of QEMU 7.2 as far as they use it,
 * whose header Debian does not ship, and what they both do. Each is one file that includes this. */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct {
  const char *target_name;
  struct { int min, cur; } version;
  bool system_emulation;
  union { struct { int smp_vcpus, max_vcpus; } system; };
} qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*tb_trans_cb)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*vcpu_cb)(unsigned int, void *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_trans_cb);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op, void *, uint64_t);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, vcpu_cb, enum qemu_plugin_cb_flags, void *);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *, uint64_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* repeats says whether insn is MOVS or STOS (A4, A5, AA, AB) after prefixes of
 * which one is REP (F3); Intel SDM volume 2, REP. */
static bool repeats(const struct qemu_plugin_insn *insn) {
  const uint8_t *code = qemu_plugin_insn_data(insn);
  size_t n = qemu_plugin_insn_size(insn);
  bool prefix = false;
  for (size_t i = 0; i < n; i++) {
    if (code[i] == 0xf3) prefix = true;
    else if (code[i] != 0x66 && (code[i] & 0xf0) != 0x40)
      return prefix && i + 1 == n && ((code[i] & 0xfe) == 0xa4 || (code[i] & 0xfe) == 0xaa);
  }
  return false;
}

/* share maps a cleared file of a number of bytes, or returns NULL. */
static void *share(const char *file, size_t bytes) {
  int fd = file ? open(file, O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;
  if (fd < 0 || ftruncate(fd, bytes)) return NULL;
  void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return mapped == MAP_FAILED ? NULL : mapped;
}
