/* SPDX-License-Identifier: MIT */
/* tests/connector/attested_test.c -- coprocessors that agree, lie, are silent, and have nothing; a bucket for each. */
#include "connector/attested.h"
#include <stdlib.h>
#include <unistd.h>
#include "connector/fetch.h"
#include "tests/connector/fake_kms.h"
#include "tests/evm/connector_vectors.h"

enum { ALL = 5, STRANGER = ALL };

static fake_web WEB[ALL];
static signer *KEY[ALL + 1];
static connector_config C;
static coprocessors *WHO;
static buckets *B;
static bucket_tally TALLY;
static const abi_word HANDLE = { { 0xa0, [29] = 7, [30] = 2 } }, OTHER = { { 0xa1, [29] = 7, [30] = 2 } };
static const attested_claim SAID = { .key_id = { { 4, [31] = 1 } }, .ciphertext = { { 1 } }, .format = ATTESTED_COMPRESSED_CPU };

/* 3 of the 5 must agree. */
static int set_up(void **state)
{
	(void)state;
	WHO = calloc(1, sizeof *WHO);
	assert_non_null(WHO);
	WHO->threshold = 3, WHO->signers = WHO->buckets = ALL;
	atomic_init(&WHO->holders, 1);
	for (size_t i = 0; i <= ALL; i++) {
		const uint8_t bytes[SECP_SK] = { [31] = (uint8_t)(60 + i) };
		secp_sk sk;
		assert_ok(secp_sk_read(&sk, bytes));
		assert_ok(signer_new(&KEY[i], &sk, test_rng()));
		if (i == STRANGER) break;
		fake_web_start(&WEB[i]);
		WHO->signer[i] = *signer_address(KEY[i]);
		WHO->bucket[i] = strdup(WEB[i].bucket);
	}
	C = (connector_config){ .worker = { .s3_attempts = 1, .s3_connect_timeout = 600000, .s3_head_timeout = 600000, .s3_get_timeout = 600000,
	                                    .s3_heads = 4, .s3_gets = 4, .s3_max_bytes = 50000 } };
	assert_ok(buckets_new(&B, &C, &TALLY));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buckets_free(&B);
	coprocessors_release(&WHO);
	for (size_t i = 0; i <= ALL; i++) signer_free(&KEY[i]);
	for (size_t i = 0; i < ALL; i++) fake_web_stop(&WEB[i]);
	return 0;
}

static void says(size_t i, const char *bytes, size_t by)
{
	attested_claim c = SAID;
	fake_web_attest(&WEB[i], &HANDLE, slice_str(bytes), &c, KEY[by]);
}

static void has_mood(size_t i, const char *mood)
{
	free(WHO->bucket[i]);
	assert_true(asprintf(&WHO->bucket[i], "%s/%s", WEB[i].url, mood) > 0);
}

/* A bucket that takes the question and never answers. */
static void stalls(size_t i) { has_mood(i, "slow"); }

static void found(const char *bytes, size_t urls)
{
	const hash32 digest = keccak256(slice_str(bytes));
	attested a;

	assert_ok(attested_find(&a, B, WHO, &HANDLE));
	assert_memory_equal(a.claim.squashed.b, digest.b, sizeof digest.b);
	assert_in_range(a.urls, urls, ALL);
}

static void not_found(const char *words)
{
	attested a;

	assert_int_equal(attested_find(&a, B, WHO, &HANDLE), ERR_IO);
	if (!strstr(err_text(), words)) fail_msg("%s", err_text());
	err_clear();
}

static void what_all_say_is_believed(void **state)
{
	attested a;

	(void)state;
	for (size_t i = 0; i < ALL; i++) says(i, "the ciphertext", i);
	found("the ciphertext", 3);
	assert_ok(attested_find(&a, B, WHO, &HANDLE));
	assert_true(id_eq_var(&a.claim.key_id, &SAID.key_id));
	assert_true(attested_compressed(&a.claim));
	for (size_t i = 0; i < a.urls; i++)
		for (size_t k = 0; k < i; k++) assert_string_not_equal(a.url[i], a.url[k]);
}

static void liars_below_the_threshold_change_nothing(void **state)
{
	attested a;

	(void)state;
	for (size_t i = 0; i < ALL; i++) says(i, i < 2 ? "a lie" : "the ciphertext", i);
	found("the ciphertext", 3);
	assert_ok(attested_find(&a, B, WHO, &HANDLE));
	for (size_t i = 0; i < a.urls; i++) assert_string_not_equal(a.url[i], WHO->bucket[0]), assert_string_not_equal(a.url[i], WHO->bucket[1]);
}

