/* SPDX-License-Identifier: MIT */
/* tests/connector/coprocessors_test.c -- who the coprocessors are, when the gateway's configuration is right, wrong, or away. */
#include "connector/checks.h"
#include "tests/connector/fake_kms.h"
#include "tests/test.h"

enum { GATEWAY = 54321, REFRESH_MS = 60000 };

static fake_web WEB;
static connector_config C;
static char gateway_url[96], *GATEWAY_URL[1] = { gateway_url };
static int64_t NOW_MS = 1000000;
static int64_t now_ms(void *ctx) { (void)ctx; return NOW_MS; }
static const clock_source CLOCK = { NULL, now_ms, now_ms };
static atomic_bool STOP;
static checks *K;

/* Three coprocessors, two of which must agree; the second has no bucket. */
static int set_up(void **state)
{
	(void)state;
	fake_web_start(&WEB);
	snprintf(gateway_url, sizeof gateway_url, "%s/rpc/%d", WEB.url, GATEWAY);
	C = (connector_config){ .profile = &PROFILE_V015, .gateway_url = { GATEWAY_URL, 1 }, .gateway_chain_id = GATEWAY,
	                        .ethereum_url = { GATEWAY_URL, 1 }, .ethereum_chain_id = GATEWAY,
	                        .gateway_config = { .address = { { 0xc1 } } }, .worker = { .host_timeout = 60000, .registry_refresh = REFRESH_MS } };
	WEB.coprocessors = 3;
	for (unsigned i = 0; i < 3; i++) {
		WEB.coprocessor[i].who = (eth_address){ { 0xc0, [19] = (uint8_t)i } };
		if (i != 1) snprintf(WEB.coprocessor[i].url, sizeof WEB.coprocessor[i].url, "http://bucket-%u", i);
	}
	atomic_store(&WEB.majority, 2);
	assert_ok(checks_new(&K, &C, &CLOCK, &STOP));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	checks_free(&K);
	fake_web_stop(&WEB);
	return 0;
}

static void signers_buckets_and_the_threshold_are_read(void **state)
{
	coprocessors *c = NULL;
	const eth_address stranger = { { 0xc0, [19] = 3 } };

	(void)state;
	assert_ok(checks_coprocessors(K, &c));
	assert_int_equal(c->threshold, 2), assert_int_equal(c->signers, 3);
	assert_int_equal(c->buckets, 2);
	assert_string_equal(c->bucket[0], "http://bucket-0"), assert_string_equal(c->bucket[1], "http://bucket-2");
	for (unsigned i = 0; i < 3; i++) assert_true(coprocessors_has(c, &WEB.coprocessor[i].who));
	assert_false(coprocessors_has(c, &stranger));
	coprocessors_release(&c);
	assert_null(c);
	coprocessors_release(&c);
}

static void a_list_is_read_anew_after_a_while_and_whoever_holds_the_old_one_keeps_it(void **state)
{
	coprocessors *old = NULL, *same = NULL, *fresh = NULL;

	(void)state;
	assert_ok(checks_coprocessors(K, &old));
	WEB.coprocessors = 2;
	assert_ok(checks_coprocessors(K, &same));
	assert_ptr_equal(same, old);
	NOW_MS += REFRESH_MS;
	assert_ok(checks_coprocessors(K, &fresh));
	assert_int_equal(fresh->signers, 2), assert_int_equal(old->signers, 3);
	coprocessors_release(&old), coprocessors_release(&same), coprocessors_release(&fresh);
}

static void the_old_list_stays_while_the_chain_is_away(void **state)
{
	coprocessors *c = NULL;

	(void)state;
	assert_ok(checks_coprocessors(K, &c));
	coprocessors_release(&c);
	atomic_store(&WEB.away, true);
	NOW_MS += REFRESH_MS;
	assert_ok(checks_coprocessors(K, &c));
	coprocessors_release(&c);
	const unsigned before = atomic_load(&WEB.posts);
	assert_ok(checks_coprocessors(K, &c));                            /* not at every turn */
	coprocessors_release(&c);
	assert_int_equal(atomic_load(&WEB.posts), before);
}

static void without_a_list_an_absent_chain_is_an_error(void **state)
{
	coprocessors *c = NULL;

	(void)state;
	atomic_store(&WEB.away, true);
	assert_err(ERR_IO, checks_coprocessors(K, &c));
	assert_null(c);
	atomic_store(&WEB.away, false);
	NOW_MS += REFRESH_MS;
	assert_ok(checks_coprocessors(K, &c));
	coprocessors_release(&c);
}

static void nobody_is_believed_when_none_or_more_than_all_must_agree(void **state)
{
	coprocessors *c = NULL;

	(void)state;
	assert_ok(checks_coprocessors(K, &c));
	coprocessors_release(&c);
	for (unsigned majority = 0; majority < 8; majority += 4) {
		atomic_store(&WEB.majority, majority);
		NOW_MS += REFRESH_MS;
		assert_int_equal(checks_coprocessors(K, &c), ERR_STATE);
		assert_non_null(strstr(err_text(), "of 3 coprocessors to agree"));
		err_clear();
		assert_err(ERR_STATE, checks_coprocessors(K, &c));              /* and not the list from before */
	}
	atomic_store(&WEB.majority, 3);
	NOW_MS += REFRESH_MS;
	assert_ok(checks_coprocessors(K, &c));
	coprocessors_release(&c);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(WORLD(signers_buckets_and_the_threshold_are_read), WORLD(a_list_is_read_anew_after_a_while_and_whoever_holds_the_old_one_keeps_it),
      WORLD(the_old_list_stays_while_the_chain_is_away), WORLD(without_a_list_an_absent_chain_is_an_error),
      WORLD(nobody_is_believed_when_none_or_more_than_all_must_agree))
