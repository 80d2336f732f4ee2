/* SPDX-License-Identifier: MIT */
/* tfhers/tables_server.c -- tables of the uncompressed ServerKey. */
#include "tfhers/tables_server.h"

/* ---- keyswitch keys --------------------------------------------------------------------------------------------------- */

static const schema_member KSK[] = {
	FIELD(tf_ksk, data, T_WORDS64), FIELD(tf_ksk, base_log, T_NUMBER), FIELD(tf_ksk, level, T_NUMBER),
	FIELD(tf_ksk, output_lwe_size, T_NUMBER), FIELD(tf_ksk, modulus, T_MODULUS),
};
static const schema T_KSK = { SCHEMA_STRUCT, sizeof(tf_ksk), VERSION(2), MEMBERS(KSK) };

#define PKSK(words) \
	FIELD(tf_pksk, data, words), FIELD(tf_pksk, base_log, T_NUMBER), FIELD(tf_pksk, level, T_NUMBER), \
	FIELD(tf_pksk, output_glwe_size, T_NUMBER), FIELD(tf_pksk, output_polynomial_size, T_NUMBER), \
	FIELD(tf_pksk, modulus, T_MODULUS)
static const schema_member PKSK64[] = { PKSK(T_WORDS64) }, PKSK128[] = { PKSK(T_WORDS128) };
static const schema T_PKSK64 = { SCHEMA_STRUCT, sizeof(tf_pksk), VERSION(2), MEMBERS(PKSK64) };
static const schema T_PKSK128 = { SCHEMA_STRUCT, sizeof(tf_pksk), VERSION(2), MEMBERS(PKSK128) };

/* ---- bootstrap keys --------------------------------------------------------------------------------------------------- */

static const schema_member LWES[] = {
	FIELD(tf_lwes, data, T_WORDS64), FIELD(tf_lwes, lwe_size, T_NUMBER), FIELD(tf_lwes, modulus, T_MODULUS),
};
static const schema T_LWES = { SCHEMA_STRUCT, sizeof(tf_lwes), VERSION(0), MEMBERS(LWES) };
static const schema_member DRIFT[] = {
	FIELD(tf_drift, zeros, T_LWES), FIELD(tf_drift, ms_bound, T_REAL), FIELD(tf_drift, r_sigma, T_REAL),
	FIELD(tf_drift, input_variance, T_REAL),
};
static const schema T_DRIFT = { SCHEMA_STRUCT, sizeof(tf_drift), VERSION(1), MEMBERS(DRIFT) };
static const schema_member MS[] = {
	UNIT_VARIANT("Standard"), VARIANT("Drift", tf_ms, drift, T_DRIFT), UNIT_VARIANT("CenteredMean"),
};
static const schema T_MS = { SCHEMA_ENUM, sizeof(tf_ms), VERSION(0), MEMBERS(MS) };

static const schema T_SPECTRA = { SCHEMA_SPECTRA, sizeof(schema_spectra), VERSION(0) };
static const schema_member FOURIER[] = {
	FIELD(tf_fourier, fourier, T_SPECTRA), FIELD(tf_fourier, input_lwe_dimension, T_NUMBER),
	FIELD(tf_fourier, glwe_size, T_NUMBER), FIELD(tf_fourier, base_log, T_NUMBER), FIELD(tf_fourier, level, T_NUMBER),
};
static const schema T_FOURIER = { SCHEMA_STRUCT, sizeof(tf_fourier), VERSION(1), MEMBERS(FOURIER) };
/* Arrays of doubles: eight bytes each, like words. */
static const schema_member FOURIER128[] = {
	FIELD(tf_fourier128, re0, T_WORDS64), FIELD(tf_fourier128, re1, T_WORDS64), FIELD(tf_fourier128, im0, T_WORDS64),
	FIELD(tf_fourier128, im1, T_WORDS64), FIELD(tf_fourier128, polynomial_size, T_NUMBER),
	FIELD(tf_fourier128, input_lwe_dimension, T_NUMBER), FIELD(tf_fourier128, glwe_size, T_NUMBER),
	FIELD(tf_fourier128, base_log, T_NUMBER), FIELD(tf_fourier128, level, T_NUMBER),
};
static const schema T_FOURIER128 = { SCHEMA_STRUCT, sizeof(tf_fourier128), VERSION(1), MEMBERS(FOURIER128) };

