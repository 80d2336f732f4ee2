/* SPDX-License-Identifier: MIT */
/*
 * tfhers/tables_server.h -- the uncompressed ServerKey of TFHE-rs 1.7 as C structs (tables: tables_server.c).
 *
 * The same parts as in a CompressedServerKey (tables_key.h), with masks instead of seeds, and bootstrap keys in Fourier
 * form (lattice/spectrum.h).  The version words are other ones than there.  Facts are from the sources of release 1.7.0,
 * the files named *backward_compatibility* of high_level_api, integer, shortint and core_crypto; no file of TFHE-rs was at
 * hand to read or to be read by.
 */
#ifndef ARCA_TFHERS_TABLES_SERVER_H
#define ARCA_TFHERS_TABLES_SERVER_H

#include "tfhers/tables_key.h"

typedef struct tf_ksk { slice data; uint64_t base_log, level, output_lwe_size; tf_modulus modulus; } tf_ksk;
typedef struct tf_pksk {
	slice      data;
	uint64_t   base_log, level, output_glwe_size, output_polynomial_size;
	tf_modulus modulus;
} tf_pksk;

typedef struct tf_lwes { slice data; uint64_t lwe_size; tf_modulus modulus; } tf_lwes;
typedef struct tf_drift { tf_lwes zeros; double ms_bound, r_sigma, input_variance; } tf_drift;
typedef struct tf_ms { uint32_t variant; tf_drift drift; } tf_ms;                           /* variants: ms_kind */

typedef struct tf_fourier { schema_spectra fourier; uint64_t input_lwe_dimension, glwe_size, base_log, level; } tf_fourier;
typedef struct tf_fourier128 {
	slice    re0, re1, im0, im1;
	uint64_t polynomial_size, input_lwe_dimension, glwe_size, base_log, level;
} tf_fourier128;
typedef struct tf_plain_bsk { uint32_t variant; tf_fourier bsk; tf_ms ms; } tf_plain_bsk;
typedef struct tf_plain_bsk128 { uint32_t variant; tf_fourier128 bsk; tf_ms ms; } tf_plain_bsk128;

typedef struct tf_plain_block { tf_ksk ksk; tf_plain_bsk bsk; uint32_t pbs_order; } tf_plain_block;
typedef struct tf_plain_pattern { uint32_t variant; tf_plain_block standard; } tf_plain_pattern;
typedef struct tf_plain_shortint {
	tf_plain_pattern ap;
	uint64_t   message_modulus, carry_modulus, max_degree, max_noise_level;
	tf_modulus modulus;
} tf_plain_shortint;
typedef struct tf_plain_cast { tf_ksk ksk; int8_t cast_rshift; uint32_t destination_key, destination_pattern; } tf_plain_cast;
typedef struct tf_plain_comp { tf_pksk pksk; uint64_t lwe_per_glwe, storage_log_modulus; } tf_plain_comp;
typedef struct tf_plain_decomp { tf_plain_bsk bsk; uint64_t lwe_per_glwe; } tf_plain_decomp;
typedef struct tf_plain_ns_pattern { uint32_t variant; tf_plain_bsk128 standard; } tf_plain_ns_pattern;
typedef struct tf_plain_ns {
	tf_plain_ns_pattern ap;
	uint64_t   message_modulus, carry_modulus;
	tf_modulus modulus;
} tf_plain_ns;
typedef struct tf_plain_ns_comp { tf_pksk pksk; uint64_t lwe_per_glwe; } tf_plain_ns_comp;
typedef struct tf_plain_rerand { uint32_t variant; tf_cpk derived; } tf_plain_rerand;
typedef struct tf_plain_oprf { uint32_t variant; tf_fourier classic; } tf_plain_oprf;

typedef struct tf_plain_integer {
	tf_plain_shortint key;
	bool has_cpk_ksk, has_compression, has_decompression, has_noise_squash, has_ns_compression, has_rerand, has_oprf;
	tf_plain_cast    cpk_ksk;
	tf_plain_comp    compression;
	tf_plain_decomp  decompression;
	tf_plain_ns      noise_squash;
	tf_plain_ns_comp ns_compression;
	tf_plain_rerand  rerand;
	tf_plain_oprf    oprf;
} tf_plain_integer;
typedef struct tf_server_key { tf_plain_integer key; slice tag; } tf_server_key;

extern const schema T_SERVER_KEY;

#endif
