/* SPDX-License-Identifier: MIT */
/* tfhers/tables_base.c -- tables of the types that keys, ciphertexts and proofs share. */
#include "tfhers/tables_base.h"

const schema T_U32 = { .kind = SCHEMA_U32, .size = sizeof(uint32_t) };
const schema T_U64 = { .kind = SCHEMA_U64, .size = sizeof(uint64_t) };
const schema T_U128 = { .kind = SCHEMA_U128, .size = sizeof(u128) };
const schema T_I8 = { .kind = SCHEMA_I8, .size = sizeof(int8_t) };
const schema T_F64 = { .kind = SCHEMA_F64, .size = sizeof(double) };
const schema T_BOOL = { .kind = SCHEMA_BOOL, .size = sizeof(bool) };
const schema T_BYTES = { .kind = SCHEMA_BYTES, .size = sizeof(slice) };
const schema T_WORDS64 = { .kind = SCHEMA_WORDS, .size = sizeof(slice), .word = 8 };
const schema T_WORDS128 = { .kind = SCHEMA_WORDS, .size = sizeof(slice), .word = 16 };

const schema T_NUMBER = { SCHEMA_U64, sizeof(uint64_t), VERSION(0) };
const schema T_REAL = { SCHEMA_F64, sizeof(double), VERSION(0) };
const schema T_TAG = { SCHEMA_BYTES, sizeof(slice), VERSION(0) };

static const schema_member MODULUS[] = { FIELD(tf_modulus, modulus, T_U128), FIELD(tf_modulus, bits, T_U64) };
const schema T_MODULUS = { SCHEMA_STRUCT, sizeof(tf_modulus), VERSION(0), MEMBERS(MODULUS) };

static const schema T_TUNIFORM = { SCHEMA_U32, sizeof(uint32_t), VERSION(0) };
static const schema_member NOISE[] = { REFUSED_VARIANT("Gaussian noise"), VARIANT("TUniform", tf_noise, bound_log2, T_TUNIFORM) };
const schema T_NOISE = { SCHEMA_ENUM, sizeof(tf_noise), VERSION(0), MEMBERS(NOISE) };

static const schema_member PBS_ORDER[] = { UNIT_VARIANT("KeyswitchBootstrap"), UNIT_VARIANT("BootstrapKeyswitch") };
const schema T_PBS_ORDER = { SCHEMA_ENUM, sizeof(uint32_t), VERSION(0), MEMBERS(PBS_ORDER) };

static const schema_member ATOMIC[] = {
	VARIANT("Standard", tf_atomic, order, T_PBS_ORDER),
	REFUSED_VARIANT("the atomic pattern KeySwitch32"),
};
const schema T_ATOMIC = { SCHEMA_ENUM, sizeof(tf_atomic), VERSION(0), MEMBERS(ATOMIC) };

/* Version 1 says more about NoCasting; version 0 is what clients of 1.4 write and read. */
static const schema_member EXPAND_V0[] = {
	UNIT_VARIANT("RequiresCasting"),
	VARIANT("NoCasting", tf_expand_kind, no_casting.order, T_PBS_ORDER),
};
static const schema_member EXPAND_V1[] = {
	UNIT_VARIANT("RequiresCasting"),
	VARIANT("NoCasting", tf_expand_kind, no_casting, T_ATOMIC),
};
static const schema T_EXPAND_V0 = { SCHEMA_ENUM, sizeof(tf_expand_kind), MEMBERS(EXPAND_V0) };
static const schema T_EXPAND_V1 = { SCHEMA_ENUM, sizeof(tf_expand_kind), MEMBERS(EXPAND_V1) };
static const schema_member EXPAND[] = { BODY(0, tf_expand, kind, T_EXPAND_V0), BODY(1, tf_expand, kind, T_EXPAND_V1) };
const schema T_EXPAND = { SCHEMA_VERSIONS, sizeof(tf_expand), MEMBERS(EXPAND) };

static const schema_member ZK_SCHEME[] = { UNIT_VARIANT("NotSupported"), UNIT_VARIANT("V1"), UNIT_VARIANT("V2") };
const schema T_ZK_SCHEME = { SCHEMA_ENUM, sizeof(uint32_t), VERSION(0), MEMBERS(ZK_SCHEME) };

static const schema_member KEY_CHOICE[] = { UNIT_VARIANT("Big"), UNIT_VARIANT("Small") };
const schema T_KEY_CHOICE = { SCHEMA_ENUM, sizeof(uint32_t), VERSION(0), MEMBERS(KEY_CHOICE) };

static const schema T_U128_V0 = { SCHEMA_U128, sizeof(u128), VERSION(0) };
const schema T_XOF_SEED = { SCHEMA_BYTES, sizeof(slice), VERSION(0) };
static const schema_member SEED_KIND[] = {
	VARIANT("Ctr", tf_seed_kind, ctr, T_U128_V0), VARIANT("Xof", tf_seed_kind, xof, T_XOF_SEED),
};
static const schema T_SEED_KIND = { SCHEMA_ENUM, sizeof(tf_seed_kind), VERSION(0), MEMBERS(SEED_KIND) };
static const schema_member INDEX[] = { FIELD(tf_index, aes_index, T_U128_V0), FIELD(tf_index, byte_index, T_NUMBER) };
static const schema T_INDEX = { SCHEMA_STRUCT, sizeof(tf_index), VERSION(0), MEMBERS(INDEX) };
static const schema_member SEED[] = { FIELD(tf_seed, seed, T_SEED_KIND), FIELD(tf_seed, first_index, T_INDEX) };
const schema T_SEED = { SCHEMA_STRUCT, sizeof(tf_seed), VERSION(1, 0), MEMBERS(SEED) };

static const schema_member PKE_PARAMS[] = {
	FIELD(tf_pke_params, lwe_dimension, T_NUMBER),
	FIELD(tf_pke_params, noise, T_NOISE),
	FIELD(tf_pke_params, message_modulus, T_NUMBER),
	FIELD(tf_pke_params, carry_modulus, T_NUMBER),
	FIELD(tf_pke_params, modulus, T_MODULUS),
	FIELD(tf_pke_params, expansion_kind, T_EXPAND),
	FIELD(tf_pke_params, zk_scheme, T_ZK_SCHEME),
};
const schema T_PKE_PARAMS = { SCHEMA_STRUCT, sizeof(tf_pke_params), VERSION(1), MEMBERS(PKE_PARAMS) };

static const schema_member STRING_KIND[] = { FIELD(tf_string_kind, n_chars, T_U32), FIELD(tf_string_kind, padded, T_BOOL) };
static const schema T_STRING_KIND = { SCHEMA_STRUCT, sizeof(tf_string_kind), MEMBERS(STRING_KIND) };
static const schema_member DATA_KIND[] = {
	VARIANT("Unsigned", tf_data_kind, blocks, T_U64), VARIANT("Signed", tf_data_kind, blocks, T_U64),
	UNIT_VARIANT("Boolean"), VARIANT("String", tf_data_kind, string, T_STRING_KIND),
};
static const schema T_DATA_KIND = { SCHEMA_ENUM, sizeof(tf_data_kind), VERSION(1), MEMBERS(DATA_KIND) };
const schema T_DATA_KINDS = { SCHEMA_VEC, sizeof(tf_data_kinds), .of = &T_DATA_KIND };
