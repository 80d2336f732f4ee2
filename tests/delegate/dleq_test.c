/* SPDX-License-Identifier: MIT */
#include "tests/curve/script.h"
#include "tests/delegate/threshold.h"

static secp *curve;
static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static void a_known_nonce_gives_the_known_proof(void **state)
{
	threshold_known x = threshold_known_read();
	const json_t *v = json_member(x.json, "dleq");
	const hash32 ctx = known_hash(v, "ctx");
	const secp_sk k = sk_of(json_scalar(json_member(v, "nonce_k")));
	const secp_scalar c = json_scalar(json_member(v, "c")), z = json_scalar(json_member(v, "z"));
	const secp_pk D = secp_pk_times(&x.K, &x.share[2].s);
	dleq p;

	(void)state;
	dleq_prove_with(&p, &k, &ctx, &x.share[2].s, &x.key.Y[2], &x.K, &D, curve);
	assert_memory_equal(&p.c, &c, sizeof c);
	assert_memory_equal(&p.z, &z, sizeof z);
	assert_true(dleq_ok_var(&p, &ctx, &x.key.Y[2], &x.K, &D));
	json_decref(x.json);
}

typedef struct statement { hash32 ctx; secp_pk X, B, D; dleq p; } statement;

static bool holds(const statement *s) { return dleq_ok_var(&s->p, &s->ctx, &s->X, &s->B, &s->D); }

static secp_pk other_point(void)
{
	secp_sk x;

	secp_sk_random(&x, test_rng());
	return secp_pk_of(curve, &x);
}

static statement some_statement(secp_sk *x)
{
	statement s = { .B = other_point() };

	secp_sk_random(x, test_rng());
	rng_fill(test_rng(), s.ctx.b, sizeof s.ctx.b);
	s.X = secp_pk_of(curve, x);
	s.D = secp_pk_times(&s.B, x);
	dleq_prove(&s.p, &s.ctx, x, &s.X, &s.B, &s.D, curve, test_rng());
	return s;
}

static void a_proof_is_of_one_statement_only(void **state)
{
	secp_sk x;
	const statement s = some_statement(&x);
	statement w;

	(void)state;
	assert_true(holds(&s));
	w = s, w.ctx.b[5] ^= 1, assert_false(holds(&w));
	w = s, w.X = other_point(), assert_false(holds(&w));
	w = s, w.B = other_point(), assert_false(holds(&w));
	w = s, w.D = other_point(), assert_false(holds(&w));
	w = s, w.D = secp_pk_negative(&s.D), assert_false(holds(&w));
	for (unsigned bit = 0; bit < 8 * DLEQ_BYTES; bit += 7) {
		w = s, ((uint8_t *)&w.p)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(holds(&w));
	}
	w = s, memset(&w.p, 0, sizeof w.p), assert_false(holds(&w));
}

/* Who proves that D has the logarithm of X when it has not: whatever is answered, the two commitments differ. */
static void nobody_proves_what_is_wrong(void **state)
{
	secp_sk x;
	statement s = some_statement(&x);

	(void)state;
	s.D = other_point();
	dleq_prove(&s.p, &s.ctx, &x, &s.X, &s.B, &s.D, curve, test_rng());
	assert_false(holds(&s));
}

/* With the same random bytes: two different answers to one nonce would give x away. */
static void a_broken_generator_repeats_no_nonce(void **state)
{
	secp_sk x;
	const statement s = some_statement(&x);
	uint8_t sevens[32] = { 7 };
	statement w = s;

	(void)state;
	for (unsigned turn = 0; turn < 3; turn++) {
		script drawn = { sevens, sizeof sevens };
		const rng r = script_rng(&drawn);
		statement again = s;
		if (turn == 1) again.ctx.b[0] ^= 1;
		if (turn == 2) again.B = other_point(), again.D = secp_pk_times(&again.B, &x);
		dleq_prove(&again.p, &again.ctx, &x, &again.X, &again.B, &again.D, curve, &r);
		assert_true(holds(&again));
		if (turn == 0) w = again;
		else {
			/* z - z' = (c - c') x would hold for equal nonces. */
			const secp_scalar dz = secp_scalar_sub(&again.p.z, &w.p.z), dc = secp_scalar_sub(&again.p.c, &w.p.c);
			const secp_scalar inverse = secp_scalar_inv(&dc), guess = secp_scalar_mul(&dz, &inverse);
			assert_memory_not_equal(guess.b, x.b, sizeof guess.b);
		}
	}
}

static void knowledge_is_proved_by_one_party_in_one_session(void **state)
{
	hash32 sid = { { 1 } }, other = { { 2 } };
	knowledge p, w;
	secp_sk x;

	(void)state;
	secp_sk_random(&x, test_rng());
	const secp_pk X = secp_pk_of(curve, &x), Y = other_point();
	knowledge_prove(&p, &sid, 3, &x, &X, curve, test_rng());
	assert_true(knowledge_ok_var(&p, &sid, 3, &X));
	assert_false(knowledge_ok_var(&p, &sid, 4, &X));
	assert_false(knowledge_ok_var(&p, &other, 3, &X));
	assert_false(knowledge_ok_var(&p, &sid, 3, &Y));
	for (unsigned bit = 0; bit < 8 * KNOWLEDGE_BYTES; bit += 7) {
		w = p, ((uint8_t *)&w)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(knowledge_ok_var(&w, &sid, 3, &X));
	}
}

static const struct CMUnitTest tests[] = {
	TEST(a_known_nonce_gives_the_known_proof), TEST(a_proof_is_of_one_statement_only), TEST(nobody_proves_what_is_wrong),
	TEST(a_broken_generator_repeats_no_nonce), TEST(knowledge_is_proved_by_one_party_in_one_session),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
