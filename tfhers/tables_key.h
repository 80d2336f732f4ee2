/* SPDX-License-Identifier: MIT */
/*
 * tfhers/tables_key.h -- the keys of TFHE-rs as C structs: what their tables (tables_key.c) read and write.
 *
 * Where TFHE-rs has an enum of which only one variant is accepted (Standard, Classic), the struct still holds the
 * variant, so that tables and structs stay parallel.
 */
#ifndef ARCA_TFHERS_TABLES_KEY_H
#define ARCA_TFHERS_TABLES_KEY_H

#include "tfhers/tables_base.h"

/* ---- parameters ------------------------------------------------------------------------------------------------ */

typedef struct tf_drift_params { uint64_t zeros_count; double ms_bound, r_sigma, input_variance; } tf_drift_params;
typedef struct tf_ms_type { uint32_t variant; tf_drift_params drift; } tf_ms_type;         /* variants: ms_kind */
typedef struct tf_ks_params { uint64_t base_log, level; uint32_t destination_key; } tf_ks_params;

typedef struct tf_classic_pbs {
	uint64_t   lwe_dimension, glwe_dimension, polynomial_size;
	tf_noise   lwe_noise, glwe_noise;
	uint64_t   pbs_base_log, pbs_level, ks_base_log, ks_level;
	uint64_t   message_modulus, carry_modulus, max_noise_level;
	double     log2_p_fail;
	tf_modulus modulus;
	uint32_t   encryption_key_choice;
	tf_ms_type ms_type;
} tf_classic_pbs;
typedef struct tf_pbs_params { uint32_t variant; tf_classic_pbs classic; } tf_pbs_params;

typedef struct tf_classic_comp {
	uint64_t br_level, br_base_log, pks_level, pks_base_log, pks_polynomial_size, pks_glwe_dimension;
	uint64_t lwe_per_glwe, storage_log_modulus;
	tf_noise pks_noise;
} tf_classic_comp;
typedef struct tf_comp_params { uint32_t variant; tf_classic_comp classic; } tf_comp_params;

typedef struct tf_classic_ns {
	uint64_t   glwe_dimension, polynomial_size;
	tf_noise   noise;
	uint64_t   base_log, level;
	tf_ms_type ms_type;
	uint64_t   message_modulus, carry_modulus;
	tf_modulus modulus;
} tf_classic_ns;
typedef struct tf_ns_params { uint32_t variant; tf_classic_ns classic; } tf_ns_params;

typedef struct tf_ns_comp_params {
	uint64_t   pks_level, pks_base_log, pks_polynomial_size, pks_glwe_dimension, lwe_per_glwe;
	tf_noise   pks_noise;
	uint64_t   message_modulus, carry_modulus;
	tf_modulus modulus;
} tf_ns_comp_params;

/* ---- ClientKey ------------------------------------------------------------------------------------------------- */

typedef struct tf_glwe_sk { slice data; uint64_t polynomial_size; } tf_glwe_sk;

typedef struct tf_block_sk { tf_glwe_sk glwe_sk; slice lwe_sk; tf_pbs_params params; bool has_wopbs; } tf_block_sk;
typedef struct tf_block_pattern { uint32_t variant; tf_block_sk standard; } tf_block_pattern;
typedef struct tf_pke_sk { slice key; tf_pke_params parameters; } tf_pke_sk;
typedef struct tf_dedicated_pke { tf_pke_sk pke; tf_ks_params cast; } tf_dedicated_pke;
typedef struct tf_comp_sk { tf_glwe_sk key; tf_comp_params params; } tf_comp_sk;
typedef struct tf_ns_sk { tf_glwe_sk key; tf_ns_params params; } tf_ns_sk;
typedef struct tf_ns_comp_sk { tf_glwe_sk key; tf_ns_comp_params params; } tf_ns_comp_sk;
enum { RERAND_LEGACY, RERAND_DERIVED };
typedef struct tf_rerand_params { uint32_t variant; tf_ks_params legacy; } tf_rerand_params;
typedef struct tf_oprf_sk { uint32_t variant; slice standard; } tf_oprf_sk;

typedef struct tf_integer_client_key {
	tf_block_pattern key;
	bool has_dedicated_pke, has_compression, has_noise_squash, has_ns_compression, has_rerand, has_oprf;
	tf_dedicated_pke dedicated_pke;
	tf_comp_sk       compression;
	tf_ns_sk         noise_squash;
	tf_ns_comp_sk    ns_compression;
	tf_rerand_params rerand;
	tf_oprf_sk       oprf;
} tf_integer_client_key;
typedef struct tf_client_key { tf_integer_client_key key; slice tag; } tf_client_key;

/* ---- compact public keys ------------------------------------------------------------------------------------------ */

