/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/joint_liars_test.c -- t liars in every phase of preprocessing and key generation: the honest end with one key, right
 * in every bit and row, each sample used once and no input of a PRF twice; and nobody honest is accused or suspected.
 *
 * Phases are known by the sub-session and the round of a message (mpc/key_preproc.h, mpc/joint_keygen.h).
 */
#include "tests/mpc/key_oracle.h"
#include "tests/mpc/theorem.h"

/* Some rows of every kind; of a part with products 1, 1 + 1 or 2 + 2 slabs in two lanes, each of a product and a linear row. */
static const lat_params TINY = {
	.name = "tiny", .n = 1, .k = 1, .N = 256, .lwe_noise = 3, .glwe_noise = 0,
	.pbs = { .base_log = 23, .level = 1 }, .ks = { .base_log = 4, .level = 1 }, .ms = { .kind = MS_DRIFT, .zeros = 5 },
	.pke = { .n = 256, .noise = 1, .cast = { .base_log = 4, .level = 1 } },
	.comp = { .br = { .base_log = 23, .level = 1 }, .pks = { .base_log = 4, .level = 1 }, .k = 4, .N = 1, .noise = 2 },
	.sns = { .k = 1, .N = 256, .noise = 1, .br = { .base_log = 24, .level = 2 }, .ms = { .kind = MS_CENTERED_MEAN } },
	.snscomp = { .pks = { .base_log = 41, .level = 1 }, .k = 2, .N = 1, .noise = 3 },
};
static const work_sizes SMALL_WORK = { .lanes = 2, .chunk = 200, .batch = 512, .slab = 128 };
enum { FIRST_LANES = 1 + 1 + 1 + 2 };        /* slabs with products of the first lanes */

/* ---- what liars do ------------------------------------------------------------------------------------------------- */

typedef enum phase {
	BITS_IN_HASTE,                       /* the first words of random bits                               */
	BITS_VOTES,                          /* what is said of them, and the broadcasts that follow          */
	SEED,
	LINEAR,                              /* words of degree t: parts without products                     */
	PRODUCTS,                            /* words of degree 2t                                            */
	PRODUCTS_OFTEN,                      /* in every part and lane; by triples, everything after them too */
	PRODUCT_VOTES,                       /* what is said of them                                          */
	FACTORS,                             /* after a lie in haste: what is opened by triples               */
	PHASES
} phase;
static const char *const PHASE[PHASES] = { "bits", "votes on bits", "seed", "linear words", "products", "all products",
	"votes on products", "factors" };

enum { ONE_BIT, TO_ONE, CODEWORD, GARBAGE, ZEROS, NOTHING, SHORT, LONG, ECHO, WAYS };
static const char *const WAY[WAYS] = { "one bit", "to one", "codeword", "garbage", "zeros", "nothing", "short", "long", "echo" };

typedef struct scene { phase phase; unsigned way; } scene;
static scene now;
static unsigned hits;                /* messages that were changed */

static bool is_generation(const play *x) { return x->variant == 2; }

/* The part of the key to which a sub-session of the generation belongs. */
static key_part part_of(const play *x, unsigned number) { return (key_part)((number - 1) / x->w->size.lanes); }

static bool in_phase(const play *x, const envelope *e)
{
	const unsigned lanes = x->w->size.lanes, number = play_part_of(x, e, 2 * lanes + 1 + KEY_PARTS * lanes);
	const uint64_t votes = bcast_rounds(x->w->t);

	if (!is_generation(x)) {
		if (now.phase == BITS_IN_HASTE) return e->round == 1;
		return now.phase == BITS_VOTES && e->round > 1;
	}
	if (now.phase == SEED) return number == 0;
	if (number == 0 || number == NO_PART) return false;
	const bool product = part_shape_of(x->w->params, part_of(x, number)).kind == KIND_BSK, first = (number - 1) % lanes == 0;
	if (now.phase == LINEAR) return !product;
	if (now.phase == PRODUCTS) return product && first && e->round == 1;
	if (now.phase == PRODUCTS_OFTEN) return product;
	if (now.phase == PRODUCT_VOTES) return product && e->round > 1 && e->round <= 1 + votes;
	/* A slab of some words and a product: haste and votes, a broadcast of triples, factors, bodies. */
	return now.phase == FACTORS && product && (e->round == 1 || e->round > 1 + 2 * votes);
}

