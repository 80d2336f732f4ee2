/* SPDX-License-Identifier: MIT */
/*
 * Liars in both sets, who know the protocol: the honest end with right shares, and say of whom it can be said who it was.
 *
 * A liar tells one lie at each place where it says something; trials go through these one by one, and through random choices.
 */
#include "tests/mpc/reshare_world.h"

enum { N = 5 };

/* ---- what may be lied about ------------------------------------------------------------------------------------------ */

/* Masks told to the old set. */
enum { MASK_RIGHT, MASK_GARBAGE, MASK_CODEWORD, MASK_TO_ONE, MASK_SILENT, MASK_SHORT, MASK_LONG, MASKS };
/* Shares behind masks, given to the new set. */
enum { GIVE_RIGHT, GIVE_OFFSET, GIVE_HIGH_BIT, GIVE_CODEWORD, GIVE_GARBAGE, GIVE_SILENT, GIVE_SHORT, GIVE_HALVES, GIVE_TO_FEW,
       GIVE_TO_ALL_BUT_ONE, GIVINGS };
/* Votes on what came. */
enum { VOTE_RIGHT, VOTE_GARBAGE, VOTE_NOTHING, VOTE_LACKS_T, VOTE_SHORT, VOTE_NOBODY, VOTE_SILENT, VOTES };
/* What others lack, passed on. */
enum { PASS_RIGHT, PASS_GARBAGE, PASS_SHORT, PASS_SILENT, PASSINGS };
/* Shares of the differences. */
enum { OPEN_RIGHT, OPEN_OFFSET, OPEN_GARBAGE, OPEN_SILENT, OPENINGS };

typedef struct lies { unsigned mask, give, vote, pass, open; } lies;
static lies now;
static const trial *running;

static const ring *R(void) { return ring_of(128, WORLD_D); }
static size_t bytes(void) { return N * R()->bytes; }
static party nth_honest_new(party i) { return (party)size_of_set(honest(running) & world_new() & parties_all(i)); }

/* ---- on the wire ------------------------------------------------------------------------------------------------------ */

/* To an element of a liar, what vanishes at t of the honest. */
static void add_codeword(uint8_t *element, gr at, party_set zeros, unsigned t)
{
	gr error = GR_ONE;

	FOR_EACH_IN(j, zeros) {
		if (!t--) break;
		error = gr_mul(R(), error, gr_sub(R(), at, gr_point(j)));
	}
	gr_write(R(), element, gr_add(R(), gr_read(R(), element), gr_scale(R(), 6, error)));
}

static party old_number_of(party at)
{
	for (party j = 1; j <= world()->n1; j++) if (world()->at[j] == at) return j;
	return 0;
}

static void lie_in_mask(sim *s, envelope *e, uint8_t *p)
{
	const party_set good = world_new() & honest(running);
	const bool victim = e->to == first_of(honest(running) & world_old());

	if (now.mask == MASK_GARBAGE || (now.mask == MASK_TO_ONE && victim)) rng_fill(sim_rng(s), p, e->body.n);
	if (now.mask == MASK_CODEWORD) add_codeword(p, gr_point(e->from), good, world()->t2);
	if (now.mask == MASK_SILENT) e->to = 0;
	if (now.mask == MASK_SHORT) e->body.n -= 16;
	if (now.mask == MASK_LONG) e->body = slice_of(sim_bytes(s, 2 * e->body.n), 2 * e->body.n);
}

static void lie_in_gift(envelope *e, uint8_t *p)
{
	const party j = old_number_of(e->from);
	const unsigned nth = nth_honest_new(e->to);
	party_set good = 0;

	for (party k = 1; k <= world()->n1; k++) if (has(honest(running), world()->at[k])) add_to(&good, k);
	if (now.give == GIVE_OFFSET) p[R()->bytes] += 1;
	if (now.give == GIVE_HIGH_BIT) p[e->body.n - 1] ^= 0x80;
	if (now.give == GIVE_CODEWORD) add_codeword(p, gr_point(j), good, world()->t1);
	if (now.give == GIVE_GARBAGE) memset(p, 0x5a + e->from, e->body.n);
	if (now.give == GIVE_HALVES && nth % 2) p[0] ^= 1;
	if (now.give == GIVE_SILENT) e->to = 0;
	if (now.give == GIVE_SHORT) e->body.n--;
	if (now.give == GIVE_TO_FEW && nth > world()->t2 + 1) e->to = 0;
	if (now.give == GIVE_TO_ALL_BUT_ONE && nth == 1) e->to = 0;
}

