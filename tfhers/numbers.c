/* SPDX-License-Identifier: MIT */
/* tfhers/numbers.c -- parameter sets in the structs of TFHE-rs. */
#include "tfhers/numbers.h"
#include "tfhers/tfhers.h"

tf_modulus numbers_modulus(unsigned bits)
{
	return (tf_modulus){ .modulus = 0, .bits = bits };
}

tf_noise numbers_noise(unsigned bound_log2)
{
	return (tf_noise){ .variant = NOISE_TUNIFORM, .bound_log2 = bound_log2 };
}

tf_atomic numbers_pattern(void)
{
	return (tf_atomic){ .variant = ATOMIC_STANDARD, .order = PBS_KEYSWITCH_FIRST };
}

tf_expand numbers_casting(uint32_t version)
{
	return (tf_expand){ .version = version, .kind = { .variant = EXPAND_CASTING } };
}

/* ms_kind and the variants of TFHE-rs count alike. */
_Static_assert(MS_STANDARD == 0 && MS_DRIFT == 1 && MS_CENTERED_MEAN == 2, "variants of the modulus switch");

static tf_ms_type ms_type(const ms_params *ms)
{
	return (tf_ms_type){ .variant = ms->kind, .drift = { .zeros_count = ms->zeros, .ms_bound = ms->ms_bound,
		.r_sigma = ms->r_sigma, .input_variance = ms->input_variance } };
}

tf_pbs_params numbers_pbs(const lat_params *p)
{
	return (tf_pbs_params){ .classic = {
		.lwe_dimension = p->n, .glwe_dimension = p->k, .polynomial_size = p->N,
		.lwe_noise = numbers_noise(p->lwe_noise), .glwe_noise = numbers_noise(p->glwe_noise),
		.pbs_base_log = p->pbs.base_log, .pbs_level = p->pbs.level,
		.ks_base_log = p->ks.base_log, .ks_level = p->ks.level,
		.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS,
		.max_noise_level = p->max_noise_level, .log2_p_fail = p->log2_p_fail,
		.modulus = numbers_modulus(64), .encryption_key_choice = KEY_BIG, .ms_type = ms_type(&p->ms) } };
}

tf_pke_params numbers_pke(const lat_params *p, uint32_t expand_version)
{
	return (tf_pke_params){
		.lwe_dimension = p->pke.n, .noise = numbers_noise(p->pke.noise),
		.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS, .modulus = numbers_modulus(64),
		.expansion_kind = numbers_casting(expand_version), .zk_scheme = ZK_V2 };
}

tf_pke_params numbers_rerand(const lat_params *p, uint32_t expand_version)
{
	return (tf_pke_params){
		.lwe_dimension = (uint64_t)p->k * p->N, .noise = numbers_noise(p->glwe_noise),
		.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS, .modulus = numbers_modulus(64),
		.expansion_kind = { .version = expand_version, .kind = { EXPAND_NO_CASTING, numbers_pattern() } },
		.zk_scheme = ZK_NONE };
}

tf_ks_params numbers_cast(const lat_params *p)
{
	return (tf_ks_params){ .base_log = p->pke.cast.base_log, .level = p->pke.cast.level, .destination_key = KEY_SMALL };
}

tf_comp_params numbers_comp(const lat_params *p)
{
	return (tf_comp_params){ .classic = {
		.br_level = p->comp.br.level, .br_base_log = p->comp.br.base_log,
		.pks_level = p->comp.pks.level, .pks_base_log = p->comp.pks.base_log,
		.pks_polynomial_size = p->comp.N, .pks_glwe_dimension = p->comp.k,
		.lwe_per_glwe = p->comp.lwe_per_glwe, .storage_log_modulus = p->comp.storage_bits,
		.pks_noise = numbers_noise(p->comp.noise) } };
}

tf_ns_params numbers_ns(const lat_params *p)
{
	return (tf_ns_params){ .classic = {
		.glwe_dimension = p->sns.k, .polynomial_size = p->sns.N, .noise = numbers_noise(p->sns.noise),
		.base_log = p->sns.br.base_log, .level = p->sns.br.level, .ms_type = ms_type(&p->sns.ms),
		.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS, .modulus = numbers_modulus(128) } };
}

tf_ns_comp_params numbers_ns_comp(const lat_params *p)
{
	return (tf_ns_comp_params){
		.pks_level = p->snscomp.pks.level, .pks_base_log = p->snscomp.pks.base_log,
		.pks_polynomial_size = p->snscomp.N, .pks_glwe_dimension = p->snscomp.k,
		.lwe_per_glwe = p->snscomp.lwe_per_glwe, .pks_noise = numbers_noise(p->snscomp.noise),
		.message_modulus = MESSAGE_MODULUS, .carry_modulus = CARRY_MODULUS, .modulus = numbers_modulus(128) };
}

err numbers_unknown(const char *what)
{
	return err_fail(ERR_REQUEST, "%s has the numbers of no parameter set (%s)", what, params_names());
}

set_text numbers_text(const lat_params *p)
{
	set_text out;
	snprintf(out.text, sizeof out.text, "parameter set %s", p->name);
	return out;
}

err numbers_check_tag(const char *what, slice tag)
{
	if (tag.n <= MAX_TAG) return OK;
	return err_fail(ERR_REQUEST, "%s has a tag of %zu bytes, at most %d are read", what, tag.n, MAX_TAG);
}
