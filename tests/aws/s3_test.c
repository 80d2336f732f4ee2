/* SPDX-License-Identifier: MIT */
/* S3 as the emulator keeps it: it checks every signature, and fails when it is told to. */
#include <fcntl.h>
#include <stdlib.h>
#include "base/file.h"
#include "rpc/fetch_send.h"
#include "tests/aws/emulator.h"
#include "tests/vault/folder.h"

static aws *client;
static s3_bucket B;

static int start(void **state)
{
	if (emulator_start(state)) return -1;
	client = emulator_client();
	B = (s3_bucket){ client, "vault" };
	return 0;
}

static int stop(void **state)
{
	aws_free(&client);
	return emulator_stop(state);
}

static err put(const char *name, slice body, s3_condition c, const char *etag)
{
	bool again;
	return s3_put(NULL, &again, &B, name, body, c, etag);
}

static void an_object_comes_back_as_it_was_put(void **state)
{
	static const size_t SIZES[] = { 0, 1, 100, 1000, 70000, 3 << 20 };
	(void)state;

	emulator_reset("{}");
	for (size_t i = 0; i < COUNT(SIZES); i++) {
		AUTO(buf) body = { 0 };
		AUTO(buf) back = { 0 };
		AUTO(buf) room = { 0 };
		s3_info info, head;
		rng_fill(test_rng(), buf_grow(&body, SIZES[i]), SIZES[i]);
		assert_ok(put("PRIV/one", buf_slice(&body), S3_ALWAYS, NULL));
		assert_ok(s3_get(&back, &info, &B, "PRIV/one", SIZES[i]));
		assert_true(slice_eq_var(buf_slice(&back), buf_slice(&body)));
		assert_ok(s3_head(&head, &B, "PRIV/one"));
		assert_int_equal(head.size, SIZES[i]);
		assert_string_equal(head.etag, info.etag);
		assert_true(info.etag[0] == '"' && info.date_s > 1700000000);
		if (!SIZES[i]) continue;
		assert_ok(s3_get_into(buf_grow(&room, SIZES[i]), SIZES[i], &B, "PRIV/one"));
		assert_true(slice_eq_var(buf_slice(&room), buf_slice(&body)));
		assert_err(ERR_REQUEST, s3_get(&back, NULL, &B, "PRIV/one", SIZES[i] - 1));
		assert_int_equal(back.n, SIZES[i]);
		assert_err(ERR_IO, s3_get_into(buf_grow(&room, SIZES[i] + 1), SIZES[i] + 1, &B, "PRIV/one"));
	}
	assert_ok(s3_delete(&B, "PRIV/one"));
	assert_ok(s3_delete(&B, "PRIV/one"));
	AUTO(buf) none = { 0 };
	assert_err(ERR_NOT_FOUND, s3_get(&none, NULL, &B, "PRIV/one", 1));
	assert_err(ERR_NOT_FOUND, s3_head(&(s3_info){ 0 }, &B, "PRIV/one"));
	assert_int_equal(emulator_count("refused"), 2);        /* that is: no signature was */
}

static void names_are_signed_as_they_are_sent(void **state)
{
	static const char *const NAMES[] = { "a b", "a+b", "a%20b", "\xc3\xa9t\xc3\xa9", "a/b//c", "(~*'!)", "=&?#", "a:b@c,d;e$" };
	AUTO(buf) back = { 0 };
	(void)state;

	emulator_reset("{}");
	for (size_t i = 0; i < COUNT(NAMES); i++) assert_ok(put(NAMES[i], slice_str(NAMES[i]), S3_ALWAYS, NULL));
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		buf_clear(&back);
		assert_ok(s3_get(&back, NULL, &B, NAMES[i], 100));
		assert_true(slice_eq_var(buf_slice(&back), slice_str(NAMES[i])));
	}
	assert_int_equal(emulator_count("refused"), 0);
	assert_err(ERR_REQUEST, put("", slice_str(""), S3_ALWAYS, NULL));
	assert_err(ERR_REQUEST, put("a/../b", slice_str(""), S3_ALWAYS, NULL));
	assert_err(ERR_REQUEST, s3_get(&back, NULL, &(s3_bucket){ client, "Vault/.." }, "a", 100));
}

typedef struct listing { char names[64][40]; size_t n, most; uint64_t bytes; } listing;

static bool note(void *ctx, const char *name, uint64_t size)
{
	listing *l = ctx;
	snprintf(l->names[l->n % 64], sizeof l->names[0], "%s", name);
	l->bytes += size;
	return ++l->n < l->most;
}

