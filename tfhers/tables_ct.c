/* SPDX-License-Identifier: MIT */
/* tfhers/tables_ct.c -- tables of the ciphertexts; the layout of each, field by field in the order of the bytes. */
#include "tfhers/tables_ct.h"

/* ---- 64 bits, one LWE a block ------------------------------------------------------------------------------------ */

static const schema_member LWE64[] = { FIELD(tf_lwe, data, T_WORDS64), FIELD(tf_lwe, modulus, T_MODULUS) };
static const schema T_LWE64 = { SCHEMA_STRUCT, sizeof(tf_lwe), VERSION(0), MEMBERS(LWE64) };
static const schema_member BLOCK[] = {
	FIELD(tf_block, ct, T_LWE64), FIELD(tf_block, degree, T_NUMBER), FIELD(tf_block, noise_level, T_NUMBER),
	FIELD(tf_block, message_modulus, T_NUMBER), FIELD(tf_block, carry_modulus, T_NUMBER),
	FIELD(tf_block, atomic_pattern, T_ATOMIC),
};
static const schema T_BLOCK = { SCHEMA_STRUCT, sizeof(tf_block), VERSION(1), MEMBERS(BLOCK) };
static const schema T_BOOL_BLOCK = { SCHEMA_STRUCT, sizeof(tf_block), VERSION(0, 0, 1), MEMBERS(BLOCK) };
static const schema T_BLOCKS = { SCHEMA_VEC, sizeof(tf_blocks), VERSION(0, 0), .of = &T_BLOCK };

static const schema_member BOOL_CT[] = {
	FIELD(tf_bool, block, T_BOOL_BLOCK), FIELD(tf_bool, tag, T_TAG), FIELD(tf_bool, rerand_metadata, T_TAG),
};
const schema T_BOOL_CT = { SCHEMA_STRUCT, sizeof(tf_bool), VERSION(2), MEMBERS(BOOL_CT) };
static const schema_member INTEGER_CT[] = {
	FIELD(tf_integer, blocks, T_BLOCKS), FIELD(tf_integer, tag, T_TAG), FIELD(tf_integer, rerand_metadata, T_TAG),
};
const schema T_INTEGER_CT = { SCHEMA_STRUCT, sizeof(tf_integer), VERSION(2), MEMBERS(INTEGER_CT) };

/* ---- 64 bits, compressed one by one ------------------------------------------------------------------------------ */

static const schema_member SEEDED_LWE[] = {
	FIELD(tf_seeded_lwe, body, T_U64), FIELD(tf_seeded_lwe, lwe_size, T_NUMBER),
	FIELD(tf_seeded_lwe, seed, T_SEED), FIELD(tf_seeded_lwe, modulus, T_MODULUS),
};
static const schema T_SEEDED_LWE = { SCHEMA_STRUCT, sizeof(tf_seeded_lwe), VERSION(0), MEMBERS(SEEDED_LWE) };
static const schema_member SEEDED_BLOCK[] = {
	FIELD(tf_seeded_block, ct, T_SEEDED_LWE), FIELD(tf_seeded_block, degree, T_NUMBER),
	FIELD(tf_seeded_block, message_modulus, T_NUMBER), FIELD(tf_seeded_block, carry_modulus, T_NUMBER),
	FIELD(tf_seeded_block, atomic_pattern, T_ATOMIC), FIELD(tf_seeded_block, noise_level, T_NUMBER),
};
static const schema T_SEEDED_BLOCK = { SCHEMA_STRUCT, sizeof(tf_seeded_block), VERSION(1), MEMBERS(SEEDED_BLOCK) };
static const schema T_SEEDED_BLOCKS = { SCHEMA_VEC, sizeof(tf_seeded_blocks), VERSION(0), .of = &T_SEEDED_BLOCK };

#define PACKED(words) \
	FIELD(tf_packed, coefficients, words), FIELD(tf_packed, log_modulus, T_NUMBER), FIELD(tf_packed, initial_len, T_U64)
static const schema_member PACKED64[] = { PACKED(T_WORDS64) }, PACKED128[] = { PACKED(T_WORDS128) };
static const schema T_PACKED64 = { SCHEMA_STRUCT, sizeof(tf_packed), VERSION(0), MEMBERS(PACKED64) };
static const schema T_PACKED128 = { SCHEMA_STRUCT, sizeof(tf_packed), VERSION(0), MEMBERS(PACKED128) };

