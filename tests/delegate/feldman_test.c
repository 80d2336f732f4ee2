/* SPDX-License-Identifier: MIT */
#include "tests/delegate/threshold.h"

static secp *curve;
static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static bool same(secp_scalar a, secp_scalar b) { return memcmp(a.b, b.b, sizeof a.b) == 0; }

static void shares_commitments_and_weights_are_the_known_ones(void **state)
{
	threshold_known x = threshold_known_read();
	const char *at;
	secp_pk A[3], Y;
	json_t *j;

	(void)state;
	feldman_commit(A, &x.f, curve);
	assert_memory_equal(A, x.A, sizeof A);
	for (party i = 1; i <= 5; i++) {
		assert_true(same(feldman_share(&x.f, i), secp_scalar_of_sk(&x.share[i].s)));
		assert_true(feldman_public_var(&Y, x.A, 2, i));
		assert_memory_equal(&Y, &x.key.Y[i], sizeof Y);
	}
	for (size_t c = 0; c < 3; c++) {
		const json_t *one = json_array_get(json_member(x.json, "combine"), c);
		secp_scalar weight[MAX_PARTIES + 1];
		party_set Q = 0;
		for (size_t i = 0; i < 3; i++) add_to(&Q, (party)json_integer_value(json_array_get(json_member(one, "subset"), i)));
		feldman_weights(weight, Q);
		json_object_foreach(json_member(one, "lambda_"), at, j) assert_true(same(weight[atoi(at)], json_scalar(j)));
	}
	json_decref(x.json);
}

/* f(0) from the shares of Q. */
static secp_scalar secret_of(const secp_scalar *share, party_set Q)
{
	secp_scalar weight[MAX_PARTIES + 1], sum = secp_scalar_of(0);

	feldman_weights(weight, Q);
	FOR_EACH_IN(i, Q) {
		const secp_scalar term = secp_scalar_mul(&weight[i], &share[i]);
		sum = secp_scalar_add(&sum, &term);
	}
	return sum;
}

/* Seven parties, every degree, every set of them: right with more than T shares, and with T there is, for any other secret, a
 * polynomial that gives the same shares. */
static void any_more_than_T_shares_and_no_T_give_the_secret(void **state)
{
	enum { N = 7 };

	(void)state;
	for (unsigned T = 0; T < N; T++) {
		const secp_scalar secret = secp_scalar_random(test_rng());
		secp_scalar share[N + 1];
		feldman_poly f;
		feldman_random(&f, T, &secret, test_rng());
		for (party i = 1; i <= N; i++) share[i] = feldman_share(&f, i);
		for (party_set Q = 2; Q <= parties_all(N); Q += 2)
			assert_int_equal(same(secret_of(share, Q), secret), size_of_set(Q) > T);
	}
}

static void commitments_tell_right_shares_from_wrong_ones(void **state)
{
	(void)state;
	for (unsigned T = 0; T <= FELDMAN_DEGREE; T += T < 4 ? 1 : 9) {
		secp_pk A[FELDMAN_TERMS], Y;
		feldman_poly f;
		feldman_random(&f, T, NULL, test_rng());
		feldman_commit(A, &f, curve);
		for (party i = 1; i <= MAX_PARTIES; i = (party)(i + 31)) {
			const secp_sk s = sk_of(feldman_share(&f, i));
			const secp_pk right = secp_pk_of(curve, &s);
			assert_true(feldman_public_var(&Y, A, T, i));
			assert_memory_equal(&Y, &right, sizeof Y);
			assert_true(!feldman_public_var(&Y, A, T, (party)(i % MAX_PARTIES + 1)) || T == 0 || memcmp(&Y, &right, sizeof Y));
		}
	}
}

static void a_share_that_would_be_0_is_infinity_in_public(void **state)
{
	const secp_scalar a = secp_scalar_random(test_rng()), zero = secp_scalar_of(0);
	const feldman_poly f = { .degree = 1, .a = { a, secp_scalar_sub(&zero, &a) } };
	secp_pk A[2], Y;

	(void)state;
	feldman_commit(A, &f, curve);
	assert_false(feldman_public_var(&Y, A, 1, 1));
	assert_true(feldman_public_var(&Y, A, 1, 2));
}

static const struct CMUnitTest tests[] = {
	TEST(shares_commitments_and_weights_are_the_known_ones), TEST(any_more_than_T_shares_and_no_T_give_the_secret),
	TEST(commitments_tell_right_shares_from_wrong_ones), TEST(a_share_that_would_be_0_is_infinity_in_public),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