/* An error of all liars that vanishes at 2t of the honest: one word of the message is moved to another codeword. */
static void add_codeword(const play *x, party liar, const ring *R, uint8_t *at)
{
	party_set zero = honest_of(x);
	gr error = GR_ONE;

	while (size_of_set(zero) > 2 * x->w->t) take_from(&zero, first_of(zero));
	FOR_EACH_IN(j, zero) error = gr_mul(R, error, gr_sub(R, gr_point(liar), gr_point(j)));
	gr_write(R, at, gr_add(R, gr_read(R, at), gr_scale(R, 6, error)));
}

/* What an honest party said last to a liar, of this length: in this round, or in one before. */
static const envelope *seen(const sim *s, const envelope *mine)
{
	for (size_t i = sim_transcript_length(s); i--;) {
		const envelope *e = sim_transcript(s, i);
		if (e->from == mine->to && e->to == mine->from && e->body.n == mine->body.n) return e;
	}
	return NULL;
}

static void rush_in_phase(void *ctx, sim *s, envelope *held, size_t count)
{
	const play *x = ctx;

	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		const ring *R = ring_of(e->body.n % 64 ? 64 : 128, x->w->d);
		const bool victim = e->to == first_of(honest_of(x));
		if (!in_phase(x, e) || !e->body.n) continue;
		uint8_t *p = memcpy(sim_bytes(s, e->body.n + 1), e->body.p, e->body.n);
		const envelope *said = now.way == ECHO ? seen(s, e) : NULL;
		e->body.p = p;
		if (now.way == ECHO && !said) continue;
		hits += now.phase != FACTORS || e->round > 1;
		if (now.way == ONE_BIT || (now.way == TO_ONE && victim)) p[e->body.n / 4] ^= 0x80;
		if (now.way == CODEWORD && e->body.n >= R->bytes) add_codeword(x, e->from, R, p + e->body.n / R->bytes / 4 * R->bytes);
		if (now.way == GARBAGE) rng_fill(sim_rng(s), p, e->body.n);
		if (now.way == ZEROS) memset(p, 0, e->body.n);
		if (now.way == SHORT) e->body.n--;
		if (now.way == LONG) p[e->body.n++] = 7;
		if (said) e->body = said->body;
		if (now.way == NOTHING) e->to = 0;
	}
}

/* ---- what must hold ------------------------------------------------------------------------------------------------ */

/* So many honest parties suspect somebody. */
static unsigned watchful(const play *x)
{
	unsigned count = 0;

	FOR_EACH_IN(i, honest_of(x)) {
		assert_int_equal(x->p[i].suspects & honest_of(x), 0);
		count += x->p[i].suspects != 0;
	}
	return count;
}

static uint64_t session_number = 100;

/* What was made, and in *bits and *made how; both to be ended. */
static void must_hold(world *w, play *bits, play *made)
{
	secret_keys keys;

	*bits = *made;
	bits->session = ++session_number, bits->variant = 1;
	made->session = ++session_number, made->variant = 2;
#ifdef ARCA_CHECKS
	prss_ledger_reset();
#endif
	world_forget(w);
	world_prepare(w, bits);
	world_generate(w, made);
#ifdef ARCA_CHECKS
	assert_int_equal(prss_ledger_reused(), 0);
#endif
	oracle_whole_key(&keys, made);
	secret_keys_free(&keys);
}

