/* SPDX-License-Identifier: MIT */
/*
 * tfhers/blocks.c -- values as one LWE ciphertext after the other: FheBool, FheUint and their squashed forms.
 *
 * A 64-bit block must have empty carries (degree at most 3): only then may two of them be joined for the squash.
 * Fresh and bootstrapped blocks have noise level 1, trivial ones 0; sums are accepted up to what the set allows.
 */
#include "tfhers/ciphertext_parts.h"
#include "tfhers/words.h"

/* ---- 64 bits ----------------------------------------------------------------------------------------------------- */

static tf_block block64(slice words, uint64_t degree, uint64_t noise_level)
{
	return (tf_block){ .ct = { words, numbers_modulus(64) }, .degree = degree, .noise_level = noise_level,
	                   .message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS,
	                   .atomic_pattern = numbers_pattern() };
}

static err check_block64(const char *what, const lat_params *p, size_t i, const tf_block *b)
{
	if (b->degree > FRESH_DEGREE)
		return err_fail(ERR_REQUEST, "%s: block %zu has degree %llu, so its carries are not empty; clean them first", what, i,
		                (unsigned long long)b->degree);
	if (b->noise_level > p->max_noise_level)
		return err_fail(ERR_REQUEST, "%s: block %zu has noise level %llu, at most %u can be decrypted", what, i,
		                (unsigned long long)b->noise_level, p->max_noise_level);
	if (b->ct.data.n != 8 * ((size_t)p->k * p->N + 1))
		return err_fail(ERR_REQUEST, "%s: block %zu has %zu words, block 0 has %u", what, i, b->ct.data.n / 8, p->k * p->N + 1);
	return OK;
}

/* What is read must be what would be written for the same words, degrees and noise levels. */
static err expect64(object_id id, arena *tree, const lat_params *p, const void *got, const tf_block *block, size_t n)
{
	const char *what = OBJECT[id].name;
	const size_t offset = envelope_length(what);
	tf_block *want;

	TRY(arena_new(tree, &want, n));
	for (size_t i = 0; i < n; i++) {
		TRY(check_block64(what, p, i, &block[i]));
		want[i] = block64(block[i].ct.data, block[i].degree, block[i].noise_level);
	}
	if (id == OBJECT_BOOL) {
		tf_bool b = *(const tf_bool *)got;
		b.block = want[0];
		return schema_expect(&T_BOOL_CT, got, &b, offset, what, numbers_text(p).text);
	}
	tf_integer v = *(const tf_integer *)got;
	v.blocks.p = want;
	return schema_expect(&T_INTEGER_CT, got, &v, offset, what, numbers_text(p).text);
}

static err blocks64_parse(ciphertext *out, arena *a, arena *tree, object_id id, slice file)
{
	const char *what = OBJECT[id].name;
	union { tf_bool boolean; tf_integer integer; } got;
	tf_blocks blocks;

	TRY(object_read(&got, tree, id, file));
	blocks = id == OBJECT_BOOL ? (tf_blocks){ 1, &got.boolean.block } : got.integer.blocks;
	TRY(blocks_check_count(what, blocks.n));
	const lat_params *p = numbers_find(id, &got);
	if (!p) return numbers_unknown(what);
	TRY(expect64(id, tree, p, &got, blocks.p, blocks.n));

	lwe64_run run = { blocks.n, p->k * p->N, NULL };
	TRY(arena_new(a, &run.w, blocks.n * (run.dim + 1)));
	for (size_t i = 0; i < blocks.n; i++) words64_load(lwe64_at(run, i), blocks.p[i].ct.data);
	out->params = p;
	out->blocks = blocks.n;
	out->boolean = id == OBJECT_BOOL;
	out->tag = id == OBJECT_BOOL ? got.boolean.tag : got.integer.tag;
	out->lwe64 = run;
	return numbers_check_tag(what, out->tag);
}

err blocks64_read(ciphertext *out, arena *a, bool boolean, slice file)
{
	AUTO(arena) tree = object_arena(file);
	return blocks64_parse(out, a, &tree, boolean ? OBJECT_BOOL : OBJECT_UINT, file);
}

void blocks64_write(buf *out, arena *a, const ciphertext *ct)
{
	const lwe64_run run = ct->lwe64;
	tf_block *block = arena_try(a, run.count * sizeof *block);

	ASSERT(block && run.count == ct->blocks);
	for (size_t i = 0; i < run.count; i++)
		block[i] = block64(words64_bytes(a, lwe64_at(run, i), run.dim + 1), ct->boolean ? 1 : FRESH_DEGREE, 1);
	if (ct->boolean)
		object_write(out, OBJECT_BOOL, &(tf_bool){ .block = block[0], .tag = ct->tag });
	else
		object_write(out, OBJECT_UINT, &(tf_integer){ .blocks = { run.count, block }, .tag = ct->tag });
}

