/* SPDX-License-Identifier: MIT */
/* sym/sha2_pair.c -- where the blocks of two messages lie: the head in a buffer, the body in its place, the end in a buffer. */
#include "sym/sha2_pair.h"
#include "base/cpu.h"

const sha256_pair_kernel SHA256_PAIR_PORTABLE = { "portable", CPU_PORTABLE, NULL };

const sha256_pair_kernel *const SHA256_PAIR_ALL[] = {
#if CPU_X86
	&SHA256_PAIR_SHANI,
#endif
	&SHA256_PAIR_PORTABLE, NULL
};

const sha256_pair_kernel *sha256_pair_chosen(void)
{
	const sha256_pair_kernel *const *k = SHA256_PAIR_ALL;
	while (!cpu_allows((*k)->needs)) k++;
	return *k;
}

static void by_libcrypto(hash32 out[static 2], const sha256_message m[static 2])
{
	AUTO(sha256_stream) s = sha256_begin();
	for (unsigned i = 0; i < 2; i++) {
		sha256_add(&s, m[i].head);
		sha256_add(&s, m[i].body);
		out[i] = sha256_end(&s);
	}
}

static size_t padded(size_t n)
{
	return (n + SHA256_BLOCK - 1) / SHA256_BLOCK * SHA256_BLOCK;
}

/* Blocks of both messages that stand in buffers, each of which is as long as the other. */
static void compress_buffers(const sha256_pair_kernel *k, uint32_t state[static 2][8], const uint8_t *a, const uint8_t *b, size_t n)
{
	const uint8_t *const at[2] = { a, b };
	k->compress(state, at, n / SHA256_BLOCK);
}

void sha256_pair_by(const sha256_pair_kernel *k, hash32 out[static 2], const sha256_message m[static 2])
{
	static const uint32_t START[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	const size_t head = m[0].head.n, body = m[0].body.n, filled = padded(head);
	uint8_t first[2][SHA256_MAX_HEAD], last[2][2 * SHA256_BLOCK] = { 0 };
	uint32_t state[2][8];

	ASSERT(head <= SHA256_MAX_HEAD && m[1].head.n == head && m[1].body.n == body);
	if (!k->compress || body < filled - head) {
		by_libcrypto(out, m);
		return;
	}
	/* The body fills the head's last block, goes on by itself, and leaves a rest. */
	const size_t from = filled - head, blocks = (body - from) / SHA256_BLOCK, rest = (body - from) % SHA256_BLOCK;
	const size_t end = padded(rest + 1 + 8);
	const uint8_t *const at[2] = { m[0].body.p + from, m[1].body.p + from };
	for (unsigned i = 0; i < 2; i++) {
		memcpy(state[i], START, sizeof START);
		if (head) memcpy(first[i], m[i].head.p, head);
		if (from) memcpy(first[i] + head, m[i].body.p, from);
		if (rest) memcpy(last[i], at[i] + blocks * SHA256_BLOCK, rest);
		last[i][rest] = 0x80;
		for (unsigned b = 0; b < 8; b++) last[i][end - 1 - b] = (uint8_t)((uint64_t)(head + body) * 8 >> 8 * b);
	}
	compress_buffers(k, state, first[0], first[1], filled);
	k->compress(state, at, blocks);
	compress_buffers(k, state, last[0], last[1], end);
	for (unsigned i = 0; i < 2; i++)
		for (unsigned w = 0; w < 8; w++)
			for (unsigned b = 0; b < 4; b++) out[i].b[4 * w + b] = (uint8_t)(state[i][w] >> (24 - 8 * b));
}

void sha256_pair(hash32 out[static 2], const sha256_message m[static 2])
{
	sha256_pair_by(sha256_pair_chosen(), out, m);
}
