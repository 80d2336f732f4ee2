/* SPDX-License-Identifier: MIT */
/* tkms/squashed.c -- read, check, and bring to 128 bits what is not there yet. */
#include "tkms/squashed.h"

/* To blocks of 64 bits, each under the big key. */
static err read_small(lwe64_run *plain, arena *a, const ciphertext *ct, const lat_params *p, const eval_keys *keys, pool *cores)
{
	if (!keys)
		return err_fail(ERR_UNSUPPORTED, "the ciphertext is %s; this node decrypts big formats only", ct_format_name(ct->format));
	if (ct->format == SMALL_EXPANDED) {
		*plain = ct->lwe64;
		return OK;
	}
	lwe64_run out = { .count = ct->blocks, .dim = p->k * p->N };
	TRY(arena_new(a, &out.w, out.count * ((size_t)out.dim + 1)));
	TRY(decompress64_var(out, keys, ct->packed64, cores));
	*plain = out;
	return OK;
}

err squash_read(squashed *out, lwe64_run *plain, arena *a, const lat_params *params, const fhe_type *type, ct_format format,
                slice file, const eval_keys *keys, pool *cores)
{
	squashed s = { .under = SECRET_SNS, .blocks = (uint32_t)squashed_count(type->blocks) };
	lwe64_run rest = { 0 };
	ciphertext ct;

	ASSERT(!keys || keys->params == params);
	TRY(tkms_read_ciphertext(&ct, a, params, type, format, file));
	switch (format) {
	case SMALL_EXPANDED:
	case SMALL_COMPRESSED:
		TRY(read_small(&rest, a, &ct, params, keys, cores));
		break;
	case BIG_EXPANDED:
		s.lwe = ct.lwe128;
		ASSERT(s.lwe.count == s.blocks);
		break;
	case BIG_COMPRESSED:
		s.under = SECRET_SNSCOMP;
		s.packed = ct.packed128;
		ASSERT(s.packed.bodies == s.blocks);
		break;
	case CT_FORMATS:
		assert_failed("a format of the enum", __FILE__, __LINE__);
	}
	*out = s;
	*plain = rest;
	return OK;
}

err squash_rest(squashed *out, const lwe64_run *plain, size_t n, arena *a, const eval_keys *keys, pool *cores)
{
	lwe128_run all = { .dim = keys->params->sns.k * keys->params->sns.N };
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		ASSERT(squashed_count(plain[i].count) == out[i].blocks);
		all.count += out[i].blocks;
	}
	TRY(arena_new(a, &all.w, all.count * ((size_t)all.dim + 1)));
	TRY(squash_values_var(all, keys, plain, n, cores));
	for (size_t i = 0; i < n; at += out[i].blocks, i++)
		out[i].lwe = (lwe128_run){ out[i].blocks, all.dim, lwe128_at(all, at) };
	return OK;
}

err squash_file(squashed *out, arena *a, const lat_params *params, const fhe_type *type, ct_format format, slice file,
                const eval_keys *keys, pool *cores)
{
	squashed s;
	lwe64_run plain;

	TRY(squash_read(&s, &plain, a, params, type, format, file, keys, cores));
	if (plain.count) TRY(squash_rest(&s, &plain, 1, a, keys, cores));
	*out = s;
	return OK;
}

size_t squash_file_memory(const lat_params *params, const fhe_type *type, slice file)
{
	const size_t words = squashed_count(type->blocks) * ((size_t)params->sns.k * params->sns.N + 1);
	const size_t plain = type->blocks * ((size_t)params->k * params->N + 1);
	return ciphertext_memory(file) + words * sizeof(u128) + plain * sizeof(uint64_t) + 128;
}