static void lie_in_round(sim *s, envelope *e, uint8_t *p)        /* of the session: passing on, and openings */
{
	if (e->body.n % bytes() || now.pass == PASS_RIGHT) return;
	if (now.pass == PASS_GARBAGE) rng_fill(sim_rng(s), p, e->body.n);
	if (now.pass == PASS_SHORT) e->body.n -= 16;
	if (now.pass == PASS_SILENT) e->to = 0;
}

static void rush(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;
	const session_id route = world_route(), own = world_session(x);

	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		if (!e->body.n || e->type != MSG_ROUND) continue;
		uint8_t *p = memcpy(sim_bytes(s, e->body.n), e->body.p, e->body.n);
		e->body.p = p;
		if (sid_eq_var(&e->sid, &route) && e->round == 1) lie_in_mask(s, e, p);
		else if (sid_eq_var(&e->sid, &route)) lie_in_gift(e, p);
		else if (sid_eq_var(&e->sid, &own) && e->round == 3 + bcast_rounds(world()->t2)) lie_in_round(s, e, p);
	}
}

/* ---- by tables -------------------------------------------------------------------------------------------------------- */

static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	uint8_t *p;
	uint64_t on;

	TRY(arena_new(&s->arena, &p, mine.n));
	memcpy(p, mine.p, mine.n);
	on = load64(p);
	if (now.vote == VOTE_GARBAGE) rng_fill(s->random, p + 8, mine.n - 8), on = parties_all(world()->n1);
	if (now.vote == VOTE_NOTHING) on = 0;
	if (now.vote == VOTE_LACKS_T) on &= ~parties_all(world()->t1);
	if (now.vote == VOTE_NOBODY) on |= 1;
	store64(p, on);
	if (now.vote == VOTE_SHORT) mine.n--;
	if (now.vote == VOTE_SILENT) mine.n = 0;
	return bcast(s, slice_of(p, mine.n), most, all);
}

static err lying_open(session *s, gr *value, bool *opened, const share *x, const party_set *to, size_t m, unsigned D)
{
	share *y;

	TRY(arena_new(&s->arena, &y, m));
	for (size_t i = 0; i < m; i++) {
		y[i] = x[i];
		if (now.open == OPEN_OFFSET) y[i].v.c[1] += (u128)1 << 127;
		if (now.open == OPEN_GARBAGE) y[i].v = gr_random(s->R, s->random);
	}
	return open_sync(s, value, opened, y, to, now.open == OPEN_SILENT ? 1 : m, D);
}
static const protocols LYING = { .bcast = lying_bcast, .vss = vss, .open = lying_open };

/* ---- trials ------------------------------------------------------------------------------------------------------------ */

/* Of the liars in the old set, those who then must have failed; the others must not. */
typedef enum fate { FAILS, PASSES, EITHER } fate;

static fate fate_of_gift(void)
{
	switch (now.give) {
	case GIVE_RIGHT: case GIVE_TO_FEW: case GIVE_TO_ALL_BUT_ONE: return PASSES;
	case GIVE_HALVES: return EITHER;             /* one of the two may be right, and in the majority */
	default: return FAILS;
	}
}

/* Of the liars in the new set, whether their votes tell on them. */
static fate fate_of_vote(void)
{
	switch (now.vote) {
	case VOTE_GARBAGE: case VOTE_NOTHING: case VOTE_SHORT: case VOTE_NOBODY: case VOTE_SILENT: return FAILS;
	default: return PASSES;
	}
}

static party_set old_numbers(party_set at)
{
	party_set out = 0;

	for (party j = 1; j <= world()->n1; j++) if (has(at, world()->at[j])) add_to(&out, j);
	return out;
}

static void lie_so(party_set corrupt, bool judge)
{
	trial x = world_trial(corrupt);

	running = &x;
	x.rush = rush, x.table = &LYING, x.name = "a lie at each place";
	x.variant = now.mask * 10000 + now.give * 1000 + now.vote * 100 + now.pass * 10 + now.open;
	trial_must_hold_keep(&x);
	const reshare_io *io = x.io[first_of(world_new() & ~corrupt)];
	const party_set old = old_numbers(corrupt);
	if (judge && fate_of_gift() != EITHER && fate_of_vote() == PASSES)
		assert_int_equal(io->failed, fate_of_gift() == FAILS ? old : 0);
	if (judge && fate_of_gift() == FAILS) assert_int_equal(io->corrupt & world_old(), world_numbers_of(old) & world_new());
	if (judge && fate_of_vote() == FAILS && fate_of_gift() == PASSES) assert_int_equal(io->corrupt, corrupt & world_new());
	if (judge && fate_of_vote() == PASSES && fate_of_gift() == PASSES) assert_int_equal(io->corrupt, 0);
	trial_end(&x);
	running = NULL;
}

