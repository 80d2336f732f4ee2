/* SPDX-License-Identifier: MIT */
/* tests/mpc/theorem.c -- trials, sweeps over faults, and tables of lies. */
#include "tests/mpc/theorem.h"
#include <stdio.h>
#include <stdlib.h>

const sizes SIZES[5] = { { 4, 1 }, { 5, 1 }, { 7, 2 }, { 10, 3 }, { 13, 4 } };

party_set last_parties(unsigned n, unsigned count) { return parties_all(n) & ~parties_all(n - count); }

party_set random_parties(unsigned n, unsigned count)
{
	party_set w = 0;

	while (size_of_set(w) < count) add_to(&w, (party)(1 + test_below(n)));
	return w;
}

gr random_element(unsigned n, unsigned k) { return gr_random(ring_of(k, ring_degree(n)), test_rng()); }

size_t bcast_bytes(unsigned n, unsigned t, party i, size_t m)
{
	const size_t header = ENVELOPE_HEADER + BCAST_HEADER, digest = sizeof(hash32);
	const size_t echo = m <= BCAST_SHORT ? BCAST_LENGTH + m : digest;
	const size_t reigns = (i > 1 && i <= t + 1 ? 1u : 0u) + (i <= t ? 1u : 0u);      /* phases in which P_i is a king */

	/* The message; the first echo; an echo in each other phase; a proposal in each; what a king says. */
	return (n - 1) * (ENVELOPE_HEADER + m + (header + n * echo) + (t - 1 + t + reigns) * (header + n * digest));
}

/* ---- one trial --------------------------------------------------------------------------------------------------- */

static void print_trial(const trial *x, const char *what)
{
	print_error("%s, n=%u t=%u k=%u corrupt=%llx seed=%llu, %s (variant %u): %s\n", x->of->name, x->n, x->t, x->k,
	            (unsigned long long)x->corrupt, (unsigned long long)x->seed, x->name ? x->name : "faults", x->variant, what);
	for (size_t i = 0; i < x->fault_count; i++) {
		const fault *f = &x->faults[i];
		print_error("   %s from=%u to=%u rounds %llu to %llu, where=%u\n", fault_name(f->kind), f->from, f->to,
		            (unsigned long long)f->first, (unsigned long long)f->last, f->where);
	}
	for (party i = 1; i <= x->n; i++) {
		const sim_party *p = &x->p[i];
		print_error("   P%u: %s %s, corrupt=%llx suspects=%llx rounds=%llu\n", i, p->result == OK ? "ok" : err_name(p->result),
		            p->text, (unsigned long long)p->corrupt, (unsigned long long)p->suspects, (unsigned long long)p->rounds);
	}
}

const char *trial_run(trial *x)
{
	sim *s = NULL;
	faults *tap = calloc(1, sizeof *tap);
	const session_id sid = x->of->sid ? x->of->sid(x) : sim_sid(1 + x->seed);

	if (!x->k) x->k = 64;
	assert_ok(sim_new(&s, &(sim_setup){ .n = x->n, .t = x->t, .k = x->k, .corrupt = x->corrupt, .seed = x->seed }));
	assert_non_null(tap);
	x->sim = s;
	tap->f = x->faults, tap->n = x->fault_count;
	if (x->fault_count) sim_set_tap(s, faults_tap, tap);
	if (x->rush) sim_set_rush(s, x->rush, x);
	x->p = calloc(x->n + 1u, sizeof *x->p);
	assert_non_null(x->p);
	for (party i = 1; i <= x->n; i++) {
		const bool liar = has(x->corrupt, i);
		x->io[i] = calloc(1, x->of->io);
		x->of->input(x, i, x->io[i]);
		x->p[i] = (sim_party){
			.run = liar && x->silent ? NULL : liar && x->liar ? x->liar : x->of->run, .arg = x->io[i],
			.p = liar ? x->table : NULL, .prss = x->of->prss ? x->of->prss[i] : NULL,
		};
	}
	sim_run(s, x->p, &sid);
	x->digest = sim_transcript_digest(s);
	sim_free(&s);
	x->sim = NULL;
	free(tap);

	const char *complaint = sim_complaint(x->n, x->corrupt, x->p);
	if (complaint) return complaint;
	if (x->p[first_of(honest(x))].rounds > x->of->most_rounds(x->n, x->t)) return "it took too many rounds";
	return x->of->violated(x);
}

void trial_end(trial *x)
{
	for (party i = 1; i <= x->n; i++) {
		free(x->io[i]);
		x->io[i] = NULL;
	}
	free(x->p);
	x->p = NULL;
}

void trial_must_hold_keep(trial *x)
{
	const char *what = trial_run(x);

	if (what) print_trial(x, what);
	assert_null(what);
}

void trial_must_hold(trial *x)
{
	trial_must_hold_keep(x);
	trial_end(x);
}

/* ---- lies that suit every protocol ------------------------------------------------------------------------------- */

static bool now_and_then(sim *s, unsigned one_in)
{
	uint8_t dice;

	rng_fill(sim_rng(s), &dice, 1);
	return dice % one_in == 0;
}

/* Some words of some messages are random. */
static void rush_scramble(void *x, sim *s, envelope *held, size_t count)
{
	(void)x;
	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		if (!e->body.n || !now_and_then(s, 3)) continue;
		uint8_t *p = memcpy(sim_bytes(s, e->body.n), e->body.p, e->body.n);
		for (size_t i = 0; i + 8 <= e->body.n; i += 8) if (now_and_then(s, 4)) rng_fill(sim_rng(s), p + i, 8);
		e->body.p = p;
	}
}

