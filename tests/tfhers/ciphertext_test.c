/* SPDX-License-Identifier: MIT */
/* tests/tfhers/ciphertext_test.c -- encrypted values in the four formats: read, written again, and refused. */
#include "tests/tfhers/vectors.h"
#include "tfhers/words.h"

typedef struct sample { const char *path; const lat_params *params; ct_format format; bool boolean; size_t blocks; } sample;

static const sample SAMPLES[] = {
	{ "prod/fhebool.bin", &PARAMS_DEFAULT, SMALL_EXPANDED, true, 1 },
	{ "prod/fheuint8.bin", &PARAMS_DEFAULT, SMALL_EXPANDED, false, 4 },
	{ "prod/fheuint64.bin", &PARAMS_DEFAULT, SMALL_EXPANDED, false, 32 },
	{ "test/expanded_bool.bin", &PARAMS_TEST, SMALL_EXPANDED, true, 1 },
	{ "test/expanded_u8.bin", &PARAMS_TEST, SMALL_EXPANDED, false, 4 },
	{ "test/fheuint160.bin", &PARAMS_TEST, SMALL_EXPANDED, false, 80 },
	{ "test/sim/bool.bin", &PARAMS_TEST, SMALL_EXPANDED, true, 1 },
	{ "test/sim/u8_decompressed.bin", &PARAMS_TEST, SMALL_EXPANDED, false, 4 },
	{ "test/sim/compressed_list_u8.bin", &PARAMS_TEST, SMALL_COMPRESSED, false, 4 },
	{ "test/sim/squashed_u8.bin", &PARAMS_TEST, BIG_EXPANDED, false, 4 },
	{ "test/sim/compressed_squashed_u8.bin", &PARAMS_TEST, BIG_COMPRESSED, false, 4 },
};

static void every_format_is_read_and_written_again_byte_for_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(SAMPLES); i++) {
		const sample *s = &SAMPLES[i];
		AUTO(buf) file = vector(s->path);
		AUTO(buf) again = { 0 };
		AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
		ciphertext ct;

		assert_ok(tfhers_read_ciphertext(&ct, &a, buf_slice(&file)));
		assert_ptr_equal(ct.params, s->params);
		assert_int_equal(ct.format, s->format);
		assert_int_equal(ct.boolean, s->boolean);
		assert_int_equal(ct.blocks, s->blocks);
		assert_int_equal(ct.tag.n, 0);
		tfhers_write_ciphertext(&again, &ct);
		assert_same_bytes(buf_slice(&again), buf_slice(&file));
	}
}

static void words_are_where_the_file_has_them(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/sim/u8.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	ciphertext ct;
	assert_ok(tfhers_read_ciphertext(&ct, &a, buf_slice(&file)));
	assert_int_equal(ct.lwe64.count, 4);
	assert_int_equal(ct.lwe64.dim, 256);
	/* Two versions and a count, then for each block two versions and a count before the words. */
	size_t first = envelope_length("high_level_api::FheUint") + 12 + 8 + 8 + 8;
	assert_int_equal(lwe64_at(ct.lwe64, 0)[0], load64(file.p + first));
	assert_int_equal(lwe64_at(ct.lwe64, 0)[256], load64(file.p + first + 8 * 256));
	assert_int_equal(lwe64_at(ct.lwe64, 3)[0], load64(file.p + first + 3 * 2164));
}

static void packed_words_are_multiples_of_what_they_were_rounded_to(void **state)
{
	(void)state;
	AUTO(buf) file = vector("xofset_test/sim/compressed_list_u8.bin");
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	ciphertext ct;
	assert_ok(tfhers_read_ciphertext(&ct, &a, buf_slice(&file)));
	assert_int_equal(ct.packed64.k, 1);
	assert_int_equal(ct.packed64.N, 256);
	assert_int_equal(ct.packed64.bodies, 4);
	for (size_t i = 0; i < 260; i++) assert_int_equal(ct.packed64.w[i] << 9, 0);
	/* The words begin at byte 110 with 7d 2d: the low 9 bits are 0x17d. */
	assert_int_equal(ct.packed64.w[0] >> 55, 0x17d);
}