static void coprocessors_that_disagree_are_not_believed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ALL; i++) says(i, i < 2 ? "a lie" : i < 4 ? "the ciphertext" : "another lie", i);
	not_found("3 must attest the same, and of 5 buckets 5 attest it, at most 2 of them the same");
}

/* With a time for answers of ten minutes the test would not end if the silent were waited for. */
static void the_silent_are_not_waited_for_when_enough_agree(void **state)
{
	(void)state;
	stalls(0), stalls(1);
	for (size_t i = 2; i < ALL; i++) says(i, "the ciphertext", i);
	found("the ciphertext", 3);
}

static void nor_when_they_could_not_help(void **state)
{
	(void)state;
	stalls(0);
	for (size_t i = 1; i < ALL; i++) says(i, i < 3 ? "a lie" : "another", i);
	says(0, "the ciphertext", 0);
	WHO->threshold = 4;
	not_found("1 do not answer");
}

static void the_silent_have_their_time_when_they_are_needed(void **state)
{
	(void)state;
	has_mood(0, "late");
	for (size_t i = 1; i < 3; i++) says(i, "the ciphertext", i);
	not_found("3 must attest the same, and of 5 buckets 2 attest it, at most 2 of them the same; 2 do not have it, 1 do not answer");
}

static void but_no_more_than_that(void **state)
{
	(void)state;
	C.worker.s3_head_timeout = 50;
	for (size_t i = 0; i < ALL; i++) stalls(i);
	not_found("5 do not answer");
}

static void what_is_missing_or_not_attested_does_not_count(void **state)
{
	attested_claim c = SAID;

	(void)state;
	fake_web_attest(&WEB[0], &HANDLE, slice_str("the ciphertext"), &c, NULL);
	for (size_t i = 1; i < 3; i++) says(i, "the ciphertext", i);
	not_found("3 do not have it");
	says(3, "the ciphertext", 3);
	found("the ciphertext", 3);
}

static void strangers_and_signatures_for_other_handles_do_not_count(void **state)
{
	attested_claim c = SAID;

	(void)state;
	says(0, "the ciphertext", STRANGER);
	for (size_t i = 1; i < 3; i++) says(i, "the ciphertext", i);
	fake_web_attest(&WEB[3], &OTHER, slice_str("the ciphertext"), &c, KEY[3]);
	WEB[3].object[0].handle = HANDLE;                                 /* another handle's attestation, put under this one */
	says(4, "x", 4);
	WEB[4].object[0].attestation.p[0] = '[';
	not_found("3 lie; ");
}

static void who_says_it_in_many_buckets_counts_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ALL; i++) says(i, "the ciphertext", i < 4 ? 0 : 1);
	not_found("3 must attest the same");
}

/* Where a minority suffices two claims may: then everybody is heard, and all connectors come to the same. */
static void between_two_claims_that_suffice_all_choose_the_same(void **state)
{
	attested_claim a = SAID, b = SAID;

	(void)state;
	WHO->threshold = 2;
	a.squashed = keccak256(slice_str("one")), b.squashed = keccak256(slice_str("two"));
	const bool one = memcmp(&a, &b, sizeof a) < 0;
	for (size_t i = 0; i < 4; i++) says(i, i < 2 ? "one" : "two", i);
	for (int again = 0; again < 5; again++) found(one ? "one" : "two", 2);
	says(4, one ? "two" : "one", 4);
	found(one ? "two" : "one", 3);
}

static void *stop_soon(void *ctx)
{
	while (atomic_load(&WEB[0].gets) == 0) usleep(1000);
	buckets_stop(ctx);
	return ctx;
}

static void an_end_does_not_wait_for_the_silent(void **state)
{
	pthread_t t;

	(void)state;
	for (size_t i = 0; i < ALL; i++) stalls(i);
	assert_int_equal(pthread_create(&t, NULL, stop_soon, B), 0);
	not_found("this process ends");
	pthread_join(t, NULL);
	not_found("this process ends");
}

static void recorded_coprocessors_agree(void **state)
{
	json_t *all = json_vector("connector/attestation_vectors.json");
	attested_voice voice[2];
	attested_claim claim;
	abi_word handle;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const json_t *v = json_array_get(all, i);
		json_bytes_of(handle.b, sizeof handle.b, v, "handle");
		assert_ok(attestation_read(&voice[i].said, &handle, json_text_of(json_member(v, "header"), "x-amz-meta-ct-attestation")));
		char name[ATTESTED_NAME];
		attested_name(name, &handle);
		assert_true(slice_eq_var(slice_str(name), json_text_of(v, "object_key")));
	}
	assert_int_equal(attested_most(&claim, voice, 2), 2);
	assert_int_equal(attested_most(&claim, voice, 1), 1);
	assert_int_equal(attested_most(&claim, voice, 0), 0);
	json_decref(all);
}

