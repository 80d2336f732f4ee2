/* SPDX-License-Identifier: MIT */
/* A vault in S3, under a key of KMS: as any vault, and as the program uses it.  The other side is the emulator. */
#include "node/vault_home.h"
#include <stdlib.h>
#include "base/file.h"
#include "node/far_s3.h"
#include "rpc/fetch.h"
#include "tests/aws/emulator.h"
#include "tests/node/child.h"
#include "tests/vault/conform.h"
#include "vault/lease.h"

/* ---- the suite of every vault -------------------------------------------------------------------------------------------- */

static const vault_key KEY = {{ 1, 2, 3 }};

typedef struct world { void **state; aws *client; far_s3 bucket[2]; far_store published, private; unsigned folders; vault_opened what; } world;

static vault *home_open(void *ctx)
{
	world *w = ctx;
	char pub[32], priv[32];
	vault *v = NULL;

	snprintf(pub, sizeof pub, "f%u/PUB", w->folders), snprintf(priv, sizeof priv, "f%u/PRIV", w->folders);
	const vault_far far = { .public_store = &w->published, .private_store = &w->private, .host = "here", .clock = clock_system() };
	assert_ok(vault_open_with(&v, &w->what, &(vault_opening){ below(w->state, pub), below(w->state, priv), .key = &KEY, .random = test_rng(),
	                                                          .far = &far }));
	assert_ok(vault_keep(v));
	return v;
}

static void home_lose(void *ctx) { ((world *)ctx)->folders++; }
static void home_begin(void *ctx)
{
	home_lose(ctx);
	emulator_reset("{}");
}

static void world_begin(world *w, void **state)
{
	*w = (world){ .state = state, .client = emulator_client() };
	far_s3_setup(&w->published, &w->bucket[0], w->client, "public.files", "");
	far_s3_setup(&w->private, &w->bucket[1], w->client, "vault", "node 1/PRIV");
}

static void it_is_a_vault(void **state)
{
	world w;

	world_begin(&w, state);
	conform(&(conform_home){ &w, home_open, home_begin, home_lose, 3 << 20 });
	assert_false(emulator_has("\"node 1/PRIV/" LEASE_NAME "\""));
	aws_free(&w.client);
}

/* Answers that are lost, cut and refused for a while are invisible but for the pauses. */
static void a_bad_day_of_the_service_is_not_seen(void **state)
{
	bool existed;
	world w;

	world_begin(&w, state);
	home_begin(&w);
	vault *v = home_open(&w);
	emulator_tell("{\"faults\":[{\"lost\":true,\"method\":\"PUT\"},{\"status\":503,\"count\":2},{\"cut\":true,\"method\":\"GET\",\"count\":2}]}");
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("one"), &existed));
	assert_false(existed);                 /* the put whose answer was lost was its own */
	assert_int_equal(emulator_pauses, 5);
	emulator_tell("{\"faults\":[{\"status\":500,\"count\":5}]}");
	assert_err(ERR_IO, vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &TWO, slice_str("two"), &existed));
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &TWO, slice_str("two"), &existed));
	assert_false(existed);
	conform_reopen(&(conform_home){ &w, home_open, home_begin, home_lose, 0 }, &v, true);
	conform_is(v, &EPOCH, &ONE, slice_str("one"));
	conform_is(v, &EPOCH, &TWO, slice_str("two"));
	vault_free(&v);
	aws_free(&w.client);
}

/* ---- the program ----------------------------------------------------------------------------------------------------------- */

static void configure(void **state, const char *folder, const char *root_key, const char *secret)
{
	char extra[1200];

	assert_true(mkdir(folder, 0700) == 0 || access(folder, X_OK) == 0);
	snprintf(extra, sizeof extra, "aws_access_key_id = " EMULATOR_ID "\naws_secret_access_key = %s\n", secret);
	assert_ok(file_write_atomic(below(state, "aws"), slice_str(extra), 0600));
	snprintf(extra, sizeof extra, "[public_vault.storage.s3]\nbucket = \"public.files\"\n[private_vault.storage.s3]\nbucket = \"vault\"\nlease_wait_secs = 0\n"
	         "[private_vault.keychain.aws_kms]\nroot_key_id = \"%s\"\n[aws]\nregion = \"" EMULATOR_REGION "\"\ns3_endpoint = \"%s\"\n"
	         "awskms_endpoint = \"%s\"\ncredentials.file.path = \"%s\"\n", root_key, emulator_url(), emulator_url(), below(state, "aws"));
	child_write_config(folder, extra);
}

static void fails(const char *folder, const char *says)
{
	char line[2048] = "";

	assert_int_not_equal(child_run(folder, line, sizeof line, NULL), 0);
	if (!strstr(line, says)) print_error("%s", line);
	assert_non_null(strstr(line, says));
	assert_null(strstr(line, EMULATOR_SECRET));
}

/* A key of the delegation, in a file that the first node has alone. */
static void add_delegation(const char *folder, const char *digits)
{
	char path[160];

	snprintf(path, sizeof path, "%s/node.toml", folder);
	buf config = test_read(path);
	buf_printf(&config, "[delegation]\n[[delegation.chains]]\nchain_id = 31337\ngateway = \"0x66f9664f97F2b50F62D13eA064982f936dE76657\"\n"
	           "key_file = \"%s/kms\"\n", folder);
	assert_ok(file_write_atomic(path, buf_slice(&config), 0600));
	buf_free(&config);
	if (!digits) return;
	snprintf(path, sizeof path, "%s/kms", folder);
	assert_ok(file_write_atomic(path, slice_str(digits), 0600));
}

