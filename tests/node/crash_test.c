/* SPDX-License-Identifier: MIT */
/*
 * kill -9 in the middle of key generations and decryptions, and of starts, over and over.  Afterwards: a key is whole or
 * not there, an answer that was given is given again byte for byte, and no used preprocessing can be used again.
 */
#include <dirent.h>
#include "base/clock.h"
#include "base/hex.h"
#include "tests/node/client.h"

enum { ROUNDS = 20, DECRYPTIONS = 3 };

/* What a client remembers of a round. */
typedef struct memory {
	id32 prep, key, decryption[DECRYPTIONS];
	bool key_taken, decryption_taken[DECRYPTIONS];
	buf  key_result, decryption_result[DECRYPTIONS];
} memory;

/* One key that was made in peace, how long that took, and a ciphertext under it. */
typedef struct steady { id32 key; int64_t keygen_ms; plaintext value; buf file; client_item item; } steady;

static err keep(void *ctx, size_t i, const fhe_type *type, slice file)
{
	(void)i, (void)type;
	buf_put_slice(ctx, file);
	return OK;
}

static buf read_public(const char *folder, const char *type, const id32 *id)
{
	char path[512], text[ID_TEXT];
	id_text(text, id);
	snprintf(path, sizeof path, "%s/PUB/%s/%s", folder, type, text);
	return test_read(path);
}

static void prepare(steady *s, const char *folder)
{
	child c;
	id32 prep;
	buf list = { 0 };
	seeded_keyset set;
	slice tag;
	coprocessor cp;

	child_start(&c, folder);
	const int64_t begun = clock_now_ms(clock_system());
	assert_true(make_key(&c, &prep, &s->key));
	s->keygen_ms = clock_now_ms(clock_system()) - begun;
	s->value = (plaintext){ .type = fhe_type_by_number_var(FHE_UINT32), .bytes = { 1, 2, 3, 4 } };
	buf pk = read_public(folder, "PublicKey", &s->key), keyset = read_public(folder, "CompressedXofKeySet", &s->key);
	assert_ok(tkms_encrypt(&list, buf_slice(&pk), &s->value, 1, test_rng()));
	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&keyset)));
	assert_ok(coprocessor_new(&cp, &set, FORMAT_BIT(BIG_COMPRESSED), NULL, NULL));
	assert_ok(coprocess_list(&cp, NULL, buf_slice(&list), BIG_COMPRESSED, keep, &s->file));
	coprocessor_free(&cp);
	s->item = (client_item){ FHE_UINT32, BIG_COMPRESSED, buf_slice(&s->file), slice_str("handle") };
	buf_free(&pk), buf_free(&keyset), buf_free(&list);
	assert_int_equal(child_stop(&c), 0);
}

static void poll_once(child *c, buf *result, const char *method, const id32 *id)
{
	if (result->n == 0) (void)call_core(c, result, method, &id_message(id)->base);
}

/* Starts work, looks at it until a random moment about its duration, and kills. */
static void disturb(memory *m, const steady *s, const char *folder)
{
	child c;
	buf none = { 0 };

	child_start(&c, folder);
	*m = (memory){ .prep = fresh_id(3), .key = fresh_id(4) };
	assert_int_equal(start_preproc(&c, &m->prep, 1), GRPC_OK);
	assert_int_equal(get_result(&c, &none, "GetKeyGenPreprocResult", &m->prep), GRPC_OK);
	m->key_taken = start_keygen(&c, &m->key, &m->prep) == GRPC_OK;
	assert_true(m->key_taken);
	for (unsigned i = 0; i < DECRYPTIONS; i++) {
		m->decryption[i] = fresh_id(1);
		m->decryption_taken[i] = public_decrypt(&c, &none, "PublicDecrypt", &m->decryption[i], &s->key, &s->item, 1) == GRPC_OK;
	}
	const int64_t end = clock_now_ms(clock_system()) + (int64_t)test_below((uint64_t)s->keygen_ms * 3 / 2);
	while (clock_now_ms(clock_system()) < end) {
		const unsigned i = (unsigned)test_below(DECRYPTIONS);
		if (test_below(2)) poll_once(&c, &m->key_result, "GetKeyGenResult", &m->key);
		else poll_once(&c, &m->decryption_result[i], "GetPublicDecryptionResult", &m->decryption[i]);
	}
	child_kill(&c);
	buf_free(&none);
}

