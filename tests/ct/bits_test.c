/* SPDX-License-Identifier: MIT */
/* Constant time: pseudo-random sharing in ranges, and what random bits and noise are made of, in every variant. */
#include <stdlib.h>
#include "tests/ct/ct.h"
#include "base/cpu.h"
#include "share/bits.h"
#include "share/prss_batch_state.h"
#include "share/tuniform.h"

enum { MOST_KEYS = 500, MOST_BITS = 40 };
static uint8_t r[MOST_KEYS][PRSS_KEY];
static u128 out[5][MOST_BITS * 8];

static const struct { unsigned n, t, d; } CLUSTER[] = { { 4, 1, 4 }, { 7, 2, 4 }, { 13, 4, 4 }, { 7, 2, 5 } };

static const uint8_t SID[PRSS_SID] = { 7 };

CT_COVERS(prss_batch_new, prss_many_by, prss_z_many, przs_many);
CT_REACHES(prss_many_by, batch_serves, batch_chosen);

static void ranges_are_drawn_without_a_branch_on_keys(void **state)
{
	(void)state;
	for (unsigned x = 0; x < COUNT(CLUSTER); x++) for (unsigned k = 64; k <= 128; k += 64) for (unsigned chi = 0; chi < 2; chi++) {
		const ring *R = ring_of(k, CLUSTER[x].d);
		const prss_domain domain = chi ? PRSS_CHI : PRSS_ZETA;
		AUTO(prss) *p = NULL;
		AUTO(prss_batch) *b = NULL;
		unsigned ways = 1;

		rng_fill(&CT_SECRET_RNG, (uint8_t *)r, sizeof r);
		assert_ok(prss_new(&p, CLUSTER[x].n, CLUSTER[x].t, R->d, 2, &ID_DEFAULT_EPOCH, (const uint8_t (*)[PRSS_KEY])r));
		assert_ok(prss_batch_new(&b, p));
		memset(out, 0, sizeof out);
		if (chi) przs_many(b, R, out[0], SID, 5, 17);
		else prss_z_many(b, R, out[0], SID, 5, 17);
		for (const batch_kernel *const *f = BATCH_ALL; *f; f++)
			if (batch_serves(*f, b)) prss_many_by(*f, b, R, domain, out[ways++], SID, 5, 17);
		prss_many_by(NULL, b, R, domain, out[ways++], SID, 5, 17);
		DECLASSIFY_RESULT(out, sizeof out);
		for (unsigned i = 1; i < ways; i++) assert_memory_equal(out[i], out[0], sizeof out[0]);
		assert_true(out[0][0] != 0);
	}
}

CT_COVERS(bits_words, bits_word_of);

/* One party's side; what is opened is public, as if it came from the others. */
static void bits_and_noise_are_made_without_a_branch_on_shares(void **state)
{
	(void)state;
	for (unsigned x = 0; x < 2; x++) for (unsigned k = 64; k <= 128; k += 64) {
		const ring *R = ring_of(k, 4);
		static u128 word[MOST_BITS], V[MOST_BITS];
		AUTO(prss) *p = NULL;
		AUTO(prss_batch) *b = NULL;
		gr a[8], zero = gr_random(R, &CT_SECRET_RNG), again;

		rng_fill(&CT_SECRET_RNG, (uint8_t *)r, sizeof r);
		assert_ok(prss_new(&p, CLUSTER[x].n, CLUSTER[x].t, 4, 2, &ID_DEFAULT_EPOCH, (const uint8_t (*)[PRSS_KEY])r));
		assert_ok(prss_batch_new(&b, p));
		bits_words(b, R, out[0], word, SID, 0, MOST_BITS);
		rng_fill(test_rng(), V, sizeof V);
		for (unsigned i = 0; i < MOST_BITS; i++) ((uint8_t *)V)[i * k / 8] &= 0xfe;
		assert_true(bits_solve(R, out[0], V, MOST_BITS));
		tuniform_from_bits(R, out[1], out[0], 8, 4);
		for (unsigned j = 0; j < 4; j++) a[j] = gr_random(R, &CT_SECRET_RNG);
		again = bits_word_of(R, a, zero);
		DECLASSIFY_RESULT(word, sizeof word);
		DECLASSIFY_RESULT(out, sizeof out);
		DECLASSIFY_RESULT(&again, sizeof again);
		assert_true(word[0] && out[0][0] && out[1][0] && again.c[0]);
	}
}

TESTS(TEST(ranges_are_drawn_without_a_branch_on_keys), TEST(bits_and_noise_are_made_without_a_branch_on_shares))
