/* SPDX-License-Identifier: MIT */
/* tfhers/tables_key.c -- tables of the keys; the layout of each, field by field in the order of the bytes. */
#include "tfhers/tables_key.h"

/* ---- parameters ------------------------------------------------------------------------------------------------ */

static const schema_member DRIFT_PARAMS[] = {
	FIELD(tf_drift_params, zeros_count, T_NUMBER), FIELD(tf_drift_params, ms_bound, T_REAL),
	FIELD(tf_drift_params, r_sigma, T_REAL), FIELD(tf_drift_params, input_variance, T_REAL),
};
static const schema T_DRIFT_PARAMS = { SCHEMA_STRUCT, sizeof(tf_drift_params), VERSION(0), MEMBERS(DRIFT_PARAMS) };
static const schema_member MS_TYPE[] = {
	UNIT_VARIANT("Standard"), VARIANT("Drift", tf_ms_type, drift, T_DRIFT_PARAMS), UNIT_VARIANT("CenteredMean"),
};
static const schema T_MS_TYPE = { SCHEMA_ENUM, sizeof(tf_ms_type), VERSION(0), MEMBERS(MS_TYPE) };

static const schema_member KS_PARAMS[] = {
	FIELD(tf_ks_params, base_log, T_NUMBER), FIELD(tf_ks_params, level, T_NUMBER),
	FIELD(tf_ks_params, destination_key, T_KEY_CHOICE),
};
static const schema T_KS_PARAMS = { SCHEMA_STRUCT, sizeof(tf_ks_params), VERSION(0), MEMBERS(KS_PARAMS) };

static const schema_member CLASSIC_PBS[] = {
	FIELD(tf_classic_pbs, lwe_dimension, T_NUMBER), FIELD(tf_classic_pbs, glwe_dimension, T_NUMBER),
	FIELD(tf_classic_pbs, polynomial_size, T_NUMBER),
	FIELD(tf_classic_pbs, lwe_noise, T_NOISE), FIELD(tf_classic_pbs, glwe_noise, T_NOISE),
	FIELD(tf_classic_pbs, pbs_base_log, T_NUMBER), FIELD(tf_classic_pbs, pbs_level, T_NUMBER),
	FIELD(tf_classic_pbs, ks_base_log, T_NUMBER), FIELD(tf_classic_pbs, ks_level, T_NUMBER),
	FIELD(tf_classic_pbs, message_modulus, T_NUMBER), FIELD(tf_classic_pbs, carry_modulus, T_NUMBER),
	FIELD(tf_classic_pbs, max_noise_level, T_NUMBER), FIELD(tf_classic_pbs, log2_p_fail, T_F64),
	FIELD(tf_classic_pbs, modulus, T_MODULUS), FIELD(tf_classic_pbs, encryption_key_choice, T_KEY_CHOICE),
	FIELD(tf_classic_pbs, ms_type, T_MS_TYPE),
};
static const schema T_CLASSIC_PBS = { SCHEMA_STRUCT, sizeof(tf_classic_pbs), VERSION(2), MEMBERS(CLASSIC_PBS) };
static const schema_member PBS_PARAMS[] = {
	VARIANT("PBS", tf_pbs_params, classic, T_CLASSIC_PBS), REFUSED_VARIANT("a multi-bit bootstrap"),
};
const schema T_PBS_PARAMS = { SCHEMA_ENUM, sizeof(tf_pbs_params), VERSION(0), MEMBERS(PBS_PARAMS) };

static const schema_member CLASSIC_COMP[] = {
	FIELD(tf_classic_comp, br_level, T_NUMBER), FIELD(tf_classic_comp, br_base_log, T_NUMBER),
	FIELD(tf_classic_comp, pks_level, T_NUMBER), FIELD(tf_classic_comp, pks_base_log, T_NUMBER),
	FIELD(tf_classic_comp, pks_polynomial_size, T_NUMBER), FIELD(tf_classic_comp, pks_glwe_dimension, T_NUMBER),
	FIELD(tf_classic_comp, lwe_per_glwe, T_NUMBER), FIELD(tf_classic_comp, storage_log_modulus, T_NUMBER),
	FIELD(tf_classic_comp, pks_noise, T_NOISE),
};
static const schema T_CLASSIC_COMP = { SCHEMA_STRUCT, sizeof(tf_classic_comp), VERSION(0), MEMBERS(CLASSIC_COMP) };
static const schema_member COMP_PARAMS[] = {
	VARIANT("Classic", tf_comp_params, classic, T_CLASSIC_COMP), REFUSED_VARIANT("a multi-bit bootstrap"),
};
static const schema T_COMP_PARAMS = { SCHEMA_ENUM, sizeof(tf_comp_params), VERSION(1), MEMBERS(COMP_PARAMS) };

