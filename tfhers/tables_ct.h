/* SPDX-License-Identifier: MIT */
/* tfhers/tables_ct.h -- the ciphertexts of TFHE-rs as C structs: what their tables (tables_ct.c) read and write. */
#ifndef ARCA_TFHERS_TABLES_CT_H
#define ARCA_TFHERS_TABLES_CT_H

#include "tfhers/tables_base.h"

typedef struct tf_metas { size_t n; slice *p; } tf_metas;

/* ---- 64 bits, one LWE a block ------------------------------------------------------------------------------------ */

typedef struct tf_lwe { slice data; tf_modulus modulus; } tf_lwe;
typedef struct tf_block {
	tf_lwe    ct;
	uint64_t  degree, noise_level, message_modulus, carry_modulus;
	tf_atomic atomic_pattern;
} tf_block;
typedef struct tf_blocks { size_t n; tf_block *p; } tf_blocks;

typedef struct tf_bool { tf_block block; slice tag, rerand_metadata; } tf_bool;
typedef struct tf_integer { tf_blocks blocks; slice tag, rerand_metadata; } tf_integer;

/* ---- 64 bits, compressed one by one: seeded, or rounded to few bits ----------------------------------------------- */

typedef struct tf_seeded_lwe { uint64_t body, lwe_size; tf_seed seed; tf_modulus modulus; } tf_seeded_lwe;
typedef struct tf_seeded_block {
	tf_seeded_lwe ct;
	uint64_t  degree, message_modulus, carry_modulus;
	tf_atomic atomic_pattern;
	uint64_t  noise_level;
} tf_seeded_block;
typedef struct tf_seeded_blocks { size_t n; tf_seeded_block *p; } tf_seeded_blocks;

typedef struct tf_packed { slice coefficients; uint64_t log_modulus, initial_len; } tf_packed;
typedef struct tf_switched_lwe { tf_packed packed; uint64_t lwe_dimension; } tf_switched_lwe;
typedef struct tf_switched { uint32_t variant; tf_switched_lwe classic; } tf_switched;
typedef struct tf_switched_block {
	tf_switched ct;
	uint64_t    degree, message_modulus, carry_modulus;
	tf_atomic   atomic_pattern;
} tf_switched_block;
typedef struct tf_switched_blocks { size_t n; tf_switched_block *p; } tf_switched_blocks;
typedef struct tf_switched_integer { tf_switched_blocks pairs; bool has_last; tf_switched_block last; } tf_switched_integer;

enum { COMPRESSED_SEEDED, COMPRESSED_SWITCHED };
typedef struct tf_compressed_block { uint32_t variant; tf_seeded_block seeded; tf_switched_block switched; } tf_compressed_block;
typedef struct tf_compressed_bool { tf_compressed_block block; slice tag; } tf_compressed_bool;
typedef struct tf_compressed_blocks {
	uint32_t variant;
	tf_seeded_blocks seeded;
	tf_switched_integer switched;
} tf_compressed_blocks;
typedef struct tf_compressed_integer { tf_compressed_blocks blocks; slice tag; } tf_compressed_integer;

/* ---- lists ------------------------------------------------------------------------------------------------------- */

typedef struct tf_lwe_list { slice data; uint64_t lwe_size, lwe_count; tf_modulus modulus; } tf_lwe_list;
typedef struct tf_chunk {
	tf_lwe_list list;
	uint64_t    degree, message_modulus, carry_modulus;
	tf_expand   expansion_kind;
} tf_chunk;
typedef struct tf_compact_body { tf_chunk list; tf_data_kinds info; } tf_compact_body;
typedef struct tf_compact_list { tf_compact_body inner; slice tag; } tf_compact_list;

typedef struct tf_packed_glwe {
	tf_packed  packed;
	uint64_t   glwe_dimension, polynomial_size, bodies_count;
	tf_modulus uncompressed_modulus;
} tf_packed_glwe;
typedef struct tf_packed_glwes { size_t n; tf_packed_glwe *p; } tf_packed_glwes;

typedef struct tf_packed_meta {
	tf_modulus modulus;                          /* 64-bit lists only, as is the pattern */
	uint64_t   message_modulus, carry_modulus;
	tf_atomic  atomic_pattern;
	uint64_t   lwe_per_glwe;
} tf_packed_meta;
typedef struct tf_packed_lists { tf_packed_glwes lists; bool has_meta; tf_packed_meta meta; } tf_packed_lists;
typedef struct tf_packed_body { tf_packed_lists packed; tf_data_kinds info; } tf_packed_body;
typedef struct tf_compressed_list { tf_packed_body inner; slice tag; tf_metas rerand_metadata; } tf_compressed_list;
typedef struct tf_squashed_list { tf_packed_body inner; slice tag; } tf_squashed_list;

/* ---- 128 bits ---------------------------------------------------------------------------------------------------- */

typedef struct tf_squashed_block { tf_lwe ct; uint64_t degree, message_modulus, carry_modulus; } tf_squashed_block;
typedef struct tf_squashed_blocks { size_t n; tf_squashed_block *p; } tf_squashed_blocks;
typedef struct tf_squashed_radix { tf_squashed_blocks packed_blocks; uint64_t original_block_count; } tf_squashed_radix;
enum { SQUASHED_NORMAL, SQUASHED_AFTER_DECOMPRESSION };
typedef struct tf_squashed_integer { tf_squashed_radix radix; uint32_t state; slice tag; } tf_squashed_integer;
typedef struct tf_squashed_bool { tf_squashed_block block; uint32_t state; slice tag; } tf_squashed_bool;

extern const schema T_BOOL_CT, T_INTEGER_CT, T_COMPRESSED_BOOL, T_COMPRESSED_INTEGER, T_CHUNK, T_COMPACT_LIST,
                    T_COMPRESSED_LIST, T_SQUASHED_LIST, T_SQUASHED_INTEGER, T_SQUASHED_BOOL;

#endif
