/* SPDX-License-Identifier: MIT */
/* A wallet whose key AWS KMS keeps, as the emulator does, and a sender that pays with it. */
#include "aws/kms.h"
#include "tests/aws/emulator.h"
#include "tests/connector/desk.h"

/* ---- what is named -------------------------------------------------------------------------------------------------- */

typedef struct named { connector_config c; char id[64], secret[64], region[32]; char *environment[4]; } named;

static char *text(const char *s) { return (char *)(uintptr_t)s; }

static named *name(const char *key)
{
	static named n;

	n = (named){ .id = "AWS_ACCESS_KEY_ID=" EMULATOR_ID, .secret = "AWS_SECRET_ACCESS_KEY=" EMULATOR_SECRET, .region = "AWS_REGION=" EMULATOR_REGION };
	n.environment[0] = n.id, n.environment[1] = n.secret, n.environment[2] = n.region;
	n.c.sender.private_key = n.c.sender.private_key_file = text("");
	n.c.sender.aws.present = true;
	n.c.sender.aws.key_id = text(key);
	n.c.sender.aws.region = n.c.sender.aws.credentials_file = text("");
	n.c.sender.aws.endpoint = text(emulator_url());
	n.c.sender.aws.timeout = 600000;                                   /* no test waits for it */
	return &n;
}

static wallet *wallet_of(const char *key)
{
	named *n = name(key);
	wallet *w = NULL;

	assert_ok(wallet_new(&w, &n->c, n->environment, test_rng()));
	assert_string_equal(n->secret, "AWS_SECRET_ACCESS_KEY=");          /* wiped */
	return w;
}

static void desk_of_kms(desk *d)
{
	named *n = name("alias/wallet");
	desk_open_by(d, &n->c, n->environment);
}

/* ---- signatures ----------------------------------------------------------------------------------------------------- */

static void what_it_signs_recovers_to_its_address(void **state)
{
	hash32 digest;
	eth_address by;

	(void)state;
	emulator_reset("{}");
	wallet *w = wallet_of("alias/wallet");
	for (unsigned i = 0; i < 16; i++) {                                /* half of what the service signs has the high s */
		secp_rsig sig;
		rng_fill(test_rng(), digest.b, sizeof digest.b);
		assert_ok(wallet_sign(&sig, w, &digest));
		assert_true(sign_external_by_var(&by, &sig, &digest));
		assert_true(eth_address_eq_var(by, *wallet_address(w)));
	}
	wallet_free(&w);
}

static void a_signature_of_another_key_is_none(void **state)
{
	const hash32 digest = { { 1 } };
	secp_rsig sig = { { 7 } };

	(void)state;
	emulator_reset("{}");
	wallet *w = wallet_of("alias/wallet");
	emulator_tell("{\"moved\":{\"alias/wallet\":\"alias/second\"}}");
	assert_int_equal(wallet_sign(&sig, w, &digest), ERR_STATE);
	assert_non_null(strstr(err_text(), "the wallet's key alias/wallet did not sign: the signature is not of the key"));
	assert_int_equal(sig.b[0], 7);
	err_clear();
	wallet_free(&w);
}

static void a_service_that_does_not_answer_is_not_waited_for_long(void **state)
{
	wallet *w = NULL;

	(void)state;
	emulator_reset("{}");
	emulator_tell("{\"faults\":[{\"name\":\"GetPublicKey\",\"stall\":true,\"count\":3}]}");
	named *n = name("alias/wallet");
	n->c.sender.aws.timeout = 100;
	assert_int_equal(wallet_new(&w, &n->c, n->environment, test_rng()), ERR_IO);
	assert_non_null(strstr(err_text(), "tried 3 times"));
	err_clear();
	assert_null(w);
}

static void a_service_that_is_busy_is_asked_three_times(void **state)
{
	const hash32 digest = { { 1 } };
	secp_rsig sig;

	(void)state;
	emulator_reset("{}");
	wallet *w = wallet_of("alias/wallet");
	emulator_tell("{\"faults\":[{\"name\":\"Sign\",\"cut\":true,\"count\":2}]}");
	assert_ok(wallet_sign(&sig, w, &digest));                          /* cut, cut, answered */
	assert_int_equal(emulator_count("requests"), 4);
	emulator_tell("{\"faults\":[{\"name\":\"Sign\",\"status\":400,\"code\":\"ThrottlingException\",\"count\":9}]}");
	assert_int_equal(wallet_sign(&sig, w, &digest), ERR_IO);
	assert_non_null(strstr(err_text(), "tried 3 times"));
	assert_non_null(strstr(err_text(), "ThrottlingException"));
	err_clear();
	wallet_free(&w);
}

/* ---- many ----------------------------------------------------------------------------------------------------------- */

enum { MANY = 32 };
static hash32 many[MANY];
static secp_rsig sigs[MANY];

