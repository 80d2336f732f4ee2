/* SPDX-License-Identifier: MIT */
/*
 * connector/lane_wait.c -- the last of several transactions is waited for, where a provider can say when it is mined.
 *
 * The waiter's words are a reason to look, or to say it again: what became of a transaction, lane_watch.c finds out as it does for all.
 */
#include "connector/lane_internal.h"

enum { LOOK_MS = 1000 };                         /* how often something is looked at that is waited for anyhow */

bool lane_may_wait(const lane *l)
{
	return l->c.waiter && waiter_is_free(l->c.waiter);
}

/* It arrives before the next batch, which has to be picked, estimated and committed first; if not, providers keep what comes too early. */
void lane_wait_for(lane *l, flight *f)
{
	if (lane_now(l) >= *l->c.role_until_ms) return;          /* unsaid as it is, for lane_watch to refuse */
	f->said_ms = lane_now(l);
	f->waited_for = true;
	waiter_say(l->c.waiter, buf_slice(&f->raw));
}

void lane_hear(lane *l)
{
	hash32 hash;

	const waiter_end end = l->c.waiter ? waiter_ended(l->c.waiter, &hash) : WAITER_NOTHING;
	if (end == WAITER_NOTHING) return;
	if (end == WAITER_MINED) atomic_fetch_add(&l->c.tally->waited_for, 1);
	for (size_t i = 0; i < l->n; i++) {
		flight *f = l->flight[i];
		if (!f->waited_for || !hash32_eq_var(f->hash[0], hash)) continue;
		f->waited_for = false;
		if (end == WAITER_MINED || end == WAITER_TAKEN) lane_taken(l, f);
		else f->said_ms = end == WAITER_REFUSED ? 0 : lane_now(l) - l->c.lost_ms;
	}
}

bool lane_only_waits(const lane *l)
{
	return l->n == 1 && l->flight[0]->waited_for && waiter_has(l->c.waiter, &l->flight[0]->hash[0]) && lane_now(l) - l->looked_ms < LOOK_MS;
}
