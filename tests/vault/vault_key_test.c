/* SPDX-License-Identifier: MIT */
/* The key of a vault: where it may come from, and who else must not have it. */
#include "vault/vault_key.h"
#include <fcntl.h>
#include <sys/stat.h>
#include "base/file.h"
#include "tests/vault/folder.h"

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const uint8_t BYTES[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };

static const char *file_of(void **state, slice text, mode_t mode)
{
	const char *path = below(state, "key");
	assert_ok(file_write_atomic(path, text, mode));
	return path;
}

static void is_right(const vault_key *k) { assert_memory_equal(k->b, BYTES, sizeof BYTES); }

static void a_key_is_bytes_or_digits(void **state)
{
	static const char *const TEXTS[] = { DIGITS, DIGITS "\n", DIGITS "\r\n", "0x" DIGITS "\n" };
	vault_key k;

	assert_ok(vault_key_from_file(&k, file_of(state, slice_of(BYTES, sizeof BYTES), 0600)));
	is_right(&k);
	for (size_t i = 0; i < COUNT(TEXTS); i++) {
		k = (vault_key){ 0 };
		assert_ok(vault_key_from_file(&k, file_of(state, slice_str(TEXTS[i]), 0400)));
		is_right(&k);
	}
}

static void anything_else_is_no_key(void **state)
{
	static const char *const TEXTS[] = { "", "\n", DIGITS "0", "00" DIGITS, DIGITS "\n\n\n\n\n", "000102030405060708090a0b0c0d0e0f",
	                                     "twenty-nine letters, no key\n", "g" DIGITS, DIGITS DIGITS };
	vault_key k = { 0 };

	for (size_t i = 0; i < COUNT(TEXTS); i++) assert_err(ERR_REQUEST, vault_key_from_file(&k, file_of(state, slice_str(TEXTS[i]), 0600)));
	assert_err(ERR_REQUEST, vault_key_from_file(&k, file_of(state, slice_of(BYTES, 31), 0600)));
	assert_err(ERR_NOT_FOUND, vault_key_from_file(&k, below(state, "nothing")));
	assert_err(ERR_REQUEST, vault_key_from_file(&k, *state));
	assert_int_equal(mkfifo(below(state, "pipe"), 0600), 0);
	assert_err(ERR_REQUEST, vault_key_from_file(&k, below(state, "pipe")));
	for (size_t i = 0; i < sizeof k.b; i++) assert_int_equal(k.b[i], 0);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	static const mode_t MODES[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0777 };
	const char *path = file_of(state, slice_str(DIGITS), 0600);
	vault_key k;

	for (size_t i = 0; i < COUNT(MODES); i++) {
		char octal[8];
		assert_int_equal(chmod(path, MODES[i]), 0);
		assert_int_equal(vault_key_from_file(&k, path), ERR_REQUEST);
		snprintf(octal, sizeof octal, "%03o", MODES[i]);
		assert_non_null(strstr(err_text(), octal));
		assert_non_null(strstr(err_text(), "chmod 600"));
		assert_null(strstr(err_text(), "0102"));
		err_clear();
	}
	assert_int_equal(chmod(path, 0600), 0);
	if (geteuid() != 0) return;                          /* only root can give a file away */
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	assert_err(ERR_REQUEST, vault_key_from_file(&k, path));
}

/* In two writes, as a person types. */
static void a_descriptor_is_read_to_its_end_and_closed(void **state)
{
	vault_key k;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], DIGITS, 20), 20);
	assert_int_equal(write(ends[1], &DIGITS[20], 44), 44);
	close(ends[1]);
	assert_ok(vault_key_from_descriptor(&k, ends[0]));
	is_right(&k);
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	assert_err(ERR_IO, vault_key_from_descriptor(&k, ends[0]));
}

static void a_credential_is_a_name_in_the_folder_of_the_service(void **state)
{
	static const char *const NAMES[] = { "", ".", "..", "../key", "/etc/passwd", "a/b" };
	vault_key k;

	file_of(state, slice_str(DIGITS), 0440);
	assert_ok(vault_key_from_credential(&k, *state, "key"));
	is_right(&k);
	assert_err(ERR_NOT_FOUND, vault_key_from_credential(&k, *state, "none"));
	for (size_t i = 0; i < COUNT(NAMES); i++) assert_err(ERR_REQUEST, vault_key_from_credential(&k, *state, NAMES[i]));
	assert_int_equal(vault_key_from_credential(&k, NULL, "key"), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "LoadCredential"));
	err_clear();
	file_of(state, slice_str(DIGITS), 0444);
	assert_err(ERR_REQUEST, vault_key_from_credential(&k, *state, "key"));
}

TESTS(TEST_IN_FOLDER(a_key_is_bytes_or_digits), TEST_IN_FOLDER(anything_else_is_no_key), TEST_IN_FOLDER(a_file_that_others_may_read_is_refused),
      TEST_IN_FOLDER(a_descriptor_is_read_to_its_end_and_closed), TEST_IN_FOLDER(a_credential_is_a_name_in_the_folder_of_the_service))
