/* SPDX-License-Identifier: MIT */
/* sym/aes_many.c -- the choice among the variants. */
#include "sym/aes_many.h"
#include "base/cpu.h"

const aes_many_kernel *const AES_MANY_ALL[] = {
#if CPU_X86
	&AES_MANY_AVX512, &AES_MANY_VAES, &AES_MANY_AESNI,
#endif
	&AES_MANY_PORTABLE, NULL
};

const aes_many_kernel *aes_many_chosen(void)
{
	const aes_many_kernel *const *k = AES_MANY_ALL;
	while (!cpu_allows((*k)->needs)) k++;
	return *k;
}

void aes_quad_set(aes_quad *q, unsigned place, const uint8_t key[static AES128_KEY])
{
	ASSERT(place < AES_QUAD);
	aes_many_chosen()->set(q, place, key);
}

void aes_many(const aes_quad *key, size_t quads, uint8_t *out, const uint8_t *state, const uint8_t *block, size_t count)
{
	aes_many_chosen()->many(key, quads, out, state, block, count);
}
