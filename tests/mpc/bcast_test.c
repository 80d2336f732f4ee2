/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: honest parties put out the same for each sender, and for an honest one what it sent.
 *
 * The liars know the format: they tell each party what they like about each message, at the right places of each phase.
 */
#include "tests/mpc/theorem.h"
#include "sym/dsep.h"
#include "sym/sha2.h"

enum { LONGEST = 3000 };

typedef struct io {
	size_t  n;
	uint8_t mine[LONGEST];
	unsigned times;                                  /* so many broadcasts, one after the other; 0: one */
	bool    there[MAX_PARTIES + 1];                  /* of the last */
	hash32  got[MAX_PARTIES + 1];
} io;

static void input(trial *x, party i, void *arg)
{
	static const size_t LENGTHS[] = { 16, BCAST_SHORT, BCAST_SHORT + 1, 0, LONGEST, 100 };
	io *v = arg;

	v->n = LENGTHS[(x->seed + i * (x->seed / 7)) % COUNT(LENGTHS)];
	memset(v->mine, i, sizeof v->mine);
}

static err run(session *s, void *arg)
{
	io *v = arg;
	slice all[MAX_PARTIES + 1];

	for (unsigned k = 0; k < (v->times ? v->times : 1); k++) {
		TRY(s->p->bcast(s, slice_of(v->mine, v->n), LONGEST, all));
		FOR_EACH_PARTY(i, s) {
			v->there[i] = all[i].p;
			v->got[i] = sha256(all[i]);
		}
	}
	return OK;
}

static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, bcast_rounds(t); }

static const char *violated(const trial *x)
{
	const party first = first_of(honest(x));
	const io *f = x->io[first];

	for (party i = 1; i <= x->n; i++) {
		FOR_EACH_IN(j, honest(x)) {
			const io *v = x->io[j];
			if (v->there[i] != f->there[i] || !hash32_eq_var(v->got[i], f->got[i])) return "the honest disagree about a message";
		}
		if (f->there[i] == has(x->p[first].corrupt, i)) return "a sender without a message is not accused, or one with is";
		const io *sender = x->io[i];
		const hash32 sent = sha256(slice_of(sender->mine, sender->n));
		if (has(honest(x), i) && (!f->there[i] || !hash32_eq_var(f->got[i], sent))) return "an honest sender's message is lost";
	}
	return NULL;
}

static const theorem BROADCAST = { "broadcast", sizeof(io), input, run, most_rounds, violated, NULL };

/* ---- liars ------------------------------------------------------------------------------------------------------- */

/* What a liar says about one sender: nothing, none, or the digest of its left or right message (or of one that nobody has). */
typedef enum word { SAY_NOTHING, SAY_NONE, SAY_LEFT, SAY_RIGHT, SAY_FOREIGN, WORDS } word;

/* A corrupt sender has two messages; an honest one's left message is what it sent, to all. */
static slice message(const trial *x, sim *s, party sender, bool right, size_t n)
{
	uint8_t *p = sim_bytes(s, n);

	memset(p, right ? 0xee : sender, n);
	(void)x;
	return slice_of(p, n);
}

static hash32 digest(const session_id *sid, uint32_t number, party sender, slice m)
{
	uint8_t about[5];
	xof h = dsep_begin("BRACHABC");

	store32(about, number);
	about[4] = sender;
	xof_absorb(&h, slice_of(sid->b, SID_BYTES));
	xof_absorb(&h, slice_of(about, sizeof about));
	xof_absorb_u64(&h, m.n);
	xof_absorb(&h, m);
	return xof_squeeze32(&h);
}

/* The opinions of a liar as bytes; full: short messages travel themselves, as in the first echo. */
static slice say(const trial *x, sim *s, const session_id *sid, const word *w, bool full)
{
	uint8_t *p = sim_bytes(s, BCAST_HEADER + x->n * (BCAST_SHORT + BCAST_LENGTH + 32)), *at = p + BCAST_HEADER;
	party_set sets[3] = { 0 };

	for (unsigned pass = 0; pass < 2; pass++)
		for (party i = 1; i <= x->n; i++) {
			if (w[i] == SAY_NOTHING) continue;
			if (w[i] == SAY_NONE) {
				add_to(&sets[1], i);
				continue;
			}
			const slice m = message(x, s, i, w[i] != SAY_LEFT, ((io *)x->io[i])->n);
			const bool whole = full && m.n <= BCAST_SHORT && w[i] != SAY_FOREIGN;
			if (whole != (pass == 1)) continue;
			add_to(&sets[whole ? 2 : 0], i);
			if (whole) {
				*at++ = (uint8_t)m.n, *at++ = (uint8_t)(m.n >> 8);
				memcpy(at, m.p, m.n), at += m.n;
			} else {
				const hash32 h = digest(sid, 1, w[i] == SAY_FOREIGN ? 0 : i, m);
				memcpy(at, h.b, sizeof h.b), at += sizeof h.b;
			}
		}
	for (unsigned i = 0; i < 3; i++) store64(p + 8 * i, sets[i]);
	return slice_of(p, (size_t)(at - p));
}