static const schema_member CLASSIC_BODY[] = { FIELD(tf_plain_bsk, bsk, T_FOURIER), FIELD(tf_plain_bsk, ms, T_MS) };
static const schema T_CLASSIC_BODY = { SCHEMA_STRUCT, sizeof(tf_plain_bsk), MEMBERS(CLASSIC_BODY) };
static const schema_member BSK[] = {
	FLAT_VARIANT("Classic", tf_plain_bsk, T_CLASSIC_BODY), REFUSED_VARIANT("a multi-bit bootstrap"),
};
static const schema T_BSK = { SCHEMA_ENUM, sizeof(tf_plain_bsk), VERSION(2), MEMBERS(BSK) };
static const schema_member CLASSIC_BODY128[] = { FIELD(tf_plain_bsk128, bsk, T_FOURIER128), FIELD(tf_plain_bsk128, ms, T_MS) };
static const schema T_CLASSIC_BODY128 = { SCHEMA_STRUCT, sizeof(tf_plain_bsk128), MEMBERS(CLASSIC_BODY128) };
static const schema_member BSK128[] = {
	FLAT_VARIANT("Classic", tf_plain_bsk128, T_CLASSIC_BODY128), REFUSED_VARIANT("a multi-bit bootstrap"),
};
/* Once as the payload of the pattern Standard (version 0), once for itself (version 1). */
static const schema T_BSK128 = { SCHEMA_ENUM, sizeof(tf_plain_bsk128), VERSION(0, 1), MEMBERS(BSK128) };

/* ---- the parts -------------------------------------------------------------------------------------------------------- */

static const schema_member BLOCK[] = {
	FIELD(tf_plain_block, ksk, T_KSK), FIELD(tf_plain_block, bsk, T_BSK), FIELD(tf_plain_block, pbs_order, T_PBS_ORDER),
};
static const schema T_BLOCK = { SCHEMA_STRUCT, sizeof(tf_plain_block), VERSION(0), MEMBERS(BLOCK) };
static const schema_member PATTERN[] = {
	VARIANT("Standard", tf_plain_pattern, standard, T_BLOCK), REFUSED_VARIANT("the atomic pattern KeySwitch32"),
};
static const schema T_PATTERN = { SCHEMA_ENUM, sizeof(tf_plain_pattern), VERSION(0), MEMBERS(PATTERN) };
static const schema_member SHORTINT[] = {
	FIELD(tf_plain_shortint, ap, T_PATTERN), FIELD(tf_plain_shortint, message_modulus, T_NUMBER),
	FIELD(tf_plain_shortint, carry_modulus, T_NUMBER), FIELD(tf_plain_shortint, max_degree, T_NUMBER),
	FIELD(tf_plain_shortint, max_noise_level, T_NUMBER), FIELD(tf_plain_shortint, modulus, T_MODULUS),
};
static const schema T_SHORTINT = { SCHEMA_STRUCT, sizeof(tf_plain_shortint), VERSION(1, 2), MEMBERS(SHORTINT) };

static const schema_member CAST[] = {
	FIELD(tf_plain_cast, ksk, T_KSK), FIELD(tf_plain_cast, cast_rshift, T_I8),
	FIELD(tf_plain_cast, destination_key, T_KEY_CHOICE), FIELD(tf_plain_cast, destination_pattern, T_CAST_PATTERN),
};
static const schema T_CAST = { SCHEMA_STRUCT, sizeof(tf_plain_cast), VERSION(0, 1), MEMBERS(CAST) };
static const schema_member COMP[] = {
	FIELD(tf_plain_comp, pksk, T_PKSK64), FIELD(tf_plain_comp, lwe_per_glwe, T_NUMBER),
	FIELD(tf_plain_comp, storage_log_modulus, T_NUMBER),
};
static const schema T_COMP = { SCHEMA_STRUCT, sizeof(tf_plain_comp), VERSION(0, 0), MEMBERS(COMP) };
static const schema_member DECOMP[] = { FIELD(tf_plain_decomp, bsk, T_BSK), FIELD(tf_plain_decomp, lwe_per_glwe, T_NUMBER) };
static const schema T_DECOMP = { SCHEMA_STRUCT, sizeof(tf_plain_decomp), VERSION(0, 2), MEMBERS(DECOMP) };

