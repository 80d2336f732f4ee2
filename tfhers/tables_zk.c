/* SPDX-License-Identifier: MIT */
/* tfhers/tables_zk.c -- tables of points, proofs, the proven list and the CRS. */
#include "tfhers/tables_zk.h"

static const schema T_FP = { SCHEMA_WORDS, sizeof(slice), VERSION(0), .word = 8, .exactly = FP_WORDS };
static const schema_member FP2[] = { FIELD(tf_fp2, c0, T_FP), FIELD(tf_fp2, c1, T_FP) };
static const schema T_FP2 = { SCHEMA_STRUCT, sizeof(tf_fp2), VERSION(0), MEMBERS(FP2) };

static const schema_member G1_COMPRESSED[] = { FIELD(tf_g1, x, T_FP), FIELD(tf_g1, take_largest_y, T_BOOL) };
static const schema_member G1_UNCOMPRESSED[] = { FIELD(tf_g1, x, T_FP), FIELD(tf_g1, y, T_FP) };
static const schema T_G1_COMPRESSED = { SCHEMA_STRUCT, sizeof(tf_g1), MEMBERS(G1_COMPRESSED) };
static const schema T_G1_UNCOMPRESSED = { SCHEMA_STRUCT, sizeof(tf_g1), MEMBERS(G1_UNCOMPRESSED) };
static const schema_member G1[] = {
	UNIT_VARIANT("Infinity"), FLAT_VARIANT("Compressed", tf_g1, T_G1_COMPRESSED),
	FLAT_VARIANT("Uncompressed", tf_g1, T_G1_UNCOMPRESSED),
};
static const schema T_G1 = { SCHEMA_ENUM, sizeof(tf_g1), VERSION(0), MEMBERS(G1) };

static const schema_member G2_COMPRESSED[] = { FIELD(tf_g2, x, T_FP2), FIELD(tf_g2, take_largest_y, T_BOOL) };
static const schema_member G2_UNCOMPRESSED[] = { FIELD(tf_g2, x, T_FP2), FIELD(tf_g2, y, T_FP2) };
static const schema T_G2_COMPRESSED = { SCHEMA_STRUCT, sizeof(tf_g2), MEMBERS(G2_COMPRESSED) };
static const schema T_G2_UNCOMPRESSED = { SCHEMA_STRUCT, sizeof(tf_g2), MEMBERS(G2_UNCOMPRESSED) };
static const schema_member G2[] = {
	UNIT_VARIANT("Infinity"), FLAT_VARIANT("Compressed", tf_g2, T_G2_COMPRESSED),
	FLAT_VARIANT("Uncompressed", tf_g2, T_G2_UNCOMPRESSED),
};
static const schema T_G2 = { SCHEMA_ENUM, sizeof(tf_g2), VERSION(0), MEMBERS(G2) };

/* ---- the proof: what follows the common fields depends on the version ---------------------------------------------- */

static const schema_member COMPUTE_LOAD[] = {
	FIELD(tf_compute_load, C_hat_h3, T_G2), FIELD(tf_compute_load, C_hat_w, T_G2),
};
static const schema T_COMPUTE_LOAD = { SCHEMA_STRUCT, sizeof(tf_compute_load), VERSION(0), MEMBERS(COMPUTE_LOAD) };
static const schema_member HASH_MODE[] = { UNIT_VARIANT("BackwardCompat"), UNIT_VARIANT("Classical"), UNIT_VARIANT("Compact") };
static const schema T_HASH_MODE = { SCHEMA_ENUM, sizeof(uint32_t), VERSION(0), MEMBERS(HASH_MODE) };
static const schema_member HASH_CONFIG[] = { UNIT_VARIANT("V0_4_0"), UNIT_VARIANT("V0_7_0"), UNIT_VARIANT("V0_8_0") };
static const schema T_HASH_CONFIG = { SCHEMA_ENUM, sizeof(uint32_t), VERSION(0), MEMBERS(HASH_CONFIG) };

#define PROOF_FIELDS \
	FIELD(tf_proof_fields, C_hat_e, T_G2), FIELD(tf_proof_fields, C_e, T_G1), FIELD(tf_proof_fields, C_r_tilde, T_G1), \
	FIELD(tf_proof_fields, C_R, T_G1), FIELD(tf_proof_fields, C_hat_bin, T_G2), FIELD(tf_proof_fields, C_y, T_G1), \
	FIELD(tf_proof_fields, C_h1, T_G1), FIELD(tf_proof_fields, C_h2, T_G1), FIELD(tf_proof_fields, C_hat_t, T_G2), \
	FIELD(tf_proof_fields, pi, T_G1), FIELD(tf_proof_fields, pi_kzg, T_G1), \
	OPTION(tf_proof_fields, compute_load, T_COMPUTE_LOAD)