static void a_list_has_every_page_in_order(void **state)
{
	static listing l;
	char name[32];
	(void)state;

	emulator_reset("{\"page\":7}");
	for (unsigned i = 0; i < 23; i++) {
		snprintf(name, sizeof name, "P+R &%c/%02u", i % 2 ? 'a' : 'b', 22 - i);
		assert_ok(put(name, slice_of(name, i), S3_ALWAYS, NULL));
	}
	l = (listing){ .most = 1000 };
	assert_ok(s3_list(&B, "P+R &", note, &l));
	assert_int_equal(l.n, 23);
	assert_int_equal(l.bytes, 22 * 23 / 2);
	for (size_t i = 1; i < l.n; i++) assert_true(strcmp(l.names[i - 1], l.names[i]) < 0);
	l = (listing){ .most = 1000 };
	assert_ok(s3_list(&B, "P+R &b", note, &l));
	assert_int_equal(l.n, 12);
	l = (listing){ .most = 1000 };
	assert_ok(s3_list(&B, "nothing", note, &l));
	assert_int_equal(l.n, 0);
	l = (listing){ .most = 9 };
	assert_err(ERR_REQUEST, s3_list(&B, "P", note, &l));
	assert_int_equal(l.n, 9);
	assert_int_equal(emulator_count("refused"), 0);
	assert_err(ERR_NOT_FOUND, s3_list(&(s3_bucket){ client, "nowhere" }, "", note, &l));
}

static void conditions_are_kept(void **state)
{
	s3_info first, second;
	bool again = true;
	(void)state;

	emulator_reset("{}");
	assert_ok(s3_put(&first, &again, &B, "lease", slice_str("one"), S3_IF_NONE, NULL));
	assert_err(ERR_EXISTS, s3_put(&second, &again, &B, "lease", slice_str("two"), S3_IF_NONE, NULL));
	assert_false(again);
	assert_ok(s3_put(&second, &again, &B, "lease", slice_str("two"), S3_IF_SAME, first.etag));
	assert_err(ERR_EXISTS, s3_put(&first, &again, &B, "lease", slice_str("three"), S3_IF_SAME, first.etag));
	assert_ok(s3_delete(&B, "lease"));
	assert_err(ERR_EXISTS, s3_put(&first, &again, &B, "lease", slice_str("three"), S3_IF_SAME, second.etag));
	emulator_tell("{\"conditions\":\"unknown\"}");
	assert_err(ERR_UNSUPPORTED, s3_put(&first, &again, &B, "lease", slice_str("one"), S3_IF_NONE, NULL));
}

/* The answer to the first put is lost: the second meets what the first left. */
static void a_refused_condition_after_a_lost_answer_is_told(void **state)
{
	bool again = false;
	(void)state;

	emulator_reset("{\"faults\":[{\"method\":\"PUT\",\"lost\":true}]}");
	assert_err(ERR_EXISTS, s3_put(NULL, &again, &B, "lease", slice_str("one"), S3_IF_NONE, NULL));
	assert_true(again);
	assert_int_equal(emulator_pauses, 1);
}

static void what_passes_is_tried_again(void **state)
{
	static const char *const FAULTS[] = {
		"{\"faults\":[{\"status\":503,\"code\":\"SlowDown\",\"count\":4}]}", "{\"faults\":[{\"status\":500,\"count\":4}]}",
		"{\"faults\":[{\"status\":429,\"code\":\"\",\"count\":4}]}", "{\"faults\":[{\"cut\":true,\"count\":4}]}",
		"{\"faults\":[{\"lost\":true,\"count\":4}]}", "{\"faults\":[{\"status\":400,\"code\":\"RequestTimeout\",\"count\":4}]}",
		"{\"faults\":[{\"status\":409,\"code\":\"ConditionalRequestConflict\",\"count\":4}]}",
	};
	uint8_t room[8];
	(void)state;

	for (size_t i = 0; i < COUNT(FAULTS); i++) {
		AUTO(buf) back = { 0 };
		emulator_reset("{}");
		assert_ok(put("one", slice_str("8 bytes."), S3_ALWAYS, NULL));
		emulator_tell(FAULTS[i]);
		assert_ok(s3_get(&back, NULL, &B, "one", 8));
		assert_true(slice_eq_var(buf_slice(&back), slice_str("8 bytes.")));
		emulator_tell(FAULTS[i]);
		assert_ok(s3_get_into(room, sizeof room, &B, "one"));
		assert_memory_equal(room, "8 bytes.", 8);
		assert_int_equal(emulator_pauses, 8);
		emulator_tell("{\"faults\":[{\"cut\":true,\"count\":5}]}");
		assert_err(ERR_IO, s3_get(&back, NULL, &B, "one", 8));
		assert_int_equal(back.n, 8);
	}
}