static void lie_so(world *w, party_set corrupt, phase ph, unsigned way)
{
	char name[80];
	play bits, made = { .corrupt = corrupt, .rush = rush_in_phase, .name = name };

	now = (scene){ ph, way }, hits = 0;
	snprintf(name, sizeof name, "(%u,%u) %s, %s:", w->n, w->t, PHASE[ph], WAY[way]);
	must_hold(w, &bits, &made);
	/* More parties than 3t + 1 correct what is sent in haste, and need no triples. */
	assert_true(hits > 0 || (ph == FACTORS && w->n > 3 * w->t + 1));
	const unsigned saw = watchful(&bits) + watchful(&made), all = size_of_set(honest_of(&made));
	const party one = first_of(honest_of(&made));
	const uint64_t by_triples = w->m[one].by_triples;
	FOR_EACH_IN(i, honest_of(&made)) assert_int_equal(w->m[i].by_triples, by_triples);
	/* Lies in haste are seen by those who got them; only what is broadcast accuses. */
	const bool message = ph == BITS_IN_HASTE || ph == SEED || ph == LINEAR || ph == PRODUCTS;
	if (message) assert_int_equal(made.p[one].corrupt, 0);
	if (message && ph != BITS_IN_HASTE) assert_int_equal(bits.p[one].corrupt, 0);
	if ((ph == SEED || ph == LINEAR) && way != CODEWORD) assert_int_equal(saw, way == TO_ONE ? 1 : all);
	if (ph == SEED || ph == LINEAR) assert_int_equal(by_triples, 0);
	/* Of n = 3t + 1 no lie about a product is corrected; and a lane that has seen one goes on with care. */
	if (ph == PRODUCTS && way != ECHO && w->n == 3 * w->t + 1) assert_int_equal(by_triples, FIRST_LANES);
	if ((ph == PRODUCTS_OFTEN || ph == FACTORS) && w->n == 3 * w->t + 1) assert_true(by_triples > 0);
	play_end(&bits), play_end(&made);
}

static void t_liars_in_any_phase_change_nothing(unsigned n, unsigned t, unsigned one_in)
{
	world w;

	world_new(&w, &TINY, n, t);
	w.size = SMALL_WORK;
	for (phase ph = 0; ph < PHASES; ph++) for (unsigned way = 0; way < WAYS; way++)
		if ((WAYS * ph + way) % one_in == 0) lie_so(&w, random_parties(n, t), ph, way);
	world_free(&w);
}

static void of_four_parties_one_liar_changes_nothing_in_any_phase(void **state)
{
	(void)state;
	t_liars_in_any_phase_change_nothing(4, 1, test_is_short() ? 5 : 1);
}

static void of_five_parties_one_liar_changes_nothing_in_any_phase(void **state)
{
	(void)state;
	t_liars_in_any_phase_change_nothing(5, 1, test_is_short() ? 17 : 5);
}

static void of_seven_parties_two_liars_change_nothing_in_any_phase(void **state)
{
	(void)state;
	t_liars_in_any_phase_change_nothing(7, 2, test_is_short() ? 25 : test_is_long() ? 1 : 4);
}

static void of_thirteen_parties_four_liars_change_nothing_in_any_phase(void **state)
{
	(void)state;
	if (test_is_short()) skip();
	t_liars_in_any_phase_change_nothing(13, 4, test_is_long() ? 3 : 36);
}

/* ---- liars who know the protocol ----------------------------------------------------------------------------------- */

enum { SAY_BAD, SAY_GOOD, WRONG_WORDS, SHORT_WORDS, WORDS_AND_OUTPUTS, SAYINGS };
static unsigned saying;
static const play *scene_of_bcast;

/* Broadcasts: votes are of one byte; the others are words of bits or of triples, and what a Check asks for. */
static err lying_bcast(session *s, slice mine, size_t most, slice *all)
{
	static const uint8_t BAD = 0, GOOD = 1;
	uint8_t *p;
	const bool words = mine.n > 1 && mine.n % s->R->bytes == 0 && s->round > 1;

	if (mine.n == 1 && saying != SAY_GOOD) mine.p = &BAD;
	if (mine.n == 1 && saying == SAY_GOOD) mine.p = &GOOD;
	TRY(arena_new(&s->arena, &p, mine.n + 1));
	memcpy(p, mine.p, mine.n);
	if (words && (saying == WRONG_WORDS || saying == WORDS_AND_OUTPUTS)) add_codeword(scene_of_bcast, s->me, s->R, p);
	if (words && saying == WORDS_AND_OUTPUTS) for (size_t i = 0; i < mine.n; i += s->R->bytes) p[i] ^= 1;
	if (words && saying == SHORT_WORDS) mine.n--;
	return bcast(s, slice_of(p, mine.n), most, all);
}
static const protocols LYING = { .bcast = lying_bcast, .vss = vss, .open = open_sync };

