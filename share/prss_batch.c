/* SPDX-License-Identifier: MIT */
/*
 * share/prss_batch.c -- AES under some of the keys for all blocks of some values, sums, and at the end what is done once a
 * value.
 *
 * The keys of (13, 4) fill the second-level cache, what AES yields for 16 of them and 16 blocks a part of the first: so the
 * keys are walked once for 16 sums, and blocks are added up while they are near.
 */
#include "base/cpu.h"
#include "share/prss_batch_state.h"

enum { SUMS = 16, QUADS = 4, NEAR = 16 /* blocks */, MOST_BLOCKS = SUMS * GR_MAX_DEGREE, FEW_QUADS = 2 };

const batch_kernel *const BATCH_ALL[] = {
#if CPU_X86
	&BATCH_AVX512, &BATCH_AVX2,
#endif
	&BATCH_PORTABLE, NULL
};

bool batch_serves(const batch_kernel *k, const prss_batch *b)
{
	return cpu_can(k->needs) && (k == &BATCH_PORTABLE ? b->fit : b->vector);
}

/* Of few sets, all sums are short, and what vectors cost at their ends is more than what they save. */
const batch_kernel *batch_chosen(const prss_batch *b)
{
	const batch_kernel *const *k = BATCH_ALL;

	if (!b->fit) return NULL;
	if (b->p->quads <= FEW_QUADS) return &BATCH_PORTABLE;
	while (!cpu_allows((*k)->needs) || !batch_serves(*k, b)) k++;
	return *k;
}

/* What values of a domain are made of. */
typedef struct kind {
	batch_kind  kind;
	prss_domain domain;
	const ring *R;
	unsigned    blocks;                  /* of a sum               */
	unsigned    sums;                    /* of a value             */
	unsigned    shift;                   /* 1: a sum of two values */
} kind;

static kind kind_of(const prss *p, const ring *R, prss_domain domain)
{
	const bool zeta = domain == PRSS_ZETA, narrow = R->k == 64;

	ASSERT(R->d == p->d && (zeta || domain == PRSS_CHI));
	kind K = {
		.kind = zeta ? narrow ? BATCH_ZETA_64 : BATCH_ZETA_128 : narrow ? BATCH_CHI_64 : BATCH_CHI_128,
		.domain = domain, .R = R, .sums = zeta ? 1 : p->t, .shift = zeta && narrow,
	};
	K.blocks = batch_blocks(K.kind, R->d);
	return K;
}

typedef struct work {
	uint8_t input[MOST_BLOCKS][AES_BLOCK];
	uint8_t state[AES_QUAD * QUADS][AES_BLOCK];
	_Alignas(64) uint8_t block[NEAR * AES_QUAD * QUADS][AES_BLOCK];
	_Alignas(64) uint8_t sum[SUMS][BATCH_SUM];
} work;

/* Sums of values from, from + 1, ... (of zeta, k = 64, pairs of values), and of each as many as it has. */
static void add_up(work *at, const batch_kernel *k, const prss_batch *b, const kind *K, const uint8_t *sid, uint64_t from,
                   unsigned sums)
{
	const unsigned near = NEAR / K->blocks;          /* sums at a time */
	const prss *p = b->p;

	for (unsigned s = 0; s < sums; s++)
		for (unsigned lane = 0; lane < K->blocks; lane++)
			prf_input(at->input[s * K->blocks + lane], K->domain, lane, K->domain == PRSS_CHI ? s % K->sums + 1 : 0, K->R->k / 64,
			          from + s / K->sums);
	for (size_t q = 0; q < p->quads; q += QUADS) {
		const size_t quads = size_min(QUADS, p->quads - q);
		aes_many(p->key + q, quads, at->state[0], NULL, sid, 1);
		for (unsigned s = 0, some; s < sums; s += some) {
			some = (unsigned)size_min(near, sums - s);
			aes_many(p->key + q, quads, at->block[0], at->state[0], at->input[s * K->blocks], some * K->blocks);
			k->add(at->sum[s], some, q == 0, b, K->kind, at->block[0], q, quads);
		}
	}
}

#define WORD uint64_t
#define W(name) narrow_##name
#include "share/prss_batch_words.inc"
#undef WORD
#undef W
#define WORD u128
#define W(name) wide_##name
#include "share/prss_batch_words.inc"

static void one_by_one(const prss *p, const ring *R, prss_domain domain, void *out, const uint8_t *sid, uint64_t first,
                       size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned c = 0; c < R->d; c++) {
			const gr v = (domain == PRSS_ZETA ? prss_z_next : przs_next)(p, R, sid, first + i).v;
			if (R->k == 64) ((uint64_t *)out)[i * R->d + c] = (uint64_t)v.c[c];
			else ((u128 *)out)[i * R->d + c] = v.c[c];
		}
}

void prss_many_by(const batch_kernel *k, const prss_batch *b, const ring *R, prss_domain domain, void *out,
                  const uint8_t sid[static PRSS_SID], uint64_t first, size_t count)
{
	const kind K = kind_of(b->p, R, domain);
	work at;

	if (!k) {
		one_by_one(b->p, R, domain, out, sid, first, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		prss_ledger_note(b->p, slice_of(sid, PRSS_SID), domain, R->k / 64, first + i, LEDGER_DRAWN);
	if (R->k == 64) narrow_draw(&at, k, b, &K, out, sid, first, count);
	else wide_draw(&at, k, b, &K, out, sid, first, count);
	wipe(&at, sizeof at);
}

void prss_z_many(const prss_batch *b, const ring *R, void *out, const uint8_t sid[static PRSS_SID], uint64_t first,
                 size_t count)
{
	prss_many_by(batch_chosen(b), b, R, PRSS_ZETA, out, sid, first, count);
}

void przs_many(const prss_batch *b, const ring *R, void *out, const uint8_t sid[static PRSS_SID], uint64_t first, size_t count)
{
	prss_many_by(batch_chosen(b), b, R, PRSS_CHI, out, sid, first, count);
}