/* ---- fetching what was agreed on -------------------------------------------------------------------------------- */

static queue_item request(size_t handles)
{
	static const slice BOTH[2] = { { HANDLE.b, sizeof HANDLE.b }, { OTHER.b, sizeof OTHER.b } };
	return (queue_item){ .kind = QUEUE_PUBLIC_DECRYPTION, .handles = { BOTH, handles } };
}

static void ciphertexts_are_fetched_from_those_who_agree_in_the_format_that_they_attest(void **state)
{
	const queue_item item = request(2);
	const fetch_from from = { .attesting = WHO };
	attested_claim c = SAID;

	(void)state;
	for (size_t i = 0; i < ALL; i++) {
		says(i, "the ciphertext", i);
		c = SAID, c.format = ATTESTED_EXPANDED_GPU;
		fake_web_attest(&WEB[i], &OTHER, slice_str("the other one"), &c, KEY[i]);
		if (i < 2) WEB[i].object[0].bytes.p[0] ^= 1;                    /* says the same as all, and holds something else */
	}
	AUTO(fetched) *f = NULL;
	assert_ok(fetch_all(&f, B, &item, &from));
	assert_int_equal(f->n, 2);
	assert_true(id_eq_var(&f->key_id, &SAID.key_id));
	assert_true(slice_eq_var(f->ct[0].bytes, slice_str("the ciphertext")));
	assert_true(slice_eq_var(f->ct[1].bytes, slice_str("the other one")));
	assert_int_equal(f->ct[0].format, ASK_BIG_COMPRESSED), assert_int_equal(f->ct[1].format, ASK_BIG_EXPANDED);
	assert_int_equal(f->kept, 0);
	fetched_free(&f);
	assert_ok(fetch_all(&f, B, &item, &from));                        /* what was agreed on is asked again, the bytes are there */
	assert_int_equal(f->kept, 2);
}

static void a_body_that_is_too_long_is_not_taken(void **state)
{
	const queue_item item = request(1);
	const fetch_from from = { .attesting = WHO };
	AUTO(buf) long_ = { 0 };
	attested_claim c;

	(void)state;
	while (long_.n < 60000) buf_put_u8(&long_, 7);
	for (size_t i = 0; i < ALL; i++) c = SAID, fake_web_attest(&WEB[i], &HANDLE, buf_slice(&long_), &c, KEY[i]);
	AUTO(fetched) *f = NULL;
	assert_err(ERR_IO, fetch_all(&f, B, &item, &from));
	assert_int_equal(f->n, 0);
}

static void handles_under_different_keys_are_refused(void **state)
{
	const queue_item item = request(2);
	const fetch_from from = { .attesting = WHO };
	attested_claim c;

	(void)state;
	for (size_t i = 0; i < ALL; i++) {
		says(i, "the ciphertext", i);
		c = SAID, c.key_id.b[31] = 2;
		fake_web_attest(&WEB[i], &OTHER, slice_str("the other one"), &c, KEY[i]);
	}
	AUTO(fetched) *f = NULL;
	assert_int_equal(fetch_all(&f, B, &item, &from), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "different keys"));
	err_clear();
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(WORLD(what_all_say_is_believed), WORLD(liars_below_the_threshold_change_nothing), WORLD(coprocessors_that_disagree_are_not_believed),
      WORLD(the_silent_are_not_waited_for_when_enough_agree), WORLD(nor_when_they_could_not_help),
      WORLD(the_silent_have_their_time_when_they_are_needed), WORLD(but_no_more_than_that), WORLD(what_is_missing_or_not_attested_does_not_count),
      WORLD(strangers_and_signatures_for_other_handles_do_not_count), WORLD(who_says_it_in_many_buckets_counts_once),
      WORLD(between_two_claims_that_suffice_all_choose_the_same), WORLD(an_end_does_not_wait_for_the_silent),
      TEST(recorded_coprocessors_agree), WORLD(ciphertexts_are_fetched_from_those_who_agree_in_the_format_that_they_attest),
      WORLD(a_body_that_is_too_long_is_not_taken), WORLD(handles_under_different_keys_are_refused))