static void what_is_refused_is_not_tried_again(void **state)
{
	(void)state;
	emulator_reset("{\"faults\":[{\"status\":403,\"code\":\"AccessDenied\",\"count\":9}]}");
	assert_int_equal(put("one", slice_str("1"), S3_ALWAYS, NULL), ERR_STATE);
	assert_non_null(strstr(err_text(), "AccessDenied"));
	assert_null(strstr(err_text(), EMULATOR_SECRET));
	err_clear();
	assert_int_equal(emulator_count("requests"), 1);
	emulator_reset("{\"clock_skew_s\":1000}");
	assert_int_equal(put("one", slice_str("1"), S3_ALWAYS, NULL), ERR_STATE);
	assert_non_null(strstr(err_text(), "compare the clock"));
	err_clear();
	emulator_reset("{\"faults\":[{\"status\":404,\"code\":\"NoSuchBucket\"},{\"status\":403,\"code\":\"SignatureDoesNotMatch\"}]}");
	assert_int_equal(put("one", slice_str("1"), S3_ALWAYS, NULL), ERR_NOT_FOUND);
	assert_non_null(strstr(err_text(), "make the bucket"));
	err_clear();
	assert_int_equal(put("one", slice_str("1"), S3_ALWAYS, NULL), ERR_STATE);
	assert_non_null(strstr(err_text(), "is aws_secret_access_key that of this aws_access_key_id?"));
	err_clear();
}

static aws *client_with(const char *file, const char *region, int64_t timeout_ms)
{
	aws *a = NULL;
	assert_ok(aws_new(&a, &(aws_settings){ .region = region, .s3_endpoint = emulator_url(), .kms_endpoint = emulator_url(),
		.random = test_rng(), .credentials = { .file = file, .descriptor = -1 }, .timeout_ms = timeout_ms, .tries = 2,
		.pause = emulator_pause }));
	return a;
}

static const char *file_with(void **state, const char *text)
{
	const char *path = below(state, "credentials");
	assert_ok(file_write_atomic(path, slice_str(text), 0600));
	return path;
}

static err list_nothing(aws *a)
{
	listing l = { .most = 9 };
	return s3_list(&(s3_bucket){ a, "vault" }, "", note, &l);
}

static void a_wrong_secret_or_region_is_found_by_the_other_side(void **state)
{
	folder_make(state);
	emulator_reset("{}");
	aws *a = client_with(file_with(state, "aws_access_key_id=" EMULATOR_ID "\naws_secret_access_key=" EMULATOR_SECRET "X\n"), EMULATOR_REGION, 0);
	assert_int_equal(list_nothing(a), ERR_STATE);
	assert_non_null(strstr(err_text(), "SignatureDoesNotMatch"));
	err_clear();
	aws_free(&a);
	a = client_with(file_with(state, "aws_access_key_id=" EMULATOR_ID "\naws_secret_access_key=" EMULATOR_SECRET "\n"), "eu-test-2", 0);
	assert_err(ERR_STATE, list_nothing(a));
	aws_free(&a);
	assert_int_equal(folder_remove(state), 0);
}

#define KEYS "[other]\naws_access_key_id = X\n[default]\naws_access_key_id = " EMULATOR_ID "\naws_secret_access_key = " EMULATOR_SECRET "\n"

/* The token of the file is refused as expired; meanwhile the file has another (here: none). */
static void an_expired_token_is_read_again(void **state)
{
	folder_make(state);
	emulator_reset("{}");
	const char *path = file_with(state, KEYS "aws_session_token = " EMULATOR_TOKEN "\n");
	aws *a = client_with(path, EMULATOR_REGION, 0);
	assert_ok(list_nothing(a));
	emulator_tell("{\"expired\":true}");
	assert_int_equal(list_nothing(a), ERR_STATE);
	assert_non_null(strstr(err_text(), "renew the file"));
	err_clear();
	assert_ok(file_write_atomic(path, slice_str(KEYS), 0600));
	assert_ok(list_nothing(a));
	aws_free(&a);
	assert_int_equal(folder_remove(state), 0);
}