static void bits_survive_packing_at_every_width(void **state)
{
	(void)state;
	for (unsigned bits = 1; bits <= 64; bits++) {
		AUTO(arena) a = arena_with_limit(1 << 20);
		uint64_t in[67], out[67];
		for (size_t i = 0; i < COUNT(in); i++) in[i] = rng_u64(test_rng()) >> (64 - bits) << (64 - bits);
		slice packed = bits_pack(&a, in, COUNT(in), bits);
		assert_int_equal(packed.n, 8 * packed_words(COUNT(in), bits));
		bits_unpack(out, COUNT(in), bits, packed);
		assert_memory_equal(in, out, sizeof in);
	}
}

static void every_type_fits_every_format(void **state)
{
	static const int NUMBERS[] = { FHE_BOOL, FHE_UINT8, FHE_UINT16, FHE_UINT32, FHE_UINT64, FHE_UINT128, FHE_ADDRESS,
	                               FHE_UINT256 };
	const lat_params *p = &PARAMS_TEST;
	uint8_t tag[MAX_TAG] = { 0xa0, 0xa1 };

	(void)state;
	for (size_t t = 0; t < COUNT(NUMBERS); t++)
		for (ct_format f = 0; f < CT_FORMATS; f++) {
			const fhe_type *type = fhe_type_by_number_var(NUMBERS[t]);
			AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
			AUTO(buf) file = { 0 };
			AUTO(buf) again = { 0 };
			size_t pairs = (type->blocks + 1) / 2;
			ciphertext back, ct = {
				.params = p, .format = f, .boolean = NUMBERS[t] == FHE_BOOL, .blocks = type->blocks,
				.tag = slice_of(tag, sizeof tag),
				.lwe64 = { type->blocks, p->k * p->N, arena_try(&a, 8 * type->blocks * (p->k * p->N + 1)) },
				.lwe128 = { pairs, p->sns.k * p->sns.N, arena_try(&a, 16 * pairs * (p->sns.k * p->sns.N + 1)) },
				.packed64 = { p->comp.k, p->comp.N, type->blocks, arena_try(&a, 8 * (p->comp.k * p->comp.N + type->blocks)) },
				.packed128 = { p->snscomp.k, p->snscomp.N, (unsigned)pairs,
				               arena_try(&a, 16 * (p->snscomp.k * p->snscomp.N + pairs)) },
			};
			for (size_t i = 0; i < 256; i++) {
				ct.lwe64.w[i] = rng_u64(test_rng());
				ct.lwe128.w[i] = (u128)rng_u64(test_rng()) << 64 | i;
				ct.packed64.w[i] = rng_u64(test_rng()) << (64 - p->comp.storage_bits);
				ct.packed128.w[i] = (u128)rng_u64(test_rng()) << 64 | i;
			}
			tfhers_write_ciphertext(&file, &ct);
			assert_ok(tfhers_read_ciphertext(&back, &a, buf_slice(&file)));
			assert_int_equal(back.format, f);
			assert_int_equal(back.blocks, type->blocks);
			assert_ptr_equal(fhe_type_by_blocks_var(back.boolean, back.blocks), type);
			assert_int_equal(back.tag.n, sizeof tag);
			tfhers_write_ciphertext(&again, &back);
			assert_same_bytes(buf_slice(&again), buf_slice(&file));
		}
}

/* ---- refusals --------------------------------------------------------------------------------------------------------- */

static err read_file(slice file)
{
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	ciphertext ct;
	return tfhers_read_ciphertext(&ct, &a, file);
}