/* Which word liar `from` tells `to` about `sender` in the round (2 and later); round 1: which message it sends. */
typedef word (*tongue)(const trial *x, sim *s, party from, party to, party sender, uint64_t round);

static void speak(const trial *x, sim *s, envelope *held, size_t count, tongue t)
{
	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		word w[MAX_PARTIES + 1];
		if (e->type != MSG_ROUND) continue;
		if (e->round == 1) {
			const word which = t(x, s, e->from, e->to, e->from, 1);
			if (which == SAY_NOTHING || which == SAY_NONE) e->to = 0;
			else e->body = message(x, s, e->from, which != SAY_LEFT, ((io *)x->io[e->from])->n);
			continue;
		}
		for (party i = 1; i <= x->n; i++) w[i] = t(x, s, e->from, e->to, i, e->round);
		e->body = say(x, s, &e->sid, w, e->round == 2);
	}
}

static bool a_king_speaks(uint64_t round) { return round % 3 == 1; }

/* Left message to `variant` of the honest, the other one to the rest; to each, the liars confirm what it got. */
static word split(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)s, (void)from, (void)round;
	if (!has(x->corrupt, sender)) return SAY_LEFT;
	return size_of_set(honest(x) & parties_all(to)) <= x->variant ? SAY_LEFT : SAY_RIGHT;
}
static void rush_split(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, split); }

/*
 * T-ECHO: the left message goes to one honest party more than needed for nothing; one party gets enough echoes to propose it,
 * another one enough proposals, and so on: each round the liars help a single party, a different one.
 */
static word one_by_one(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	const unsigned rank = size_of_set(honest(x) & parties_all(to));          /* 1, 2, ... among the honest */
	const unsigned holders = x->n - 2 * x->t;

	(void)s, (void)from;
	if (!has(x->corrupt, sender)) return SAY_LEFT;
	if (round == 1) return rank <= holders ? SAY_LEFT : SAY_NOTHING;
	return (rank + x->variant) % (x->n - x->t) == round % (x->n - x->t) ? SAY_LEFT : SAY_NOTHING;
}
static void rush_one_by_one(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, one_by_one); }

/* T-VOTE: in every round the liars propose what nobody sent, for everybody, and as kings command it. */
static word foreign(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)x, (void)s, (void)from, (void)to, (void)sender;
	return round == 1 ? SAY_LEFT : SAY_FOREIGN;
}
static void rush_foreign(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, foreign); }

/* They deny having got anything from anybody, and as kings say the same. */
static word deny(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)x, (void)s, (void)from, (void)to, (void)sender;
	return round == 1 ? SAY_LEFT : SAY_NONE;
}
static void rush_deny(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, deny); }

/* Kings of two minds: honest until then, a corrupt king tells half of the parties left and half none; about itself too. */
static word king_splits(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	if (round == 1 && has(x->corrupt, sender)) return split(x, s, from, to, sender, round);
	if (!a_king_speaks(round)) return split(x, s, from, to, sender, round);
	return (to + x->variant) % 2 ? SAY_LEFT : SAY_NONE;
}
static void rush_king_splits(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, king_splits); }

/* Among parties of two minds, what no honest party holds is confirmed by all liars, first of all by kings. */
static word king_of_nothing(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)s, (void)from, (void)to;
	if (!has(x->corrupt, sender)) return SAY_LEFT;
	if (round > 1) return SAY_FOREIGN;
	return has(honest(x), to) && to % 2 ? SAY_LEFT : SAY_NOTHING;
}
static void rush_king_of_nothing(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, king_of_nothing); }

