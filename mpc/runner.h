/* SPDX-License-Identifier: MIT */
/*
 * mpc/runner.h -- sessions on threads: one each, not more than so many, and nothing left behind on their stacks.
 */
#ifndef ARCA_MPC_RUNNER_H
#define ARCA_MPC_RUNNER_H

#include "mpc/session.h"

typedef struct runner runner;

typedef err (*program)(session *s, void *arg);
typedef void (*program_end)(void *arg, err e, const session *s);

err  runner_new(runner **out, unsigned max_sessions);

/* Waits for every session (inbox_cancel_all shortens that).  NULL-safe. */
void runner_free(runner **r);

/*
 * Opens the session of `plan` and runs it on a thread of its own; then calls done(arg, e, s) there, s still open, and closes
 * and wipes it.  e: what run returned, with its sentence in err_text(), or why the session did not open (s is then NULL).
 * ERR_EXHAUSTED: max_sessions are running already; done is not called.
 */
err  runner_start(runner *r, const session_plan *plan, program run, program_end done, void *arg);

unsigned runner_running(runner *r);

#endif
