/* SPDX-License-Identifier: MIT */
/*
 * tfhers/list.c -- what clients send: CompactCiphertextList, and the same in chunks with a proof each.
 *
 * A list holds all masks, then all bodies: one mask of n words for every n bodies.  Of degree 15 a body carries two
 * blocks, of degree 3 one.  The expansion kind is in version 1 with clients of TFHE-rs 1.7, in version 0 with those of
 * 1.4; both are read, 1 is written.
 */
#include "tfhers/numbers.h"
#include "tfhers/tfhers.h"
#include "tfhers/words.h"

static size_t masks_for(size_t count, size_t n)
{
	return (count + n - 1) / n;
}

static tf_chunk chunk_for(const lat_params *p, slice words, size_t count, bool paired, uint32_t expand_version)
{
	return (tf_chunk){
		.list = { .data = words, .lwe_size = p->pke.n + 1, .lwe_count = count, .modulus = numbers_modulus(64) },
		.degree = paired ? MAX_DEGREE : FRESH_DEGREE, .message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS,
		.expansion_kind = numbers_casting(expand_version) };
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* The chunk that a writer of this parameter set would make of the same words. */
static err expected_chunk(tf_chunk *want, const char *what, const lat_params *p, const tf_chunk *got)
{
	const size_t n = p->pke.n, words = got->list.data.n / 8;
	const uint64_t count = got->list.lwe_count;

	if (count == 0 || count > words || masks_for((size_t)count, n) * n + count != words)
		return err_fail(ERR_REQUEST, "%s: %zu words for %llu ciphertexts of dimension %zu", what, words,
		                (unsigned long long)count, n);
	*want = chunk_for(p, got->list.data, (size_t)count, got->degree == MAX_DEGREE, got->expansion_kind.version);
	return OK;
}

/* Requires: the chunk is as expected. */
static err take_chunk(compact_list *out, arena *a, const lat_params *p, const tf_chunk *chunk)
{
	compact_list list = { .n = p->pke.n, .count = (size_t)chunk->list.lwe_count,
	                      .paired = chunk->degree == MAX_DEGREE };
	const size_t masks = masks_for(list.count, list.n) * list.n;

	TRY(arena_new(a, &list.masks, masks));
	TRY(arena_new(a, &list.bodies, list.count));
	words64_load(list.masks, slice_of(chunk->list.data.p, 8 * masks));
	words64_load(list.bodies, slice_of(chunk->list.data.p + 8 * masks, 8 * list.count));
	*out = list;
	return OK;
}

/* A character of a string is 7 bits in 4 blocks. */
enum { BLOCKS_A_CHARACTER = 4 };

static err take_kinds(client_list *list, arena *a, const char *what, tf_data_kinds kinds, size_t *blocks)
{
	TRY(arena_new(a, &list->value, kinds.n));
	list->values = kinds.n;
	for (size_t i = 0; i < kinds.n; i++) {
		const tf_data_kind *k = &kinds.p[i];
		data_kind *v = &list->value[i];
		uint64_t count = k->blocks;

		if (k->variant == KIND_BOOLEAN) {
			*v = (data_kind){ .id = DATA_BOOL };
			count = 1;
		} else if (k->variant == KIND_STRING) {
			*v = (data_kind){ .id = DATA_STRING, .chars = k->string.n_chars, .padded = k->string.padded };
			count = (uint64_t)BLOCKS_A_CHARACTER * k->string.n_chars;
		} else {
			*v = (data_kind){ .id = k->variant == KIND_SIGNED ? DATA_SIGNED : DATA_UNSIGNED };
		}
		if (count > MAX_TFHERS_FILE - *blocks)
			return err_fail(ERR_REQUEST, "%s: value %zu says it has %llu blocks", what, i, (unsigned long long)count);
		v->blocks = (size_t)count;
		*blocks += v->blocks;
	}
	return OK;
}

/* Every body must belong to a value and every value must have its bodies; all chunks are packed alike. */
static err check_blocks(const char *what, const client_list *list, size_t blocks)
{
	const bool paired = list->list[0].paired;
	size_t bodies = 0;

	for (size_t i = 0; i < list->lists; i++) {
		if (list->list[i].paired != paired) return err_fail(ERR_REQUEST, "%s: some chunks are packed, some are not", what);
		bodies += list->list[i].count;
	}
	if (bodies != (paired ? (blocks + 1) / 2 : blocks))
		return err_fail(ERR_REQUEST, "%s: %zu ciphertexts for %zu values of %zu blocks together", what, bodies, list->values,
		                blocks);
	return OK;
}

/* out->params and out->lists are known, and the object is as expected. */
static err take(client_list *out, arena *a, const char *what, const tf_chunk *const *chunk, tf_data_kinds kinds, slice tag)
{
	size_t blocks = 0;

	TRY(arena_new(a, &out->list, out->lists));
	for (size_t i = 0; i < out->lists; i++) TRY(take_chunk(&out->list[i], a, out->params, chunk[i]));
	TRY(take_kinds(out, a, what, kinds, &blocks));
	TRY(check_blocks(what, out, blocks));
	out->tag = tag;
	return numbers_check_tag(what, tag);
}

static err read_plain(client_list *out, arena *a, arena *tree, slice file)
{
	const char *what = OBJECT[OBJECT_COMPACT_LIST].name;
	tf_compact_list got, want;

	TRY(object_read(&got, tree, OBJECT_COMPACT_LIST, file));
	const tf_chunk *chunk = &got.inner.list;
	out->lists = 1;
	out->params = numbers_find(OBJECT_COMPACT_LIST, &got);
	if (!out->params) return numbers_unknown(what);
	want = got;
	TRY(expected_chunk(&want.inner.list, what, out->params, chunk));
	TRY(schema_expect(&T_COMPACT_LIST, &got, &want, envelope_length(what), what, numbers_text(out->params).text));
	return take(out, a, what, &chunk, got.inner.info, got.tag);
}

static err read_proven(client_list *out, arena *a, arena *tree, slice file)
{
	const char *what = OBJECT[OBJECT_PROVEN_LIST].name;
	tf_proven_list got, want;
	const tf_chunk **chunk;

	TRY(object_read(&got, tree, OBJECT_PROVEN_LIST, file));
	const tf_proved_chunks lists = got.inner.lists;
	if (lists.n == 0) return err_fail(ERR_REQUEST, "%s is empty", what);
	out->lists = lists.n;
	out->params = numbers_find(OBJECT_PROVEN_LIST, &got);
	if (!out->params) return numbers_unknown(what);

	want = got;
	TRY(arena_new(tree, &want.inner.lists.p, lists.n));
	TRY(arena_new(tree, &chunk, lists.n));
	for (size_t i = 0; i < lists.n; i++) {
		want.inner.lists.p[i] = lists.p[i];
		chunk[i] = &lists.p[i].list;
		TRY(expected_chunk(&want.inner.lists.p[i].list, what, out->params, chunk[i]));
	}
	TRY(schema_expect(&T_PROVEN_LIST, &got, &want, envelope_length(what), what, numbers_text(out->params).text));
	return take(out, a, what, chunk, got.inner.info, got.tag);
}

err tfhers_read_list(client_list *out, arena *a, slice file)
{
	AUTO(arena) tree = object_arena(file);
	client_list list = { 0 };
	object_id id;

	TRY(object_of(&id, file));
	if (id == OBJECT_PROVEN_LIST) TRY(read_proven(&list, a, &tree, file));
	else TRY(read_plain(&list, a, &tree, file));
	*out = list;
	return OK;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static tf_data_kind kind_for(const data_kind *v)
{
	switch (v->id) {
	case DATA_UNSIGNED: return (tf_data_kind){ .variant = KIND_UNSIGNED, .blocks = v->blocks };
	case DATA_SIGNED:   return (tf_data_kind){ .variant = KIND_SIGNED, .blocks = v->blocks };
	case DATA_BOOL:     return (tf_data_kind){ .variant = KIND_BOOLEAN };
	case DATA_STRING:   return (tf_data_kind){ .variant = KIND_STRING, .string = { v->chars, v->padded } };
	}
	assert_failed("a kind of the enum", __FILE__, __LINE__);
}

void tfhers_write_list(buf *out, const client_list *list)
{
	const compact_list *l = &list->list[0];
	const size_t masks = masks_for(l->count, l->n) * l->n;
	AUTO(arena) a = arena_with_limit(SIZE_MAX);
	AUTO(buf) words = { 0 };
	tf_data_kind *kind = arena_try(&a, list->values * sizeof *kind);

	ASSERT(list->lists == 1 && kind && l->n == list->params->pke.n);
	buf_reserve(&words, 8 * (masks + l->count));
	for (size_t i = 0; i < masks; i++) buf_put_u64(&words, l->masks[i]);
	for (size_t i = 0; i < l->count; i++) buf_put_u64(&words, l->bodies[i]);
	for (size_t i = 0; i < list->values; i++) kind[i] = kind_for(&list->value[i]);
	object_write(out, OBJECT_COMPACT_LIST, &(tf_compact_list){
		.inner = { chunk_for(list->params, buf_slice(&words), l->count, l->paired, 1), { list->values, kind } },
		.tag = list->tag });
}
