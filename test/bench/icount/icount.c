/* A QEMU TCG plugin (API of QEMU 7.2) that counts the instructions a guest
 * executes, in a file that is mapped shared, so that the count survives
 * whatever way the machine ends.
 *
 *   -plugin libicount.so,out=FILE[,mark=ADDRESS]...
 *
 * FILE holds pairs of little-endian uint64: all instructions, and how many of
 * them were iterations of string instructions with a repeat prefix, which TCG
 * counts one by one. The first pair is of the whole run, the next ones of the
 * moment when each mark was first reached (0: never). A block counts as a whole
 * when it begins, so a mark is exact to the length of one block; the marks of
 * mewz stand at the beginning of one. */
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
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { MARKS_MAX = 8 };

struct pair { uint64_t instructions, repeats; };
static struct { struct pair total, marked[MARKS_MAX]; } *counts;
static uint64_t marks[MARKS_MAX];
static int marks_set;

static void reached(unsigned int vcpu, void *data) {
  struct pair *marked = data;
  (void)vcpu;
  if (marked->instructions == 0) *marked = counts->total;
}

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

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  size_t n = qemu_plugin_tb_n_insns(tb);
  qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &counts->total.instructions, n);
  for (size_t i = 0; i < n; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    if (repeats(insn))
      qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &counts->total.repeats, 1);
    for (int m = 0; m < marks_set; m++)
      if (qemu_plugin_insn_vaddr(insn) == marks[m])
        qemu_plugin_register_vcpu_insn_exec_cb(insn, reached, QEMU_PLUGIN_CB_NO_REGS, &counts->marked[m]);
  }
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  const char *out = NULL;
  (void)info;
  for (int i = 0; i < argc; i++) {
    if (!strncmp(argv[i], "out=", 4)) out = argv[i] + 4;
    if (!strncmp(argv[i], "mark=", 5)) {
      if (marks_set == MARKS_MAX) return -1;
      marks[marks_set++] = strtoull(argv[i] + 5, NULL, 0);
    }
  }
  int fd = out ? open(out, O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;
  if (fd < 0 || ftruncate(fd, sizeof *counts)) return -1;
  counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (counts == MAP_FAILED) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  return 0;
}