/* So many of each set that are only there, and so many of both, but no more than may be corrupt in either. */
static party_set some_liars(void)
{
	party_set out = 0;

	for (unsigned tries = 0; tries < 200; tries++) {
		const party i = (party)(1 + test_below(world_parties()));
		const party_set more = out | (party_set)1 << i;
		if (size_of_set(more & world_new()) <= world()->t2 && size_of_set(more & world_old()) <= world()->t1) out = more;
	}
	return out;
}

static void choose_world(unsigned i)
{
	switch (i) {
	case 0: world_same(4, 1, N); return;
	case 1: world_same(7, 2, N); return;
	case 2: world_two(4, 1, 4, 1, 0, N); return;
	case 3: world_two(4, 1, 7, 2, 3, N); return;
	case 4: world_two(7, 2, 4, 1, 2, N); return;
	default: world_same(13, 4, N); return;
	}
}
enum { WORLDS = 6, SMALL_WORLDS = 5 };

/* Each lie by itself in all small worlds, and in the large one. */
static void tell_alone(unsigned *place, unsigned kinds)
{
	for (unsigned w = 0; w < WORLDS; w++) for (unsigned k = 0; k < kinds; k++) {
		if (w == SMALL_WORLDS && test_is_short() && k % 3) continue;
		choose_world(w);
		now = (lies){ 0 };
		*place = k;
		lie_so(some_liars(), true);
	}
	now = (lies){ 0 };
}

static void wrong_masks_change_no_share(void **state)
{
	(void)state;
	tell_alone(&now.mask, MASKS);
}

static void who_gives_a_wrong_share_is_known_to_all_of_the_new_set(void **state)
{
	(void)state;
	tell_alone(&now.give, GIVINGS);
}

static void whose_votes_cannot_be_honest_is_accused(void **state)
{
	(void)state;
	tell_alone(&now.vote, VOTES);
}

static void wrong_shares_of_differences_are_corrected(void **state)
{
	(void)state;
	tell_alone(&now.open, OPENINGS);
}

/* A giver who leaves honest parties out, and liars among those who should pass it on: a lie in the old set brings the round
 * about, the liars of the new set answer wrongly. */
static void who_was_left_out_gets_the_value_whoever_lies_to_it(void **state)
{
	(void)state;
	for (unsigned w = 0; w < WORLDS; w++) for (unsigned pass = 0; pass < PASSINGS; pass++) for (unsigned g = 0; g < 3; g++) {
		if (w == SMALL_WORLDS && (pass + g) % 3) continue;
		choose_world(w);
		now = (lies){ .give = GIVE_HALVES + g, .pass = pass };
		lie_so(some_liars(), false);
	}
	now = (lies){ 0 };
}

/* If not all that may fail lie, an honest one has no share. */
static void let_one_lack(party_set liars)
{
	const party_set able = world_old() & world_new() & ~liars;

	if (size_of_set(liars & world_old()) < world()->t1 && able) world_lacking(old_numbers((party_set)1 << first_of(able)));
}

static void liars_of_all_kinds_at_once_change_no_share(void **state)
{
	const unsigned trials = test_is_long() ? 4000 : test_is_short() ? 40 : 250;

	(void)state;
	for (unsigned i = 0; i < trials; i++) {
		choose_world(i % 25 ? i % SMALL_WORLDS : SMALL_WORLDS);
		now = (lies){ (unsigned)test_below(MASKS), (unsigned)test_below(GIVINGS), (unsigned)test_below(VOTES),
		              (unsigned)test_below(PASSINGS), (unsigned)test_below(OPENINGS) };
		party_set liars = some_liars();
		if (i % 2) {
			take_from(&liars, first_of(liars));
			let_one_lack(liars);
		}
		lie_so(liars, false);
	}
	now = (lies){ 0 };
}

/* ---- liars who do not know it ------------------------------------------------------------------------------------------ */

