/* SPDX-License-Identifier: MIT */
/*
 * tfhers/tables_zk.h -- the CRS, the proofs and the proven list of TFHE-rs as C structs.
 *
 * Points are affine over BLS12-446; a coordinate is 7 little-endian words in Montgomery form, kept as bytes here.
 */
#ifndef ARCA_TFHERS_TABLES_ZK_H
#define ARCA_TFHERS_TABLES_ZK_H

#include "tfhers/tables_ct.h"

enum { FP_WORDS = 7 };

enum { POINT_INFINITY, POINT_COMPRESSED, POINT_UNCOMPRESSED };
typedef struct tf_fp2 { slice c0, c1; } tf_fp2;
typedef struct tf_g1 { uint32_t variant; bool take_largest_y; slice x, y; } tf_g1;
typedef struct tf_g2 { uint32_t variant; bool take_largest_y; tf_fp2 x, y; } tf_g2;
typedef struct tf_g1s { size_t n; tf_g1 *p; } tf_g1s;
typedef struct tf_g2s { size_t n; tf_g2 *p; } tf_g2s;

typedef struct tf_compute_load { tf_g2 C_hat_h3, C_hat_w; } tf_compute_load;
typedef struct tf_proof_fields {
	tf_g2 C_hat_e;
	tf_g1 C_e, C_r_tilde, C_R;
	tf_g2 C_hat_bin;
	tf_g1 C_y, C_h1, C_h2;
	tf_g2 C_hat_t;
	tf_g1 pi, pi_kzg;
	bool  has_compute_load;
	tf_compute_load compute_load;
	uint32_t hash;                       /* a mode in version 2, a configuration in version 3, absent in version 1 */
} tf_proof_fields;
typedef struct tf_proof_v2 { uint32_t version; tf_proof_fields fields; } tf_proof_v2;
typedef struct tf_proof { uint32_t variant; tf_proof_v2 v2; } tf_proof;

typedef struct tf_proved_chunk { tf_chunk list; tf_proof proof; } tf_proved_chunk;
typedef struct tf_proved_chunks { size_t n; tf_proved_chunk *p; } tf_proved_chunks;
typedef struct tf_proven_body { tf_proved_chunks lists; tf_data_kinds info; } tf_proven_body;
typedef struct tf_proven_list { tf_proven_body inner; slice tag; } tf_proven_list;

typedef struct tf_groups { tf_g1s g_list; tf_g2s g_hat_list; } tf_groups;
typedef struct tf_separators {
	slice hash, hash_R, hash_t, hash_w, hash_agg, hash_lmap, hash_phi, hash_xi, hash_z, hash_chi, hash_gamma;
} tf_separators;
typedef struct tf_crs_v2 {
	tf_groups groups;
	uint64_t  D, n, d, k;
	u128      B_bound_squared;
	uint64_t  B_inf, q, t, msbs_zero_padding_bit_count;
	uint32_t  bound_type;
	bool      has_sid;
	u128      sid;
	tf_separators domain_separators;
} tf_crs_v2;
typedef struct tf_crs { uint32_t variant; tf_crs_v2 v2; } tf_crs;

extern const schema T_CRS, T_PROVEN_LIST;

#endif