static const schema_member PROOF_V1[] = { PROOF_FIELDS };
static const schema_member PROOF_V2[] = { PROOF_FIELDS, FIELD(tf_proof_fields, hash, T_HASH_MODE) };
static const schema_member PROOF_V3[] = { PROOF_FIELDS, FIELD(tf_proof_fields, hash, T_HASH_CONFIG) };
static const schema T_PROOF_V1 = { SCHEMA_STRUCT, sizeof(tf_proof_fields), MEMBERS(PROOF_V1) };
static const schema T_PROOF_V2 = { SCHEMA_STRUCT, sizeof(tf_proof_fields), MEMBERS(PROOF_V2) };
static const schema T_PROOF_V3 = { SCHEMA_STRUCT, sizeof(tf_proof_fields), MEMBERS(PROOF_V3) };
static const schema_member PROOF_VERSIONS[] = {
	BODY(1, tf_proof_v2, fields, T_PROOF_V1), BODY(2, tf_proof_v2, fields, T_PROOF_V2),
	BODY(3, tf_proof_v2, fields, T_PROOF_V3),
};
static const schema T_PROOF_FIELDS = { SCHEMA_VERSIONS, sizeof(tf_proof_v2), MEMBERS(PROOF_VERSIONS) };
static const schema_member PROOF[] = {
	REFUSED_VARIANT("a proof of the first scheme"), VARIANT("PkeV2", tf_proof, v2, T_PROOF_FIELDS),
};
static const schema T_PROOF = { SCHEMA_ENUM, sizeof(tf_proof), VERSION(2), MEMBERS(PROOF) };

static const schema_member PROVED_CHUNK[] = {
	FIELD(tf_proved_chunk, list, T_CHUNK), FIELD(tf_proved_chunk, proof, T_PROOF),
};
static const schema T_PROVED_CHUNK = { SCHEMA_STRUCT, sizeof(tf_proved_chunk), MEMBERS(PROVED_CHUNK) };
static const schema T_PROVED_CHUNKS = { SCHEMA_VEC, sizeof(tf_proved_chunks), VERSION(0), .of = &T_PROVED_CHUNK };
static const schema_member PROVEN_BODY[] = {
	FIELD(tf_proven_body, lists, T_PROVED_CHUNKS), FIELD(tf_proven_body, info, T_DATA_KINDS),
};
static const schema T_PROVEN_BODY = { SCHEMA_STRUCT, sizeof(tf_proven_body), VERSION(0), MEMBERS(PROVEN_BODY) };
static const schema_member PROVEN_LIST[] = {
	FIELD(tf_proven_list, inner, T_PROVEN_BODY), FIELD(tf_proven_list, tag, T_TAG),
};
const schema T_PROVEN_LIST = { SCHEMA_STRUCT, sizeof(tf_proven_list), VERSION(0), MEMBERS(PROVEN_LIST) };

/* ---- the CRS ------------------------------------------------------------------------------------------------------- */

static const schema T_G1S = { SCHEMA_VEC, sizeof(tf_g1s), .of = &T_G1 };
static const schema T_G2S = { SCHEMA_VEC, sizeof(tf_g2s), .of = &T_G2 };
static const schema_member GROUPS[] = { FIELD(tf_groups, g_list, T_G1S), FIELD(tf_groups, g_hat_list, T_G2S) };
static const schema T_GROUPS = { SCHEMA_STRUCT, sizeof(tf_groups), VERSION(0), MEMBERS(GROUPS) };
static const schema_member BOUND_TYPE[] = { UNIT_VARIANT("GHL"), UNIT_VARIANT("CS") };
static const schema T_BOUND_TYPE = { SCHEMA_ENUM, sizeof(uint32_t), VERSION(0), MEMBERS(BOUND_TYPE) };
static const schema_member SEPARATORS[] = {
	FIELD(tf_separators, hash, T_BYTES), FIELD(tf_separators, hash_R, T_BYTES), FIELD(tf_separators, hash_t, T_BYTES),
	FIELD(tf_separators, hash_w, T_BYTES), FIELD(tf_separators, hash_agg, T_BYTES),
	FIELD(tf_separators, hash_lmap, T_BYTES), FIELD(tf_separators, hash_phi, T_BYTES),
	FIELD(tf_separators, hash_xi, T_BYTES), FIELD(tf_separators, hash_z, T_BYTES),
	FIELD(tf_separators, hash_chi, T_BYTES), FIELD(tf_separators, hash_gamma, T_BYTES),
};
static const schema T_SEPARATORS = { SCHEMA_STRUCT, sizeof(tf_separators), VERSION(1), MEMBERS(SEPARATORS) };
static const schema_member CRS_V2[] = {
	FIELD(tf_crs_v2, groups, T_GROUPS), FIELD(tf_crs_v2, D, T_U64), FIELD(tf_crs_v2, n, T_U64),
	FIELD(tf_crs_v2, d, T_U64), FIELD(tf_crs_v2, k, T_U64), FIELD(tf_crs_v2, B_bound_squared, T_U128),
	FIELD(tf_crs_v2, B_inf, T_U64), FIELD(tf_crs_v2, q, T_U64), FIELD(tf_crs_v2, t, T_U64),
	FIELD(tf_crs_v2, msbs_zero_padding_bit_count, T_U64), FIELD(tf_crs_v2, bound_type, T_BOUND_TYPE),
	OPTION(tf_crs_v2, sid, T_U128), FIELD(tf_crs_v2, domain_separators, T_SEPARATORS),
};
static const schema T_CRS_V2 = { SCHEMA_STRUCT, sizeof(tf_crs_v2), VERSION(1), MEMBERS(CRS_V2) };
static const schema_member CRS[] = {
	REFUSED_VARIANT("a CRS of the first scheme"), VARIANT("PkeV2", tf_crs, v2, T_CRS_V2),
};
const schema T_CRS = { SCHEMA_ENUM, sizeof(tf_crs), VERSION(1), MEMBERS(CRS) };