static const schema_member CLASSIC_NS[] = {
	FIELD(tf_classic_ns, glwe_dimension, T_NUMBER), FIELD(tf_classic_ns, polynomial_size, T_NUMBER),
	FIELD(tf_classic_ns, noise, T_NOISE),
	FIELD(tf_classic_ns, base_log, T_NUMBER), FIELD(tf_classic_ns, level, T_NUMBER),
	FIELD(tf_classic_ns, ms_type, T_MS_TYPE),
	FIELD(tf_classic_ns, message_modulus, T_NUMBER), FIELD(tf_classic_ns, carry_modulus, T_NUMBER),
	FIELD(tf_classic_ns, modulus, T_MODULUS),
};
static const schema T_CLASSIC_NS = { SCHEMA_STRUCT, sizeof(tf_classic_ns), VERSION(0), MEMBERS(CLASSIC_NS) };
static const schema_member NS_PARAMS[] = {
	VARIANT("Classic", tf_ns_params, classic, T_CLASSIC_NS), REFUSED_VARIANT("a multi-bit bootstrap"),
};
static const schema T_NS_PARAMS = { SCHEMA_ENUM, sizeof(tf_ns_params), VERSION(2), MEMBERS(NS_PARAMS) };

static const schema_member NS_COMP_PARAMS[] = {
	FIELD(tf_ns_comp_params, pks_level, T_NUMBER), FIELD(tf_ns_comp_params, pks_base_log, T_NUMBER),
	FIELD(tf_ns_comp_params, pks_polynomial_size, T_NUMBER), FIELD(tf_ns_comp_params, pks_glwe_dimension, T_NUMBER),
	FIELD(tf_ns_comp_params, lwe_per_glwe, T_NUMBER), FIELD(tf_ns_comp_params, pks_noise, T_NOISE),
	FIELD(tf_ns_comp_params, message_modulus, T_NUMBER), FIELD(tf_ns_comp_params, carry_modulus, T_NUMBER),
	FIELD(tf_ns_comp_params, modulus, T_MODULUS),
};
static const schema T_NS_COMP_PARAMS = { SCHEMA_STRUCT, sizeof(tf_ns_comp_params), VERSION(0), MEMBERS(NS_COMP_PARAMS) };

/* ---- ClientKey ------------------------------------------------------------------------------------------------- */

static const schema T_LWE_SK = { SCHEMA_WORDS, sizeof(slice), VERSION(0), .word = 8 };
static const schema_member GLWE_SK64[] = {
	FIELD(tf_glwe_sk, data, T_WORDS64), FIELD(tf_glwe_sk, polynomial_size, T_NUMBER),
};
static const schema T_GLWE_SK64 = { SCHEMA_STRUCT, sizeof(tf_glwe_sk), VERSION(0), MEMBERS(GLWE_SK64) };
static const schema_member GLWE_SK128[] = {
	FIELD(tf_glwe_sk, data, T_WORDS128), FIELD(tf_glwe_sk, polynomial_size, T_NUMBER),
};
static const schema T_GLWE_SK128 = { SCHEMA_STRUCT, sizeof(tf_glwe_sk), VERSION(0), MEMBERS(GLWE_SK128) };

static const schema_member BLOCK_SK[] = {
	FIELD(tf_block_sk, glwe_sk, T_GLWE_SK64), FIELD(tf_block_sk, lwe_sk, T_LWE_SK),
	FIELD(tf_block_sk, params, T_PBS_PARAMS),
	{ .name = "wopbs", .type = &SCHEMA_NONE, .optional = true, .some = offsetof(tf_block_sk, has_wopbs) },
};
static const schema T_BLOCK_SK = { SCHEMA_STRUCT, sizeof(tf_block_sk), VERSION(0), MEMBERS(BLOCK_SK) };
static const schema_member BLOCK_PATTERN[] = {
	VARIANT("Standard", tf_block_pattern, standard, T_BLOCK_SK), REFUSED_VARIANT("the atomic pattern KeySwitch32"),
};
static const schema T_BLOCK_PATTERN = { SCHEMA_ENUM, sizeof(tf_block_pattern), VERSION(0, 1, 0), MEMBERS(BLOCK_PATTERN) };

