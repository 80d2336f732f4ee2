/* SPDX-License-Identifier: MIT */
/* Constant time: the bits of a client key on their way out of a file and into one.  Meaningful under valgrind (suite ct). */
#include "tests/ct/ct.h"
#include "tests/tfhers/vectors.h"

CT_COVERS(tfhers_read_client_key, tfhers_write_client_key);

static void a_client_key_is_read_and_written_without_a_branch_on_its_bits(void **state)
{
	(void)state;
	AUTO(buf) file = vector("test/client_key.bin");
	AUTO(buf) again = { 0 };
	AUTO(arena) a = arena_with_limit(VECTOR_ROOM);
	AUTO(secret_keys) keys = { 0 };
	tf_client_key k;
	slice tag;

	assert_ok(object_read(&k, &a, OBJECT_CLIENT_KEY, buf_slice(&file)));
	const slice words[] = { k.key.key.standard.glwe_sk.data, k.key.key.standard.lwe_sk, k.key.dedicated_pke.pke.key,
	                        k.key.compression.key.data, k.key.noise_squash.key.data, k.key.ns_compression.key.data,
	                        k.key.oprf.standard };
	for (size_t i = 0; i < COUNT(words); i++) SECRET(words[i].p, words[i].n);
	assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&file)));
	tfhers_write_client_key(&again, &keys, tag);

	DECLASSIFY_RESULT(file.p, file.n);
	DECLASSIFY_RESULT(again.p, again.n);
	assert_same_bytes(buf_slice(&again), buf_slice(&file));
}

TESTS(TEST(a_client_key_is_read_and_written_without_a_branch_on_its_bits))