static void a_node_that_lost_its_disk_is_the_same_node(void **state)
{
	static const char DIGITS[] = "c43d85348f58410c27ddf71808e440ea70bc64af3f7d488be9171dbab2ce042a", POINT[] = "03902284a6bd5198b4a32ef2319fc3ae";
	char folder[2][128], url[256], line[2048] = "";
	AUTO(buf) address = { 0 }, answer = { 0 };
	child first, second;

	emulator_reset("{}");
	for (unsigned i = 0; i < 2; i++) {
		snprintf(folder[i], sizeof folder[i], "%s", below(state, i ? "two" : "one"));
		configure(state, folder[i], "alias/vault", EMULATOR_SECRET);
		add_delegation(folder[i], i ? NULL : DIGITS);
	}
	child_start(&first, folder[0]);
	fails(folder[1], "is used by another node");
	setenv("ARCA_NODE__PRIVATE_VAULT__STORAGE__S3__LEASE_WAIT_SECS", "3600", 1);
	assert_int_equal(child_run_asked_to_stop(folder[1], "waiting, 3600 s at most", line, sizeof line), 0);
	assert_non_null(strstr(line, "before it served"));
	unsetenv("ARCA_NODE__PRIVATE_VAULT__STORAGE__S3__LEASE_WAIT_SECS");
	assert_int_equal(child_stop(&first), 0);
	assert_false(emulator_has("\"PRIV/" LEASE_NAME "\""));
	child_start(&second, folder[1]);
	assert_string_equal(second.signer, first.signer);
	/* What it serves came from the bucket. */
	snprintf(url, sizeof url, "http://127.0.0.1:%u/PUB/VerfAddress/60b7070add74be3827160aa635fb255eeeeb88586c4debf7ab1134ddceb4beee", second.http);
	assert_ok(fetch_url(&address, url, 100, 60000));
	assert_true(address.n >= 42 && !memcmp(address.p, first.signer, 42));
	snprintf(url, sizeof url, "http://127.0.0.1:%u/v0/public-key", second.http);
	assert_ok(fetch_url(&answer, url, 1000, 60000));
	assert_non_null(strstr(buf_str(&answer), POINT));
	/* It dies, and does not wait for its own lease. */
	child_kill(&second);
	child_start(&second, folder[1]);
	assert_string_equal(second.signer, first.signer);
	assert_int_equal(child_stop(&second), 0);
	assert_true(emulator_has("PRIV/WrappedKey"));
	assert_true(emulator_has("TrentService.Decrypt"));
}

static void what_kms_or_s3_refuse_is_said(void **state)
{
	AUTO(buf) log = { 0 };
	char folder[128];
	child c;

	snprintf(folder, sizeof folder, "%s", below(state, "one"));
	emulator_reset("{}");
	configure(state, folder, "alias/forbidden", EMULATOR_SECRET);
	fails(folder, "does the policy allow it to this user?");
	configure(state, folder, "alias/disabled", EMULATOR_SECRET);
	fails(folder, "DisabledException");
	configure(state, folder, "alias/vault", EMULATOR_SECRET "x");
	fails(folder, "SignatureDoesNotMatch");
	configure(state, folder, "alias/vault", EMULATOR_SECRET);
	child_start(&c, folder);               /* nothing of all that was left behind */
	assert_int_equal(child_stop(&c), 0);
	/* The wrapped key names its own. */
	configure(state, folder, "alias/other", EMULATOR_SECRET);
	child_start(&c, folder);
	assert_int_equal(child_stop(&c), 0);
	assert_ok(file_read(&log, below(state, "one/node.log"), 1 << 20));
	assert_non_null(strstr(buf_str(&log), "wrapped by alias/vault, which unwrapped it; root_key_id, alias/other, counts for"));
	configure(state, folder, "alias/vault", EMULATOR_SECRET);
	assert_int_equal(unlink(below(state, "one/PRIV/WrappedKey")), 0);
	emulator_tell("{\"conditions\":\"ignored\"}");
	fails(folder, "keeps no conditions");
}

/* The sandbox leaves it their folder.  Seen by the lease, which is let go at the end by whoever may. */
static void credentials_that_expired_are_read_again(void **state)
{
	char folder[128];
	child c;

	snprintf(folder, sizeof folder, "%s", below(state, "one"));
	emulator_reset("{}");
	configure(state, folder, "alias/vault", EMULATOR_SECRET "\naws_session_token = " EMULATOR_TOKEN);
	child_start(&c, folder);
	emulator_tell("{\"expired\":true}");
	configure(state, folder, "alias/vault", EMULATOR_SECRET);
	assert_int_equal(child_stop(&c), 0);
	assert_true(emulator_has("\"PRIV/WrappedKey\""));
	assert_false(emulator_has("\"PRIV/" LEASE_NAME "\""));
}

static int start(void **state) { return emulator_start(state); }
static int stop(void **state) { return emulator_stop(state); }

int main(int argc, char **argv)
{
	static const struct CMUnitTest TESTS_[] = {
		TEST_IN_FOLDER(it_is_a_vault), TEST_IN_FOLDER(a_bad_day_of_the_service_is_not_seen), TEST_IN_FOLDER(a_node_that_lost_its_disk_is_the_same_node),
		TEST_IN_FOLDER(what_kms_or_s3_refuse_is_said), TEST_IN_FOLDER(credentials_that_expired_are_read_again),
	};
	return test_main_with(argc, argv, __FILE__, TESTS_, COUNT(TESTS_), start, stop);
}