typedef struct tf_glwe { slice data; uint64_t polynomial_size; tf_modulus modulus; } tf_glwe;
typedef struct tf_seeded_glwe { slice data; uint64_t glwe_size; tf_seed seed; tf_modulus modulus; } tf_seeded_glwe;
typedef struct tf_cpk { tf_glwe key; tf_pke_params parameters; } tf_cpk;
typedef struct tf_seeded_cpk { tf_seeded_glwe key; tf_pke_params parameters; } tf_seeded_cpk;
typedef struct tf_public_key { tf_cpk key; slice tag; } tf_public_key;
typedef struct tf_compressed_public_key { tf_seeded_cpk key; slice tag; } tf_compressed_public_key;

/* ---- CompressedServerKey ------------------------------------------------------------------------------------------ */

typedef struct tf_seeded_ksk {
	slice      data;
	uint64_t   base_log, level, output_lwe_size;
	tf_seed    seed;
	tf_modulus modulus;
} tf_seeded_ksk;

typedef struct tf_seeded_pksk {
	slice      data;
	uint64_t   base_log, level, output_glwe_size, output_polynomial_size;
	tf_seed    seed;
	tf_modulus modulus;
} tf_seeded_pksk;

typedef struct tf_seeded_bsk {
	slice      data;
	uint64_t   glwe_size, polynomial_size, base_log, level;
	tf_seed    seed;
	tf_modulus modulus;
} tf_seeded_bsk;

typedef struct tf_seeded_lwes { slice data; uint64_t lwe_size; tf_seed seed; tf_modulus modulus; } tf_seeded_lwes;
typedef struct tf_drift_key { tf_seeded_lwes zeros; double ms_bound, r_sigma, input_variance; } tf_drift_key;
typedef struct tf_ms_key { uint32_t variant; tf_drift_key drift; } tf_ms_key;               /* variants: ms_kind */
typedef struct tf_classic_bsk { tf_seeded_bsk bsk; tf_ms_key ms; } tf_classic_bsk;
typedef struct tf_server_bsk { uint32_t variant; tf_classic_bsk classic; } tf_server_bsk;

typedef struct tf_block_key { tf_seeded_ksk ksk; tf_server_bsk bsk; uint32_t pbs_order; } tf_block_key;
typedef struct tf_block_key_pattern { uint32_t variant; tf_block_key standard; } tf_block_key_pattern;
typedef struct tf_shortint_key {
	tf_block_key_pattern ap;
	uint64_t message_modulus, carry_modulus, max_degree, max_noise_level;
} tf_shortint_key;
typedef struct tf_cast_key { tf_seeded_ksk ksk; int8_t cast_rshift; uint32_t destination_key, destination_pattern; } tf_cast_key;
typedef struct tf_comp_key { tf_seeded_pksk pksk; uint64_t lwe_per_glwe, storage_log_modulus; } tf_comp_key;
typedef struct tf_decomp_key { tf_server_bsk bsk; uint64_t lwe_per_glwe; } tf_decomp_key;
typedef struct tf_ns_pattern { uint32_t variant; tf_server_bsk standard; } tf_ns_pattern;
typedef struct tf_ns_key { tf_ns_pattern ap; uint64_t message_modulus, carry_modulus; tf_modulus modulus; } tf_ns_key;
typedef struct tf_ns_comp_key { tf_seeded_pksk pksk; uint64_t lwe_per_glwe; } tf_ns_comp_key;
typedef struct tf_rerand_ksk { uint32_t variant; tf_cast_key dedicated; } tf_rerand_ksk;
typedef struct tf_rerand_key { uint32_t variant; tf_rerand_ksk legacy; tf_seeded_cpk derived; } tf_rerand_key;
typedef struct tf_oprf_key { uint32_t variant; tf_seeded_bsk classic; } tf_oprf_key;

typedef struct tf_integer_server_key {
	tf_shortint_key key;
	bool has_cpk_ksk, has_compression, has_decompression, has_noise_squash, has_ns_compression, has_rerand, has_oprf;
	tf_cast_key    cpk_ksk;
	tf_comp_key    compression;
	tf_decomp_key  decompression;
	tf_ns_key      noise_squash;
	tf_ns_comp_key ns_compression;
	tf_rerand_key  rerand;
	tf_oprf_key    oprf;
} tf_integer_server_key;
typedef struct tf_compressed_server_key { tf_integer_server_key key; slice tag; } tf_compressed_server_key;

/* The stream of masks starts at byte 0 or 1, which is also the variant. */
enum { XOF_FIRST_BYTE, XOF_SECOND_BYTE };
typedef struct tf_xof_start { uint32_t variant; slice seed; } tf_xof_start;
typedef struct tf_xof_keyset {
	tf_xof_start seed;
	tf_compressed_public_key public_key;
	tf_compressed_server_key server_key;
} tf_xof_keyset;

extern const schema T_CPK_GLWE, T_CAST_PATTERN;
extern const schema T_PBS_PARAMS, T_CLIENT_KEY, T_PUBLIC_KEY, T_COMPRESSED_PUBLIC_KEY, T_COMPRESSED_SERVER_KEY, T_XOF_KEYSET,
                    T_DECOMP_KEY;

#endif
