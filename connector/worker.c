/* SPDX-License-Identifier: MIT */
/*
 * connector/worker.c -- one thread picks, checks and renews leases; many threads fetch, ask and verify, a request each.
 *
 * What there is to do comes by a bell, and without one when something that was postponed is due, or an interval is over.
 */
#include "connector/worker_internal.h"
#include <stdlib.h>
#include "base/log.h"

static void learn_signers(worker *w)
{
	ask_signers fresh;

	if (atomic_exchange(&w->stranger, false)) checks_doubt_signers(w->checks);
	err e = checks_domains(w->checks);
	if (e == OK) e = checks_signers(w->checks, &fresh);
	if (e != OK && !w->told) log_err(LOG_WARN, "no answer of a node could be checked, so none is asked", e);
	w->told = e != OK;
	err_clear();
	if (e != OK) return;
	pthread_mutex_lock(&w->lock);
	w->signers = fresh;
	pthread_mutex_unlock(&w->lock);
}

/* Whose attestations count. */
static void learn_attesting(worker *w)
{
	coprocessors *fresh = NULL;

	if (!w->c.config->profile->attested) return;
	const err e = checks_coprocessors(w->checks, &fresh);
	if (e != OK && !w->told_attesting) log_err(LOG_WARN, "the coprocessors are not known, and nothing can be decrypted", e);
	w->told_attesting = e != OK;
	err_clear();
	coprocessors_release(&w->attesting);
	w->attesting = fresh;
}

void worker_run(worker *w)
{
	const int64_t fast = w->c.config->worker.fast_polling, slow = w->c.config->worker.long_polling;
	int64_t fast_ms = 0, slow_ms = 0;
	uint32_t rang = ~0u;

	worker_start_crew(w);
	while (!atomic_load(w->c.stop)) {
		const int64_t t0 = worker_now(w);
		const bool all_fast = t0 - fast_ms >= fast || !fast_ms, all_slow = t0 - slow_ms >= slow || !slow_ms;
		bool more = false;
		if (all_fast) fast_ms = t0;
		if (all_slow) slow_ms = t0;
		learn_signers(w);
		learn_attesting(w);
		rang |= worker_come_due(w, t0);
		for (queue_kind k = 0; k < QUEUE_REQUESTS; k++) {
			if (queue_is_decryption(k) ? all_fast : all_slow) rang |= 1u << k;
			const size_t n = rang >> k & 1 ? worker_room(w, k, t0) : 0;         /* without room it is looked at when there is */
			if (!n) continue;
			const bool again = worker_pick(w, k, n);
			if (again) more = true;
			else rang &= ~(1u << k);
		}
		worker_renew(w);
		if (!more) rang |= queue_bell_wait(w->c.bell, WORKER_TICK_MS);
	}
	worker_end_crew(w);
}

err worker_new(worker **out, const worker_config *c)
{
	worker *w = calloc(1, sizeof *w);

	if (!w) return err_fail(ERR_NOMEM, "no memory for a worker");
	w->c = *c;
	w->end = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	err e = core_new(&w->core, c->config);
	if (e == OK) e = standings_new(&w->standings);
	if (e == OK) e = buckets_new(&w->buckets, c->config, &w->tally.buckets);
	if (e == OK) e = checks_new(&w->checks, c->config, c->clock, c->stop);
	if (e == OK) *out = w;
	else worker_free(&w);
	return e;
}

void worker_free(worker **w)
{
	if (!*w) return;
	checks_free(&(*w)->checks);
	coprocessors_release(&(*w)->attesting);
	buckets_free(&(*w)->buckets);
	standings_free(&(*w)->standings);
	core_free(&(*w)->core);
	pthread_mutex_destroy(&(*w)->lock);
	pthread_cond_destroy(&(*w)->wake);
	free(*w);
	*w = NULL;
}

const worker_tally *worker_tallied(const worker *w)
{
	return &w->tally;
}

bool worker_healthy(buf *why, worker *w, int64_t timeout_ms)
{
	return core_healthy(w->core, why, timeout_ms);
}
