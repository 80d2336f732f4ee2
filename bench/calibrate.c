/* SPDX-License-Identifier: MIT */
/*
 * bench/calibrate.c -- what this machine is like just now: the clock of a core, its AES unit, its way to the memory.
 *
 * Figures elsewhere are compared after scaling by these.  They are of the processor, not of arca: nothing of arca is called.
 */
#include "bench/bench.h"
#include <stdlib.h>
#include <sys/mman.h>
#include "base/cpu.h"
#if CPU_X86
#include <immintrin.h>
#endif

/* ---- clock ------------------------------------------------------------------------------------------------------- */

enum { ADDS = 1 << 22, UNROLLED = 16, GHZ_SAMPLES = 20 };

/* A chain of additions, each waiting for the one before: one a cycle. */
static void add_chain(uint64_t *x)
{
	uint64_t a = *x;

	for (unsigned i = 0; i < ADDS / UNROLLED; i++)
		for (unsigned k = 0; k < UNROLLED; k++) {
			a += i | 1;
			__asm__ volatile("" : "+r"(a));
		}
	*x = a;
}

static err ghz(bench *b)
{
	uint64_t x = 1;

	add_chain(&x);
	for (unsigned i = 0; i < GHZ_SAMPLES; i++) {
		const double began = bench_seconds(BENCH_THREAD);
		add_chain(&x);
		bench_take(b, ADDS / (bench_seconds(BENCH_THREAD) - began) * 1e-9);
	}
	bench_keep(&x);
	return OK;
}

/* ---- AES --------------------------------------------------------------------------------------------------------- */

enum { AES_BLOCKS = 1 << 17, AES_FLIGHT = 8, AES_SAMPLES = 20 };

#if CPU_X86
__attribute__((target("aes,sse4.1")))
static void aes_chain(__m128i lane[static AES_FLIGHT], const __m128i key[static 11])
{
	__m128i l[AES_FLIGHT];

	memcpy(l, lane, sizeof l);
	for (unsigned i = 0; i < AES_BLOCKS / AES_FLIGHT; i++) {
		for (unsigned k = 0; k < AES_FLIGHT; k++) l[k] = _mm_xor_si128(l[k], key[0]);
		for (unsigned round = 1; round < 10; round++)
			for (unsigned k = 0; k < AES_FLIGHT; k++) l[k] = _mm_aesenc_si128(l[k], key[round]);
		for (unsigned k = 0; k < AES_FLIGHT; k++) l[k] = _mm_aesenclast_si128(l[k], key[10]);
	}
	memcpy(lane, l, sizeof l);
}

static err aes(bench *b)
{
	__m128i lane[AES_FLIGHT], key[11];

	if (!cpu_can(CPU_AES)) return err_fail(ERR_UNSUPPORTED, "this processor has no AES instructions");
	for (int i = 0; i < AES_FLIGHT; i++) lane[i] = _mm_set1_epi32(i);
	for (int i = 0; i < 11; i++) key[i] = _mm_set_epi32(i, i * 7, i * 11, ~i);
	aes_chain(lane, key);
	for (unsigned i = 0; i < AES_SAMPLES; i++) {
		const double began = bench_seconds(BENCH_THREAD);
		aes_chain(lane, key);
		bench_take(b, (bench_seconds(BENCH_THREAD) - began) * 1e9 / AES_BLOCKS);
	}
	bench_keep(lane);
	return OK;
}
#else
static err aes(bench *b)
{
	(void)b;
	return err_fail(ERR_UNSUPPORTED, "this row is written for x86-64");
}
#endif

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Beyond every cache. */
#define DRAM_BYTES ((size_t)512 << 20)
enum { DRAM_SAMPLES = 6 };

typedef uint64_t words __attribute__((vector_size(32)));

static inline __attribute__((always_inline)) uint64_t sum_of(const words *p)
{
	words a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

	for (size_t i = 0; i < DRAM_BYTES / sizeof *p; i += 4) a += p[i], b += p[i + 1], c += p[i + 2], d += p[i + 3];
	a += b + c + d;
	return a[0] + a[1] + a[2] + a[3];
}

static uint64_t sum_portable(const words *p) { return sum_of(p); }
#if CPU_X86
__attribute__((target("avx2"))) static uint64_t sum_avx2(const words *p) { return sum_of(p); }
#else
#define sum_avx2 sum_portable
#endif

static err dram(bench *b)
{
	words *p = mmap(NULL, DRAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) return err_fail(ERR_NOMEM, "no %zu MiB of memory to read", DRAM_BYTES >> 20);
	madvise(p, DRAM_BYTES, MADV_HUGEPAGE);
	memset(p, 1, DRAM_BYTES);
	for (unsigned i = 0; i < DRAM_SAMPLES; i++) {
		const double began = bench_seconds(BENCH_THREAD);
		const uint64_t sum = cpu_can(CPU_AVX2) ? sum_avx2(p) : sum_portable(p);
		bench_take(b, DRAM_BYTES / (bench_seconds(BENCH_THREAD) - began) * 1e-9);
		bench_keep(&sum);
	}
	munmap(p, DRAM_BYTES);
	return OK;
}

static const bench_row ROWS[] = {
	{ "cal/ghz", "GHz", "clock of a core, by a chain of additions", ghz, { 0 } },
	{ "cal/aes", "ns", "a block of AES-128 by the processor's instructions, 8 in flight", aes, { 0 } },
	{ "cal/dram", "GB/s", "reading memory beyond the caches, one core", dram, { 0 } },
};
const bench_group BENCH_CALIBRATION = { ROWS, COUNT(ROWS), NULL, NULL };
