/* SPDX-License-Identifier: MIT */
/* Whatever t parties do: honest parties put out the same for each sender, and for an honest one what it sent. */
#include "tests/mpc/bcast_liars.h"
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

static const theorem BROADCAST = { "broadcast", sizeof(io), input, run, most_rounds, violated, NULL, NULL };

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
	try_lies(&BROADCAST, BCAST_LIES, COUNT(BCAST_LIES), 13);
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
