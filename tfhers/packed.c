/* SPDX-License-Identifier: MIT */
/*
 * tfhers/packed.c -- values as slots of one GLWE ciphertext: CompressedCiphertextList (64 bits, words rounded to few
 * bits) and CompressedSquashedNoiseCiphertextList (128 bits, words as they are).
 *
 * A list says what its values are; the blocks of value 0 are in the first slots of the first GLWE.  The largest type
 * fits into one GLWE of every parameter set.
 */
#include "tfhers/ciphertext_parts.h"
#include "tfhers/words.h"

/* What a parameter set says about the GLWEs of a list. */
typedef struct packing { unsigned bits, k, N, storage_bits, lwe_per_glwe; } packing;

static packing packing_of(object_id id, const lat_params *p)
{
	return id == OBJECT_COMPRESSED_LIST
		? (packing){ 64, p->comp.k, p->comp.N, p->comp.storage_bits, p->comp.lwe_per_glwe }
		: (packing){ 128, p->snscomp.k, p->snscomp.N, 128, p->snscomp.lwe_per_glwe };
}

static size_t glwe_bytes(packing f, size_t bodies)
{
	size_t words = (size_t)f.k * f.N + bodies;
	return f.bits == 64 ? 8 * packed_words(words, f.storage_bits) : 16 * words;
}

static tf_packed_glwe glwe_of(packing f, uint64_t bodies, slice words)
{
	return (tf_packed_glwe){
		.packed = { .coefficients = words, .log_modulus = f.storage_bits, .initial_len = (uint64_t)f.k * f.N + bodies },
		.glwe_dimension = f.k, .polynomial_size = f.N, .bodies_count = bodies,
		.uncompressed_modulus = numbers_modulus(f.bits) };
}

