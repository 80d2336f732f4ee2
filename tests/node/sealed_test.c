/* SPDX-License-Identifier: MIT */
/* The program with a key for its vault, from each place that it may come from; without it, or with another, a sentence. */
#include <fcntl.h>
#include <unistd.h>
#include "base/file.h"
#include "base/hex.h"
#include "delegate/whole_key.h"
#include "node/config_check.h"
#include "rpc/fetch.h"
#include "tests/node/child.h"
#include "tests/node/traces.h"
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

/* ---- keys of the delegation ------------------------------------------------------------------------------------------ */

#define CHAIN_KEY "c43d85348f58410c27ddf71808e440ea70bc64af3f7d488be9171dbab2ce042a"
#define CHAIN_PK "0x03902284a6bd5198b4a32ef2319fc3ae37ea166aff0320eaa8addb0182ee80381e"
#define WALLET_KEY "5a1c9e3377b0d24f6a8812e09bd4c7f13e56a0d8c2914b7fe3605d1782ab94c6"
#define GATEWAY "0x66f9664f97F2b50F62D13eA064982f936dE76657"

static void configure_delegation(void **state, const char *keychain)
{
	char text[700];

	snprintf(text, sizeof text, "%s%s[delegation]\nwallet_file = \"%s/wallet\"\n[[delegation.chains]]\nchain_id = 31337\ngateway = \""
	         GATEWAY "\"\nkey_file = \"%s/kms\"\n", keychain ? "[private_vault.keychain]\n" : "", keychain ? keychain : "",
	         (const char *)*state, (const char *)*state);
	child_write_config(*state, text);
}

static bool logged(void **state, const char *what)
{
	buf log = test_read(below(state, "node.log"));
	const bool found = strstr(buf_str(&log), what) != NULL;
	buf_free(&log);
	return found;
}

/* The public key, and who signed it, are as they were; in memory the keys are in guarded pages, and nowhere else. */
static void delegates(void **state, const traces *t)
{
	static char first[400];
	buf answer = { 0 };
	unsigned status;
	char url[80];
	child c;

	child_start(&c, *state);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/v0/public-key", c.http);
	assert_ok(fetch_ask(&answer, &status, url, NULL, NULL, 4096, 60000));
	assert_int_equal(status, 200);
	assert_non_null(strstr(buf_str(&answer), CHAIN_PK));
	if (!first[0]) snprintf(first, sizeof first, "%s", buf_str(&answer));
	assert_string_equal(buf_str(&answer), first);
	const traces_memory in = traces_in_memory(t, c.pid, false);
	assert_true(in.guarded.keys >= 4);                   /* two pieces of each: else nothing is looked for */
	assert_int_equal(in.open.keys, 0);
	assert_int_equal(child_stop(&c), 0);
	buf_free(&answer);
}

static size_t pieces_on_disk(void **state, const traces *t) { return traces_in_folder(t, below(state, "PRIV")).keys; }

static void add_key(traces *t, const char *digits)
{
	uint8_t b[SECP_SK];

	assert_true(hex_read(b, sizeof b, slice_str(digits)));
	traces_add_key(t, slice_of(b, sizeof b));
	traces_add_key(t, slice_str(digits));
}

/* `arca config check` does not ask for what the vault has. */
static const config_findings *findings(void **state)
{
	static config_findings all;
	buf text = test_read(below(state, "node.toml"));
	const config_source from = { .name = "node.toml", .text = buf_slice(&text), .environment = (char *[]){ NULL } };

	node_config_check(&all, &from);
	buf_free(&text);
	return &all;
}

static void refused(void **state, const char *why)
{
	char line[2048] = "";

	assert_int_not_equal(child_run(*state, line, sizeof line, NULL), 0);
	if (!strstr(line, why)) fail_msg("'%s' does not say '%s'", line, why);
}

static void a_sealed_vault_takes_the_delegations_keys_in_and_their_files_can_go(void **state)
{
	static const char SEALED[] = "file.path = \"%s/vault-key\"\n", OPENED[] = "former.file.path = \"%s/vault-key\"\n";
	char keychain[300];
	traces *t;

	traces_new(&t);
	add_key(t, CHAIN_KEY);
	add_key(t, WALLET_KEY);
	assert_ok(file_write_atomic(below(state, "kms"), slice_str("0x" CHAIN_KEY "\n"), 0600));
	assert_ok(file_write_atomic(below(state, "wallet"), slice_str(WALLET_KEY), 0600));
	assert_ok(file_write_atomic(below(state, "vault-key"), slice_str(DIGITS "\n"), 0600));

	configure_delegation(state, NULL);
	delegates(state, t);                                 /* a plain vault is no better place than a plain file */
	assert_int_equal(pieces_on_disk(state, t), 0);
	assert_false(logged(state, "shred"));

	snprintf(keychain, sizeof keychain, SEALED, (const char *)*state);
	configure_delegation(state, keychain);
	delegates(state, t);
	assert_int_equal(pieces_on_disk(state, t), 0);
	assert_true(logged(state, "the delegation key of chain 31337 was taken into the sealed vault"));
	assert_true(logged(state, "the delegation's wallet was taken into the sealed vault"));
	assert_true(logged(state, "shred -u '"));

	assert_int_equal(unlink(below(state, "kms")), 0);
	assert_int_equal(unlink(below(state, "wallet")), 0);
	assert_int_equal(findings(state)->n, 0);
	delegates(state, t);

	/* Another key in the file's place: what was encrypted to the one in the vault could not be read any more. */
	assert_ok(file_write_atomic(below(state, "kms"), slice_str(WALLET_KEY), 0600));
	refused(state, "is not the delegation key of chain 31337 that the vault has");
	assert_ok(file_write_atomic(below(state, "kms"), slice_str(CHAIN_KEY), 0640));
	refused(state, "chmod 600");
	assert_int_equal(unlink(below(state, "kms")), 0);

	/* A vault that is sealed no more goes on having them, which shows that the search finds what is there. */
	snprintf(keychain, sizeof keychain, OPENED, (const char *)*state);
	configure_delegation(state, keychain);
	delegates(state, t);
	assert_int_equal(pieces_on_disk(state, t), 4);

	const id32 place = whole_key_place(WHOLE_KEY_CHAIN, 31337);
	char id[ID_TEXT], name[128];
	id_text(id, &place);
	snprintf(name, sizeof name, "PRIV/DelegationPrivateKey/%s", id);
	assert_int_equal(truncate(below(state, name), 40), 0);
	configure_delegation(state, NULL);
	refused(state, "the delegation key of chain 31337, in ");
	assert_int_equal(unlink(below(state, name)), 0);
	assert_int_equal(findings(state)->wrong, 1);
	refused(state, "kms: there is no such file");
	snprintf(keychain, sizeof keychain, "file.path = \"%s/vault-key\"\n[private_vault.storage.s3]\nbucket = \"keys\"\n[aws]\nregion = \"eu-west-3\"\n",
	         (const char *)*state);
	configure_delegation(state, keychain);               /* a bucket may have it */
	assert_int_equal(findings(state)->wrong, 0);
	assert_int_equal(findings(state)->n, 1);
	traces_free(&t);
}

TESTS(TEST_IN_FOLDER(the_key_is_changed_and_taken_away_at_a_start), TEST_IN_FOLDER(the_key_comes_from_a_file_a_descriptor_or_a_credential),
      TEST_IN_FOLDER(a_sealed_vault_takes_the_delegations_keys_in_and_their_files_can_go))