static const schema_member PKE_SK[] = { FIELD(tf_pke_sk, key, T_LWE_SK), FIELD(tf_pke_sk, parameters, T_PKE_PARAMS) };
static const schema T_PKE_SK = { SCHEMA_STRUCT, sizeof(tf_pke_sk), VERSION(0, 0), MEMBERS(PKE_SK) };
static const schema_member DEDICATED_PKE[] = {
	FIELD(tf_dedicated_pke, pke, T_PKE_SK), FIELD(tf_dedicated_pke, cast, T_KS_PARAMS),
};
static const schema T_DEDICATED_PKE = { SCHEMA_STRUCT, sizeof(tf_dedicated_pke), MEMBERS(DEDICATED_PKE) };

static const schema_member COMP_SK[] = { FIELD(tf_comp_sk, key, T_GLWE_SK64), FIELD(tf_comp_sk, params, T_COMP_PARAMS) };
static const schema T_COMP_SK = { SCHEMA_STRUCT, sizeof(tf_comp_sk), VERSION(0, 0), MEMBERS(COMP_SK) };
static const schema_member NS_SK[] = { FIELD(tf_ns_sk, key, T_GLWE_SK128), FIELD(tf_ns_sk, params, T_NS_PARAMS) };
static const schema T_NS_SK = { SCHEMA_STRUCT, sizeof(tf_ns_sk), VERSION(0, 0), MEMBERS(NS_SK) };
static const schema_member NS_COMP_SK[] = {
	FIELD(tf_ns_comp_sk, key, T_GLWE_SK128), FIELD(tf_ns_comp_sk, params, T_NS_COMP_PARAMS),
};
static const schema T_NS_COMP_SK = { SCHEMA_STRUCT, sizeof(tf_ns_comp_sk), VERSION(0, 0), MEMBERS(NS_COMP_SK) };
static const schema_member RERAND_PARAMS[] = {
	VARIANT("LegacyDedicatedCPKWithKeySwitch", tf_rerand_params, legacy, T_KS_PARAMS),
	UNIT_VARIANT("DerivedCPKWithoutKeySwitch"),
};
static const schema T_RERAND_PARAMS = { SCHEMA_ENUM, sizeof(tf_rerand_params), VERSION(0), MEMBERS(RERAND_PARAMS) };
static const schema_member OPRF_SK[] = {
	VARIANT("Standard", tf_oprf_sk, standard, T_LWE_SK), REFUSED_VARIANT("the atomic pattern KeySwitch32"),
};
static const schema T_OPRF_SK = { SCHEMA_ENUM, sizeof(tf_oprf_sk), VERSION(0, 0, 0), MEMBERS(OPRF_SK) };

static const schema_member INTEGER_CLIENT_KEY[] = {
	FIELD(tf_integer_client_key, key, T_BLOCK_PATTERN),
	OPTION(tf_integer_client_key, dedicated_pke, T_DEDICATED_PKE),
	OPTION(tf_integer_client_key, compression, T_COMP_SK),
	OPTION(tf_integer_client_key, noise_squash, T_NS_SK),
	OPTION(tf_integer_client_key, ns_compression, T_NS_COMP_SK),
	OPTION(tf_integer_client_key, rerand, T_RERAND_PARAMS),
	OPTION(tf_integer_client_key, oprf, T_OPRF_SK),
};
static const schema T_INTEGER_CLIENT_KEY = {
	SCHEMA_STRUCT, sizeof(tf_integer_client_key), VERSION(8), MEMBERS(INTEGER_CLIENT_KEY) };
static const schema_member CLIENT_KEY[] = {
	FIELD(tf_client_key, key, T_INTEGER_CLIENT_KEY), FIELD(tf_client_key, tag, T_TAG),
};
const schema T_CLIENT_KEY = { SCHEMA_STRUCT, sizeof(tf_client_key), VERSION(1), MEMBERS(CLIENT_KEY) };