/* Who broadcasts wrong words, of bits or of triples, is named by all; who only says that something was wrong is not. */
static void whoever_lies_in_public_is_named_and_the_key_is_right(void **state)
{
	static const sizes SOME[] = { { 4, 1 }, { 7, 2 } };

	(void)state;
	for (size_t c = 0; c < (test_is_short() ? 1 : COUNT(SOME)); c++) {
		world w;
		world_new(&w, &TINY, SOME[c].n, SOME[c].t);
		w.size = SMALL_WORK;
		for (saying = 0; saying < SAYINGS; saying++) {
			play bits, made = { .corrupt = random_parties(w.n, w.t), .table = &LYING, .rush = rush_in_phase, .name = "in public" };
			now = (scene){ saying == SAY_GOOD ? PRODUCTS : PHASES, ONE_BIT };
			scene_of_bcast = &made;
			made.w = &w;
			must_hold(&w, &bits, &made);
			const bool named = saying != SAY_BAD && saying != SAY_GOOD;
			FOR_EACH_IN(i, honest_of(&made)) {
				assert_int_equal(bits.p[i].corrupt, named ? made.corrupt : 0);
				assert_int_equal(made.p[i].corrupt, named ? made.corrupt : 0);
				assert_true(w.m[i].by_triples > 0);
			}
			play_end(&bits), play_end(&made);
		}
		world_free(&w);
	}
}

/* The rest is done without them from the beginning: nobody's patience is tried more than once. */
static void silent_parties_are_done_without(void **state)
{
	(void)state;
	for (size_t c = 0; c < (test_is_short() ? 1 : 3); c++) {
		world w;
		play bits, made = { .silent = true, .name = "silent" };
		world_new(&w, &TINY, SIZES[c].n, SIZES[c].t);
		w.size = SMALL_WORK;
		made.corrupt = random_parties(w.n, w.t);
		must_hold(&w, &bits, &made);
		FOR_EACH_IN(i, honest_of(&made)) {
			assert_int_equal(bits.p[i].corrupt, made.corrupt);
			assert_int_equal(made.p[i].corrupt, made.corrupt);
		}
		play_end(&bits), play_end(&made);
		world_free(&w);
	}
}

static sim_rush generic_lie;
static trial generic_trial;
static void rush_generic(void *ctx, sim *s, envelope *held, size_t count)
{
	(void)ctx;
	generic_lie(&generic_trial, s, held, count);
}

/* Liars who know nothing of it, in preprocessing and in generation. */
static void liars_of_every_protocol_spoil_nothing(void **state)
{
	(void)state;
	for (size_t c = 0; c < (test_is_short() ? 1 : 2); c++) {
		world w;
		world_new(&w, &TINY, SIZES[2 * c].n, SIZES[2 * c].t);
		w.size = SMALL_WORK;
		for (size_t l = 0; l < COUNT(GENERIC_LIES); l++) {
			if (GENERIC_LIES[l].silent) continue;
			play bits, made = { .corrupt = random_parties(w.n, w.t), .rush = rush_generic, .name = GENERIC_LIES[l].name };
			generic_trial = (trial){ .n = w.n, .t = w.t, .corrupt = made.corrupt, .variant = (unsigned)test_below(6) };
			generic_lie = GENERIC_LIES[l].rush;
			must_hold(&w, &bits, &made);
			play_end(&bits), play_end(&made);
		}
		world_free(&w);
	}
}

TESTS(TEST(of_four_parties_one_liar_changes_nothing_in_any_phase), TEST(of_five_parties_one_liar_changes_nothing_in_any_phase),
      TEST(of_seven_parties_two_liars_change_nothing_in_any_phase),
      TEST(of_thirteen_parties_four_liars_change_nothing_in_any_phase),
      TEST(whoever_lies_in_public_is_named_and_the_key_is_right), TEST(silent_parties_are_done_without),
      TEST(liars_of_every_protocol_spoil_nothing))
