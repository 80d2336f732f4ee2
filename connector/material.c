/* SPDX-License-Identifier: MIT */
/* connector/material.c -- the keys and CRSs at a block. */
#include "connector/material.h"
#include <stdlib.h>

void epoch_material_free(epoch_material **m)
{
	if (!*m) return;
	chain_reads_free((*m)->read, COUNT((*m)->read));
	free(*m);
	*m = NULL;
}

/* The ids of all that was completed, as the first words of the reads that ask for more. */
static err ask_for_each(epoch_material *m, size_t *n, size_t from, slice ids, call_read list, call_read each, const eth_address *generation)
{
	arena memory = arena_with_limit(MAX_READ_IDS * sizeof(id32) + 256);
	const id32 *id = NULL;

	err e = call_read_ids(&id, n, &memory, list, ids);
	if (e == OK && *n > MAX_MATERIAL) e = err_fail(ERR_EXHAUSTED, "a new epoch would take over %zu keys or CRSs, more than %d", *n, MAX_MATERIAL);
	for (size_t i = 0; e == OK && i < *n; i++) {
		abi_word w;
		memcpy(w.b, id[i].b, sizeof w.b);
		chain_read_set(&m->read[from + i], generation, each, &w, 1);
		if (each == READ_CRS_MATERIALS) m->crs[i].id = id[i];
	}
	if (e != OK) *n = 0;
	arena_free(&memory);
	return e;
}

static err load(epoch_material *m, providers *host, const eth_address *generation, eth_at at)
{
	chain_read lists[2] = { 0 };

	chain_read_set(&lists[0], generation, READ_COMPLETED_KEYS, NULL, 0);
	chain_read_set(&lists[1], generation, READ_COMPLETED_CRS, NULL, 0);
	err e = chain_reads(host, lists, COUNT(lists), at);
	if (e == OK) e = ask_for_each(m, &m->keys, 0, buf_slice(&lists[0].answer), READ_COMPLETED_KEYS, READ_KEY_INFO, generation);
	if (e == OK) e = ask_for_each(m, &m->crss, m->keys, buf_slice(&lists[1].answer), READ_COMPLETED_CRS, READ_CRS_MATERIALS, generation);
	chain_reads_free(lists, COUNT(lists));
	TRY(e);
	TRY(chain_reads(host, m->read, m->keys + m->crss, at));
	for (size_t i = 0; i < m->keys; i++) TRY(call_read_key(&m->key[i], buf_slice(&m->read[i].answer)));
	for (size_t i = 0; i < m->crss; i++) TRY(call_read_crs_digest(&m->crs[i].digest, buf_slice(&m->read[m->keys + i].answer)));
	return OK;
}

err epoch_material_load(epoch_material **out, providers *host, const eth_address *generation, uint64_t block)
{
	epoch_material *m = calloc(1, sizeof *m);

	if (!m) return err_fail(ERR_NOMEM, "no memory for the keys of an epoch");
	const err e = load(m, host, generation, eth_block_at(block));
	if (e == OK) *out = m;
	else epoch_material_free(&m);
	return e;
}
