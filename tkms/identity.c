/* SPDX-License-Identifier: MIT */
/* tkms/identity.c -- the frozen encoding; the words, 98 KB of a list, are hashed where they lie. */
#include "tkms/identity.h"
#include "sym/sha2_pair.h"

enum { NUMBER_SNS = 1, NUMBER_SNSCOMP = 2, HEAD = 8 + 2 + 64 + 2 + 12 };

static uint32_t mask_length(const squashed *ct)
{
	return ct->under == SECRET_SNSCOMP ? ct->packed.k * ct->packed.N : ct->lwe.dim;
}

static void write_head(uint8_t head[static HEAD], const share_holder *holder, decrypt_operation operation, const squashed *ct)
{
	memcpy(head, "ARCA-DD1", 8);
	head[8] = 128 / 64;
	head[9] = (uint8_t)holder->d;
	memcpy(head + 10, holder->key_id.b, 32);
	memcpy(head + 42, holder->epoch_id.b, 32);
	head[74] = (uint8_t)operation;
	head[75] = ct->under == SECRET_SNSCOMP ? NUMBER_SNSCOMP : NUMBER_SNS;
	store32(head + 76, mask_length(ct));
	store32(head + 80, 0);
	store32(head + 84, ct->blocks);
}

typedef struct words { const u128 *w; size_t n; } words;

static words words_of(const squashed *ct)
{
	const size_t mask = mask_length(ct);
	if (ct->under == SECRET_SNSCOMP) return (words){ ct->packed.w, mask + ct->blocks };
	return (words){ ct->lwe.w, ct->blocks * (mask + 1) };
}

/* Words as little-endian bytes: on most machines, the bytes that they are. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { WORDS_ARE_BYTES = true };
static void add_words(sha256_stream *s, words x) { sha256_add(s, slice_of(x.w, x.n * sizeof *x.w)); }
#else
enum { WORDS_ARE_BYTES = false };
static void add_words(sha256_stream *s, words x)
{
	for (size_t i = 0; i < x.n; i++) {
		uint8_t b[16];
		store128(b, x.w[i]);
		sha256_add(s, slice_of(b, sizeof b));
	}
}
#endif

hash32 mask_identity(sha256_stream *s, const share_holder *holder, decrypt_operation operation, const squashed *ct)
{
	uint8_t head[HEAD];

	write_head(head, holder, operation, ct);
	sha256_add(s, slice_of(head, sizeof head));
	add_words(s, words_of(ct));
	return sha256_end(s);
}

/* ---- two at a time ---------------------------------------------------------------------------------------------- */

bool mask_identities_pair(const squashed ct[static 2])
{
	return WORDS_ARE_BYTES && words_of(&ct[0]).n == words_of(&ct[1]).n;
}

void mask_identity_pair(hash32 h[static 2], const share_holder *holder, decrypt_operation operation, const squashed ct[static 2])
{
	uint8_t head[2][HEAD];
	sha256_message m[2];

	for (unsigned i = 0; i < 2; i++) {
		const words x = words_of(&ct[i]);
		write_head(head[i], holder, operation, &ct[i]);
		m[i] = (sha256_message){ slice_of(head[i], HEAD), slice_of(x.w, x.n * sizeof *x.w) };
	}
	sha256_pair(h, m);
}