static void other_objects_are_refused_by_name(void **state)
{
	static const char *const OTHERS[][2] = {
		{ "test/fheint8.bin", "signed" }, { "test/comp_fheuint8.bin", "CompressedFheUint" },
		{ "test/list_packed.bin", "CompactCiphertextList" }, { "test/client_key.bin", "ClientKey" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(OTHERS); i++) {
		AUTO(buf) file = vector(OTHERS[i][0]);
		assert_refused(OTHERS[i][1], read_file(buf_slice(&file)));
	}
}

/* Reads a FheUint into *v; the caller changes it and asks for the refusal of what it then is. */
static void integer_from(tf_integer *v, arena *a, buf *file)
{
	*file = vector("test/fheuint8.bin");
	assert_ok(object_read(v, a, OBJECT_UINT, buf_slice(file)));
}

static err read_integer(const tf_integer *v)
{
	AUTO(buf) file = { 0 };
	object_write(&file, OBJECT_UINT, v);
	return read_file(buf_slice(&file));
}

static void blocks_that_cannot_be_decrypted_are_refused(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = { 0 };
	tf_integer v;
	integer_from(&v, &a, &file);
	tf_block *b = &v.blocks.p[2], good = *b;

	b->degree = 4;
	assert_refused("carries", read_integer(&v));
	*b = good, b->noise_level = 6;
	assert_refused("noise level 6", read_integer(&v));
	*b = good, b->message_modulus = 8;
	assert_refused("blocks[2].message_modulus", read_integer(&v));
	*b = good, b->ct.modulus.modulus = 1;
	assert_refused("modulus", read_integer(&v));
	*b = good, b->ct.modulus.bits = 32;
	assert_refused("bits", read_integer(&v));
	*b = good, b->atomic_pattern.order = PBS_BOOTSTRAP_FIRST;
	assert_refused("BootstrapKeyswitch", read_integer(&v));
	*b = good, b->ct.data.n -= 8;
	assert_refused("256 words", read_integer(&v));
	*b = good;
	assert_ok(read_integer(&v));
	b->noise_level = 0, b->degree = 0;
	assert_ok(read_integer(&v));
}

static void values_without_blocks_or_with_too_many_are_refused(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = { 0 };
	tf_integer v;
	tf_block many[129];
	integer_from(&v, &a, &file);
	for (size_t i = 0; i < COUNT(many); i++) many[i] = v.blocks.p[0];
	v.blocks = (tf_blocks){ 128, many };
	assert_ok(read_integer(&v));
	v.blocks.n = 129;
	assert_refused("129 blocks", read_integer(&v));
	v.blocks.n = 0;
	assert_refused("0 blocks", read_integer(&v));
}

static void a_dimension_of_no_parameter_set_is_refused(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = { 0 };
	tf_integer v;
	integer_from(&v, &a, &file);
	for (size_t i = 0; i < v.blocks.n; i++) v.blocks.p[i].ct.data.n -= 8;
	assert_refused("no parameter set", read_integer(&v));
}

static void a_tag_that_is_too_long_is_refused(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = { 0 };
	tf_integer v;
	uint8_t tag[MAX_TAG + 1] = { 0 };
	integer_from(&v, &a, &file);
	v.tag = slice_of(tag, MAX_TAG);
	assert_ok(read_integer(&v));
	v.tag.n++;
	assert_refused("tag", read_integer(&v));
}

static err read_list_of(const tf_compressed_list *l)
{
	AUTO(buf) file = { 0 };
	object_write(&file, OBJECT_COMPRESSED_LIST, l);
	return read_file(buf_slice(&file));
}

static void compressed_lists_that_are_not_one_value_are_refused(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = vector("test/sim/compressed_list_u8.bin");
	tf_compressed_list l, good;
	assert_ok(object_read(&good, &a, OBJECT_COMPRESSED_LIST, buf_slice(&file)));
	tf_data_kind kind[2] = { good.inner.info.p[0], good.inner.info.p[0] };
	tf_packed_glwe glwe[2] = { good.inner.packed.lists.p[0], good.inner.packed.lists.p[0] };

	l = good, l.inner.info = (tf_data_kinds){ 2, kind };
	assert_refused("2 values", read_list_of(&l));
	l.inner.info.n = 0;
	assert_refused("no value", read_list_of(&l));
	l = good, l.inner.info = (tf_data_kinds){ 1, kind };
	kind[0].variant = KIND_SIGNED;
	assert_refused("signed", read_list_of(&l));
	kind[0] = (tf_data_kind){ .variant = KIND_STRING };
	assert_refused("string", read_list_of(&l));
	kind[0] = (tf_data_kind){ .variant = KIND_UNSIGNED, .blocks = 8 };
	assert_refused("8 slots", read_list_of(&l));

	l = good, l.inner.packed.lists = (tf_packed_glwes){ 2, glwe };
	assert_refused("slots", read_list_of(&l));
	l.inner.packed.lists.n = 1;
	glwe[0].bodies_count = 5;
	assert_refused("initial_len", read_list_of(&l));       /* 261 values of 9 bits take as many words as 260 */
	glwe[0] = glwe[1], glwe[0].packed.coefficients.n -= 8;
	assert_refused("bytes of words", read_list_of(&l));
	glwe[0] = glwe[1], glwe[0].packed.log_modulus = 11;
	assert_refused("no parameter set", read_list_of(&l));
	glwe[0] = glwe[1], glwe[0].packed.initial_len = UINT64_MAX;
	assert_refused("initial_len", read_list_of(&l));
	glwe[0] = glwe[1], glwe[0].bodies_count = UINT64_MAX;
	assert_refused("bodies", read_list_of(&l));
	l = good, l.inner.packed.has_meta = false;
	assert_refused("meta", read_list_of(&l));
}

static void of_a_squashed_list_the_first_value_is_read(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = vector("test/sim/compressed_squashed_u8.bin");
	AUTO(buf) changed = { 0 };
	tf_squashed_list l;
	assert_ok(object_read(&l, &a, OBJECT_SQUASHED_LIST, buf_slice(&file)));
	tf_data_kind kind[2] = { { .variant = KIND_BOOLEAN }, { .variant = KIND_SIGNED, .blocks = 1 } };
	l.inner.info = (tf_data_kinds){ 2, kind };
	object_write(&changed, OBJECT_SQUASHED_LIST, &l);

	ciphertext whole, first;
	assert_ok(tfhers_read_ciphertext(&whole, &a, buf_slice(&file)));
	assert_ok(tfhers_read_ciphertext(&first, &a, buf_slice(&changed)));
	assert_true(first.boolean);
	assert_int_equal(first.blocks, 1);
	assert_int_equal(first.packed128.bodies, 1);
	assert_memory_equal(first.packed128.w, whole.packed128.w, 16 * (256 + 1));
}

static void a_squashed_value_needs_half_as_many_blocks(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(buf) file = vector("test/sim/squashed_u8.bin");
	tf_squashed_integer v;
	assert_ok(object_read(&v, &a, OBJECT_SQUASHED_UINT, buf_slice(&file)));
	for (uint64_t blocks = 0; blocks < 8; blocks++) {
		AUTO(buf) changed = { 0 };
		v.radix.original_block_count = blocks;
		object_write(&changed, OBJECT_SQUASHED_UINT, &v);
		if (blocks == 3 || blocks == 4) assert_ok(read_file(buf_slice(&changed)));
		else assert_refused("blocks", read_file(buf_slice(&changed)));
	}
	AUTO(buf) changed = { 0 };
	v.radix.original_block_count = UINT64_MAX;
	object_write(&changed, OBJECT_SQUASHED_UINT, &v);
	assert_refused("blocks", read_file(buf_slice(&changed)));
}

/* ---- names ------------------------------------------------------------------------------------------------------------ */

static void formats_and_types_have_names(void **state)
{
	ct_format f = CT_FORMATS;
	(void)state;
	assert_string_equal(ct_format_name(SMALL_COMPRESSED), "small-compressed");
	assert_true(ct_format_by_name_var(&f, slice_str("big-expanded")));
	assert_int_equal(f, BIG_EXPANDED);
	assert_false(ct_format_by_name_var(&f, slice_str("huge")));
	assert_null(ct_format_name(CT_FORMATS));
	assert_int_equal(fhe_type_by_name_var(slice_str("uint160"))->number, FHE_ADDRESS);
	assert_string_equal(fhe_type_by_number_var(7)->name, "address");
	assert_null(fhe_type_by_number_var(1));
	assert_null(fhe_type_by_name_var(slice_str("uint")));
	assert_null(fhe_type_by_blocks_var(true, 4));
	assert_null(fhe_type_by_blocks_var(false, 1));
}

TESTS(TEST(every_format_is_read_and_written_again_byte_for_byte),
      TEST(words_are_where_the_file_has_them),
      TEST(packed_words_are_multiples_of_what_they_were_rounded_to),
      TEST(bits_survive_packing_at_every_width),
      TEST(every_type_fits_every_format),
      TEST(other_objects_are_refused_by_name),
      TEST(blocks_that_cannot_be_decrypted_are_refused),
      TEST(values_without_blocks_or_with_too_many_are_refused),
      TEST(a_dimension_of_no_parameter_set_is_refused),
      TEST(a_tag_that_is_too_long_is_refused),
      TEST(compressed_lists_that_are_not_one_value_are_refused),
      TEST(of_a_squashed_list_the_first_value_is_read),
      TEST(a_squashed_value_needs_half_as_many_blocks),
      TEST(formats_and_types_have_names))