static const schema_member SWITCHED_LWE[] = {
	FIELD(tf_switched_lwe, packed, T_PACKED64), FIELD(tf_switched_lwe, lwe_dimension, T_NUMBER),
};
static const schema T_SWITCHED_LWE = { SCHEMA_STRUCT, sizeof(tf_switched_lwe), VERSION(2), MEMBERS(SWITCHED_LWE) };
static const schema_member SWITCHED[] = {
	VARIANT("Classic", tf_switched, classic, T_SWITCHED_LWE), REFUSED_VARIANT("a multi-bit bootstrap"),
};
static const schema T_SWITCHED = { SCHEMA_ENUM, sizeof(tf_switched), VERSION(0), MEMBERS(SWITCHED) };
static const schema_member SWITCHED_BLOCK[] = {
	FIELD(tf_switched_block, ct, T_SWITCHED), FIELD(tf_switched_block, degree, T_NUMBER),
	FIELD(tf_switched_block, message_modulus, T_NUMBER), FIELD(tf_switched_block, carry_modulus, T_NUMBER),
	FIELD(tf_switched_block, atomic_pattern, T_ATOMIC),
};
static const schema T_SWITCHED_BLOCK = { SCHEMA_STRUCT, sizeof(tf_switched_block), VERSION(2), MEMBERS(SWITCHED_BLOCK) };
static const schema T_SWITCHED_BLOCKS = { SCHEMA_VEC, sizeof(tf_switched_blocks), .of = &T_SWITCHED_BLOCK };
static const schema_member SWITCHED_INTEGER[] = {
	FIELD(tf_switched_integer, pairs, T_SWITCHED_BLOCKS), OPTION(tf_switched_integer, last, T_SWITCHED_BLOCK),
};
static const schema T_SWITCHED_INTEGER = {
	SCHEMA_STRUCT, sizeof(tf_switched_integer), VERSION(0, 0), MEMBERS(SWITCHED_INTEGER) };

static const schema_member COMPRESSED_BLOCK[] = {
	VARIANT("Seeded", tf_compressed_block, seeded, T_SEEDED_BLOCK),
	VARIANT("ModulusSwitched", tf_compressed_block, switched, T_SWITCHED_BLOCK),
};
static const schema T_COMPRESSED_BLOCK = { SCHEMA_ENUM, sizeof(tf_compressed_block), VERSION(0), MEMBERS(COMPRESSED_BLOCK) };
static const schema_member COMPRESSED_BOOL[] = {
	FIELD(tf_compressed_bool, block, T_COMPRESSED_BLOCK), FIELD(tf_compressed_bool, tag, T_TAG),
};
const schema T_COMPRESSED_BOOL = { SCHEMA_STRUCT, sizeof(tf_compressed_bool), VERSION(1), MEMBERS(COMPRESSED_BOOL) };

static const schema_member COMPRESSED_BLOCKS[] = {
	VARIANT("Seeded", tf_compressed_blocks, seeded, T_SEEDED_BLOCKS),
	VARIANT("ModulusSwitched", tf_compressed_blocks, switched, T_SWITCHED_INTEGER),
};
static const schema T_COMPRESSED_BLOCKS = {
	SCHEMA_ENUM, sizeof(tf_compressed_blocks), VERSION(1), MEMBERS(COMPRESSED_BLOCKS) };
static const schema_member COMPRESSED_INTEGER[] = {
	FIELD(tf_compressed_integer, blocks, T_COMPRESSED_BLOCKS), FIELD(tf_compressed_integer, tag, T_TAG),
};
const schema T_COMPRESSED_INTEGER = {
	SCHEMA_STRUCT, sizeof(tf_compressed_integer), VERSION(1), MEMBERS(COMPRESSED_INTEGER) };

/* ---- lists ------------------------------------------------------------------------------------------------------- */

