/* SPDX-License-Identifier: MIT */
/* sym/aes_many_aesni.c -- a block in a register. */
#include "base/cpu.h"
#include <immintrin.h>

typedef __m128i vec;
#define PARTS         4
#define vec_load(p)   _mm_loadu_si128((const __m128i *)(p))
#define vec_store(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define vec_same(p)   vec_load(p)
#define vec_xor       _mm_xor_si128
#define vec_round     _mm_aesenc_si128
#define vec_last      _mm_aesenclast_si128

#define NAME          AES_MANY_AESNI
#define LABEL         "aesni"
#define NEEDS         (CPU_AVX2 | CPU_AES)
#include "sym/aes_many_x86.inc"
