/* SPDX-License-Identifier: MIT */
/* sym/aes_many_vaes.c -- two blocks in a register. */
#include "base/cpu.h"
#include <immintrin.h>

typedef __m256i vec;
#define PARTS         2
#define vec_load(p)   _mm256_loadu_si256((const __m256i *)(p))
#define vec_store(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define vec_same(p)   _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(p)))
#define vec_xor       _mm256_xor_si256
#define vec_round     _mm256_aesenc_epi128
#define vec_last      _mm256_aesenclast_epi128

#define NAME          AES_MANY_VAES
#define LABEL         "vaes"
#define NEEDS         CPU_VAES
#include "sym/aes_many_x86.inc"