static tf_packed_lists lists_of(packing f, tf_packed_glwes glwes)
{
	return (tf_packed_lists){ .lists = glwes, .has_meta = true, .meta = {
		.modulus = numbers_modulus(64), .message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS,
		.atomic_pattern = numbers_pattern(), .lwe_per_glwe = f.lwe_per_glwe } };
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static err first_value(ciphertext *out, const char *what, const tf_packed_body *body)
{
	if (body->info.n == 0 || body->packed.lists.n == 0) return err_fail(ERR_REQUEST, "%s holds no value", what);
	const tf_data_kind *kind = &body->info.p[0];
	if (kind->variant != KIND_UNSIGNED && kind->variant != KIND_BOOLEAN)
		return err_fail(ERR_REQUEST, "%s: its first value is a %s; bool and unsigned integers are decrypted", what,
		                kind->variant == KIND_SIGNED ? "signed integer" : "string");
	uint64_t blocks = kind->variant == KIND_BOOLEAN ? 1 : kind->blocks;
	TRY(blocks_check_count(what, blocks));
	out->blocks = (size_t)blocks;
	out->boolean = kind->variant == KIND_BOOLEAN;
	return OK;
}

/* *want = the lists that a writer of this parameter set would make of the same words. */
static err expected_lists(tf_packed_lists *want, arena *tree, const char *what, packing f, tf_packed_glwes got)
{
	tf_packed_glwe *glwe;

	TRY(arena_new(tree, &glwe, got.n));
	for (size_t i = 0; i < got.n; i++) {
		uint64_t bodies = got.p[i].bodies_count;
		slice words = got.p[i].packed.coefficients;
		if (bodies < 1 || bodies > f.lwe_per_glwe)
			return err_fail(ERR_REQUEST, "%s: ciphertext %zu has %llu bodies, 1 to %u are possible", what, i,
			                (unsigned long long)bodies, f.lwe_per_glwe);
		if (words.n != glwe_bytes(f, (size_t)bodies))
			return err_fail(ERR_REQUEST, "%s: ciphertext %zu has %zu bytes of words, %zu were expected for %llu bodies", what,
			                i, words.n, glwe_bytes(f, (size_t)bodies), (unsigned long long)bodies);
		glwe[i] = glwe_of(f, bodies, words);
	}
	*want = lists_of(f, (tf_packed_glwes){ got.n, glwe });
	return OK;
}

static err slots_missing(const char *what, uint64_t slots, uint64_t there)
{
	return err_fail(ERR_REQUEST, "%s: its value takes %llu slots, the list has %llu", what, (unsigned long long)slots,
	                (unsigned long long)there);
}

static err packed64_parse(ciphertext *out, arena *a, arena *tree, slice file)
{
	const object_id id = OBJECT_COMPRESSED_LIST;
	const char *what = OBJECT[id].name;
	tf_compressed_list got, want;

	TRY(object_read(&got, tree, id, file));
	const tf_packed_glwes lists = got.inner.packed.lists;
	TRY(first_value(out, what, &got.inner));
	if (got.inner.info.n != 1)
		return err_fail(ERR_REQUEST, "%s holds %zu values; exactly one is decrypted", what, got.inner.info.n);
	const lat_params *p = numbers_find(id, &got);
	if (!p) return numbers_unknown(what);
	const packing f = packing_of(id, p);
	want = got;
	TRY(expected_lists(&want.inner.packed, tree, what, f, lists));
	TRY(schema_expect(&T_COMPRESSED_LIST, &got, &want, envelope_length(what), what, numbers_text(p).text));
	if (lists.n != 1 || lists.p[0].bodies_count != out->blocks)
		return slots_missing(what, out->blocks, lists.p[0].bodies_count);

	packed64 packed = { f.k, f.N, (unsigned)out->blocks, NULL };
	const size_t words = (size_t)f.k * f.N + out->blocks;
	TRY(arena_new(a, &packed.w, words));
	bits_unpack(packed.w, words, f.storage_bits, lists.p[0].packed.coefficients);
	out->params = p;
	out->tag = got.tag;
	out->packed64 = packed;
	return numbers_check_tag(what, got.tag);
}

err packed64_read(ciphertext *out, arena *a, slice file)
{
	AUTO(arena) tree = object_arena(file);
	return packed64_parse(out, a, &tree, file);
}

static err packed128_parse(ciphertext *out, arena *a, arena *tree, slice file)
{
	const object_id id = OBJECT_SQUASHED_LIST;
	const char *what = OBJECT[id].name;
	tf_squashed_list got, want;

	TRY(object_read(&got, tree, id, file));
	const tf_packed_glwes lists = got.inner.packed.lists;
	TRY(first_value(out, what, &got.inner));
	const lat_params *p = numbers_find(id, &got);
	if (!p) return numbers_unknown(what);
	const packing f = packing_of(id, p);
	want = got;
	TRY(expected_lists(&want.inner.packed, tree, what, f, lists));
	TRY(schema_expect(&T_SQUASHED_LIST, &got, &want, envelope_length(what), what, numbers_text(p).text));
	const size_t slots = squashed_of(out->blocks);
	if (slots > lists.p[0].bodies_count) return slots_missing(what, slots, lists.p[0].bodies_count);

	/* The bodies of further values are left out. */
	packed128 packed = { f.k, f.N, (unsigned)slots, NULL };
	const size_t words = (size_t)f.k * f.N + slots;
	TRY(arena_new(a, &packed.w, words));
	words128_load(packed.w, slice_of(lists.p[0].packed.coefficients.p, 16 * words));
	out->params = p;
	out->tag = got.tag;
	out->packed128 = packed;
	return numbers_check_tag(what, got.tag);
}

err packed128_read(ciphertext *out, arena *a, slice file)
{
	AUTO(arena) tree = object_arena(file);
	return packed128_parse(out, a, &tree, file);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static tf_packed_body body_of(packing f, tf_packed_glwe *glwe, tf_data_kind *kind)
{
	return (tf_packed_body){ .packed = lists_of(f, (tf_packed_glwes){ 1, glwe }), .info = { 1, kind } };
}

static tf_data_kind kind_of(const ciphertext *ct)
{
	return (tf_data_kind){ .variant = ct->boolean ? KIND_BOOLEAN : KIND_UNSIGNED, .blocks = ct->blocks };
}

void packed64_write(buf *out, arena *a, const ciphertext *ct)
{
	const packing f = packing_of(OBJECT_COMPRESSED_LIST, ct->params);
	const packed64 packed = ct->packed64;
	const size_t words = (size_t)f.k * f.N + packed.bodies;

	ASSERT(packed.k == f.k && packed.N == f.N && packed.bodies == ct->blocks && packed.bodies <= f.lwe_per_glwe);
	tf_packed_glwe glwe = glwe_of(f, packed.bodies, bits_pack(a, packed.w, words, f.storage_bits));
	tf_data_kind kind = kind_of(ct);
	slice no_metadata = { 0 };
	object_write(out, OBJECT_COMPRESSED_LIST, &(tf_compressed_list){
		.inner = body_of(f, &glwe, &kind), .tag = ct->tag, .rerand_metadata = { 1, &no_metadata } });
}

void packed128_write(buf *out, arena *a, const ciphertext *ct)
{
	const packing f = packing_of(OBJECT_SQUASHED_LIST, ct->params);
	const packed128 packed = ct->packed128;
	const size_t words = (size_t)f.k * f.N + packed.bodies;

	ASSERT(packed.k == f.k && packed.N == f.N);
	ASSERT(packed.bodies == squashed_of(ct->blocks) && packed.bodies <= f.lwe_per_glwe);
	tf_packed_glwe glwe = glwe_of(f, packed.bodies, words128_bytes(a, packed.w, words));
	tf_data_kind kind = kind_of(ct);
	object_write(out, OBJECT_SQUASHED_LIST, &(tf_squashed_list){ .inner = body_of(f, &glwe, &kind), .tag = ct->tag });
}