/* To each party, now and then, what was meant for another. */
static void rush_shuffle(void *x, sim *s, envelope *held, size_t count)
{
	(void)x;
	for (size_t k = 1; k < count; k++) if (held[k].round == held[k - 1].round && now_and_then(s, 2)) held[k].body = held[k - 1].body;
}

/* To each honest party what it has just said itself, as far as it said it to a liar. */
static void rush_mirror(void *ctx, sim *s, envelope *held, size_t count)
{
	(void)ctx;
	for (size_t k = 0; k < count; k++) {
		const envelope *said = sim_seen(s, held[k].to, held[k].from, held[k].round, MSG_ROUND);
		if (said) held[k].body = said->body;
	}
}

/* Nothing but zeros, of the right length, in some rounds. */
static void rush_zeros(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;

	for (size_t k = 0; k < count; k++)
		if (held[k].body.n && (held[k].round + x->variant) % 2)
			held[k].body.p = memset(sim_bytes(s, held[k].body.n), 0, held[k].body.n);
}

/* Silent towards some, or from some round on. */
static void rush_fade(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;

	(void)s;
	for (size_t k = 0; k < count; k++)
		if (x->variant % 2 ? held[k].to % 2 : held[k].round > 1 + x->variant) held[k].to = 0;
}

const lie GENERIC_LIES[6] = {
	{ .name = "scramble", .rush = rush_scramble, .variants = 3 },
	{ .name = "shuffle", .rush = rush_shuffle, .variants = 2 },
	{ .name = "mirror", .rush = rush_mirror },
	{ .name = "zeros", .rush = rush_zeros, .variants = 2 },
	{ .name = "fade", .rush = rush_fade, .variants = 6 },
	{ .name = "silent", .silent = true },
};

/* ---- sweeps ------------------------------------------------------------------------------------------------------ */

static void try_faults(const theorem *of, sizes c, const fault *f, size_t count)
{
	static uint64_t seed;
	trial x = { .of = of, .n = c.n, .t = c.t, .seed = ++seed, .faults = f, .fault_count = count };

	for (size_t i = 0; i < count; i++) add_to(&x.corrupt, f[i].from);
	trial_must_hold(&x);
}

static fault random_fault(sizes c, uint64_t rounds)
{
	fault f = {
		.kind = (fault_kind)test_below(FAULT_KINDS), .from = (party)(1 + test_below(c.n)),
		.to = (party)(test_below(2) ? 1 + test_below(c.n) : 0), .where = (unsigned)test_below(9),
	};

	f.first = 1 + test_below(rounds);
	f.last = test_below(4) ? f.first : f.first + test_below(rounds);
	return f;
}

void sweep(const theorem *of, sizes c, unsigned most, unsigned pairs)
{
	const uint64_t rounds = of->most_rounds(c.n, c.t);
	const uint64_t all = FAULT_KINDS * c.n * (c.n + 1) * (rounds + 1);

	if (test_is_long()) most *= 20, pairs *= 20;
	if (test_is_short()) most = (most + 9) / 10, pairs = (pairs + 9) / 10;
	try_faults(of, c, NULL, 0);
	for (uint64_t i = 0; i < (all < most ? all : most); i++) {
		const uint64_t which = all <= most ? i : test_below(all);
		const uint64_t round = which / FAULT_KINDS / c.n / (c.n + 1);
		const fault f = {
			.kind = (fault_kind)(which % FAULT_KINDS), .from = (party)(1 + which / FAULT_KINDS % c.n),
			.to = (party)(which / FAULT_KINDS / c.n % (c.n + 1)), .first = round, .last = round, .where = (unsigned)(i % 9),
		};
		if (f.from != f.to) try_faults(of, c, &f, 1);
	}
	for (unsigned i = 0; i < pairs; i++) {
		fault f[] = { random_fault(c, rounds), random_fault(c, rounds) };
		if (c.t == 1) f[1].from = f[0].from;
		try_faults(of, c, f, 2);
	}
}

static void try_lie(const theorem *of, const lie *l, sizes c, unsigned variant, party_set corrupt)
{
	static uint64_t seed = 1000000;
	trial x = {
		.of = of, .n = c.n, .t = c.t, .seed = ++seed, .name = l->name, .rush = l->rush, .table = l->table, .liar = l->liar,
		.silent = l->silent, .variant = variant, .corrupt = corrupt,
	};
	trial_must_hold(&x);
}

void try_lies(const theorem *of, const lie *lies, size_t count, unsigned most_n)
{
	for (size_t i = 0; i < COUNT(SIZES) && SIZES[i].n <= most_n; i++)
		for (const lie *l = lies; l < lies + count; l++) {
			const sizes c = SIZES[i];
			const unsigned variants = l->variants ? l->variants : 1;
			if ((c.n >= 10 && !test_is_long()) || (c.n >= 5 && test_is_short())) {
				try_lie(of, l, c, (unsigned)test_below(variants), random_parties(c.n, c.t));
				continue;
			}
			for (unsigned v = 0; v < variants; v++) {
				try_lie(of, l, c, v, random_parties(c.n, 1));
				try_lie(of, l, c, v, parties_all(c.t));
				try_lie(of, l, c, v, last_parties(c.n, c.t));
				try_lie(of, l, c, v, random_parties(c.n, c.t));
			}
		}
}