static err sign_so_many(size_t *n, wallet *w, int64_t until_ms)
{
	rng_fill(test_rng(), many[0].b, sizeof many);
	memset(sigs, 0, sizeof sigs);
	const err e = wallet_sign_all(sigs, n, w, many, clock_system(), until_ms);
	for (size_t i = 0; i < *n; i++) {
		eth_address by;
		assert_true(sign_external_by_var(&by, &sigs[i], &many[i]));
		assert_true(eth_address_eq_var(by, *wallet_address(w)));
	}
	return e;
}

static err sign_many(size_t *n, wallet *w, int64_t until_ms)
{
	*n = MANY;
	return sign_so_many(n, w, until_ms);
}

static void several_signatures_are_under_way_at_once_but_not_all(void **state)
{
	size_t n;

	(void)state;
	emulator_reset("{}");
	wallet *w = wallet_of("alias/wallet");
	emulator_tell("{\"gather\":16}");                                  /* none is answered before so many are asked for */
	assert_ok(sign_many(&n, w, INT64_MAX));
	assert_int_equal(n, MANY);
	assert_int_equal(emulator_count("most"), WALLET_AT_ONCE);
	assert_int_equal(emulator_count("requests"), 1 + MANY);
	wallet_free(&w);
}

static void a_service_that_was_busy_is_asked_for_half_as_many_at_once(void **state)
{
	static const unsigned AT_ONCE[] = { 8, 4, 2 };
	char settings[32];
	size_t n;

	(void)state;
	emulator_reset("{}");
	wallet *w = wallet_of("alias/wallet");
	for (unsigned i = 0; i < COUNT(AT_ONCE); i++) {
		emulator_tell("{\"gather\":0,\"most\":0,\"faults\":[{\"name\":\"Sign\",\"status\":400,\"code\":\"ThrottlingException\"}]}");
		n = WALLET_AT_ONCE;
		assert_ok(sign_so_many(&n, w, INT64_MAX));                 /* and that one is asked for again */
		assert_int_equal(n, WALLET_AT_ONCE);
		snprintf(settings, sizeof settings, "{\"gather\":%u}", AT_ONCE[i]);
		emulator_tell(settings);
		assert_ok(sign_so_many(&n, w, INT64_MAX));
		assert_int_equal(emulator_count("most"), AT_ONCE[i]);
	}
	emulator_tell("{\"gather\":0}");
	n = 1;
	for (unsigned i = 3; i < WALLET_AT_ONCE; i++) assert_ok(sign_so_many(&n, w, INT64_MAX));       /* and for one more each time that it was not */
	emulator_tell("{\"gather\":16,\"most\":0}");
	n = WALLET_AT_ONCE;
	assert_ok(sign_so_many(&n, w, INT64_MAX));
	assert_int_equal(emulator_count("most"), WALLET_AT_ONCE);
	wallet_free(&w);
}

static void what_is_signed_has_no_gap(void **state)
{
	size_t n;

	(void)state;
	emulator_reset("{}");
	wallet *w = wallet_of("alias/wallet");
	for (unsigned after = 0; after < 20; after += 7) {
		char settings[128];
		snprintf(settings, sizeof settings, "{\"faults\":[{\"name\":\"Sign\",\"status\":400,\"code\":\"DisabledException\",\"after\":%u}]}", after);
		emulator_tell(settings);
		assert_int_equal(sign_many(&n, w, INT64_MAX), ERR_STATE);
		assert_non_null(strstr(err_text(), "DisabledException"));
		err_clear();
		assert_in_range(n, 0, after + WALLET_AT_ONCE - 1);
	}
	assert_ok(sign_many(&n, w, 0));                                    /* no time: what each hand begins */
	assert_in_range(n, 1, WALLET_AT_ONCE);
	wallet_free(&w);
}

/* ---- transactions --------------------------------------------------------------------------------------------------- */

static void each_transaction_is_signed_once(void **state)
{
	desk d;

	(void)state;
	emulator_reset("{}");
	desk_of_kms(&d);
	answer_requests(&d, 1, 12);
	until_done(&d, 12);
	assert_int_equal(fake_chain_answers(&chain), 12);
	assert_int_equal(chain.mined, 12);
	assert_int_equal(emulator_count("requests"), 13);                  /* the public key once */
	desk_drop(&d);
}

static void a_busy_service_costs_no_number(void **state)
{
	desk d;

	(void)state;
	emulator_reset("{}");
	desk_of_kms(&d);
	emulator_tell("{\"faults\":[{\"name\":\"Sign\",\"status\":400,\"code\":\"ThrottlingException\",\"after\":2},{\"name\":\"Sign\",\"status\":500}]}");
	answer_requests(&d, 1, 5);
	turns(&d, 1, 10);
	assert_int_equal(chain.taken, 5);
	assert_int_equal(emulator_count("requests"), 1 + 5 + 2);
	until_done(&d, 5);
	assert_int_equal(chain.mined, 5);
	desk_drop(&d);
}