/* Whatever comes to their minds; the variant says how often what. */
static word at_random(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	uint8_t dice[2];

	(void)from, (void)to, (void)round;
	rng_fill(sim_rng(s), dice, sizeof dice);
	if (!has(x->corrupt, sender) && dice[1] % 4) return SAY_LEFT;
	if (x->variant % 2) return dice[0] % 3 ? SAY_LEFT : SAY_NOTHING;
	return (word)(dice[0] % WORDS);
}
static void rush_at_random(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, at_random); }

/* Long messages go to just so many that they are accepted: the rest must get them from others.  The liars, if asked, lie. */
static word withhold(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)s, (void)from;
	if (round > 1 || !has(x->corrupt, sender)) return SAY_LEFT;
	return size_of_set(honest(x) & parties_all(to)) <= x->n - 2 * x->t ? SAY_LEFT : SAY_NOTHING;
}
static void rush_withhold(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;

	speak(x, s, held, count, withhold);
	for (size_t k = 0; k < count; k++) {
		if (held[k].round != bcast_rounds(x->t) || !held[k].to) continue;
		envelope junk = held[k];
		junk.type = MSG_VALUE;
		junk.body = slice_of(memset(sim_bytes(s, 40), 0x01, 40), 40);
		sim_pass(s, &junk);
	}
}

static const lie LIES[] = {
	{ .name = "split", .rush = rush_split, .variants = 10 },
	{ .name = "one by one (T-ECHO)", .rush = rush_one_by_one, .variants = 4 },
	{ .name = "propose what nobody sent (T-VOTE)", .rush = rush_foreign },
	{ .name = "deny", .rush = rush_deny },
	{ .name = "kings of two minds", .rush = rush_king_splits, .variants = 6 },
	{ .name = "kings of nothing", .rush = rush_king_of_nothing },
	{ .name = "at random", .rush = rush_at_random, .variants = 24 },
	{ .name = "withhold", .rush = rush_withhold },
	{ .name = "silent", .silent = true },
};

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void no_fault_on_the_wire_divides_four_parties(void **state)
{
	(void)state;
	sweep(&BROADCAST, SIZES[0], 2000, 300);
}

static void no_fault_on_the_wire_divides_larger_clusters(void **state)
{
	(void)state;
	for (size_t c = 1; c < COUNT(SIZES); c++) sweep(&BROADCAST, SIZES[c], 150, 100);
}

static void no_liars_divide_the_honest(void **state)
{
	(void)state;
	try_lies(&BROADCAST, LIES, COUNT(LIES), 13);
	try_lies(&BROADCAST, GENERIC_LIES, COUNT(GENERIC_LIES), 13);
}

static void it_always_takes_three_t_plus_one_rounds(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		trial x = { .of = &BROADCAST, .n = SIZES[c].n, .t = SIZES[c].t, .seed = 5 };
		assert_null(trial_run(&x));
		assert_int_equal(x.p[1].rounds, 3 * x.t + 1);
		assert_int_equal(x.p[1].ended_ms, 0);        /* nobody waited for anybody */
		trial_end(&x);

		trial y = { .of = &BROADCAST, .n = SIZES[c].n, .t = SIZES[c].t, .seed = 6, .corrupt = 1 << 1, .silent = true };
		assert_null(trial_run(&y));
		assert_int_equal(y.p[2].rounds, 3 * y.t + 1);
		assert_int_equal(y.p[2].ended_ms, SIM_ROUND_MS);     /* a silent party is waited for once */
		trial_end(&y);

		const fault late = { FAULT_DROP, .from = 2, .first = 2, .last = 100 };
		trial z = { .of = &BROADCAST, .n = SIZES[c].n, .t = SIZES[c].t, .seed = 7, .corrupt = 1 << 2, .faults = &late, .fault_count = 1 };
		assert_null(trial_run(&z));
		assert_int_equal(z.p[1].ended_ms, 2 * SIM_ROUND_MS); /* also if it falls silent in the second round, which ends then */
		trial_end(&z);
	}
}

/* A session of its own for each table of lengths: n messages of so many bytes. */
static size_t same_length;
static void input_same_length(trial *x, party i, void *arg)
{
	(void)x;
	((io *)arg)->n = same_length;
	memset(((io *)arg)->mine, i, same_length);
}

