/* SPDX-License-Identifier: MIT */
/* sym/mask.c -- counters laid out by the batch and encrypted in place. */
#include "sym/mask.h"

enum { BATCH_BLOCKS = MASK_BATCH / AES_BLOCK };

mask_seed mask_seed_ctr(u128 x)
{
	return (mask_seed){ .kind = MASK_CTR, .ctr = x };
}

mask_seed mask_seed_xof(const char *domain, slice bytes)
{
	ASSERT(strlen(domain) == MASK_DOMAIN && bytes.n <= MASK_XOF_MAX);
	mask_seed s = { .kind = MASK_XOF, .xof_n = (uint8_t)bytes.n };
	memcpy(s.domain, domain, MASK_DOMAIN);
	if (bytes.n) memcpy(s.xof, bytes.p, bytes.n);
	return s;
}

/* c = AES_0(c xor block) */
static void chain(aes128 *zero_key, uint8_t c[static AES_BLOCK], const uint8_t *block)
{
	for (unsigned i = 0; i < AES_BLOCK; i++) c[i] ^= block[i];
	aes128_blocks(zero_key, c, c, 1);
}

/* Key and offset of a Xof seed: the last two links of the chain over domain || seed bytes || length in bits. */
static void derive(uint8_t key[static AES128_KEY], u128 *offset, const mask_seed *seed)
{
	static const uint8_t ZERO[AES128_KEY];
	enum { PADDED = (MASK_DOMAIN + MASK_XOF_MAX + AES_BLOCK - 1) / AES_BLOCK * AES_BLOCK };
	uint8_t d[PADDED] = { 0 }, c[AES_BLOCK] = { 0 }, length[AES_BLOCK];
	const size_t n = MASK_DOMAIN + (size_t)seed->xof_n;
	AUTO(aes128) zero_key = aes128_new(ZERO);

	ASSERT(seed->xof_n <= MASK_XOF_MAX);
	memcpy(d, seed->domain, MASK_DOMAIN);
	memcpy(d + MASK_DOMAIN, seed->xof, seed->xof_n);
	for (size_t at = 0; at < n; at += AES_BLOCK) chain(&zero_key, c, d + at);
	*offset = load128(c);
	store128(length, 8 * n);
	chain(&zero_key, c, length);
	memcpy(key, c, AES128_KEY);
	wipe(d, sizeof d);
	wipe(c, sizeof c);
}

static const bool LITTLE_ENDIAN_HOST = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

/* Encrypts the next `blocks` counters into out. */
static void make(mask_stream *m, uint8_t *out, size_t blocks)
{
	const u128 first = m->offset + m->next;
	for (size_t i = 0; i < blocks; i++) {
		const u128 counter = first + i;
		if (LITTLE_ENDIAN_HOST) memcpy(out + i * AES_BLOCK, &counter, AES_BLOCK);
		else store128(out + i * AES_BLOCK, counter);
	}
	aes128_blocks(&m->key, out, out, blocks);
	m->next += blocks;
}

static void refill(mask_stream *m)
{
	make(m, m->ready, BATCH_BLOCKS);
	m->at = 0;
}

mask_stream mask_open(const mask_seed *seed)
{
	uint8_t key[AES128_KEY];
	mask_stream m = { .next = seed->first.block, .at = MASK_BATCH };

	ASSERT(seed->first.byte < AES_BLOCK);
	if (seed->kind == MASK_CTR) store128(key, seed->ctr);
	else derive(key, &m.offset, seed);
	m.key = aes128_new(key);
	wipe(key, sizeof key);
	mask_skip(&m, seed->first.byte);
	return m;
}

void mask_stream_free(mask_stream *m)
{
	aes128_free(&m->key);
	wipe(m, sizeof *m);
}

void mask_fill_bytes(mask_stream *m, uint8_t *out, size_t n)
{
	if (n == 0) return;                                   /* out may then be NULL */
	const size_t from_ready = size_min(n, MASK_BATCH - m->at);
	memcpy(out, m->ready + m->at, from_ready);
	m->at += (uint32_t)from_ready;
	out += from_ready, n -= from_ready;

	/* Whole batches are made where they are wanted. */
	for (; n >= MASK_BATCH; out += MASK_BATCH, n -= MASK_BATCH) make(m, out, BATCH_BLOCKS);

	if (n == 0) return;
	refill(m);
	memcpy(out, m->ready, n);
	m->at = (uint32_t)n;
}

void mask_u64s(mask_stream *m, uint64_t *out, size_t n)
{
	ASSERT(n <= SIZE_MAX / sizeof *out);
	mask_fill_bytes(m, (uint8_t *)out, n * sizeof *out);
	if (LITTLE_ENDIAN_HOST) return;
	for (size_t i = 0; i < n; i++) out[i] = load64((const uint8_t *)&out[i]);
}

void mask_u128s(mask_stream *m, u128 *out, size_t n)
{
	ASSERT(n <= SIZE_MAX / sizeof *out);
	mask_fill_bytes(m, (uint8_t *)out, n * sizeof *out);
	if (LITTLE_ENDIAN_HOST) return;
	for (size_t i = 0; i < n; i++) out[i] = load128((const uint8_t *)&out[i]);
}

void mask_skip(mask_stream *m, uint64_t bytes)
{
	const uint64_t from_ready = bytes < MASK_BATCH - m->at ? bytes : MASK_BATCH - m->at;
	m->at += (uint32_t)from_ready;
	bytes -= from_ready;
	if (bytes == 0) return;

	m->next += bytes / AES_BLOCK;
	if (bytes % AES_BLOCK == 0) return;
	refill(m);
	m->at = (uint32_t)(bytes % AES_BLOCK);
}

mask_index mask_position(const mask_stream *m)
{
	const uint32_t left = MASK_BATCH - m->at;             /* made but not yet given */
	const uint32_t blocks = (left + AES_BLOCK - 1) / AES_BLOCK;
	return (mask_index){ m->next - blocks, (uint8_t)(m->at % AES_BLOCK) };
}
