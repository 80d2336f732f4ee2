/* SPDX-License-Identifier: MIT */
/* share/partial_lwe.c -- a key packed once, and a product a ciphertext. */
#include "base/cpu.h"
#include "share/partial_lwe.h"
#include <stdlib.h>

struct lwe_key_share {
	const lwe_kernel *kernel;
	unsigned d;
	size_t   dim;
	void    *key;                        /* guarded */
};

const lwe_kernel *const LWE_ALL[] = {
#if CPU_X86
	&LWE_AVX512, &LWE_AVX2,
#endif
	&LWE_PORTABLE, NULL
};

const lwe_kernel *lwe_kernel_chosen(unsigned d)
{
	const lwe_kernel *const *k = LWE_ALL;
	while (!cpu_allows((*k)->needs) || !(*k)->serves(d)) k++;
	return *k;
}

err lwe_key_share_new_for(const lwe_kernel *k, lwe_key_share **out, unsigned d, size_t dim, const u128 *words)
{
	ASSERT(d >= GR_MIN_DEGREE && d <= GR_MAX_DEGREE && dim <= LWE_MAX_DIM);
	AUTO(lwe_key_share) *made = calloc(1, sizeof *made);
	if (!made) return err_fail(ERR_NOMEM, "no memory for a share of a key of %zu words", dim);
	made->kernel = k, made->d = d, made->dim = dim;
	TRY(secret_alloc(&made->key, k->bytes(d, dim)));
	k->pack(made->key, d, dim, words);
	*out = made, made = NULL;
	return OK;
}

err lwe_key_share_new(lwe_key_share **out, unsigned d, size_t dim, const u128 *words)
{
	return lwe_key_share_new_for(lwe_kernel_chosen(d), out, d, dim, words);
}

void lwe_key_share_free(lwe_key_share **k)
{
	if (!*k) return;
	secret_release((*k)->key);
	free(*k);
	*k = NULL;
}

void partial_lwe(const lwe_key_share *k, u128 *out, const u128 *lwe, size_t count)
{
	for (size_t i = 0; i < count; i++, out += k->d, lwe += k->dim + 1) {
		k->kernel->dot(out, k->key, k->d, k->dim, lwe);
		for (unsigned l = 0; l < k->d; l++) out[l] = -out[l];
		out[0] += lwe[k->dim];                           /* the body: a constant, the same in every share */
	}
}
