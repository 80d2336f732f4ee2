/* SPDX-License-Identifier: MIT */
/* tkms/squashed.c -- read, check, and bring to 128 bits what is not there yet. */
#include "tkms/squashed.h"

static err squash_small(squashed *out, arena *a, const ciphertext *ct, const lat_params *p, const eval_keys *keys, pool *cores)
{
	if (!keys)
		return err_fail(ERR_UNSUPPORTED, "the ciphertext is %s; this node decrypts big formats only", ct_format_name(ct->format));
	out->lwe = (lwe128_run){ out->blocks, p->sns.k * p->sns.N, NULL };
	TRY(arena_new(a, &out->lwe.w, out->lwe.count * (out->lwe.dim + 1)));
	if (ct->format == SMALL_EXPANDED) return squash_var(out->lwe, keys, ct->lwe64, cores);
	return squash_packed_var(out->lwe, keys, ct->packed64, ct->blocks, cores);
}

err squash_file(squashed *out, arena *a, const lat_params *params, const fhe_type *type, ct_format format, slice file,
                const eval_keys *keys, pool *cores)
{
	squashed s = { .under = SECRET_SNS, .blocks = (uint32_t)squashed_count(type->blocks) };
	ciphertext ct;

	ASSERT(!keys || keys->params == params);
	TRY(tkms_read_ciphertext(&ct, a, params, type, format, file));
	switch (format) {
	case SMALL_EXPANDED:
	case SMALL_COMPRESSED:
		TRY(squash_small(&s, a, &ct, params, keys, cores));
		break;
	case BIG_EXPANDED:
		s.lwe = ct.lwe128;
		break;
	case BIG_COMPRESSED:
		s.under = SECRET_SNSCOMP;
		s.packed = ct.packed128;
		break;
	case CT_FORMATS:
		assert_failed("a format of the enum", __FILE__, __LINE__);
	}
	ASSERT((s.under == SECRET_SNS ? s.lwe.count : s.packed.bodies) == s.blocks);
	*out = s;
	return OK;
}

size_t squash_file_memory(const lat_params *params, const fhe_type *type, slice file)
{
	const size_t words = squashed_count(type->blocks) * ((size_t)params->sns.k * params->sns.N + 1);
	return ciphertext_memory(file) + words * sizeof(u128) + 64;
}
