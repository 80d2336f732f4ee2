/* SPDX-License-Identifier: MIT */
/*
 * base/cpu.h -- which variants of a kernel this machine may run.
 *
 * A fast kernel is written several times, each variant in a file of its own: x_portable.c is the definition, x_avx2.c and
 * x_avx512.c give the same bits sooner.  A family of variants is a list, best first, the portable one last; each says what
 * it needs, and the first that is allowed is taken:
 *
 *   typedef struct dot_kernel { const char *name; unsigned needs; void (*dot)(...); } dot_kernel;
 *   static const dot_kernel *const ALL[] = { &DOT_AVX512, &DOT_AVX2, &DOT_PORTABLE };
 *   const dot_kernel *const *k = ALL;
 *   while (!cpu_allows((*k)->needs)) k++;
 *
 * ARCA_CPU=portable|avx2|avx512 in the environment is a ceiling, read once.  A name that is none of these, or that is
 * beyond the machine, ends the program with a sentence.  Tests walk every variant for which cpu_can() holds.
 */
#ifndef ARCA_BASE_CPU_H
#define ARCA_BASE_CPU_H

#include <stdbool.h>

/* Whether the variants for x86-64 are compiled at all. */
#if defined(__x86_64__)
#define CPU_X86 1
#else
#define CPU_X86 0
#endif

enum {
	CPU_PORTABLE = 0,
	CPU_AVX2     = 1 << 0,           /* AVX2, FMA, BMI2; the system keeps ymm registers           */
	CPU_AES      = 1 << 1,           /* AES-NI                                                    */
	CPU_VAES     = 1 << 2,           /* AES on ymm registers (on zmm: together with CPU_AVX512)   */
	CPU_AVX512   = 1 << 3,           /* F, CD, BW, DQ, VL; the system keeps zmm registers         */
	CPU_IFMA     = 1 << 4,           /* AVX-512 IFMA                                              */
	CPU_VNNI     = 1 << 5,           /* AVX-512 VNNI                                              */
	CPU_SHA      = 1 << 6            /* SHA-NI, and AVX2                                          */
};

bool cpu_can(unsigned needs);            /* this CPU under this system                  */
bool cpu_allows(unsigned needs);         /* ... and ARCA_CPU does not forbid it         */

#endif