static const schema_member NS_PATTERN[] = {
	VARIANT("Standard", tf_plain_ns_pattern, standard, T_BSK128), REFUSED_VARIANT("the atomic pattern KeySwitch32"),
};
static const schema T_NS_PATTERN = { SCHEMA_ENUM, sizeof(tf_plain_ns_pattern), VERSION(0), MEMBERS(NS_PATTERN) };
static const schema_member NS[] = {
	FIELD(tf_plain_ns, ap, T_NS_PATTERN), FIELD(tf_plain_ns, message_modulus, T_NUMBER),
	FIELD(tf_plain_ns, carry_modulus, T_NUMBER), FIELD(tf_plain_ns, modulus, T_MODULUS),
};
static const schema T_NS = { SCHEMA_STRUCT, sizeof(tf_plain_ns), VERSION(0, 3), MEMBERS(NS) };
static const schema_member NS_COMP[] = {
	FIELD(tf_plain_ns_comp, pksk, T_PKSK128), FIELD(tf_plain_ns_comp, lwe_per_glwe, T_NUMBER),
};
static const schema T_NS_COMP = { SCHEMA_STRUCT, sizeof(tf_plain_ns_comp), VERSION(0, 0), MEMBERS(NS_COMP) };

static const schema_member DERIVED_CPK[] = { FIELD(tf_cpk, key, T_CPK_GLWE), FIELD(tf_cpk, parameters, T_PKE_PARAMS) };
static const schema T_DERIVED_CPK = { SCHEMA_STRUCT, sizeof(tf_cpk), VERSION(0, 1), MEMBERS(DERIVED_CPK) };
static const schema_member RERAND[] = {
	REFUSED_VARIANT("re-randomization with a dedicated public key"),
	VARIANT("DerivedCPKWithoutKeySwitch", tf_plain_rerand, derived, T_DERIVED_CPK),
};
static const schema T_RERAND = { SCHEMA_ENUM, sizeof(tf_plain_rerand), VERSION(0), MEMBERS(RERAND) };
static const schema_member OPRF[] = {
	VARIANT("Classic", tf_plain_oprf, classic, T_FOURIER), REFUSED_VARIANT("a multi-bit bootstrap"),
};
static const schema T_OPRF = { SCHEMA_ENUM, sizeof(tf_plain_oprf), VERSION(0, 0, 0), MEMBERS(OPRF) };

static const schema_member INTEGER[] = {
	FIELD(tf_plain_integer, key, T_SHORTINT),
	OPTION(tf_plain_integer, cpk_ksk, T_CAST),
	OPTION(tf_plain_integer, compression, T_COMP),
	OPTION(tf_plain_integer, decompression, T_DECOMP),
	OPTION(tf_plain_integer, noise_squash, T_NS),
	OPTION(tf_plain_integer, ns_compression, T_NS_COMP),
	OPTION(tf_plain_integer, rerand, T_RERAND),
	OPTION(tf_plain_integer, oprf, T_OPRF),
};
static const schema T_INTEGER = { SCHEMA_STRUCT, sizeof(tf_plain_integer), VERSION(9), MEMBERS(INTEGER) };
static const schema_member SERVER_KEY[] = { FIELD(tf_server_key, key, T_INTEGER), FIELD(tf_server_key, tag, T_TAG) };
const schema T_SERVER_KEY = { SCHEMA_STRUCT, sizeof(tf_server_key), VERSION(3), MEMBERS(SERVER_KEY) };
