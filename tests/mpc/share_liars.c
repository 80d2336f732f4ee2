/* SPDX-License-Identifier: MIT */
/* tests/mpc/share_liars.c -- see share_liars.h. */
#include "tests/mpc/share_liars.h"

const trial *sharing_trial;

/* ---- what they deal ------------------------------------------------------------------------------------------------ */

/* T-RAND: they deal last, and so that each of their secrets is minus what they got for it from honest dealers, hoping for 0. */
static err cancelling_vss(session *s, share *out, party_set dealers, size_t c, const gr *secret)
{
	const size_t e = s->R->bytes, pads = s->n * c * e, row = (s->t + 1u) * e;
	gr *mine;

	(void)secret;
	TRY(arena_new(&s->arena, &mine, c));
	FOR_EACH_IN(i, honest(sharing_trial)) {
		const envelope *dealt = sim_seen(sharing_trial->sim, i, s->me, 1, MSG_ROUND);
		assert_non_null(dealt);
		for (size_t l = 0; l < c; l++) mine[l] = gr_sub(s->R, mine[l], gr_read(s->R, dealt->body.p + pads + 2 * l * row));
	}
	return vss(s, out, dealers, c, mine);
}
const protocols CANCELLING = { .bcast = bcast, .vss = cancelling_vss, .open = open_sync };

/* Zeros only: their part is known to all. */
static err zero_vss(session *s, share *out, party_set dealers, size_t c, const gr *secret)
{
	gr *zeros;

	(void)secret;
	TRY(arena_new(&s->arena, &zeros, c));
	return vss(s, out, dealers, c, zeros);
}
static const protocols ZEROS = { .bcast = bcast, .vss = zero_vss, .open = open_sync };

static party nth_honest(const trial *x, party to) { return (party)size_of_set(honest(x) & parties_all(to)); }

/* Coefficients that do not fit, for 1 + variant honest parties: up to t get their rows from the dealer, with more it is caught
 * and has withdrawn what it dealt. */
static void rush_bad_rows(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;
	const size_t e = ring_of(x->k, ring_degree(x->n))->bytes;

	for (size_t k = 0; k < count; k++) {
		envelope *m = &held[k];
		if (m->round != 1 || !has(honest(x), m->to) || nth_honest(x, m->to) > 1 + x->variant) continue;
		uint8_t *p = memcpy(sim_bytes(s, m->body.n), m->body.p, m->body.n);
		p[m->body.n - e] ^= 1;           /* of the last column */
		p[m->body.n / 2] ^= 1;
		m->body.p = p;
	}
}

/* To every other party, what was meant for the one before it; to the rest nothing. */
static void rush_misdeal(void *ctx, sim *s, envelope *held, size_t count)
{
	(void)ctx, (void)s;
	for (size_t k = 1; k < count; k++) {
		if (held[k].round != 1) continue;
		if (held[k].to % 2) held[k].body = held[k - 1].body;
		else if (held[k].to % 4) held[k].to = 0;
	}
}

/* ---- what they say of others' dealing ------------------------------------------------------------------------------ */

/* Random elements: against everybody in Round 2, then in Rounds 3 and 4 too, or what is true. */
static unsigned until;

static err complaining_bcast(session *s, slice mine, size_t most, slice *all)
{
	uint8_t *p;

	if (s->broadcasts >= until) return bcast(s, mine, most, all);
	TRY(arena_new(&s->arena, &p, mine.n + 1));
	rng_fill(s->random, p, mine.n);
	return bcast(s, slice_of(p, mine.n), most, all);
}
static err complain(session *s, share *out, unsigned rounds, party_set dealers, size_t c, const gr *secret)
{
	static const protocols COMPLAINING = { .bcast = complaining_bcast, .vss = vss, .open = open_sync };
	const protocols *before = s->p;

	until = s->broadcasts + rounds;
	s->p = &COMPLAINING;
	const err e = vss(s, out, dealers, c, secret);
	s->p = before;
	return e;
}
static err complain_once(session *s, share *out, party_set dealers, size_t c, const gr *secret)
{
	return complain(s, out, 1, dealers, c, secret);
}
static err complain_always(session *s, share *out, party_set dealers, size_t c, const gr *secret)
{
	return complain(s, out, 3, dealers, c, secret);
}
static const protocols COMPLAINS_ONCE = { .bcast = bcast, .vss = complain_once, .open = open_sync };
static const protocols COMPLAINS_ALWAYS = { .bcast = bcast, .vss = complain_always, .open = open_sync };

/* One element too few: accused by all, and the sharing goes on without them. */
static err short_bcast(session *s, slice mine, size_t most, slice *all)
{
	return bcast(s, slice_of(mine.p, mine.n ? mine.n - 1 : 0), most, all);
}
static const protocols TOO_SHORT = { .bcast = short_bcast, .vss = vss, .open = open_sync };

const lie SHARE_LIES[7] = {
	{ .name = "cancel (T-RAND)", .table = &CANCELLING },
	{ .name = "deal zeros", .table = &ZEROS },
	{ .name = "bad rows", .rush = rush_bad_rows, .variants = 5 },
	{ .name = "rows of others", .rush = rush_misdeal },
	{ .name = "complain, and then tell the truth", .table = &COMPLAINS_ONCE },
	{ .name = "complain to the end", .table = &COMPLAINS_ALWAYS },
	{ .name = "broadcast too little", .table = &TOO_SHORT },
};
