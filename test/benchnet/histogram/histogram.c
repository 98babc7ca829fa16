/* A QEMU TCG plugin (API of QEMU 7.2) that counts, for every block of guest
 * code, the instructions it executed, in a file that is mapped shared: who reads
 * the file at two moments has the difference.
 *
 *   -plugin libhistogram.so,out=FILE
 *
 * FILE is a hash table of records (struct record), in the byte order of the
 * host; a record without length is empty. Iterations of string instructions with
 * a repeat prefix, which TCG counts one by one, are counted a second time. */
#include "../../plugin/qemu.h"

/* Records: a Linux guest with all servers has some 100,000 blocks. What finds no
 * place is counted in the last record, whose address is 0. */
enum { RECORDS = 1 << 19 };

struct record { uint64_t address, length, instructions, repeats; };
static struct record *records;

static struct record *find(uint64_t address, uint64_t length) {
  uint64_t hash = (address * 0x9E3779B97F4A7C15u) ^ (length * 0xC2B2AE3D27D4EB4Fu);
  for (uint32_t k = 0; k < RECORDS - 1; k++) {
    struct record *r = &records[((hash >> 20) + k) % (RECORDS - 1)];
    if (r->length == 0) {
      r->address = address;
      r->length = length;
    }
    if (r->address == address && r->length == length) return r;
  }
  return &records[RECORDS - 1];
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  size_t n = qemu_plugin_tb_n_insns(tb);
  struct record *r = find(qemu_plugin_tb_vaddr(tb), n);
  qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &r->instructions, n);
  for (size_t i = 0; i < n; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    if (repeats(insn))
      qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &r->repeats, 1);
  }
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  const char *out = NULL;
  (void)info;
  for (int i = 0; i < argc; i++)
    if (!strncmp(argv[i], "out=", 4)) out = argv[i] + 4;
  records = share(out, RECORDS * sizeof *records);
  if (!records) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  return 0;
}
