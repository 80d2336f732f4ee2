/* SPDX-License-Identifier: MIT */
/* tests/mpc/open_liars.c -- wrong shares of every kind. */
#include "tests/mpc/open_liars.h"

/* When the liars open, and what: seen where they call the protocol. */
static struct { session_id sid; uint64_t round; unsigned degree; } opening;

static bool is_opening(const envelope *e) { return e->round == opening.round && sid_eq_var(&e->sid, &opening.sid); }

static err watched_open(session *s, gr *value, bool *opened, const share *x, const party_set *to, size_t m, unsigned D)
{
	opening.sid = s->sid, opening.round = s->round + 1, opening.degree = D;
	return open_sync(s, value, opened, x, to, m, D);
}
static const protocols WATCHED = { .bcast = bcast, .vss = vss, .open = watched_open };

/* What a liar sends to `to` in place of its share v of the index-th secret that this one learns. */
typedef gr (*twist)(const trial *x, sim *s, party from, party to, size_t index, gr v);

static void twist_all(void *ctx, sim *s, envelope *held, size_t count, twist f)
{
	const trial *x = ctx;
	const ring *R = ring_of(x->k, ring_degree(x->n));

	for (size_t k = 0; k < count; k++) {
		if (!is_opening(&held[k])) continue;
		uint8_t *p = sim_bytes(s, held[k].body.n);
		for (size_t i = 0; i < held[k].body.n / R->bytes; i++)
			gr_write(R, p + i * R->bytes, f(x, s, held[k].from, held[k].to, i, gr_read(R, held[k].body.p + i * R->bytes)));
		held[k].body.p = p;
	}
}

#define LIAR(name, ...) \
	static gr name(const trial *x, sim *s, party from, party to, size_t index, gr v) \
	{ \
		const ring *R = ring_of(x->k, ring_degree(x->n)); \
		(void)s, (void)from, (void)to, (void)index, (void)R; \
		__VA_ARGS__ \
	} \
	static void rush_##name(void *x, sim *s, envelope *held, size_t count) { twist_all(x, s, held, count, name); }

LIAR(adds_one, return gr_add(R, v, GR_ONE);)
LIAR(sends_zero, (void)v; return GR_ZERO;)
LIAR(high_bit, return gr_add(R, v, gr_scalar(R, (u128)1 << (R->k - 1)));)
LIAR(bit_planes, return gr_add(R, v, gr_scalar(R, (u128)1 << ((7 * from + 3 * index) % R->k)));)
LIAR(sends_random, (void)v; return gr_random(R, sim_rng(s));)
LIAR(lies_to_one, return to == first_of(honest(x)) ? gr_add(R, v, gr_point(2)) : v;)
LIAR(lies_in_one, return index == x->variant % 7 ? gr_add(R, v, gr_point(3)) : v;)

/* All liars on one other polynomial, the same for all: f + 1 + Z. */
LIAR(other_polynomial, return gr_add(R, v, gr_add(R, GR_ONE, gr_point(from)));)

/* A codeword of low weight: delta vanishes at as many honest parties as it can, so that the liars' word is near another one. */
LIAR(low_weight, {
	gr delta = GR_ONE;
	unsigned zeros = 0;

	FOR_EACH_IN(j, honest(x)) if (zeros++ < opening.degree) delta = gr_mul(R, delta, gr_sub(R, gr_point(from), gr_point(j)));
	return gr_add(R, v, gr_mul(R, delta, gr_scalar(R, (u128)1 << (x->variant % 2 ? R->k - 1 : 0))));
})

/* Each share where the next one belongs: where sets learn what is theirs, what is another's. */
static void rush_rotate(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;
	const size_t e = ring_of(x->k, ring_degree(x->n))->bytes;

	for (size_t k = 0; k < count; k++) {
		const slice b = held[k].body;
		if (!is_opening(&held[k]) || b.n < 2 * e) continue;
		uint8_t *p = memcpy(sim_bytes(s, b.n), b.p + e, b.n - e);
		memcpy(p + b.n - e, b.p, e);
		held[k].body.p = p;
	}
}

/* One element more or less, to every other party; nothing to the rest. */
static void rush_miscount(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;
	const size_t e = ring_of(x->k, ring_degree(x->n))->bytes;

	for (size_t k = 0; k < count; k++) {
		if (!is_opening(&held[k])) continue;
		const size_t n = held[k].body.n;
		if (held[k].to % 2) held[k].to = 0;
		else held[k].body = slice_of(memset(sim_bytes(s, n + e), 1, n + e), x->variant || !n ? n + e : n - e);
	}
}

const lie OPEN_LIES[12] = {
	{ .name = "add one", .rush = rush_adds_one, .table = &WATCHED },
	{ .name = "send zero", .rush = rush_sends_zero, .table = &WATCHED },
	{ .name = "highest bit", .rush = rush_high_bit, .table = &WATCHED },
	{ .name = "a bit plane each", .rush = rush_bit_planes, .table = &WATCHED },
	{ .name = "send random elements", .rush = rush_sends_random, .table = &WATCHED },
	{ .name = "lie to one", .rush = rush_lies_to_one, .table = &WATCHED },
	{ .name = "lie in one value", .rush = rush_lies_in_one, .table = &WATCHED, .variants = 3 },
	{ .name = "another polynomial", .rush = rush_other_polynomial, .table = &WATCHED },
	{ .name = "a codeword of low weight (T-MISCORRECT)", .rush = rush_low_weight, .table = &WATCHED, .variants = 2 },
	{ .name = "the next share", .rush = rush_rotate, .table = &WATCHED },
	{ .name = "too many or too few", .rush = rush_miscount, .table = &WATCHED, .variants = 2 },
	{ .name = "silent", .silent = true },
};