static void what_is_not_signed_goes_later_and_leaves_no_gap(void **state)
{
	desk d;

	(void)state;
	emulator_reset("{}");
	desk_of_kms(&d);
	emulator_tell("{\"faults\":[{\"name\":\"Sign\",\"status\":400,\"code\":\"DisabledException\",\"after\":3}]}");
	answer_requests(&d, 1, 5);
	turns(&d, 1, 10);
	const unsigned signed_ = chain.taken;                               /* without a gap, whichever was refused */
	assert_in_range(signed_, 0, 4);
	for (unsigned i = 0; i < signed_; i++) assert_int_equal(chain.tx[i].nonce, i);
	assert_int_equal(counted(&d, QUEUE_PUBLIC_DECRYPTION_RESPONSE).rows[QUEUE_PENDING], 5 - signed_);
	assert_int_equal(found(&d, 5).errors, 0);                          /* it is not the answer's fault */
	until_done(&d, 5);
	assert_int_equal(chain.mined, 5);
	desk_drop(&d);
}

static void a_service_that_is_away_does_not_make_a_replacement_dearer(void **state)
{
	desk d;

	(void)state;
	emulator_reset("{}");
	desk_of_kms(&d);
	answer_requests(&d, 1, 1);
	turns(&d, 1, 10);
	chain.least_tip = 11;                                              /* the tip is 10: it must be replaced */
	emulator_tell("{\"faults\":[{\"name\":\"Sign\",\"status\":400,\"code\":\"DisabledException\",\"count\":60}]}");
	turns(&d, 60, HOLD_MS / 2);                                       /* three times too long */
	assert_int_equal(chain.taken, 1);
	emulator_tell("{\"faults\":[]}");
	until_done(&d, 1);
	assert_int_equal(chain.tx[chain.n - 1].tip, 12);                   /* an eighth more, once */
	desk_drop(&d);
}

/* ---- what an operator reads ----------------------------------------------------------------------------------------- */

static void refused(named *n, err e, const char *says)
{
	wallet *w = NULL;

	assert_int_equal(wallet_new(&w, &n->c, n->environment, test_rng()), e);
	if (!strstr(err_text(), says)) fail_msg("%s: %s", says, err_text());
	assert_non_null(strstr(err_text(), "aws_kms_config: "));
	assert_null(strstr(err_text(), EMULATOR_SECRET));
	assert_null(w);
	err_clear();
}

static void what_is_wrong_is_said_at_the_start(void **state)
{
	named *n;

	(void)state;
	emulator_reset("{}");
	refused(name("alias/nobody"), ERR_REQUEST, "NotFoundException");
	refused(name("alias/vault"), ERR_REQUEST, "InvalidKeyUsageException");
	refused(name("alias/disabled"), ERR_REQUEST, "DisabledException");
	refused(name("alias/forbidden"), ERR_REQUEST, "does the policy allow it");
	refused(name("alias/\"quoted"), ERR_REQUEST, "does not name a key");
	n = name("alias/wallet"), n->environment[2] = NULL;
	refused(n, ERR_REQUEST, "region is missing");
	n = name("alias/wallet"), n->c.sender.aws.region = text("no region");
	refused(n, ERR_REQUEST, "is not a region");
	n = name("arn:aws:kms:eu-west-9:1:key/1");                         /* its region, not that of the environment */
	refused(n, ERR_REQUEST, "scope");
	n = name("arn:aws:kms:" EMULATOR_REGION ":1:key/1");
	refused(n, ERR_REQUEST, "NotFoundException");
	n = name("alias/wallet"), n->environment[0] = n->region, n->environment[1] = NULL;
	refused(n, ERR_REQUEST, "there are no credentials for AWS");
	n = name("alias/wallet"), n->c.sender.aws.endpoint = text("http://127.0.0.1:1");
	refused(n, ERR_IO, "");
}

int main(int argc, char **argv)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_set_up, desk_tear_down)
	static const struct CMUnitTest TESTS_[] = {
		TEST(what_it_signs_recovers_to_its_address), TEST(a_signature_of_another_key_is_none),
		TEST(a_service_that_does_not_answer_is_not_waited_for_long), TEST(a_service_that_is_busy_is_asked_three_times), TEST(several_signatures_are_under_way_at_once_but_not_all),
		TEST(a_service_that_was_busy_is_asked_for_half_as_many_at_once), TEST(what_is_signed_has_no_gap), CASE(each_transaction_is_signed_once), CASE(a_busy_service_costs_no_number),
		CASE(what_is_not_signed_goes_later_and_leaves_no_gap), CASE(a_service_that_is_away_does_not_make_a_replacement_dearer),
		TEST(what_is_wrong_is_said_at_the_start),
	};
	return test_main_with(argc, argv, __FILE__, TESTS_, COUNT(TESTS_), emulator_start, emulator_stop);
}
