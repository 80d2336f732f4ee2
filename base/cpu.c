/* SPDX-License-Identifier: MIT */
/* base/cpu.c -- what CPUID and XGETBV say, and the ceiling that ARCA_CPU sets. */
#include "base/cpu.h"
#include "base/base.h"
#include <pthread.h>
#include <stdlib.h>

static unsigned found, allowed;

#if CPU_X86
#include <cpuid.h>

/* Registers that the system saves when it switches threads. */
static unsigned saved_state(void)
{
	unsigned low, high;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static bool all_of(unsigned word, unsigned bits) { return (word & bits) == bits; }

static unsigned detect(void)
{
	enum { YMM = 0x6, ZMM = 0xe6 };
	unsigned a, b, c, d, b7, c7, f = 0;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !all_of(c, bit_OSXSAVE)) return 0;
	if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d)) return 0;
	const unsigned saved = saved_state();

	if (all_of(saved, YMM) && all_of(c, bit_AVX | bit_FMA) && all_of(b7, bit_AVX2 | bit_BMI2)) f |= CPU_AVX2;
	if (c & bit_AES) f |= CPU_AES;
	if (f & CPU_AVX2 && f & CPU_AES && c7 & bit_VAES) f |= CPU_VAES;
	if (f & CPU_AVX2 && b7 & bit_SHA) f |= CPU_SHA;
	const unsigned avx512 = bit_AVX512F | bit_AVX512CD | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
	if (f & CPU_AVX2 && all_of(saved, ZMM) && all_of(b7, avx512)) f |= CPU_AVX512;
	if (f & CPU_AVX512 && b7 & bit_AVX512IFMA) f |= CPU_IFMA;
	if (f & CPU_AVX512 && c7 & bit_AVX512VNNI) f |= CPU_VNNI;
	return f;
}
#else
static unsigned detect(void) { return 0; }
#endif

static void decide(void)
{
	static const struct { const char *name; unsigned needs, allows; } LEVEL[] = {
		{ "portable", 0, 0 },
		{ "avx2", CPU_AVX2, CPU_AVX2 | CPU_AES | CPU_VAES | CPU_SHA },
		{ "avx512", CPU_AVX512, CPU_AVX2 | CPU_AES | CPU_VAES | CPU_SHA | CPU_AVX512 | CPU_IFMA | CPU_VNNI },
	};
	const char *want = getenv("ARCA_CPU");

	allowed = found = detect();
	if (!want || !*want) return;
	for (unsigned i = 0; i < COUNT(LEVEL); i++) {
		if (strcmp(want, LEVEL[i].name) || (found & LEVEL[i].needs) != LEVEL[i].needs) continue;
		allowed &= LEVEL[i].allows;
		return;
	}
	fprintf(stderr, "ARCA_CPU=%s: this is not one of portable, avx2, avx512, or this machine cannot do it\n", want);
	exit(64);
}

static void decide_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, decide);
}

bool cpu_can(unsigned needs)
{
	decide_once();
	return (found & needs) == needs;
}

bool cpu_allows(unsigned needs)
{
	decide_once();
	return (allowed & needs) == needs;
}