static void bytes_are_what_the_formula_says(void **state)
{
	static const size_t LENGTHS[] = { 0, 32, BCAST_SHORT, BCAST_SHORT + 1, 2000 };
	theorem of = BROADCAST;

	(void)state;
	of.input = input_same_length;
	for (size_t c = 0; c < COUNT(SIZES); c++) for (size_t l = 0; l < COUNT(LENGTHS); l++) {
		trial x = { .of = &of, .n = SIZES[c].n, .t = SIZES[c].t, .seed = l };
		same_length = LENGTHS[l];
		assert_null(trial_run(&x));
		for (party i = 1; i <= x.n; i++) {
			assert_int_equal(x.p[i].bytes, bcast_bytes(x.n, x.t, i, same_length));
			assert_in_range(x.p[i].messages, (x.n - 1) * (1 + 2 * x.t), (x.n - 1) * bcast_rounds(x.t));
		}
		trial_end(&x);
	}
}

static void input_twice(trial *x, party i, void *arg)
{
	input(x, i, arg);
	((io *)arg)->times = 2;
}
static unsigned most_rounds_twice(unsigned n, unsigned t) { return (void)n, 2 * bcast_rounds(t); }

static void the_second_broadcast_leaves_out_who_failed_in_the_first(void **state)
{
	theorem of = BROADCAST;

	(void)state;
	of.input = input_twice, of.most_rounds = most_rounds_twice;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		trial x = { .of = &of, .n = SIZES[c].n, .t = SIZES[c].t, .seed = c };
		x.corrupt = random_parties(x.n, x.t);
		x.silent = true;
		assert_null(trial_run(&x));
		const sim_party *p = &x.p[first_of(honest(&x))];
		assert_int_equal(p->corrupt, x.corrupt);
		assert_int_equal(p->rounds, bcast_rounds(x.t) + bcast_rounds(0));
		trial_end(&x);
	}
}

static void fewer_liars_known_means_fewer_rounds(void **state)
{
	theorem of = BROADCAST;

	(void)state;
	of.input = input_twice, of.most_rounds = most_rounds_twice;
	trial x = { .of = &of, .n = 13, .t = 4, .seed = 9, .corrupt = 1 << 3 | 1 << 7, .silent = true };
	assert_null(trial_run(&x));
	assert_int_equal(x.p[1].rounds, bcast_rounds(4) + bcast_rounds(2));
	trial_end(&x);
}

static void a_value_that_its_sender_withheld_comes_from_others(void **state)
{
	theorem of = BROADCAST;

	(void)state;
	of.input = input_same_length, same_length = LONGEST;
	for (size_t c = 0; c < COUNT(SIZES); c++) {
		trial x = { .of = &of, .n = SIZES[c].n, .t = SIZES[c].t, .seed = c, .rush = rush_withhold };
		x.corrupt = last_parties(x.n, x.t);
		assert_null(trial_run(&x));
		const io *deprived = x.io[x.n - x.t];
		assert_true(deprived->there[x.n]);
		assert_int_equal(x.p[x.n - x.t].corrupt, 0);
		trial_end(&x);
	}
}

static void ten_runs_are_the_same_byte_for_byte(void **state)
{
	hash32 first = { { 0 } };

	(void)state;
	for (unsigned k = 0; k < 10; k++) {
		trial x = { .of = &BROADCAST, .n = 7, .t = 2, .seed = 77, .rush = rush_at_random, .corrupt = 1 << 2 | 1 << 5 };
		assert_null(trial_run(&x));
		if (k == 0) first = x.digest;
		assert_memory_equal(x.digest.b, first.b, sizeof first.b);
		trial_end(&x);
	}
	trial y = { .of = &BROADCAST, .n = 7, .t = 2, .seed = 78, .rush = rush_at_random, .corrupt = 1 << 2 | 1 << 5 };
	assert_null(trial_run(&y));
	assert_memory_not_equal(y.digest.b, first.b, sizeof first.b);
	trial_end(&y);
}

TESTS(
	TEST(no_fault_on_the_wire_divides_four_parties),
	TEST(no_fault_on_the_wire_divides_larger_clusters),
	TEST(no_liars_divide_the_honest),
	TEST(it_always_takes_three_t_plus_one_rounds),
	TEST(bytes_are_what_the_formula_says),
	TEST(the_second_broadcast_leaves_out_who_failed_in_the_first),
	TEST(fewer_liars_known_means_fewer_rounds),
	TEST(a_value_that_its_sender_withheld_comes_from_others),
	TEST(ten_runs_are_the_same_byte_for_byte)
)
