/* SPDX-License-Identifier: MIT */
/*
 * tfhers/tables_base.h -- the small types that keys, ciphertexts and proofs share, as C structs and tables.
 *
 * A number in a newtype (LweDimension, DecompositionBaseLog, MessageModulus, NoiseLevel ...) is a version word and a
 * u64: a uint64_t here, T_NUMBER in the tables.
 */
#ifndef ARCA_TFHERS_TABLES_BASE_H
#define ARCA_TFHERS_TABLES_BASE_H

#include "tfhers/schema.h"

enum { PBS_KEYSWITCH_FIRST, PBS_BOOTSTRAP_FIRST };
enum { NOISE_GAUSSIAN, NOISE_TUNIFORM };
enum { ATOMIC_STANDARD, ATOMIC_KEYSWITCH32 };
enum { EXPAND_CASTING, EXPAND_NO_CASTING };
enum { ZK_NONE, ZK_V1, ZK_V2 };
enum { KEY_BIG, KEY_SMALL };
enum { SEED_CTR, SEED_XOF };

typedef struct tf_modulus { u128 modulus; uint64_t bits; } tf_modulus;               /* modulus 0: 2^bits */
typedef struct tf_noise { uint32_t variant, bound_log2; } tf_noise;
typedef struct tf_atomic { uint32_t variant, order; } tf_atomic;
typedef struct tf_expand_kind { uint32_t variant; tf_atomic no_casting; } tf_expand_kind;
typedef struct tf_expand { uint32_t version; tf_expand_kind kind; } tf_expand;       /* version 0 or 1 */
typedef struct tf_seed_kind { uint32_t variant; u128 ctr; slice xof; } tf_seed_kind;
typedef struct tf_index { u128 aes_index; uint64_t byte_index; } tf_index;
typedef struct tf_seed { tf_seed_kind seed; tf_index first_index; } tf_seed;

typedef struct tf_pke_params {
	uint64_t   lwe_dimension;
	tf_noise   noise;
	uint64_t   message_modulus, carry_modulus;
	tf_modulus modulus;
	tf_expand  expansion_kind;
	uint32_t   zk_scheme;
} tf_pke_params;

/* What a value in a list is. */
enum { KIND_UNSIGNED, KIND_SIGNED, KIND_BOOLEAN, KIND_STRING };
typedef struct tf_string_kind { uint32_t n_chars; bool padded; } tf_string_kind;
typedef struct tf_data_kind { uint32_t variant; uint64_t blocks; tf_string_kind string; } tf_data_kind;
typedef struct tf_data_kinds { size_t n; tf_data_kind *p; } tf_data_kinds;

extern const schema T_U32, T_U64, T_U128, T_I8, T_F64, T_BOOL, T_BYTES, T_WORDS64, T_WORDS128;
extern const schema T_NUMBER, T_REAL, T_TAG;                 /* version 0: u64, f64, bytes */
extern const schema T_MODULUS, T_NOISE, T_PBS_ORDER, T_ATOMIC, T_EXPAND, T_ZK_SCHEME, T_KEY_CHOICE;
extern const schema T_SEED, T_XOF_SEED, T_PKE_PARAMS, T_DATA_KINDS;

#endif
