/* SPDX-License-Identifier: MIT */
/* The program with a key for its vault, from each place that it may come from; without it, or with another, a sentence. */
#include <fcntl.h>
#include <unistd.h>
#include "base/file.h"
#include "tests/node/child.h"
#include "vault/signing_key.h"

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
static const char KEY_ID[] = "d296920ba428f383";         /* tests/vault/sealed_test.c has it from elsewhere */

static char first_signer[43];

static void configure(void **state, const char *keychain)
{
	char extra[900];
	snprintf(extra, sizeof extra, "%s%s", keychain ? "[private_vault.keychain]\n" : "", keychain ? keychain : "");
	child_write_config(*state, extra);
}

/* It is the same node each time. */
static void starts(void **state, bool sealed)
{
	char text[ID_TEXT], path[128];
	child c;
	id32 id;

	child_start(&c, *state);
	if (!first_signer[0]) memcpy(first_signer, c.signer, sizeof first_signer);
	assert_string_equal(c.signer, first_signer);
	assert_int_equal(child_stop(&c), 0);
	signing_key_id(&id);
	id_text(text, &id);
	snprintf(path, sizeof path, "PRIV/SigningKey/%s", text);
	buf file = test_read(below(state, path));
	assert_int_equal(sealed_begins(buf_slice(&file)), sealed);
	buf_free(&file);
}

static void the_key_comes_from_a_file_a_descriptor_or_a_credential(void **state)
{
	char keychain[700], line[2048] = "";
	int ends[2];

	first_signer[0] = '\0';
	configure(state, NULL);
	starts(state, false);
	assert_ok(file_write_atomic(below(state, "key"), slice_str(DIGITS "\n"), 0600));
	snprintf(keychain, sizeof keychain, "file.path = \"%s\"\n", below(state, "key"));
	configure(state, keychain);
	starts(state, true);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(write(ends[1], DIGITS, 64), 64);
	close(ends[1]);
	snprintf(keychain, sizeof keychain, "descriptor.number = %d\n", ends[0]);
	configure(state, keychain);
	starts(state, true);
	close(ends[0]);

	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", *state, 1), 0);
	configure(state, "credential.name = \"key\"\n");
	starts(state, true);

	configure(state, NULL);
	assert_int_not_equal(child_run(*state, line, sizeof line, NULL), 0);
	assert_non_null(strstr(line, KEY_ID));
	assert_ok(file_write_atomic(below(state, "key"), slice_str("ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), 0600));
	configure(state, "credential.name = \"key\"\n");
	assert_int_not_equal(child_run(*state, line, sizeof line, NULL), 0);
	assert_non_null(strstr(line, KEY_ID));
	assert_null(strstr(line, "0102"));
}

static void the_key_is_changed_and_taken_away_at_a_start(void **state)
{
	static const char *const NAME[] = { "key", "new-key" };
	char path[2][300], keychain[700], line[2048] = "";

	for (unsigned i = 0; i < 2; i++) {
		buf digits = { 0 };
		buf_printf(&digits, "%064x\n", i + 7);
		assert_ok(file_write_atomic(below(state, NAME[i]), buf_slice(&digits), 0600));
		snprintf(path[i], sizeof path[i], "%s", below(state, NAME[i]));
		buf_free(&digits);
	}
	first_signer[0] = '\0';
	snprintf(keychain, sizeof keychain, "file.path = \"%s\"\n", path[0]);
	configure(state, keychain);
	starts(state, true);

	snprintf(keychain, sizeof keychain, "file.path = \"%s\"\nformer.file.path = \"%s\"\n", path[1], path[0]);
	configure(state, keychain);
	for (unsigned again = 0; again < 2; again++) starts(state, true);
	snprintf(keychain, sizeof keychain, "file.path = \"%s\"\n", path[0]);
	configure(state, keychain);
	assert_int_not_equal(child_run(*state, line, sizeof line, NULL), 0);
	assert_non_null(strstr(line, "the vault is sealed with the key"));
	snprintf(keychain, sizeof keychain, "file.path = \"%s\"\n", path[1]);
	configure(state, keychain);
	starts(state, true);

	snprintf(keychain, sizeof keychain, "former.file.path = \"%s\"\n", path[1]);
	configure(state, keychain);
	starts(state, false);
	configure(state, NULL);
	starts(state, false);
}

TESTS(TEST_IN_FOLDER(the_key_is_changed_and_taken_away_at_a_start), TEST_IN_FOLDER(the_key_comes_from_a_file_a_descriptor_or_a_credential))