static void a_server_that_stands_still_is_left(void **state)
{
	folder_make(state);
	emulator_reset("{\"faults\":[{\"stall\":true,\"count\":2}]}");
	aws *a = client_with(file_with(state, KEYS), EMULATOR_REGION, 50);
	assert_int_equal(s3_head(&(s3_info){ 0 }, &(s3_bucket){ a, "vault" }, "one"), ERR_IO);
	assert_non_null(strstr(err_text(), "tried 2 times"));
	err_clear();
	aws_free(&a);
	assert_int_equal(folder_remove(state), 0);
}

/* How often a text stands in memory that can be written. */
static unsigned times_in_memory(const char *text)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[400], rights[8];
	unsigned times = 0;
	uintmax_t from, to;

	assert_non_null(maps);
	while (fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%jx-%jx %7s", &from, &to, rights) != 3 || strncmp(rights, "rw", 2)) continue;
		const uint8_t *p = (const uint8_t *)(uintptr_t)from, *end = (const uint8_t *)(uintptr_t)to;
		while ((p = memmem(p, (size_t)(end - p), text, strlen(text)))) times++, p++;
	}
	fclose(maps);
	return times;
}

/* The client has it once; libcurl copies it for every signature. */
static void a_secret_is_nowhere_once_its_client_is_gone(void **state)
{
	char id[] = "AWS_ACCESS_KEY_ID=" EMULATOR_ID, secret[] = "AWS_SECRET_ACCESS_KEY=another-secret-of-no-use-000000", *environment[] = { id, secret, NULL };
	const char hidden[] = "bopuifs.tfdsfu.pg.op.vtf.111111";       /* each letter is the one before: not to be found itself */
	char text[sizeof hidden] = "";
	aws *a = NULL;

	(void)state;
	if (!LEFTOVERS_SEEN) skip();
	emulator_reset("{}");
	assert_ok(aws_new(&a, &(aws_settings){ .region = EMULATOR_REGION, .s3_endpoint = emulator_url(), .kms_endpoint = "", .random = test_rng(),
		.credentials = { .descriptor = -1, .environment = environment }, .pause = emulator_pause }));
	for (unsigned i = 0; i < 3; i++) assert_err(ERR_STATE, list_nothing(a));
	for (size_t i = 0; i + 1 < sizeof hidden; i++) text[i] = (char)(hidden[i] - 1);
	/* malloc writes over the beginning of what is freed.  The client's, and text itself: */
	assert_int_equal(times_in_memory(text + 16), 2);
	aws_free(&a);
	assert_int_equal(times_in_memory(text + 16), 1);
	wipe(text, sizeof text);
}

/* The rule of rpc/fetch_send.h, and that the emulator would notice: libcurl signs a query as it stands. */
static void a_query_out_of_order_is_refused(void **state)
{
	static const char EMPTY[] = "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	const fetch_signer signer = { EMULATOR_ID, EMULATOR_SECRET, EMULATOR_REGION, "s3" };
	static const char *const QUERIES[] = { "list-type=2&prefix=", "prefix=&list-type=2", "list-type=2&prefix=a%2fb" };
	static const unsigned STATUS[] = { 200, 403, 403 };
	(void)state;

	emulator_reset("{}");
	for (size_t i = 0; i < COUNT(QUERIES); i++) {
		AUTO(buf) out = { 0 };
		fetch_reply reply;
		size_t got;
		char url[200];
		snprintf(url, sizeof url, "%s/vault?%s", emulator_url(), QUERIES[i]);
		assert_ok(fetch_send(&reply, &out, NULL, &got, &(fetch_request){ .method = "GET", .url = url, .signer = &signer, .header = { EMPTY },
			.connect_ms = 60000, .timeout_ms = 60000, .max = 10000 }));
		assert_int_equal(reply.status, STATUS[i]);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest TESTS_[] = {
		TEST(an_object_comes_back_as_it_was_put), TEST(names_are_signed_as_they_are_sent), TEST(a_list_has_every_page_in_order),
		TEST(conditions_are_kept), TEST(a_refused_condition_after_a_lost_answer_is_told), TEST(what_passes_is_tried_again),
		TEST(what_is_refused_is_not_tried_again), TEST(a_wrong_secret_or_region_is_found_by_the_other_side),
		TEST(an_expired_token_is_read_again), TEST(a_server_that_stands_still_is_left), TEST(a_query_out_of_order_is_refused),
		TEST(a_secret_is_nowhere_once_its_client_is_gone),
	};
	return test_main_with(argc, argv, __FILE__, TESTS_, COUNT(TESTS_), start, stop);
}
