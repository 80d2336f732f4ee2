/* SPDX-License-Identifier: MIT */
/* connector/follow.c -- see the header. */
#include "connector/follow.h"

uint64_t follow_start(const uint64_t *configured, bool known, uint64_t cursor, uint64_t head)
{
	if (configured) return *configured;
	return known ? cursor + 1 : head;
}

bool follow_plan(follow_range *out, const follow *f, uint64_t head)
{
	if (f->next > head) return false;
	const uint64_t left = head - f->next, more = f->span - 1;
	*out = (follow_range){ f->next, f->next + (left < more ? left : more) };
	return true;
}

void follow_done(follow *f, follow_range r)
{
	f->next = r.to + 1;
	if (f->span == f->most || ++f->good < FOLLOW_PATIENCE) return;
	f->span = f->span > f->most / 2 ? f->most : 2 * f->span;
	f->good = 0;
}

bool follow_halve(follow *f, follow_range r)
{
	const uint64_t blocks = r.to - r.from + 1;

	if (blocks == 1) return false;
	f->span = blocks / 2;
	f->good = 0;
	return true;
}

void follow_back(follow *f, uint64_t to)
{
	f->next = to;
}

bool follow_fork(uint64_t *from, const queue_block *kept, const eth_block *now, const bool *found, size_t n)
{
	ASSERT(n > 0);
	for (size_t i = 0; i < n; i++)
		if (found[i] && hash32_eq_var(now[i].hash, kept[i].hash)) {
			*from = kept[i].number + 1;
			return true;
		}
	*from = kept[n - 1].number;
	return false;
}
