/* SPDX-License-Identifier: MIT */
/*
 * tkms/partial.c -- phases, masks, packing.  Each step runs over the whole batch, so that its tables stay in the caches; a
 * ciphertext is hashed and decrypted in one go, while it is there itself.
 *
 * Unmasked shares are in the arena between the steps; the mask is added in place.
 */
#include "tkms/partial.h"

static void check_conforms(const online_key *key, const squashed *ct)
{
	const lat_params *p = key->params;

	ASSERT(ct->blocks >= 1 && ct->blocks <= MAX_SQUASHED);
	if (ct->under == SECRET_SNSCOMP)
		ASSERT(ct->packed.k == p->snscomp.k && ct->packed.N == p->snscomp.N && ct->packed.bodies >= ct->blocks);
	else
		ASSERT(ct->under == SECRET_SNS && ct->lwe.dim == p->sns.k * p->sns.N && ct->lwe.count == ct->blocks);
}

/* ---- the steps for one ciphertext ------------------------------------------------------------------------------- */

/* Of the first ciphertext, or of the first two if they go together: how many. */
static size_t identify(masked *out, sha256_stream *s, const online_key *key, decrypt_operation operation, const squashed *ct,
                       size_t count)
{
	hash32 h[2];

	if (count < 2 || !mask_identities_pair(ct)) {
		out->h = mask_identity(s, &key->holder, operation, ct);
		return 1;
	}
	mask_identity_pair(h, &key->holder, operation, ct);
	out[0].h = h[0];
	out[1].h = h[1];
	return 2;
}

/* w[0 .. blocks * d) = this party's shares of the phases. */
static void phases(u128 *w, const online_key *key, const squashed *ct)
{
	if (ct->under == SECRET_SNS) {
		partial_lwe(key->sns, w, ct->lwe.w, ct->blocks);
	} else {
		const u128 *mask = ct->packed.w, *body = mask + (size_t)ct->packed.k * ct->packed.N;
		partial_packed(key->snscomp, w, mask, body, 0, ct->blocks);
	}
}

static gr element_at(const u128 *w, unsigned d)
{
	gr a = GR_ZERO;
	memcpy(a.c, w, d * sizeof *w);
	return a;
}

/* Y = c_0 + X c_1 + .. for each run of d blocks, by Horner; the last one may be shorter. */
static void pack(masked *m, const ring *R, const u128 *w)
{
	const unsigned d = R->d;

	for (uint32_t e = 0; e < m->elements; e++) {
		const uint32_t first = e * d, count = (uint32_t)size_min(d, m->blocks - first);
		gr Y = element_at(w + (size_t)(first + count - 1) * d, d);
		for (uint32_t j = count - 1; j-- > 0;)
			Y = gr_add(R, gr_times_x(R, Y), element_at(w + (size_t)(first + j) * d, d));
		gr_write(R, m->bytes + (size_t)e * R->bytes, Y);
		wipe(&Y, sizeof Y);
	}
}

/* ---- a batch ---------------------------------------------------------------------------------------------------- */

size_t partial_decrypt_memory(unsigned d, size_t blocks, size_t count)
{
	const size_t words = blocks * d + (blocks + count * (d - 1));
	return words * sizeof(u128) + count * (sizeof(u128 *) + 2 * 64) + 64;
}

err partial_decrypt(masked *out, arena *a, const online_key *key, const prss *masks, decrypt_operation operation,
                    const squashed *ct, size_t count)
{
	const unsigned d = key->holder.d;
	const ring *R = ring_of(128, d);
	u128 **w;

	TRY(arena_new(a, &w, count));
	for (size_t i = 0; i < count; i++) {
		check_conforms(key, &ct[i]);
		out[i] = (masked){ .blocks = ct[i].blocks, .elements = elements_of(ct[i].blocks, d) };
		TRY(arena_new(a, &w[i], (size_t)ct[i].blocks * d));
		TRY(arena_new(a, &out[i].bytes, out[i].elements * R->bytes));
	}

	AUTO(sha256_stream) s = sha256_begin();
	for (size_t i = 0, here; i < count; i += here) {
		here = identify(out + i, &s, key, operation, ct + i, count - i);
		for (size_t k = i; k < i + here; k++) phases(w[k], key, &ct[k]);
	}
	for (size_t i = 0; i < count; i++) prss_mask_add(masks, w[i], &out[i].h, 0, ct[i].blocks);
	for (size_t i = 0; i < count; i++) pack(&out[i], R, w[i]);
	return OK;
}