/* ---- compact public keys ------------------------------------------------------------------------------------------ */

static const schema_member GLWE[] = {
	FIELD(tf_glwe, data, T_WORDS64), FIELD(tf_glwe, polynomial_size, T_NUMBER), FIELD(tf_glwe, modulus, T_MODULUS),
};
const schema T_CPK_GLWE = { SCHEMA_STRUCT, sizeof(tf_glwe), VERSION(0, 0), MEMBERS(GLWE) };
static const schema_member CPK[] = { FIELD(tf_cpk, key, T_CPK_GLWE), FIELD(tf_cpk, parameters, T_PKE_PARAMS) };
static const schema T_CPK = { SCHEMA_STRUCT, sizeof(tf_cpk), VERSION(0, 0, 1), MEMBERS(CPK) };
static const schema_member PUBLIC_KEY[] = { FIELD(tf_public_key, key, T_CPK), FIELD(tf_public_key, tag, T_TAG) };
const schema T_PUBLIC_KEY = { SCHEMA_STRUCT, sizeof(tf_public_key), VERSION(1), MEMBERS(PUBLIC_KEY) };

static const schema_member SEEDED_GLWE[] = {
	FIELD(tf_seeded_glwe, data, T_WORDS64), FIELD(tf_seeded_glwe, glwe_size, T_NUMBER),
	FIELD(tf_seeded_glwe, seed, T_SEED), FIELD(tf_seeded_glwe, modulus, T_MODULUS),
};
static const schema T_CPK_SEEDED_GLWE = { SCHEMA_STRUCT, sizeof(tf_seeded_glwe), VERSION(0, 0), MEMBERS(SEEDED_GLWE) };
static const schema_member SEEDED_CPK[] = {
	FIELD(tf_seeded_cpk, key, T_CPK_SEEDED_GLWE), FIELD(tf_seeded_cpk, parameters, T_PKE_PARAMS),
};
static const schema T_SEEDED_CPK = { SCHEMA_STRUCT, sizeof(tf_seeded_cpk), VERSION(0, 0, 1), MEMBERS(SEEDED_CPK) };
static const schema T_DERIVED_CPK = { SCHEMA_STRUCT, sizeof(tf_seeded_cpk), VERSION(0, 1), MEMBERS(SEEDED_CPK) };
static const schema_member COMPRESSED_PUBLIC_KEY[] = {
	FIELD(tf_compressed_public_key, key, T_SEEDED_CPK), FIELD(tf_compressed_public_key, tag, T_TAG),
};
const schema T_COMPRESSED_PUBLIC_KEY = {
	SCHEMA_STRUCT, sizeof(tf_compressed_public_key), VERSION(1), MEMBERS(COMPRESSED_PUBLIC_KEY) };

/* ---- CompressedServerKey ------------------------------------------------------------------------------------------ */

static const schema_member SEEDED_KSK[] = {
	FIELD(tf_seeded_ksk, data, T_WORDS64), FIELD(tf_seeded_ksk, base_log, T_NUMBER), FIELD(tf_seeded_ksk, level, T_NUMBER),
	FIELD(tf_seeded_ksk, output_lwe_size, T_NUMBER), FIELD(tf_seeded_ksk, seed, T_SEED),
	FIELD(tf_seeded_ksk, modulus, T_MODULUS),
};
static const schema T_SEEDED_KSK = { SCHEMA_STRUCT, sizeof(tf_seeded_ksk), VERSION(2), MEMBERS(SEEDED_KSK) };

#define SEEDED_PKSK(words) \
	FIELD(tf_seeded_pksk, data, words), FIELD(tf_seeded_pksk, base_log, T_NUMBER), FIELD(tf_seeded_pksk, level, T_NUMBER), \
	FIELD(tf_seeded_pksk, output_glwe_size, T_NUMBER), FIELD(tf_seeded_pksk, output_polynomial_size, T_NUMBER), \
	FIELD(tf_seeded_pksk, seed, T_SEED), FIELD(tf_seeded_pksk, modulus, T_MODULUS)
