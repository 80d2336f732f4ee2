/* SPDX-License-Identifier: MIT */
/*
 * kill -9 in the middle of key generations and decryptions, and of starts, over and over.  Afterwards: a key is whole or
 * not there, a decryption that was acknowledged has an answer or gets one unasked, an answer that was given is given again
 * byte for byte, and no used preprocessing can be used again.
 */
#include <dirent.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/hex.h"
#include "node/journal.h"
#include "seal/enc_key.h"
#include "tests/node/client.h"

enum { ROUNDS = 20, LONG_ROUNDS = 1000, DECRYPTIONS = 3 };

/* So many of the last decryptions of each kind are certainly remembered (service.min_dec_cache). */
enum { KEPT = 6000 };

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

static void is_right(const steady *s, slice response, size_t n)
{
	arena a = arena_with_limit(PB_ROOM(response.n));
	Kms__V1__PublicDecryptionResponse *m;

	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_response__descriptor, response));
	assert_int_equal(m->payload->n_plaintexts, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(m->payload->plaintexts[i]->bytes.len, s->value.type->bytes);
		assert_memory_equal(m->payload->plaintexts[i]->bytes.data, s->value.bytes, s->value.type->bytes);
	}
	arena_free(&a);
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
		if (!m->decryption_taken[i]) continue;
		assert_int_equal(get_result(c, &b, "GetPublicDecryptionResult", &m->decryption[i]), GRPC_OK);
		is_right(s, buf_slice(&b), 1);
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

/* ---- many decryptions --------------------------------------------------------------------------------------- */

/* Each asks for several at once, so that much of what was acknowledged has not ended when the node dies. */
enum { CALLERS = 4, EACH = 6, ASKED = CALLERS * EACH, AT_ONCE = 12 };

/* A decryption, and what its caller was told. */
typedef struct asked {
	id32 id;
	buf  message, poll, answer;
	bool for_user;
	_Atomic bool taken;
} asked;

typedef struct caller { pthread_t thread; unsigned port; asked *one; _Atomic unsigned *taken, *gone; } caller;

static const char *path_to(const asked *a, bool start)
{
#define CORE "/kms_service.v1.CoreServiceEndpoint/"
	if (start) return a->for_user ? CORE "UserDecrypt" : CORE "PublicDecrypt";
	return a->for_user ? CORE "GetUserDecryptionResult" : CORE "GetPublicDecryptionResult";
}

static asked ask_for(const steady *s, bool for_user)
{
	const user u = new_user();
	client_item item[AT_ONCE];
	asked a = { .id = fresh_id(for_user ? 2 : 1), .for_user = for_user };

	for (unsigned i = 0; i < AT_ONCE; i++) item[i] = s->item;
	a.message = for_user ? user_decrypt_message(&a.id, &s->key, item, AT_ONCE, &u)
	                     : public_decrypt_message(&a.id, &s->key, item, AT_ONCE);
	pb_pack(&a.poll, &id_message(&a.id)->base);
	return a;
}

/* Takes every other answer at once.  Ends when the node does. */
static void *call_until_it_dies(void *arg)
{
	caller *k = arg;
	rpc_conn *conn;
	buf none = { 0 };

	assert_ok(rpc_conn_new(&conn, NULL, "127.0.0.1", k->port, NULL));
	for (unsigned i = 0; i < EACH; i++) {
		asked *a = &k->one[i];
		if (rpc_conn_call(conn, &none, NULL, path_to(a, true), buf_slice(&a->message), 20000) != OK) break;
		a->taken = true;
		++*k->taken;
		if (i % 2 && rpc_conn_call(conn, &a->answer, NULL, path_to(a, false), buf_slice(&a->poll), 20000) != OK) break;
	}
	err_clear();
	++*k->gone;
	rpc_conn_free(&conn);
	return NULL;
}

static void kill_among_callers(asked *a, child *c)
{
	caller k[CALLERS];
	_Atomic unsigned taken = 0, gone = 0;
	const unsigned enough = 1 + (unsigned)test_below(ASKED);

	for (unsigned i = 0; i < CALLERS; i++) {
		k[i] = (caller){ .port = c->grpc, .one = &a[i * EACH], .taken = &taken, .gone = &gone };
		assert_int_equal(pthread_create(&k[i].thread, NULL, call_until_it_dies, &k[i]), 0);
	}
	while (taken < enough && gone < CALLERS) usleep(100);
	child_kill(c);
	for (unsigned i = 0; i < CALLERS; i++) pthread_join(k[i].thread, NULL);
}

