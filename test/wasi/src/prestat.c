// prestat checks fd_prestat_get and fd_prestat_dir_name of the directory /.

#include "check.h"

int main(void) {
	__wasi_prestat_t stat;
	char name[4] = "????";
	answers("fd_prestat_get", "of the preopened directory", fd_prestat_get(ROOT, at(&stat)), E(SUCCESS));
	holds("fd_prestat_get", "kind and length", stat.tag == __WASI_PREOPENTYPE_DIR && stat.u.dir.pr_name_len == 1);
	answers("fd_prestat_dir_name", "of the preopened directory", fd_prestat_dir_name(ROOT, at(name), 1), E(SUCCESS));
	holds("fd_prestat_dir_name", "no more than the name", memcmp(name, "/???", 4) == 0);
	answers("fd_prestat_dir_name", "more room than needed", fd_prestat_dir_name(ROOT, at(name), 3), E(SUCCESS));
	answers("fd_prestat_dir_name", "no room", fd_prestat_dir_name(ROOT, at(name), 0), E(NAMETOOLONG));
	answers("fd_prestat_get", "of a stream", fd_prestat_get(1, at(&stat)), E(BADF));
	answers("fd_prestat_dir_name", "of a stream", fd_prestat_dir_name(1, at(name), 4), E(BADF));
	answers("fd_prestat_get", "closed", fd_prestat_get(CLOSED, at(&stat)), E(BADF));
	answers("fd_prestat_dir_name", "closed", fd_prestat_dir_name(CLOSED, at(name), 4), E(BADF));
	faults("fd_prestat_get", "result outside", fd_prestat_get(ROOT, OUTSIDE));
	faults("fd_prestat_dir_name", "name outside", fd_prestat_dir_name(ROOT, OUTSIDE, 100));
	uint32_t fd;
	must(open_at(ROOT, ".", 0, __WASI_OFLAGS_DIRECTORY, 0, 0, 0, &fd));
	answers("fd_prestat_get", "of what was opened", fd_prestat_get(fd, at(&stat)), E(BADF));
	answers("fd_prestat_dir_name", "of what was opened", fd_prestat_dir_name(fd, at(name), 4), E(BADF));
	return result();
}
