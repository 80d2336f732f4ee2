/* SPDX-License-Identifier: MIT */
/* tests/mpc/reshare_world.c -- see reshare_world.h. */
#include "tests/mpc/reshare_world.h"
#include "share/shamir.h"

static reshare_sets sets;
static size_t count;
static bool again, from_nothing;
static party_set lacking;
static prss_group group;
static u128 old_words[MAX_PARTIES + 1][WORLD_MOST * WORLD_D], new_words[MAX_PARTIES + 1][WORLD_MOST * WORLD_D];
static gr secret[WORLD_MOST];

static const ring *R(void) { return ring_of(128, WORLD_D); }

/* ---- the sets -------------------------------------------------------------------------------------------------------- */

void world_sets(reshare_sets x, size_t N)
{
	assert_ok(reshare_sets_check(&x));
	assert_true(N <= WORLD_MOST && N <= reshare_most(&x));
	sets = x, count = N, lacking = 0;
	if (group.n == x.n2 && group.t == x.t2) return;
	group_free(&group);
	group_new(&group, x.n2, x.t2, parties_all(x.n2));
}

void world_same(unsigned n, unsigned t, size_t N) { world_sets(reshare_same(n, t), N); }

void world_two(unsigned n1, unsigned t1, unsigned n2, unsigned t2, unsigned both, size_t N)
{
	reshare_sets x = { .n1 = n1, .t1 = t1, .n2 = n2, .t2 = t2 };

	for (party j = 1; j <= n1; j++) x.at[j] = (party)(n2 - both + j);
	world_sets(x, N);
}

void world_lacking(party_set old) { lacking = old; }
void world_from_nothing(bool yes) { from_nothing = yes; }

void world_again(void)
{
	assert_int_equal(sets.n1, sets.n2);
	again = true;
}

const reshare_sets *world(void) { return &sets; }
size_t    world_N(void) { return count; }
party_set world_numbers_of(party_set old)
{
	party_set out = 0;

	FOR_EACH_IN(j, old) add_to(&out, sets.at[j]);
	return out;
}
party_set world_new(void) { return parties_all(sets.n2); }
party_set world_old(void) { return world_numbers_of(parties_all(sets.n1)); }
unsigned  world_parties(void) { return size_of_set(world_old() | world_new()); }

session_id world_session(const trial *x)
{
	const session_id outer = sim_sid(1 + x->seed);
	return sid_sub(&outer, 1);
}

session_id world_route(void)
{
	static const id32 binding = { { 1 } };
	return reshare_route(&binding, 1, 0);
}

/* ---- shares ---------------------------------------------------------------------------------------------------------- */

static share from_words(const u128 *w)
{
	share s = { GR_ZERO };

	memcpy(s.v.c, w, WORLD_D * sizeof *w);
	return s;
}

gr    world_secret(size_t l) { return secret[l]; }
share world_old_share(party j, size_t l) { return from_words(&old_words[j][l * WORLD_D]); }
share world_new_share(party i, size_t l) { return from_words(&new_words[i][l * WORLD_D]); }

static void deal(void)
{
	share out[MAX_PARTIES + 1];

	if (again) {
		memcpy(old_words, new_words, sizeof old_words);
		again = false;
		return;
	}
	for (party i = 1; i <= sets.n2; i++) memset(new_words[i], 0, count * WORLD_D * sizeof(u128));
	for (size_t l = 0; l < count; l++) {
		secret[l] = l % 2 ? gr_random(R(), test_rng()) : gr_scalar(R(), test_below(2));
		shamir_deal(out, R(), sets.n1, sets.t1, secret[l], test_rng());
		for (party j = 1; j <= sets.n1; j++) memcpy(&old_words[j][l * WORLD_D], out[j].v.c, WORLD_D * sizeof(u128));
	}
}

/* ---- what a party does ----------------------------------------------------------------------------------------------- */

static void input(trial *x, party i, void *arg)
{
	(void)arg;
	if (i != 1) return;
	assert_int_equal(x->n, world_parties());
	deal();
#ifdef ARCA_CHECKS
	prss_ledger_reset();
#endif
}

static err use(void *ctx, const session_id *sid) { return (void)ctx, (void)sid, OK; }

static party old_number(party me)
{
	for (party j = 1; j <= sets.n1; j++) if (sets.at[j] == me) return j;
	return 0;
}

static session_plan plan_under(const session *outer, session_id sid)
{
	return (session_plan){
		.sid = sid, .me = outer->me, .n = sets.n2, .t = sets.t2, .k = 128, .round_ms = outer->round_ms,
		.random = outer->random, .in = outer->inbox, .out = outer->out, .p = outer->p,
	};
}

