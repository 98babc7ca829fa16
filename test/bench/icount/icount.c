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
#include "../../plugin/qemu.h"

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
  counts = share(out, sizeof *counts);
  if (!counts) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  return 0;
}
