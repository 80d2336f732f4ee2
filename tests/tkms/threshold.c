/* SPDX-License-Identifier: MIT */
/* tests/tkms/threshold.c -- see threshold.h. */
#include "tests/tkms/threshold.h"
#include "lattice/keygen.h"
#include "lattice/lwe.h"

const committee COMMITTEES[5] = { { 4, 1 }, { 5, 1 }, { 7, 2 }, { 10, 3 }, { 13, 4 } };

static const id32 KEY_ID = { { 4, 1, 1 } }, EPOCH_ID = { { 8, 2, 2 } };

/* Every set has a key; each of its members is given it. */
static void share_masks(parties *p)
{
	static party_set set[MAX_PRSS_SETS];
	static uint8_t r[MAX_PRSS_SETS][PRSS_KEY], held[MAX_PRSS_SETS][PRSS_KEY];
	const unsigned sets = binomial(p->n, p->t);

	prss_sets(set, p->n, p->t);
	rng_fill(test_rng(), r, sizeof r);
	for (party i = 1; i <= p->n; i++) {
		unsigned mine = 0;
		for (unsigned A = 0; A < sets; A++)
			if (has(set[A], i)) memcpy(held[mine++], r[A], PRSS_KEY);
		assert_ok(prss_new(&p->masks[i], p->n, p->t, p->d, i, &EPOCH_ID, held));
		assert_int_equal(prss_held(p->masks[i]), mine);
	}
}

void parties_new(parties *p, unsigned n, unsigned t, const secret_keys *keys)
{
	key_share dealt[MOST_PARTIES + 1];
	const share_holder holder = { .key_id = KEY_ID, .epoch_id = EPOCH_ID, .n = n, .t = t, .d = ring_degree(n) };

	*p = (parties){ .n = n, .t = t, .d = holder.d, .params = keys->params };
	assert_ok(dealer_share_out(dealt, keys, &holder, ONLINE_SECRETS, test_rng()));
	for (party i = 1; i <= n; i++) {
		assert_ok(online_key_new(&p->key[i], &dealt[i]));
		key_share_free(&dealt[i]);
	}
	share_masks(p);
	assert_ok(opener_new(&p->opener, n, t, p->d));
}

void parties_free(parties *p)
{
	for (party i = 1; i <= p->n; i++) {
		online_key_free(&p->key[i]);
		prss_free(&p->masks[i]);
	}
	opener_free(&p->opener);
}

size_t parties_open(u128 *y, hash32 *h, const parties *p, decrypt_operation operation, const squashed *ct, party_set liars)
{
	AUTO(arena) a = arena_with_limit(p->n * partial_decrypt_memory(p->d, ct->blocks, 1));
	masked m[MOST_PARTIES + 1];
	const uint8_t *shares[MOST_PARTIES + 1];
	party_set wrong = 0;

	for (party i = 1; i <= p->n; i++) {
		assert_ok(partial_decrypt(&m[i], &a, &p->key[i], p->masks[i], operation, ct, 1));
		assert_true(hash32_eq_var(m[i].h, m[1].h));
		assert_int_equal(m[i].elements, elements_of(ct->blocks, p->d));
		if (has(liars, i)) m[i].bytes[test_below(m[i].elements * p->d * 16)] ^= (uint8_t)(1 + test_below(255));
		shares[i] = m[i].bytes;
	}
	assert_true(open_var(p->opener, y, &wrong, shares, parties_all(p->n), p->t, m[1].elements));
	assert_true(wrong == liars);
	if (h) *h = m[1].h;
	return m[1].elements * p->d;
}

/* ---- ciphertexts ------------------------------------------------------------------------------------------------ */

void secrets_new(secret_keys *out, const lat_params *params)
{
	assert_ok(secret_keys_generate(out, params, test_rng()));
}

static u128 message(uint8_t v, i128 noise)
{
	return ((u128)v << DELTA_LOG_128) + (u128)noise;
}

void encrypt_expanded(squashed *out, arena *a, const secret_keys *keys, const uint8_t *v, const i128 *noise, uint32_t blocks)
{
	const unsigned dim = keys->params->sns.k * keys->params->sns.N;

	*out = (squashed){ .under = SECRET_SNS, .blocks = blocks, .lwe = { blocks, dim, NULL } };
	assert_ok(arena_new(a, &out->lwe.w, blocks * (dim + 1)));
	for (uint32_t i = 0; i < blocks; i++) {
		u128 *ct = lwe128_at(out->lwe, i);
		rng_fill(test_rng(), ct, dim * sizeof *ct);
		ct[dim] = message(v[i], noise[i]) - lwe128_phase(ct, keys->bit[SECRET_SNS], dim);
	}
}

void encrypt_list(squashed *out, arena *a, const secret_keys *keys, const uint8_t *v, const i128 *noise, uint32_t blocks)
{
	const unsigned k = keys->params->snscomp.k, N = keys->params->snscomp.N;
	u128 *glwe, *phase, *ext;

	*out = (squashed){ .under = SECRET_SNSCOMP, .blocks = blocks, .packed = { k, N, blocks, NULL } };
	assert_ok(arena_new(a, &glwe, (k + 1) * N));
	assert_ok(arena_new(a, &phase, N));
	assert_ok(arena_new(a, &ext, 2 * N));
	rng_fill(test_rng(), glwe, k * N * sizeof *glwe);
	glwe128_phase(phase, ext, glwe, keys->bit[SECRET_SNSCOMP], k, N);      /* of body 0 */
	for (uint32_t i = 0; i < blocks; i++) glwe[k * N + i] = message(v[i], noise[i]) - phase[i];
	out->packed.w = glwe;
}