static const schema_member SEEDED_PKSK64[] = { SEEDED_PKSK(T_WORDS64) }, SEEDED_PKSK128[] = { SEEDED_PKSK(T_WORDS128) };
static const schema T_SEEDED_PKSK64 = { SCHEMA_STRUCT, sizeof(tf_seeded_pksk), VERSION(2), MEMBERS(SEEDED_PKSK64) };
static const schema T_SEEDED_PKSK128 = { SCHEMA_STRUCT, sizeof(tf_seeded_pksk), VERSION(2), MEMBERS(SEEDED_PKSK128) };

#define SEEDED_BSK(words) \
	FIELD(tf_seeded_bsk, data, words), FIELD(tf_seeded_bsk, glwe_size, T_NUMBER), \
	FIELD(tf_seeded_bsk, polynomial_size, T_NUMBER), FIELD(tf_seeded_bsk, base_log, T_NUMBER), \
	FIELD(tf_seeded_bsk, level, T_NUMBER), FIELD(tf_seeded_bsk, seed, T_SEED), FIELD(tf_seeded_bsk, modulus, T_MODULUS)
static const schema_member SEEDED_BSK64[] = { SEEDED_BSK(T_WORDS64) }, SEEDED_BSK128[] = { SEEDED_BSK(T_WORDS128) };
static const schema T_SEEDED_BSK64 = { SCHEMA_STRUCT, sizeof(tf_seeded_bsk), VERSION(1, 1), MEMBERS(SEEDED_BSK64) };
static const schema T_SEEDED_BSK128 = { SCHEMA_STRUCT, sizeof(tf_seeded_bsk), VERSION(1, 1), MEMBERS(SEEDED_BSK128) };

static const schema_member SEEDED_LWES[] = {
	FIELD(tf_seeded_lwes, data, T_WORDS64), FIELD(tf_seeded_lwes, lwe_size, T_NUMBER),
	FIELD(tf_seeded_lwes, seed, T_SEED), FIELD(tf_seeded_lwes, modulus, T_MODULUS),
};
static const schema T_SEEDED_LWES = { SCHEMA_STRUCT, sizeof(tf_seeded_lwes), VERSION(0), MEMBERS(SEEDED_LWES) };
static const schema_member DRIFT_KEY[] = {
	FIELD(tf_drift_key, zeros, T_SEEDED_LWES), FIELD(tf_drift_key, ms_bound, T_REAL),
	FIELD(tf_drift_key, r_sigma, T_REAL), FIELD(tf_drift_key, input_variance, T_REAL),
};
static const schema T_DRIFT_KEY = { SCHEMA_STRUCT, sizeof(tf_drift_key), VERSION(1), MEMBERS(DRIFT_KEY) };
static const schema_member MS_KEY[] = {
	UNIT_VARIANT("Standard"), VARIANT("Drift", tf_ms_key, drift, T_DRIFT_KEY), UNIT_VARIANT("CenteredMean"),
};
static const schema T_MS_KEY = { SCHEMA_ENUM, sizeof(tf_ms_key), VERSION(0), MEMBERS(MS_KEY) };

static const schema_member CLASSIC_BSK64[] = {
	FIELD(tf_classic_bsk, bsk, T_SEEDED_BSK64), FIELD(tf_classic_bsk, ms, T_MS_KEY),
};
static const schema T_CLASSIC_BSK64 = { SCHEMA_STRUCT, sizeof(tf_classic_bsk), MEMBERS(CLASSIC_BSK64) };
static const schema_member SERVER_BSK64[] = {
	VARIANT("Classic", tf_server_bsk, classic, T_CLASSIC_BSK64), REFUSED_VARIANT("a multi-bit bootstrap"),
};
static const schema T_SERVER_BSK64 = { SCHEMA_ENUM, sizeof(tf_server_bsk), VERSION(3), MEMBERS(SERVER_BSK64) };
static const schema_member CLASSIC_BSK128[] = {
	FIELD(tf_classic_bsk, bsk, T_SEEDED_BSK128), FIELD(tf_classic_bsk, ms, T_MS_KEY),
};
static const schema T_CLASSIC_BSK128 = { SCHEMA_STRUCT, sizeof(tf_classic_bsk), MEMBERS(CLASSIC_BSK128) };
static const schema_member SERVER_BSK128[] = {
	VARIANT("Classic", tf_server_bsk, classic, T_CLASSIC_BSK128), REFUSED_VARIANT("a multi-bit bootstrap"),
};
/* Once as the payload of the pattern Standard (version 0), once for itself (version 1). */
static const schema T_SERVER_BSK128 = { SCHEMA_ENUM, sizeof(tf_server_bsk), VERSION(0, 1), MEMBERS(SERVER_BSK128) };

