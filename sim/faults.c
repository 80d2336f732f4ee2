/* SPDX-License-Identifier: MIT */
/* sim/faults.c -- messages lost, late, doubled, damaged, misdirected. */
#include "sim/faults.h"

static const char *const NAMES[FAULT_KINDS] = {
	[FAULT_DROP] = "drop", [FAULT_JUST_IN_TIME] = "just in time", [FAULT_TOO_LATE] = "too late", [FAULT_REPEAT] = "repeat",
	[FAULT_CONTRADICT] = "contradict", [FAULT_FLIP] = "flip", [FAULT_HIGH_BIT] = "high bit", [FAULT_ZERO] = "zero",
	[FAULT_GARBAGE] = "garbage", [FAULT_TRUNCATE] = "truncate", [FAULT_EMPTY] = "empty", [FAULT_EXTEND] = "extend",
	[FAULT_OVERSIZE] = "oversize", [FAULT_SWAP] = "swap", [FAULT_OLD] = "old", [FAULT_OTHER_SESSION] = "other session",
	[FAULT_OTHER_ROUND] = "other round", [FAULT_OTHER_TYPE] = "other type", [FAULT_OTHER_NAME] = "other name",
	[FAULT_FLOOD] = "flood",
};

const char *fault_name(fault_kind k) { return NAMES[k]; }

static bool fits(const fault *f, const envelope *e)
{
	return (!f->from || f->from == e->from) && (!f->to || f->to == e->to) &&
	       (!f->last || (e->round >= f->first && e->round <= f->last));
}

static slice copy(sim *x, slice s, size_t more)
{
	uint8_t *p = sim_bytes(x, s.n + more);

	if (s.n) memcpy(p, s.p, s.n);
	return slice_of(p, s.n + more);
}

static slice damaged(sim *x, const fault *f, slice body)
{
	slice s = copy(x, body, f->kind == FAULT_EXTEND ? 1 : f->kind == FAULT_OVERSIZE ? 1 << 20 : 0);
	uint8_t *p = (uint8_t *)s.p;

	if (f->kind == FAULT_FLIP && s.n) p[(s.n - 1) * (f->where % 9) / 8] ^= (uint8_t)(1u << f->where % 8);
	if (f->kind == FAULT_HIGH_BIT) for (size_t i = 7; i < s.n; i += 8) p[i] ^= 0x80;
	if (f->kind == FAULT_ZERO && s.n) memset(p, 0, s.n);
	if (f->kind == FAULT_GARBAGE) rng_fill(sim_rng(x), p, s.n);
	if (f->kind == FAULT_TRUNCATE && s.n) s.n--;
	if (f->kind == FAULT_EMPTY) s.n = 0;
	if (f->kind == FAULT_OVERSIZE && s.n > MAX_BODY) s.n = MAX_BODY;
	return s;
}

static void contradict(sim *x, const envelope *e)
{
	envelope second = *e;

	sim_pass(x, e);
	second.body = copy(x, e->body, 1);
	sim_pass(x, &second);
}

static void flood(sim *x, const envelope *e)
{
	envelope junk = *e;

	for (unsigned i = 0; i < 100; i++) {
		rng_fill(sim_rng(x), junk.sid.b, SID_BYTES);
		junk.round = 1 + i % 4;
		sim_pass(x, &junk);
	}
	sim_pass(x, e);
}

static void work(faults *w, sim *x, const fault *f, const envelope *e)
{
	envelope other = *e;

	switch (f->kind) {
	case FAULT_DROP: return;
	case FAULT_JUST_IN_TIME: sim_pass_later(x, e, SIM_ROUND_MS - 1); return;
	case FAULT_TOO_LATE: sim_pass_later(x, e, SIM_ROUND_MS + 1); return;
	case FAULT_REPEAT: sim_pass(x, e), sim_pass(x, e); return;
	case FAULT_CONTRADICT: contradict(x, e); return;
	case FAULT_FLOOD: flood(x, e); return;
	case FAULT_SWAP:
		if (w->before[e->from].round == e->round) other.body = w->before[e->from].body;
		break;
	case FAULT_OLD: other.body = w->older[e->from][e->to].body; break;
	case FAULT_OTHER_SESSION: other.sid.b[0] ^= 1; break;
	case FAULT_OTHER_ROUND: other.round += 2; break;
	case FAULT_OTHER_TYPE: other.type = MSG_OPENING; break;
	case FAULT_OTHER_NAME:
		other.from = (party)(e->from % 2 ? e->from + 1 : e->from - 1);
		sim_pass_as(x, e->from, &other);
		return;
	case FAULT_FLIP: case FAULT_HIGH_BIT: case FAULT_ZERO: case FAULT_GARBAGE: case FAULT_TRUNCATE: case FAULT_EMPTY:
	case FAULT_EXTEND: case FAULT_OVERSIZE: other.body = damaged(x, f, e->body); break;
	case FAULT_KINDS: default: ASSERT(f->kind < FAULT_KINDS);
	}
	sim_pass(x, &other);
}

void faults_tap(void *ctx, sim *x, const envelope *e)
{
	faults *w = ctx;
	const fault *f = w->f;

	while (f < w->f + w->n && !fits(f, e)) f++;
	if (f == w->f + w->n) sim_pass(x, e);
	else work(w, x, f, e);

	/* FAULT_OLD takes the message before this one; it is of the round before, since each pair speaks once a round. */
	envelope *before = &w->before[e->from];
	*before = *e;
	before->body = copy(x, e->body, 0);
	w->older[e->from][e->to] = *before;
}