static const schema_member LWE_LIST[] = {
	FIELD(tf_lwe_list, data, T_WORDS64), FIELD(tf_lwe_list, lwe_size, T_NUMBER),
	FIELD(tf_lwe_list, lwe_count, T_NUMBER), FIELD(tf_lwe_list, modulus, T_MODULUS),
};
static const schema T_LWE_LIST = { SCHEMA_STRUCT, sizeof(tf_lwe_list), VERSION(0), MEMBERS(LWE_LIST) };
static const schema_member CHUNK[] = {
	FIELD(tf_chunk, list, T_LWE_LIST), FIELD(tf_chunk, degree, T_NUMBER), FIELD(tf_chunk, message_modulus, T_NUMBER),
	FIELD(tf_chunk, carry_modulus, T_NUMBER), FIELD(tf_chunk, expansion_kind, T_EXPAND),
};
const schema T_CHUNK = { SCHEMA_STRUCT, sizeof(tf_chunk), VERSION(2), MEMBERS(CHUNK) };
static const schema_member COMPACT_BODY[] = {
	FIELD(tf_compact_body, list, T_CHUNK), FIELD(tf_compact_body, info, T_DATA_KINDS),
};
static const schema T_COMPACT_BODY = { SCHEMA_STRUCT, sizeof(tf_compact_body), VERSION(1), MEMBERS(COMPACT_BODY) };
static const schema_member COMPACT_LIST[] = {
	FIELD(tf_compact_list, inner, T_COMPACT_BODY), FIELD(tf_compact_list, tag, T_TAG),
};
const schema T_COMPACT_LIST = { SCHEMA_STRUCT, sizeof(tf_compact_list), VERSION(1), MEMBERS(COMPACT_LIST) };

#define PACKED_GLWE(packed_table) \
	FIELD(tf_packed_glwe, packed, packed_table), FIELD(tf_packed_glwe, glwe_dimension, T_NUMBER), \
	FIELD(tf_packed_glwe, polynomial_size, T_NUMBER), FIELD(tf_packed_glwe, bodies_count, T_NUMBER), \
	FIELD(tf_packed_glwe, uncompressed_modulus, T_MODULUS)
static const schema_member PACKED_GLWE64[] = { PACKED_GLWE(T_PACKED64) }, PACKED_GLWE128[] = { PACKED_GLWE(T_PACKED128) };
static const schema T_PACKED_GLWE64 = { SCHEMA_STRUCT, sizeof(tf_packed_glwe), VERSION(0), MEMBERS(PACKED_GLWE64) };
static const schema T_PACKED_GLWE128 = { SCHEMA_STRUCT, sizeof(tf_packed_glwe), VERSION(0), MEMBERS(PACKED_GLWE128) };
static const schema T_PACKED_GLWES64 = { SCHEMA_VEC, sizeof(tf_packed_glwes), .of = &T_PACKED_GLWE64 };
static const schema T_PACKED_GLWES128 = { SCHEMA_VEC, sizeof(tf_packed_glwes), .of = &T_PACKED_GLWE128 };

static const schema_member META64[] = {
	FIELD(tf_packed_meta, modulus, T_MODULUS), FIELD(tf_packed_meta, message_modulus, T_NUMBER),
	FIELD(tf_packed_meta, carry_modulus, T_NUMBER), FIELD(tf_packed_meta, atomic_pattern, T_ATOMIC),
	FIELD(tf_packed_meta, lwe_per_glwe, T_NUMBER),
};
static const schema T_META64 = { SCHEMA_STRUCT, sizeof(tf_packed_meta), VERSION(0), MEMBERS(META64) };
static const schema_member META128[] = {
	FIELD(tf_packed_meta, message_modulus, T_NUMBER), FIELD(tf_packed_meta, carry_modulus, T_NUMBER),
	FIELD(tf_packed_meta, lwe_per_glwe, T_NUMBER),
};
static const schema T_META128 = { SCHEMA_STRUCT, sizeof(tf_packed_meta), VERSION(0), MEMBERS(META128) };

static const schema_member PACKED_LISTS64[] = {
	FIELD(tf_packed_lists, lists, T_PACKED_GLWES64), OPTION(tf_packed_lists, meta, T_META64),
};
static const schema T_PACKED_LISTS64 = { SCHEMA_STRUCT, sizeof(tf_packed_lists), VERSION(2), MEMBERS(PACKED_LISTS64) };
static const schema_member PACKED_BODY64[] = {
	FIELD(tf_packed_body, packed, T_PACKED_LISTS64), FIELD(tf_packed_body, info, T_DATA_KINDS),
};
static const schema T_PACKED_BODY64 = { SCHEMA_STRUCT, sizeof(tf_packed_body), VERSION(0), MEMBERS(PACKED_BODY64) };
static const schema T_METAS = { SCHEMA_VEC, sizeof(tf_metas), .of = &T_TAG };
static const schema_member COMPRESSED_LIST[] = {
	FIELD(tf_compressed_list, inner, T_PACKED_BODY64), FIELD(tf_compressed_list, tag, T_TAG),
	FIELD(tf_compressed_list, rerand_metadata, T_METAS),
};
const schema T_COMPRESSED_LIST = { SCHEMA_STRUCT, sizeof(tf_compressed_list), VERSION(3), MEMBERS(COMPRESSED_LIST) };