static void liars_who_know_nothing_of_it_change_no_share(void **state)
{
	(void)state;
	for (size_t l = 0; l < COUNT(GENERIC_LIES); l++) for (unsigned w = 0; w < WORLDS; w++) {
		const lie *of = &GENERIC_LIES[l];
		for (unsigned v = 0; v < (of->variants ? of->variants : 1); v++) {
			if (w == SMALL_WORLDS && v) continue;
			choose_world(w);
			trial x = world_trial(some_liars());
			x.rush = of->rush, x.silent = of->silent, x.name = of->name, x.variant = v;
			trial_must_hold(&x);
		}
	}
}

static void faults_of_the_network_change_no_share(void **state)
{
	const unsigned runs = test_is_long() ? 4000 : test_is_short() ? 40 : 300;

	(void)state;
	for (unsigned i = 0; i < runs; i++) {
		choose_world(i % SMALL_WORLDS);
		const uint64_t rounds = reshare_rounds(world(), N) + 1;
		fault f[] = { { 0 }, { 0 } };
		trial x = world_trial(some_liars());
		for (unsigned k = 0; k < COUNT(f); k++) {
			const party liar = (party)(1 + test_below(x.n));
			f[k] = (fault){
				.kind = (fault_kind)test_below(FAULT_KINDS), .from = has(x.corrupt, liar) ? liar : first_of(x.corrupt),
				.to = (party)test_below(x.n + 1), .first = 1 + test_below(rounds), .where = (unsigned)test_below(9),
			};
			f[k].last = test_below(4) ? f[k].first : f[k].first + test_below(rounds);
		}
		x.faults = f, x.fault_count = COUNT(f);
		trial_must_hold(&x);
	}
}

/* As a node does it: hello, keys, resharing, done.  The liars say nothing at all, or from some round on. */
static void a_new_epoch_begins_with_nothing_and_ends_with_everything(void **state)
{
	(void)state;
	world_from_nothing(true);
	for (unsigned w = 0; w < SMALL_WORLDS; w++) for (unsigned how = 0; how < 4; how++) {
		fault f = { FAULT_DROP, .first = how == 3 ? 20 : 1, .last = 1000 };
		choose_world(w);
		trial x = world_trial(how ? some_liars() : 0);
		x.silent = how == 1;
		f.from = first_of(x.corrupt);
		if (how > 1) x.faults = &f, x.fault_count = 1;
		trial_must_hold(&x);
	}
	world_from_nothing(false);
}

/* ---- what cannot be mended ----------------------------------------------------------------------------------------------- */

static const char *anything(const trial *x) { return (void)x, NULL; }

/* More than t1 of the old set silent: the new set says so, and puts nothing out. */
static void without_enough_of_the_old_set_nothing_is_put_out(void **state)
{
	theorem loose = RESHARING;

	(void)state;
	loose.violated = anything;
	world_two(4, 1, 4, 1, 0, N);
	trial x = world_trial(1 << 5 | 1 << 6);
	x.of = &loose, x.silent = true;
	assert_string_equal(trial_run(&x), "an honest party failed");
	for (party i = 1; i <= 4; i++) {
		assert_int_equal(x.p[i].result, ERR_STATE);
		assert_false(((reshare_io *)x.io[i])->ended);
		for (size_t l = 0; l < N; l++) assert_true(gr_eq_var(world_new_share(i, l).v, GR_ZERO));
	}
	trial_end(&x);
}

/* More than t2 of the new set silent: who leaves waits its time, and gives nothing away. */
static void without_enough_of_the_new_set_nothing_is_given(void **state)
{
	theorem loose = RESHARING;

	(void)state;
	loose.violated = anything;
	world_two(4, 1, 4, 1, 0, N);
	trial x = world_trial(parties_all(2));
	x.of = &loose, x.silent = true;
	assert_string_equal(trial_run(&x), "an honest party failed");
	for (party j = 5; j <= 8; j++) assert_int_equal(x.p[j].result, ERR_STATE);
	trial_end(&x);
}

TESTS(
	TEST(wrong_masks_change_no_share),
	TEST(who_gives_a_wrong_share_is_known_to_all_of_the_new_set),
	TEST(whose_votes_cannot_be_honest_is_accused),
	TEST(wrong_shares_of_differences_are_corrected),
	TEST(who_was_left_out_gets_the_value_whoever_lies_to_it),
	TEST(liars_of_all_kinds_at_once_change_no_share),
	TEST(liars_who_know_nothing_of_it_change_no_share),
	TEST(faults_of_the_network_change_no_share),
	TEST(a_new_epoch_begins_with_nothing_and_ends_with_everything),
	TEST(without_enough_of_the_old_set_nothing_is_put_out),
	TEST(without_enough_of_the_new_set_nothing_is_given)
)
