/* SPDX-License-Identifier: MIT */
/* base/undumpable.c -- a mark of the process, and a limit for kernels that write core files to a place of their own. */
#include "base/undumpable.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include "base/log.h"

static struct rlimit before;

/* Only the limit that can be raised again: the mark alone keeps the memory in. */
static void set_limit(rlim_t bytes)
{
	const struct rlimit core = { bytes, before.rlim_max };
	if (setrlimit(RLIMIT_CORE, &core)) log_warn("the limit of core files cannot be set");
}

void undumpable_begin(void)
{
	if (getrlimit(RLIMIT_CORE, &before)) before = (struct rlimit){ 0 };
	set_limit(0);
	if (prctl(PR_SET_DUMPABLE, 0)) log_warn("this process cannot be marked as one that leaves no core file");
}

void undumpable_end(void)
{
	set_limit(before.rlim_cur);
	if (prctl(PR_SET_DUMPABLE, 1)) log_warn("this process cannot be marked as one that leaves a core file");
}
