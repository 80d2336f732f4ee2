/* SPDX-License-Identifier: MIT */
/* Constant time: Galois rings, and products of polynomials by transforms. */
#include <stdlib.h>
#include "tests/ct/ct.h"
#include "base/cpu.h"
#include "ring/gr.h"
#include "ring/ntt.h"

#define FOR_EACH_RING(R) \
	for (unsigned k_ = 64; k_ <= 128; k_ += 64) \
		for (unsigned d_ = GR_MIN_DEGREE; d_ <= GR_MAX_DEGREE; d_++) \
			for (const ring *R = ring_of(k_, d_); R; R = NULL)

static gr hidden(gr a)
{
	SECRET(&a, sizeof a);
	return a;
}

static gr told(gr a)
{
	DECLASSIFY_RESULT(&a, sizeof a);
	return a;
}

#define SAME(secret, public) assert_true(gr_eq_var(told(secret), public))

CT_COVERS(gr_add, gr_sub, gr_neg, gr_mul, gr_dot, gr_scale, gr_scalar, gr_times_x, gr_times_point, gr_inv, gr_eval, gr_eval_at,
          gr_narrow, gr_random, gr_write, gr_read);

static void elements_are_computed_with_without_a_branch(void **state)
{
	(void)state;
	FOR_EACH_RING(R) {
		gr a[3], A[3];
		uint8_t bytes[GR_MAX_BYTES];
		u128 z, Z;

		for (unsigned i = 0; i < 3; i++) a[i] = gr_random(R, test_rng()), A[i] = hidden(a[i]);
		rng_fill(test_rng(), (uint8_t *)&z, sizeof z);
		Z = z;
		SECRET(&Z, sizeof Z);
		SAME(gr_add(R, A[0], A[1]), gr_add(R, a[0], a[1]));
		SAME(gr_sub(R, A[0], A[1]), gr_sub(R, a[0], a[1]));
		SAME(gr_neg(R, A[0]), gr_neg(R, a[0]));
		SAME(gr_mul(R, A[0], A[1]), gr_mul(R, a[0], a[1]));
		SAME(gr_dot(R, A, A + 1, 2), gr_dot(R, a, a + 1, 2));
		SAME(gr_scale(R, Z, A[0]), gr_scale(R, z, a[0]));
		SAME(gr_scalar(R, Z), gr_scalar(R, z));
		SAME(gr_times_x(R, A[0]), gr_times_x(R, a[0]));
		SAME(gr_eval(R, A, 2, A[0]), gr_eval(R, a, 2, a[0]));
		SAME(gr_narrow(A[0]), gr_narrow(a[0]));
		for (unsigned i = 0; i < 8; i++) {
			SAME(gr_times_point(R, i, A[0]), gr_times_point(R, i, a[0]));
			SAME(gr_eval_at(R, A, 2, i), gr_eval_at(R, a, 2, i));
		}
		gr_write(R, bytes, A[0]);
		SAME(gr_read(R, bytes), a[0]);

		gr unit = gr_add(R, gr_scale(R, 2, a[0]), GR_ONE), random = gr_random(R, &CT_SECRET_RNG);
		SAME(gr_inv(R, hidden(unit)), gr_inv(R, unit));
		SAME(gr_sub(R, random, random), GR_ZERO);
	}
}

static void multiply(const ntt_kernel *f, ntt_shape s, u128 *out, const u128 *words, const u128 *a)
{
	void *factor = aligned_alloc(NTT_ALIGN, f->factor_bytes(s)), *scratch = aligned_alloc(NTT_ALIGN, f->scratch_bytes(s) + NTT_ALIGN);

	assert_non_null(factor);
	assert_non_null(scratch);
	f->load(s, factor, scratch, words);
	f->product(s, out, scratch, factor, a, 3, 200);
	free(factor), free(scratch);
}

/* Words as long as the shape allows. */
static void check_shape(ntt_shape s, unsigned a_log, unsigned s_log)
{
	static u128 a[2 * 512], words[3 * 2 * 512], right[3 * 200], got[3 * 200];

	ASSERT(s.k <= 2 && s.N <= 512 && s.d <= 3);
	rng_fill(test_rng(), (uint8_t *)a, sizeof a);
	rng_fill(test_rng(), (uint8_t *)words, sizeof words);
	for (size_t i = 0; i < COUNT(a); i++) a[i] = (u128)((i128)a[i] >> (127 - a_log));
	for (size_t i = 0; i < COUNT(words); i++) words[i] = (u128)((i128)words[i] >> (127 - s_log));
	multiply(&NTT_PORTABLE, s, right, words, a);
	SECRET(a, sizeof a);
	SECRET(words, sizeof words);
	for (const ntt_kernel *const *f = NTT_ALL; *f; f++) {
		if (!cpu_can((*f)->needs)) continue;
		multiply(*f, s, got, words, a);
		DECLASSIFY_RESULT(got, sizeof got);
		assert_memory_equal(got, right, 200 * s.d * sizeof *got);
	}
	DECLASSIFY_RESULT(a, sizeof a);
	DECLASSIFY_RESULT(words, sizeof words);
}

static void polynomials_are_multiplied_without_a_branch(void **state)
{
	(void)state;
	check_shape(ntt_shape_for(2, 256, 3, NTT_ANY, NTT_ANY), NTT_ANY, NTT_ANY);
	check_shape(ntt_shape_for(1, 512, 1, 63, 0), 63, 0);
}

TESTS(TEST(elements_are_computed_with_without_a_branch), TEST(polynomials_are_multiplied_without_a_branch))
