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

TESTS(TEST(a_signing_key_is_written_and_read_without_a_branch), TEST(keys_of_an_epoch_are_written_and_read_without_a_branch))
