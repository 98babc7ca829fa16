// raise checks proc_raise, which the specification has dropped and which a runtime
// may lack.

#include "check.h"

int main(void) {
	answers("proc_raise", "no signal", proc_raise(0), E(INVAL));
	refuses("proc_raise", "no such signal", proc_raise(31));
	answers("proc_raise", "ignored: a child has changed", proc_raise(16), E(SUCCESS));
	answers("proc_raise", "would stop", proc_raise(18), E(NOTSUP));
	return result();
}
