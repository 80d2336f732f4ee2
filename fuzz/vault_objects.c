/* SPDX-License-Identifier: MIT */
/* Stored objects: what is accepted is written back as the same bytes. */
#include "fuzz/fuzz.h"
#include "vault/objects.h"

static void same(buf *again, slice file)
{
	ASSERT(slice_eq_var(buf_slice(again), file));
	buf_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const slice file = slice_of(data, size);
	buf again = { 0 };
	secp_sk sk;
	secp_pk pk;
	key_metadata m;
	key_record r;

	if (private_key_read(&sk, file) == OK) private_key_write(&again, &sk), same(&again, file);
	if (public_key_read(&pk, file) == OK) public_key_write(&again, &pk), same(&again, file);
	if (key_metadata_read(&m, file) == OK) key_metadata_write(&again, &m), same(&again, file);
	if (key_record_read(&r, file) == OK) key_record_write(&again, &r), same(&again, file);
	err_clear();
	return 0;
}
