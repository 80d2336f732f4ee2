/* SPDX-License-Identifier: MIT */
/* tkms/encrypt.c -- values to blocks to one compact list. */
#include "tkms/encrypt.h"
#include "lattice/compact.h"

enum { MAX_BLOCKS = MAX_VALUES * FHE_MAX_BYTES * 8 / MESSAGE_BITS };

static err encrypt_in(buf *list_file, arena *a, slice public_key_file, const plaintext *value, size_t values, const rng *random)
{
	public_key key;
	uint8_t *block;
	client_list out = { .lists = 1, .values = values };
	size_t blocks = 0;

	if (values == 0 || values > MAX_VALUES)
		return err_fail(ERR_REQUEST, "a list holds 1 to %d values, not %zu", MAX_VALUES, values);
	TRY(tfhers_read_public_key(&key, a, public_key_file));
	TRY(arena_new(a, &block, MAX_BLOCKS));
	TRY(arena_new(a, &out.value, values));
	TRY(arena_new(a, &out.list, 1));
	for (size_t i = 0; i < values; i++) {
		const fhe_type *t = value[i].type;
		compact_blocks(block + blocks, t->blocks, slice_of(value[i].bytes, t->bytes));
		out.value[i] = (data_kind){ .id = t->number == FHE_BOOL ? DATA_BOOL : DATA_UNSIGNED, .blocks = t->blocks };
		blocks += t->blocks;
	}
	const compact_key k = { key.params->pke.n, key.params->pke.noise, key.mask, key.body };
	TRY(compact_encrypt(out.list, a, &k, block, blocks, random));
	out.params = key.params;
	out.tag = key.tag;
	tfhers_write_list(list_file, &out);
	return OK;
}

err tkms_encrypt(buf *list_file, slice public_key_file, const plaintext *value, size_t values, const rng *random)
{
	if (public_key_file.n > MAX_PUBLIC_KEY_FILE)
		return err_fail(ERR_REQUEST, "the public key has %zu bytes; at most %d are read", public_key_file.n, MAX_PUBLIC_KEY_FILE);

	/* The arena holds the blocks in the clear and the client's randomness: its end wipes them. */
	arena a = arena_with_limit((size_t)64 << 20);
	err e = encrypt_in(list_file, &a, public_key_file, value, values, random);
	arena_free(&a);
	return e;
}