static err reshare_with(session *s, const prss *keys, const reshare_plan *plan, reshare_io *io)
{
	static const sid_record record = { NULL, use };
	err e = session_use_prss(s, keys, &record);

	if (e == OK) e = reshare(s, new_words[s->me], &io->failed, plan);
	io->corrupt = s->corrupt, io->rounds = s->round, io->bytes = s->sent_bytes, io->transcript = s->transcript;
	io->ended = e == OK;
	return e;
}

static err run_member(const session *outer, const reshare_plan *plan, reshare_io *io)
{
	const session_plan open = plan_under(outer, sid_sub(&outer->sid, 1));
	session s;
	err e = session_open(&s, &open);

	if (e == OK) e = reshare_with(&s, group.p[s.me], plan, io);
	session_close(&s);
	return e;
}

/* In the ceremony's session: keys, a part in which they are used, and the end. */
static err run_epoch(session *s, const reshare_plan *plan, reshare_io *io)
{
	const session_id sid = sid_sub(&s->sid, 0);
	AUTO(prss) *keys = NULL;
	uint8_t (*r)[PRSS_KEY];
	session part;

	TRY(arena_new(&s->arena, &r, binomial(s->n - 1, s->t)));
	TRY(prss_setup(s, r));
	TRY(prss_new(&keys, s->n, s->t, WORLD_D, s->me, &ID_DEFAULT_EPOCH, r));
	TRY(session_follow(&part, s, &sid));
	err e = reshare_with(&part, keys, plan, io);
	session_resume(s, &part);
	session_close(&part);
	if (e == OK) e = reshare_done(s, &io->done, &(hash32){ { 1 } });
	return e;
}

static err run_from_nothing(const session *outer, const reshare_plan *plan, reshare_io *io)
{
	ceremony c = { .operation = "reshare", .request = { { 1 } }, .parties = parties_all(sets.n2), .t = sets.t2 };
	const session_plan open = plan_under(outer, sid_hello(&c));
	uint8_t nonce[SID_NONCE];
	session_id sid;
	session h, s = { 0 };
	err e = session_open(&h, &open);

	if (e == OK) e = hello(&h, &sid, nonce, &c);
	if (e == OK) e = session_follow(&s, &h, &sid);
	session_close(&h);
	if (e == OK) e = run_epoch(&s, plan, io);
	session_close(&s);
	return e;
}

err world_run(session *outer, void *arg)
{
	reshare_io *io = arg;
	reshare_plan plan = { .sets = sets, .route = world_route(), .N = count, .as = old_number(outer->me), .lacking = lacking };

	if (has(lacking, plan.as)) plan.as = 0;
	if (plan.as) plan.old = old_words[plan.as];
	if (outer->me <= sets.n2) return (from_nothing ? run_from_nothing : run_member)(outer, &plan, io);
	const reshare_giver g = { outer->me, outer->inbox, outer->out, 100 * outer->round_ms, outer->round_ms };
	TRY(reshare_give(&g, &plan));
	io->ended = true;
	return OK;
}

/* ---- what must hold -------------------------------------------------------------------------------------------------- */

static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, (void)t, 0; }

static const char *violated(const trial *x)
{
	const party_set good = world_new() & ~x->corrupt;
	const reshare_io *first = x->io[first_of(good)];
	share y[MAX_PARTIES + 1];
	gr got;

#ifdef ARCA_CHECKS
	if (prss_ledger_reused()) return "an input of a PRF served twice";
#endif
	FOR_EACH_IN(i, honest(x)) if (!((reshare_io *)x->io[i])->ended) return "an honest party did not end";
	if (world_numbers_of(first->failed & ~lacking) & ~x->corrupt) return "an honest party of the old set is said to have failed";
	if (first->corrupt & ~x->corrupt) return "an honest party is accused";
	FOR_EACH_IN(i, good) {
		const reshare_io *io = x->io[i];
		if (io->failed != first->failed || io->corrupt != first->corrupt || io->rounds != first->rounds ||
		    !hash32_eq_var(io->transcript, first->transcript))
			return "honest parties do not agree";
		if (from_nothing && io->done != (good | (first->done & x->corrupt))) return "not all who are done are said to be";
		if (io->rounds > reshare_rounds(&sets, count) + 1) return "it took too many rounds";
	}
	for (size_t l = 0; l < count; l++) {
		FOR_EACH_IN(i, good) y[i] = world_new_share(i, l);
		if (!sim_reconstruct(&got, R(), y, good, sets.t2)) return "new shares are not on one polynomial of degree t2";
		if (!gr_eq_var(got, secret[l])) return "new shares are of another secret";
	}
	return NULL;
}

const theorem RESHARING = { "resharing", sizeof(reshare_io), input, world_run, most_rounds, violated, NULL, NULL };

trial world_trial(party_set corrupt)
{
	static uint64_t seed;

	return (trial){ .of = &RESHARING, .n = world_parties(), .t = 1, .k = 128, .seed = ++seed, .corrupt = corrupt };
}
