/* SPDX-License-Identifier: MIT */
/* A start message, after a byte that chooses the kind, or its insecure twin: what is accepted holds what later code relies on. */
#include "fuzz/fuzz.h"
#include "node/parse.h"

static void check_items(const decrypt_request *d)
{
	ASSERT(d->items > 0 && d->items <= MAX_CIPHERTEXTS);
	for (size_t i = 0; i < d->items; i++) {
		ASSERT(d->item[i].type && d->item[i].format < CT_FORMATS);
		ASSERT(d->item[i].handle.n <= MAX_HANDLE && d->item[i].file.n > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	request *r = NULL;

	if (size == 0) return 0;
	const request_kind kind = (request_kind)(data[0] % 128 % REQUEST_KINDS);
	const slice message = slice_of(data + 1, size - 1);
	const bool insecure = data[0] >= 128 && (kind == REQUEST_PREPROC || kind == REQUEST_KEYGEN);
	if ((insecure ? parse_insecure_request(&r, kind, message) : parse_request(&r, kind, message)) == OK) {
		ASSERT(r->insecure == insecure);
		ASSERT(r->kind == kind && !id_is_zero_var(&r->id) && r->schemes <= MAX_SCHEMES);
		if (kind == REQUEST_PREPROC) ASSERT(r->preproc.params);
		if (kind == REQUEST_KEYGEN) ASSERT(id_is_zero_var(&r->keygen.existing) || keygen_is_migration(r));
		if (kind == REQUEST_NEW_EPOCH) ASSERT(r->epoch.keys <= MAX_RESHARED_KEYS && (r->epoch.reshares || !r->epoch.keys));
		if (kind == REQUEST_PUBLIC_DECRYPT || kind == REQUEST_USER_DECRYPT) check_items(&r->decrypt);
		request_free(&r);
	}
	err_clear();
	return 0;
}