static const schema_member BLOCK_KEY[] = {
	FIELD(tf_block_key, ksk, T_SEEDED_KSK), FIELD(tf_block_key, bsk, T_SERVER_BSK64),
	FIELD(tf_block_key, pbs_order, T_PBS_ORDER),
};
static const schema T_BLOCK_KEY = { SCHEMA_STRUCT, sizeof(tf_block_key), VERSION(0), MEMBERS(BLOCK_KEY) };
static const schema_member BLOCK_KEY_PATTERN[] = {
	VARIANT("Standard", tf_block_key_pattern, standard, T_BLOCK_KEY), REFUSED_VARIANT("the atomic pattern KeySwitch32"),
};
static const schema T_BLOCK_KEY_PATTERN = {
	SCHEMA_ENUM, sizeof(tf_block_key_pattern), VERSION(0), MEMBERS(BLOCK_KEY_PATTERN) };
static const schema_member SHORTINT_KEY[] = {
	FIELD(tf_shortint_key, ap, T_BLOCK_KEY_PATTERN), FIELD(tf_shortint_key, message_modulus, T_NUMBER),
	FIELD(tf_shortint_key, carry_modulus, T_NUMBER), FIELD(tf_shortint_key, max_degree, T_NUMBER),
	FIELD(tf_shortint_key, max_noise_level, T_NUMBER),
};
static const schema T_SHORTINT_KEY = { SCHEMA_STRUCT, sizeof(tf_shortint_key), VERSION(2, 3), MEMBERS(SHORTINT_KEY) };

static const schema_member CAST_PATTERN[] = { UNIT_VARIANT("Standard"), REFUSED_VARIANT("the atomic pattern KeySwitch32") };
const schema T_CAST_PATTERN = { SCHEMA_ENUM, sizeof(uint32_t), VERSION(0), MEMBERS(CAST_PATTERN) };
static const schema_member CAST_KEY[] = {
	FIELD(tf_cast_key, ksk, T_SEEDED_KSK), FIELD(tf_cast_key, cast_rshift, T_I8),
	FIELD(tf_cast_key, destination_key, T_KEY_CHOICE), FIELD(tf_cast_key, destination_pattern, T_CAST_PATTERN),
};
static const schema T_CAST_KEY = { SCHEMA_STRUCT, sizeof(tf_cast_key), VERSION(2, 2), MEMBERS(CAST_KEY) };

static const schema_member COMP_KEY[] = {
	FIELD(tf_comp_key, pksk, T_SEEDED_PKSK64), FIELD(tf_comp_key, lwe_per_glwe, T_NUMBER),
	FIELD(tf_comp_key, storage_log_modulus, T_NUMBER),
};
static const schema T_COMP_KEY = { SCHEMA_STRUCT, sizeof(tf_comp_key), VERSION(2, 2), MEMBERS(COMP_KEY) };
static const schema_member DECOMP_KEY[] = {
	FIELD(tf_decomp_key, bsk, T_SERVER_BSK64), FIELD(tf_decomp_key, lwe_per_glwe, T_NUMBER),
};
const schema T_DECOMP_KEY = { SCHEMA_STRUCT, sizeof(tf_decomp_key), VERSION(1, 2), MEMBERS(DECOMP_KEY) };