static const schema_member PACKED_LISTS128[] = {
	FIELD(tf_packed_lists, lists, T_PACKED_GLWES128), OPTION(tf_packed_lists, meta, T_META128),
};
static const schema T_PACKED_LISTS128 = { SCHEMA_STRUCT, sizeof(tf_packed_lists), VERSION(0), MEMBERS(PACKED_LISTS128) };
static const schema_member PACKED_BODY128[] = {
	FIELD(tf_packed_body, packed, T_PACKED_LISTS128), FIELD(tf_packed_body, info, T_DATA_KINDS),
};
static const schema T_PACKED_BODY128 = { SCHEMA_STRUCT, sizeof(tf_packed_body), VERSION(0), MEMBERS(PACKED_BODY128) };
static const schema_member SQUASHED_LIST[] = {
	FIELD(tf_squashed_list, inner, T_PACKED_BODY128), FIELD(tf_squashed_list, tag, T_TAG),
};
const schema T_SQUASHED_LIST = { SCHEMA_STRUCT, sizeof(tf_squashed_list), VERSION(0), MEMBERS(SQUASHED_LIST) };

/* ---- 128 bits ---------------------------------------------------------------------------------------------------- */

static const schema_member LWE128[] = { FIELD(tf_lwe, data, T_WORDS128), FIELD(tf_lwe, modulus, T_MODULUS) };
static const schema T_LWE128 = { SCHEMA_STRUCT, sizeof(tf_lwe), VERSION(0), MEMBERS(LWE128) };
static const schema_member SQUASHED_BLOCK[] = {
	FIELD(tf_squashed_block, ct, T_LWE128), FIELD(tf_squashed_block, degree, T_NUMBER),
	FIELD(tf_squashed_block, message_modulus, T_NUMBER), FIELD(tf_squashed_block, carry_modulus, T_NUMBER),
};
static const schema T_SQUASHED_BLOCK = { SCHEMA_STRUCT, sizeof(tf_squashed_block), VERSION(0), MEMBERS(SQUASHED_BLOCK) };
static const schema T_SQUASHED_BOOL_BLOCK = {
	SCHEMA_STRUCT, sizeof(tf_squashed_block), VERSION(0, 0, 0), MEMBERS(SQUASHED_BLOCK) };
static const schema T_SQUASHED_BLOCKS = { SCHEMA_VEC, sizeof(tf_squashed_blocks), .of = &T_SQUASHED_BLOCK };
static const schema_member SQUASHED_RADIX[] = {
	FIELD(tf_squashed_radix, packed_blocks, T_SQUASHED_BLOCKS), FIELD(tf_squashed_radix, original_block_count, T_U64),
};
static const schema T_SQUASHED_RADIX = { SCHEMA_STRUCT, sizeof(tf_squashed_radix), VERSION(0, 0), MEMBERS(SQUASHED_RADIX) };
static const schema_member SQUASHED_STATE[] = { UNIT_VARIANT("Normal"), UNIT_VARIANT("PostDecompression") };
static const schema T_SQUASHED_STATE = { SCHEMA_ENUM, sizeof(uint32_t), VERSION(0), MEMBERS(SQUASHED_STATE) };
static const schema_member SQUASHED_INTEGER[] = {
	FIELD(tf_squashed_integer, radix, T_SQUASHED_RADIX), FIELD(tf_squashed_integer, state, T_SQUASHED_STATE),
	FIELD(tf_squashed_integer, tag, T_TAG),
};
const schema T_SQUASHED_INTEGER = { SCHEMA_STRUCT, sizeof(tf_squashed_integer), VERSION(1), MEMBERS(SQUASHED_INTEGER) };
static const schema_member SQUASHED_BOOL[] = {
	FIELD(tf_squashed_bool, block, T_SQUASHED_BOOL_BLOCK), FIELD(tf_squashed_bool, state, T_SQUASHED_STATE),
	FIELD(tf_squashed_bool, tag, T_TAG),
};
const schema T_SQUASHED_BOOL = { SCHEMA_STRUCT, sizeof(tf_squashed_bool), VERSION(1), MEMBERS(SQUASHED_BOOL) };
