/* SPDX-License-Identifier: MIT */
/* Constant time: secrets on their way to the files of a vault and back. */
#include "tests/ct/ct.h"
#include "vault/epoch_data.h"
#include "vault/objects.h"

CT_COVERS(private_key_write, private_key_read);

static void a_signing_key_is_written_and_read_without_a_branch(void **state)
{
	AUTO(buf) file = { 0 };
	secp_sk sk, again;

	(void)state;
	secp_sk_random(&sk, &CT_SECRET_RNG);
	private_key_write(&file, &sk);
	assert_ok(private_key_read(&again, buf_slice(&file)));
	DECLASSIFY_RESULT(&sk, sizeof sk);
	DECLASSIFY_RESULT(&again, sizeof again);
	assert_memory_equal(&sk, &again, sizeof sk);
}

CT_COVERS(epoch_data_write, epoch_data_read);

static void keys_of_an_epoch_are_written_and_read_without_a_branch(void **state)
{
	AUTO(buf) file = { 0 };
	uint8_t key[3][PRSS_KEY];
	epoch_data again;
	const epoch_data e = { { { 1 } }, { { 2 } }, 4, 1, 4, 2, 77, 3, (const uint8_t (*)[PRSS_KEY])key };

	(void)state;
	rng_fill(&CT_SECRET_RNG, key, sizeof key);
	epoch_data_write(&file, &e);
	assert_ok(epoch_data_read(&again, buf_slice(&file)));
	assert_int_equal(again.keys, 3);
	DECLASSIFY_RESULT(file.p, file.n);
	DECLASSIFY_RESULT(key, sizeof key);
	assert_memory_equal(again.key, key, sizeof key);
}

CT_COVERS(vault_key_id, sealed_write, sealed_read);
CT_REACHES(sealed_read, sealed_begin, sealed_chunk, sealed_end, sealed_next);

/* More than a chunk, so that one is not the last. */
static void an_object_is_sealed_and_opened_without_a_branch(void **state)
{
	static uint8_t plain[SEALED_CHUNK + 100];
	const sealed_place place = { "FheKeyInfo", &ID_DEFAULT_EPOCH, &ID_DEFAULT_CONTEXT };
	AUTO(buf) file = { 0 }, again = { 0 };
	char id[KEY_ID_TEXT];
	vault_key key;

	(void)state;
	rng_fill(&CT_SECRET_RNG, &key, sizeof key);
	rng_fill(&CT_SECRET_RNG, plain, sizeof plain);
	vault_key_id(id, &key);
	assert_int_equal(strlen(id), KEY_ID_TEXT - 1);
	sealed_write(&file, &key, &place, slice_of(plain, sizeof plain), test_rng());
	assert_ok(sealed_read(&again, &key, &place, buf_slice(&file), sizeof plain));
	DECLASSIFY_RESULT(plain, sizeof plain);
	DECLASSIFY_RESULT(again.p, again.n);
	assert_int_equal(again.n, sizeof plain);
	assert_memory_equal(again.p, plain, sizeof plain);
}

TESTS(TEST(an_object_is_sealed_and_opened_without_a_branch), TEST(a_signing_key_is_written_and_read_without_a_branch), TEST(keys_of_an_epoch_are_written_and_read_without_a_branch))