static const schema_member NS_PATTERN[] = {
	VARIANT("Standard", tf_ns_pattern, standard, T_SERVER_BSK128), REFUSED_VARIANT("the atomic pattern KeySwitch32"),
};
static const schema T_NS_PATTERN = { SCHEMA_ENUM, sizeof(tf_ns_pattern), VERSION(0), MEMBERS(NS_PATTERN) };
static const schema_member NS_KEY[] = {
	FIELD(tf_ns_key, ap, T_NS_PATTERN), FIELD(tf_ns_key, message_modulus, T_NUMBER),
	FIELD(tf_ns_key, carry_modulus, T_NUMBER), FIELD(tf_ns_key, modulus, T_MODULUS),
};
static const schema T_NS_KEY = { SCHEMA_STRUCT, sizeof(tf_ns_key), VERSION(0, 3), MEMBERS(NS_KEY) };
static const schema_member NS_COMP_KEY[] = {
	FIELD(tf_ns_comp_key, pksk, T_SEEDED_PKSK128), FIELD(tf_ns_comp_key, lwe_per_glwe, T_NUMBER),
};
static const schema T_NS_COMP_KEY = { SCHEMA_STRUCT, sizeof(tf_ns_comp_key), VERSION(0, 0), MEMBERS(NS_COMP_KEY) };

static const schema_member RERAND_KSK[] = {
	UNIT_VARIANT("UseCPKEncryptionKSK"), VARIANT("DedicatedKSK", tf_rerand_ksk, dedicated, T_CAST_KEY),
};
static const schema T_RERAND_KSK = { SCHEMA_ENUM, sizeof(tf_rerand_ksk), VERSION(0), MEMBERS(RERAND_KSK) };
static const schema_member RERAND_KEY[] = {
	VARIANT("LegacyDedicatedCPK", tf_rerand_key, legacy, T_RERAND_KSK),
	VARIANT("DerivedCPKWithoutKeySwitch", tf_rerand_key, derived, T_DERIVED_CPK),
};
static const schema T_RERAND_KEY = { SCHEMA_ENUM, sizeof(tf_rerand_key), VERSION(0), MEMBERS(RERAND_KEY) };
static const schema_member OPRF_KEY[] = {
	VARIANT("Classic", tf_oprf_key, classic, T_SEEDED_BSK64), REFUSED_VARIANT("a multi-bit bootstrap"),
};
static const schema T_OPRF_KEY = { SCHEMA_ENUM, sizeof(tf_oprf_key), VERSION(0, 0, 0), MEMBERS(OPRF_KEY) };

static const schema_member INTEGER_SERVER_KEY[] = {
	FIELD(tf_integer_server_key, key, T_SHORTINT_KEY),
	OPTION(tf_integer_server_key, cpk_ksk, T_CAST_KEY),
	OPTION(tf_integer_server_key, compression, T_COMP_KEY),
	OPTION(tf_integer_server_key, decompression, T_DECOMP_KEY),
	OPTION(tf_integer_server_key, noise_squash, T_NS_KEY),
	OPTION(tf_integer_server_key, ns_compression, T_NS_COMP_KEY),
	OPTION(tf_integer_server_key, rerand, T_RERAND_KEY),
	OPTION(tf_integer_server_key, oprf, T_OPRF_KEY),
};
static const schema T_INTEGER_SERVER_KEY = {
	SCHEMA_STRUCT, sizeof(tf_integer_server_key), VERSION(7), MEMBERS(INTEGER_SERVER_KEY) };
static const schema_member COMPRESSED_SERVER_KEY[] = {
	FIELD(tf_compressed_server_key, key, T_INTEGER_SERVER_KEY), FIELD(tf_compressed_server_key, tag, T_TAG),
};
const schema T_COMPRESSED_SERVER_KEY = {
	SCHEMA_STRUCT, sizeof(tf_compressed_server_key), VERSION(2), MEMBERS(COMPRESSED_SERVER_KEY) };

static const schema_member XOF_START[] = {
	VARIANT("FirstByte", tf_xof_start, seed, T_XOF_SEED), VARIANT("SecondByte", tf_xof_start, seed, T_XOF_SEED),
};
static const schema T_XOF_START = { SCHEMA_ENUM, sizeof(tf_xof_start), VERSION(0), MEMBERS(XOF_START) };
static const schema_member XOF_KEYSET[] = {
	FIELD(tf_xof_keyset, seed, T_XOF_START), FIELD(tf_xof_keyset, public_key, T_COMPRESSED_PUBLIC_KEY),
	FIELD(tf_xof_keyset, server_key, T_COMPRESSED_SERVER_KEY),
};
const schema T_XOF_KEYSET = { SCHEMA_STRUCT, sizeof(tf_xof_keyset), VERSION(1), MEMBERS(XOF_KEYSET) };
