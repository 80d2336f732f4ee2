/* SPDX-License-Identifier: MIT */
/* share/prf.c -- inputs laid out, AES, and elements read from what comes. */
#include "share/prf.h"

const char PRF_LABEL[8] = "ARCA_KA", PRF_LABEL_MASK[8] = "ARCA_KM";

void prf_key(uint8_t key[static AES128_KEY], const char label[static 8], const id32 *epoch, party_set A,
             const uint8_t r[static PRSS_KEY])
{
	xof x = xof_shake256();

	xof_absorb(&x, slice_of(label, 8));
	xof_absorb(&x, id_slice(epoch));
	xof_absorb_u64(&x, A);
	xof_absorb(&x, slice_of(r, PRSS_KEY));
	xof_squeeze(&x, key, AES128_KEY);
	wipe(&x, sizeof x);
}

void prf_draw(prf_values *out, const aes_quad *key, size_t quads, const ring *R, unsigned count, prss_domain domain,
              const uint8_t sid[static PRSS_SID], uint64_t ctr)
{
	uint8_t state[PRF_KEYS][AES_BLOCK], last[PRF_BLOCKS][AES_BLOCK];
	const bool narrow = R->k == 64;

	ASSERT(quads <= PRF_QUADS && count <= PRF_VALUES && (count == 1 || domain == PRSS_CHI));
	out->R = R, out->domain = domain, out->ctr = ctr, out->keys = AES_QUAD * quads;
	out->lanes = domain == PRSS_ZETA ? 1 : narrow ? (R->d + 1) / 2 : R->d;
	for (unsigned j = 0; j < count; j++)
		for (unsigned lane = 0; lane < out->lanes; lane++)
			prf_input(last[j * out->lanes + lane], domain, lane, domain == PRSS_CHI ? j + 1 : 0, R->k / 64,
			          domain == PRSS_ZETA && narrow ? ctr / 2 : ctr);
	aes_many(key, quads, state[0], NULL, sid, 1);
	aes_many(key, quads, out->block[0], state[0], last[0], count * out->lanes);
	wipe(state, sizeof state);
}

gr prf_value(const prf_values *v, size_t key, unsigned j)
{
	const uint8_t (*block)[AES_BLOCK] = &v->block[j * v->lanes * v->keys + key];
	gr a = GR_ZERO;

	if (v->domain == PRSS_ZETA) {
		a.c[0] = v->R->k == 128 ? load128(block[0]) : load64(block[0] + 8 * (v->ctr & 1));
		return a;
	}
	for (unsigned i = 0; i < v->R->d; i++)
		a.c[i] = v->R->k == 128 ? load128(block[i * v->keys]) : load64(block[i / 2 * v->keys] + 8 * (i & 1));
	return a;
}