/* What was acknowledged has an answer, without being asked for again, and always the same. */
static void is_kept(asked *a, const steady *s, child *c, unsigned *unanswered)
{
	buf b = { 0 };
	const char *method = a->for_user ? "GetUserDecryptionResult" : "GetPublicDecryptionResult";

	if (a->taken) {
		assert_int_equal(get_result(c, &b, method, &a->id), GRPC_OK);
		if (!a->for_user) is_right(s, buf_slice(&b), AT_ONCE);
		if (a->answer.n) assert_true(slice_eq_var(buf_slice(&b), buf_slice(&a->answer)));
		else buf_put_slice(&a->answer, buf_slice(&b)), ++*unanswered;
	}
	buf_free(&b);
}

static void killing_among_decryptions_loses_none_that_was_acknowledged(void **state)
{
	const unsigned rounds = test_is_long() ? LONG_ROUNDS : ROUNDS;
	asked *all = calloc((size_t)rounds * ASKED, sizeof *all);
	steady s = { 0 };
	child c;
	unsigned taken = 0, unanswered = 0, again = 0;

	child_write_config(*state, NULL);
	prepare(&s, *state);
	child_start(&c, *state);
	for (unsigned round = 0; round < rounds; round++) {
		asked *a = &all[round * ASKED];
		for (unsigned i = 0; i < ASKED; i++) a[i] = ask_for(&s, i % 3 == 0);
		kill_among_callers(a, &c);
		if (round % 4 == 1) child_start_and_kill(*state, (unsigned)test_below(14));
		child_start(&c, *state);
		for (unsigned i = 0; i < ASKED; i++) is_kept(&a[i], &s, &c, &unanswered), taken += a[i].taken;
	}
	for (unsigned i = 0; i < rounds * ASKED; i++) {
		if (rounds * ASKED - i < KEPT) is_kept(&all[i], &s, &c, &again);
		buf_free(&all[i].message), buf_free(&all[i].poll), buf_free(&all[i].answer);
	}
	assert_int_equal(again, 0);
	print_message("# %u decryptions were acknowledged, %u of them not asked after before the node was killed\n", taken, unanswered);
	assert_int_equal(child_stop(&c), 0);
	free(all);
	buf_free(&s.file);
}

/* Written into the journal as the node does, while it is stopped: a good one, one of a key that is not there, and noise. */
static void what_the_journal_calls_pending_ends_one_way_or_the_other(void **state)
{
	static const hash32 BODY = {{ 7 }};
	static const requests_limit LIMIT[REQUEST_KINDS];
	const id32 id[3] = { fresh_id(1), fresh_id(1), fresh_id(1) }, no_key = fresh_id(4);
	const char *folder = *state;
	steady s = { 0 };
	requests *t = NULL;
	journal *j = NULL;
	uint64_t cut;
	child c;
	buf response = { 0 };

	child_write_config(folder, NULL);
	prepare(&s, folder);
	buf good = public_decrypt_message(&id[0], &s.key, &s.item, 1), bad = public_decrypt_message(&id[1], &no_key, &s.item, 1);
	const slice message[3] = { buf_slice(&good), buf_slice(&bad), slice_str("\x0f noise") };
	assert_ok(requests_new(&t, LIMIT, test_rng()));
	assert_ok(journal_open(&j, &cut, below(state, "PRIV/journal"), t));
	for (unsigned i = 0; i < 3; i++) {
		const request_view v = { .kind = REQUEST_PUBLIC_DECRYPT, .id = id[i], .body = BODY, .state = REQUEST_PENDING };
		assert_ok(journal_taken(j, &v, message[i]));
	}
	journal_free(&j);
	requests_free(&t);
	child_start(&c, folder);
	assert_int_equal(get_result(&c, &response, "GetPublicDecryptionResult", &id[0]), GRPC_OK);
	is_right(&s, buf_slice(&response), 1);
	assert_int_equal(get_result(&c, &response, "GetPublicDecryptionResult", &id[1]), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "there is no key"));
	assert_int_equal(get_result(&c, &response, "GetPublicDecryptionResult", &id[2]), GRPC_INTERNAL);
	assert_int_equal(child_stop(&c), 0);
	buf_free(&response), buf_free(&good), buf_free(&bad), buf_free(&s.file);
}

TESTS(TEST_IN_FOLDER(killing_at_any_moment_leaves_whole_keys_and_kept_answers),
      TEST_IN_FOLDER(killing_among_decryptions_loses_none_that_was_acknowledged),
      TEST_IN_FOLDER(what_the_journal_calls_pending_ends_one_way_or_the_other))
