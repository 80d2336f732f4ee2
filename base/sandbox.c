/* SPDX-License-Identifier: MIT */
/* base/sandbox.c -- files first: the calls that close them are not in the table of calls. */
#include "base/sandbox_internal.h"
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include "base/log.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED true
#elif defined __has_feature
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer))
#else
#define SANITIZED false
#endif

bool sandbox_possible(void) { return !SANITIZED; }

err sandbox_begin(sandbox_report *out, const sandbox_needs *needs)
{
	/* Without it only root may ask; with it no program that is started gains rights. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_fail(ERR_STATE, "this process cannot give up new privileges: %s; internal_config.sandbox = false does without",
		                strerror(errno));
	TRY(sandbox_files(out, needs));
	buf_put_str(&out->said, "; ");
	return sandbox_calls(out, false);
}

err sandbox_serve(sandbox_report *out) { return sandbox_calls(out, true); }

static err in_force(const char *what, sandbox_report *r, err e)
{
	if (e == OK) log_line(r->partly ? LOG_WARN : LOG_INFO, "%s: %s", what, buf_str(&r->said));
	buf_free(&r->said);
	return e;
}

err sandbox_enter(const sandbox_needs *needs, bool wanted)
{
	sandbox_report r = { 0 };

	if (wanted && sandbox_possible()) return in_force("sandbox", &r, sandbox_begin(&r, needs));
	log_warn("sandbox: off%s", sandbox_possible() ? ", as internal_config.sandbox says" : ": this is a build for tests, with a sanitizer");
	return OK;
}

err sandbox_enter_serving(bool wanted)
{
	sandbox_report r = { 0 };

	return wanted && sandbox_possible() ? in_force("sandbox of serving", &r, sandbox_serve(&r)) : OK;
}