static size_t count_objects(const char *folder, const char *where)
{
	char path[512];
	size_t n = 0;

	snprintf(path, sizeof path, "%s/%s", folder, where);
	DIR *dir = opendir(path);
	for (struct dirent *d; dir && (d = readdir(dir));) {
		uint8_t id[32];
		if (strchr(d->d_name, '.') && d->d_name[0] != '.') fail_msg("%s/%s was left behind", path, d->d_name);
		n += hex_read(id, sizeof id, slice_str(d->d_name));
	}
	if (dir) closedir(dir);
	return n;
}

static void keys_are_whole(const char *folder)
{
	static const char EPOCH[] = "0800000000000000000000000000000000000000000000000000000000000001";
	char info[128], private[128];

	snprintf(info, sizeof info, "PRIV/FheKeyInfo/%s", EPOCH);
	snprintf(private, sizeof private, "PRIV/FhePrivateKey/%s", EPOCH);
	const size_t n = count_objects(folder, info);
	assert_int_equal(count_objects(folder, private), n);
	assert_int_equal(count_objects(folder, "PUB/PublicKey"), n);
	assert_int_equal(count_objects(folder, "PUB/CompressedXofKeySet"), n);
}

static void same_again(child *c, const char *method, const id32 *id, const buf *given)
{
	buf again = { 0 };
	assert_int_equal(get_result(c, &again, method, id), GRPC_OK);
	assert_true(slice_eq_var(buf_slice(given), buf_slice(&again)));
	buf_free(&again);
}

static void what_was_said_still_holds(const memory *m, const steady *s, child *c, unsigned *made, unsigned *lost)
{
	buf b = { 0 };
	const id32 other = fresh_id(4);

	if (m->key_result.n) same_again(c, "GetKeyGenResult", &m->key, &m->key_result);
	grpc_status k = get_result(c, &b, "GetKeyGenResult", &m->key);
	assert_true(k == GRPC_OK || k == GRPC_INTERNAL);
	if (k == GRPC_INTERNAL) assert_non_null(strstr(client_said.message, "stopped"));
	++*(k == GRPC_OK ? made : lost);
	assert_int_equal(start_keygen(c, &other, &m->prep), GRPC_ALREADY_EXISTS);
	assert_int_equal(start_keygen(c, &m->key, &m->prep), GRPC_ALREADY_EXISTS);

	for (unsigned i = 0; i < DECRYPTIONS; i++) {
		if (m->decryption_result[i].n) same_again(c, "GetPublicDecryptionResult", &m->decryption[i], &m->decryption_result[i]);
		buf_clear(&b);
		assert_int_equal(public_decrypt(c, &b, "PublicDecryptSync", &m->decryption[i], &s->key, &s->item, 1), GRPC_OK);
	}
	buf_free(&b);
}

static void memory_free(memory *m)
{
	buf_free(&m->key_result);
	for (unsigned i = 0; i < DECRYPTIONS; i++) buf_free(&m->decryption_result[i]);
}

static void killing_at_any_moment_leaves_whole_keys_and_kept_answers(void **state)
{
	steady s = { 0 };
	unsigned made = 0, lost = 0;

	child_write_config(*state, NULL);
	prepare(&s, *state);
	for (unsigned round = 0; round < ROUNDS; round++) {
		memory m;
		child c;
		disturb(&m, &s, *state);
		if (round % 2) child_start_and_kill(*state, (unsigned)test_below(8));
		child_start(&c, *state);
		keys_are_whole(*state);
		what_was_said_still_holds(&m, &s, &c, &made, &lost);
		if (round % 3) child_kill(&c);
		else assert_int_equal(child_stop(&c), 0);
		memory_free(&m);
	}
	print_message("# %u keys were made, %u key generations interrupted\n", made, lost);
	buf_free(&s.file);
}

TESTS(TEST_IN_FOLDER(killing_at_any_moment_leaves_whole_keys_and_kept_answers))