/* ---- 128 bits ---------------------------------------------------------------------------------------------------- */

static tf_squashed_block block128(slice words, uint64_t degree)
{
	return (tf_squashed_block){ .ct = { words, numbers_modulus(128) }, .degree = degree,
	                            .message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS };
}

static err check_block128(const char *what, const lat_params *p, size_t i, const tf_squashed_block *b)
{
	if (b->degree > MAX_DEGREE)
		return err_fail(ERR_REQUEST, "%s: block %zu has degree %llu, at most %d is possible", what, i,
		                (unsigned long long)b->degree, MAX_DEGREE);
	if (b->ct.data.n != 16 * ((size_t)p->sns.k * p->sns.N + 1))
		return err_fail(ERR_REQUEST, "%s: block %zu has %zu words, block 0 has %u", what, i, b->ct.data.n / 16,
		                p->sns.k * p->sns.N + 1);
	return OK;
}

static err expect128(object_id id, arena *tree, const lat_params *p, const void *got, const tf_squashed_block *block, size_t n)
{
	const char *what = OBJECT[id].name;
	const size_t offset = envelope_length(what);
	tf_squashed_block *want;

	TRY(arena_new(tree, &want, n));
	for (size_t i = 0; i < n; i++) {
		TRY(check_block128(what, p, i, &block[i]));
		want[i] = block128(block[i].ct.data, block[i].degree);
	}
	if (id == OBJECT_SQUASHED_BOOL) {
		tf_squashed_bool b = *(const tf_squashed_bool *)got;
		b.block = want[0];
		return schema_expect(&T_SQUASHED_BOOL, got, &b, offset, what, numbers_text(p).text);
	}
	tf_squashed_integer v = *(const tf_squashed_integer *)got;
	v.radix.packed_blocks.p = want;
	return schema_expect(&T_SQUASHED_INTEGER, got, &v, offset, what, numbers_text(p).text);
}

static err blocks128_parse(ciphertext *out, arena *a, arena *tree, object_id id, slice file)
{
	const char *what = OBJECT[id].name;
	const bool boolean = id == OBJECT_SQUASHED_BOOL;
	union { tf_squashed_bool boolean; tf_squashed_integer integer; } got;
	tf_squashed_blocks squashed;

	TRY(object_read(&got, tree, id, file));
	uint64_t blocks = boolean ? 1 : got.integer.radix.original_block_count;
	squashed = boolean ? (tf_squashed_blocks){ 1, &got.boolean.block } : got.integer.radix.packed_blocks;
	TRY(blocks_check_count(what, blocks));
	if (squashed.n != squashed_of(blocks))
		return err_fail(ERR_REQUEST, "%s: %zu squashed blocks for a value of %llu blocks, %zu were expected", what, squashed.n,
		                (unsigned long long)blocks, squashed_of(blocks));
	const lat_params *p = numbers_find(id, &got);
	if (!p) return numbers_unknown(what);
	TRY(expect128(id, tree, p, &got, squashed.p, squashed.n));

	lwe128_run run = { squashed.n, p->sns.k * p->sns.N, NULL };
	TRY(arena_new(a, &run.w, squashed.n * (run.dim + 1)));
	for (size_t i = 0; i < squashed.n; i++) words128_load(lwe128_at(run, i), squashed.p[i].ct.data);
	out->params = p;
	out->blocks = (size_t)blocks;
	out->boolean = boolean;
	out->tag = boolean ? got.boolean.tag : got.integer.tag;
	out->lwe128 = run;
	return numbers_check_tag(what, out->tag);
}

err blocks128_read(ciphertext *out, arena *a, bool boolean, slice file)
{
	AUTO(arena) tree = object_arena(file);
	return blocks128_parse(out, a, &tree, boolean ? OBJECT_SQUASHED_BOOL : OBJECT_SQUASHED_UINT, file);
}

void blocks128_write(buf *out, arena *a, const ciphertext *ct)
{
	const lwe128_run run = ct->lwe128;
	tf_squashed_block *block = arena_try(a, run.count * sizeof *block);

	ASSERT(block && run.count == squashed_of(ct->blocks));
	for (size_t i = 0; i < run.count; i++) {
		bool pair = 2 * i + 1 < ct->blocks;
		block[i] = block128(words128_bytes(a, lwe128_at(run, i), run.dim + 1),
		                    ct->boolean ? 1 : pair ? MAX_DEGREE : FRESH_DEGREE);
	}
	if (ct->boolean)
		object_write(out, OBJECT_SQUASHED_BOOL, &(tf_squashed_bool){ .block = block[0], .tag = ct->tag });
	else
		object_write(out, OBJECT_SQUASHED_UINT, &(tf_squashed_integer){
			.radix = { { run.count, block }, ct->blocks }, .tag = ct->tag });
}
