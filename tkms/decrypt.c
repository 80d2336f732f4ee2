/* SPDX-License-Identifier: MIT */
/* tkms/decrypt.c -- parse, compare with what was promised, decrypt. */
#include "tkms/decrypt.h"
#include "lattice/decrypt.h"

/* Aligned copies of the words of a ciphertext, and what the tables of its type need beside them. */
size_t ciphertext_memory(slice file)
{
	return 2 * file.n + (1 << 20);
}

/* Does a ciphertext of these dimensions belong to the parameter set?  Sets may share some dimensions. */
static bool fits(const ciphertext *ct, const lat_params *p)
{
	switch (ct->format) {
	case SMALL_EXPANDED:   return ct->lwe64.dim == p->k * p->N;
	case BIG_EXPANDED:     return ct->lwe128.dim == p->sns.k * p->sns.N;
	case SMALL_COMPRESSED: return ct->packed64.k == p->comp.k && ct->packed64.N == p->comp.N;
	case BIG_COMPRESSED:   return ct->packed128.k == p->snscomp.k && ct->packed128.N == p->snscomp.N;
	case CT_FORMATS:       break;
	}
	return false;
}

err tkms_read_ciphertext(ciphertext *ct, arena *a, const lat_params *params, const fhe_type *type, ct_format format, slice file)
{
	if (file.n > MAX_CIPHERTEXT_FILE)
		return err_fail(ERR_REQUEST, "the ciphertext has %zu bytes; at most %d are read", file.n, MAX_CIPHERTEXT_FILE);
	TRY(tfhers_read_ciphertext(ct, a, file));
	if (ct->format != format)
		return err_fail(ERR_REQUEST, "the ciphertext is %s, but the request says %s",
		                ct_format_name(ct->format), ct_format_name(format));
	if (!fits(ct, params))
		return err_fail(ERR_REQUEST, "the ciphertext has other dimensions than a key of the %s parameters makes", params->name);
	const fhe_type *found = fhe_type_by_blocks_var(ct->boolean, ct->blocks);
	if (found != type)
		return err_fail(ERR_REQUEST, "the ciphertext holds %s of %zu block%s, but the request says %s",
		                found ? found->name : "a value", ct->blocks, ct->blocks == 1 ? "" : "s", type->name);
	return OK;
}

err tkms_check_ciphertext(const lat_params *params, const fhe_type *type, ct_format format, slice file)
{
	arena a = arena_with_limit(ciphertext_memory(file));
	ciphertext ct;
	err e = tkms_read_ciphertext(&ct, &a, params, type, format, file);
	arena_free(&a);
	return e;
}

static err decrypt_read(uint8_t *out, const secret_keys *keys, const fhe_type *type, const ciphertext *ct)
{
	const bool boolean = type->number == FHE_BOOL;

	switch (ct->format) {
	case SMALL_EXPANDED:   return decrypt_lwe64(out, keys, ct->lwe64, type->blocks, boolean);
	case SMALL_COMPRESSED: return decrypt_packed64(out, keys, ct->packed64, type->blocks, boolean);
	case BIG_EXPANDED:     return decrypt_lwe128(out, keys, ct->lwe128, type->blocks, boolean);
	case BIG_COMPRESSED:   return decrypt_packed128(out, keys, ct->packed128, type->blocks, boolean);
	case CT_FORMATS:       break;
	}
	assert_failed("a format of the enum", __FILE__, __LINE__);
}

err tkms_decrypt(plaintext *out, const secret_keys *keys, const fhe_type *type, ct_format format, slice file)
{
	arena a = arena_with_limit(ciphertext_memory(file));
	plaintext p = { .type = type };
	ciphertext ct;

	err e = tkms_read_ciphertext(&ct, &a, keys->params, type, format, file);
	if (e == OK) e = decrypt_read(p.bytes, keys, type, &ct);
	if (e == OK) *out = p;
	wipe(&p, sizeof p);
	arena_free(&a);
	return e;
}
