/* A QEMU TCG plugin (API of QEMU 7.2) that counts, for every block of guest
 * code, the instructions it executed, in a file that is mapped shared: who reads
 * the file at two moments has the difference.
 *
 *   -plugin libhistogram.so,out=FILE
 *
 * FILE is a hash table of records (struct record), in the byte order of the
 * host; a record without length is empty. Iterations of string instructions with
 * a repeat prefix, which TCG counts one by one, are counted a second time. */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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
typedef void (*tb_trans_cb)(qemu_plugin_id_t, struct qemu_plugin_tb *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_trans_cb);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, enum qemu_plugin_op, void *, uint64_t);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum qemu_plugin_op, void *, uint64_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

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

/* repeats says whether insn is MOVS or STOS (A4, A5, AA, AB) after prefixes of
 * which one is REP (F3); Intel SDM volume 2, REP. It ends its block. */
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
  int fd = out ? open(out, O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;
  if (fd < 0 || ftruncate(fd, RECORDS * sizeof *records)) return -1;
  records = mmap(NULL, RECORDS * sizeof *records, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (records == MAP_FAILED) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  return 0;
}
