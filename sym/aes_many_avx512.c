/* SPDX-License-Identifier: MIT */
/* sym/aes_many_avx512.c -- four blocks in a register. */
#include "base/cpu.h"
#include <immintrin.h>

typedef __m512i vec;
#define PARTS         1
#define vec_load(p)   _mm512_loadu_si512(p)
#define vec_store(p, v) _mm512_storeu_si512(p, v)
#define vec_same(p)   _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(p)))
#define vec_xor       _mm512_xor_si512
#define vec_round     _mm512_aesenc_epi128
#define vec_last      _mm512_aesenclast_epi128

#define NAME          AES_MANY_AVX512
#define LABEL         "avx512"
#define NEEDS         (CPU_AVX512 | CPU_VAES)
#include "sym/aes_many_x86.inc"
