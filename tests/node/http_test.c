/* SPDX-License-Identifier: MIT */
/* What a node answers over HTTP while it starts, serves and stops; and what another node takes from it. */
#include "node/http.h"
#include "base/file.h"
#include "node/key_urls.h"
#include "node/published.h"
#include "rpc/fetch.h"
#include "tests/vault/folder.h"

enum { PATIENCE_MS = 60000 };

static const id32 KEY = {{ 4, [31] = 7 }};
#define KEY_TEXT "0400000000000000000000000000000000000000000000000000000000000007"

typedef struct world {
	vault *v;
	keys  *k;
	requests *table;
	pool  *cores;
	limiter limiter;
	metrics metrics;
	key_progress making;
	node_http *http;
} world;

static void begin(world *w, void **state)
{
	static const requests_limit limit[REQUEST_KINDS];
	const node_config config = { .http_address = "127.0.0.1" };
	bool existed;

	*w = (world){ .making = KEY_PROGRESS_INIT };
	assert_ok(vault_open(&w->v, below(state, "PUB"), below(state, "PRIV")));
	assert_ok(keys_open(&w->k, w->v));
	assert_ok(requests_new(&w->table, limit, test_rng()));
	assert_ok(pool_new(&w->cores, 1));
	assert_ok(vault_put_public(w->v, PUB_PUBLIC_KEY, &KEY, slice_str("the public key"), &existed));
	assert_ok(node_http_new(&w->http, w->v, &config, "9.9.9", "0123abc", NULL));
}

static void end(world *w)
{
	node_http_free(&w->http);
	pool_free(&w->cores);
	requests_free(&w->table);
	keys_free(&w->k);
	vault_free(&w->v);
}

/* Is this what the page says?  NULL: an error of this status. */
static void page_says(const world *w, const char *page, const char *want, const char *status)
{
	char url[200];
	AUTO(buf) text = { 0 };

	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", node_http_port(w->http), page);
	const err e = fetch_url(&text, url, 1 << 20, PATIENCE_MS);
	if (want) {
		assert_ok(e);
		assert_non_null(strstr(buf_str(&text), want));
	} else {
		assert_int_equal(e, ERR_IO);
		assert_non_null(strstr(err_text(), status));
		err_clear();
	}
}

static void only_how_it_is_can_be_asked(const world *w)
{
	page_says(w, "/live", "alive", NULL);
	page_says(w, "/health", "ok", NULL);
	page_says(w, "/version", "9.9.9", NULL);
	page_says(w, "/ready", NULL, "503");
	page_says(w, "/metrics", NULL, "503");
	page_says(w, "/PUB/PublicKey/" KEY_TEXT, NULL, "503");
}

static void a_node_that_compares_its_files_with_what_was_signed_serves_none_and_says_that_it_is_not_ready(void **state)
{
	world w;

	begin(&w, state);
	only_how_it_is_can_be_asked(&w);
	end(&w);
}

static void a_node_serves_from_attaching_to_detaching(void **state)
{
	world w;

	begin(&w, state);
	const node_http_parts parts = { w.k, w.table, &w.limiter, &w.metrics, w.cores, NULL, &w.making, NULL };
	node_http_attach(w.http, &parts);
	node_http_set_phase(w.http, NODE_SERVING);
	page_says(&w, "/ready", "ready", NULL);
	page_says(&w, "/PUB/PublicKey/" KEY_TEXT, "the public key", NULL);
	page_says(&w, "/metrics", "kms_fhe_key_cache_size 0", NULL);
	page_says(&w, "/metrics", "\narca_squash_steps_repeated_total{reason=\"guard\"} 0\n", NULL);
	key_step step = key_step_begin(&w.making, clock_system(), &KEY_MADE, &KEY);
	const progress told = key_step_progress(&step);
	progress_tell(&told, 1, 4);
	page_says(&w, "/metrics", "arca_key_ratio{step=\"made\"} 0.250", NULL);
	node_http_set_phase(w.http, NODE_STOPPING);
	node_http_detach(w.http);
	only_how_it_is_can_be_asked(&w);
	end(&w);
}

/* ---- where the keys are ------------------------------------------------------------------------------------------ */

static void a_relayers_clients_are_told_where_reference_strings_are_and_by_which_name_they_called(void **state)
{
	static const char NONE[] = "{\"status\":\"success\",\"response\":{\"fhe_key_info\":[],\"crs\":{}}}\n";
	static const id32 CRS = {{ 5, [31] = 1 }}, NO_CRS = {{ 5, [31] = 2 }};
	world w;
	bool existed;
	char want[400];

	begin(&w, state);
	const node_http_parts parts = { w.k, w.table, &w.limiter, &w.metrics, w.cores, NULL, &w.making, NULL };
	page_says(&w, "/keyurl", NULL, "503");
	node_http_attach(w.http, &parts);
	page_says(&w, "/v1/keyurl", NONE, NULL);

	buf file = test_read(test_vector("tfhe/test/crs_own.bin"));
	assert_ok(vault_put_public(w.v, PUB_CRS, &NO_CRS, slice_str("not a reference string"), &existed));
	assert_ok(vault_put_public(w.v, PUB_CRS, &CRS, buf_slice(&file), &existed));
	buf_free(&file);
	snprintf(want, sizeof want, "\"crs\":{\"2048\":{\"data_id\":\"0500000000000000000000000000000000000000000000000000000000000001\",\"urls\":["
	         "\"http://127.0.0.1:%u/PUB/CRS/0500000000000000000000000000000000000000000000000000000000000001\"]}}}}\n",
	         node_http_port(w.http));
	page_says(&w, "/keyurl", want, NULL);
	page_says(&w, "/v1/keyurl", want, NULL);
	page_says(&w, "/v2/keyurl", "{\"fheKeyInfo\":[],\"crs\":{\"2048\":{\"dataId\":\"05", NULL);
	node_http_detach(w.http);
	page_says(&w, "/keyurl", NULL, "503");
	end(&w);
}

static void what_stands_before_a_path_has_the_characters_of_a_url(void **state)
{
	(void)state;
	static const char *const BAD[] = { "", "a\"b", "a b", "a\\b", "a\n", "a<b", "\xc3\xa9", "a?b", "a@b" };

	assert_true(key_urls_base_ok("node-1.example:9646"));
	assert_true(key_urls_base_ok("[::1]:9646"));
	assert_true(key_urls_base_ok("https://keys.example/arca"));
	for (size_t i = 0; i < COUNT(BAD); i++) assert_false(key_urls_base_ok(BAD[i]));
}

/* A key as it was agreed on, whose key set is published uncompressed. */
static offered_key offered(slice server_key, slice pk)
{
	offered_key k = { .key_id = KEY, .files = 2, .file = { { .type = PUB_SERVER_KEY, .bytes = server_key.n },
	                                                       { .type = PUB_PUBLIC_KEY, .bytes = pk.n } } };

	tkms_key_digest(k.file[0].digest.b, server_key);
	tkms_key_digest(k.file[1].digest.b, pk);
	return k;
}

static bool fetch_fails(vault *v, const offered_key *k, const mpc_context *from, const char *why)
{
	const bool says = published_fetch(v, k, from, PATIENCE_MS) == ERR_IO && strstr(err_text(), why);
	err_clear();
	return says;
}

static void published_files_are_taken_if_they_are_those_that_were_agreed_on(void **state)
{
	static const char SERVER_KEY[] = "the server key", OTHER[] = "another server!", PK[] = "the public key";
	char storage[64];
	bool there;
	vault *mine;
	world w;

	begin(&w, state);
	assert_ok(vault_open(&mine, below(state, "mine.PUB"), below(state, "mine.PRIV")));
	assert_ok(vault_put_public(w.v, PUB_SERVER_KEY, &KEY, slice_str(SERVER_KEY), &there));
	const node_http_parts parts = { w.k, w.table, &w.limiter, &w.metrics, w.cores, NULL, &w.making, NULL };
	node_http_attach(w.http, &parts);
	node_http_set_phase(w.http, NODE_SERVING);
	snprintf(storage, sizeof storage, "http://127.0.0.1:%u/PUB", node_http_port(w.http));
	const member list[] = { { .storage = "" }, { .storage = "" }, { .storage = storage } };
	const mpc_context from = { .n = 2, .me = 1, .member = list };
	const offered_key longer = offered(slice_str(OTHER), slice_str(PK));
	offered_key k = offered(slice_str(SERVER_KEY), slice_str(PK)), other = k;

	other.file[0].digest.b[0] ^= 1;
	assert_true(fetch_fails(mine, &longer, &from, "has 14 bytes instead of 15"));
	assert_true(fetch_fails(mine, &other, &from, "PUB/ServerKey/" KEY_TEXT " is not the file that was signed"));
	assert_ok(vault_has_public(&there, mine, PUB_SERVER_KEY, &KEY));
	assert_false(there);
	assert_ok(published_fetch(mine, &k, &from, PATIENCE_MS));
	assert_ok(published_is_missing(&there, mine, &k));
	assert_false(there);
	vault_free(&mine);
	end(&w);
}

static const struct CMUnitTest tests[] = {
	TEST_IN_FOLDER(a_relayers_clients_are_told_where_reference_strings_are_and_by_which_name_they_called),
	TEST(what_stands_before_a_path_has_the_characters_of_a_url),
	TEST_IN_FOLDER(a_node_that_compares_its_files_with_what_was_signed_serves_none_and_says_that_it_is_not_ready),
	TEST_IN_FOLDER(a_node_serves_from_attaching_to_detaching),
	TEST_IN_FOLDER(published_files_are_taken_if_they_are_those_that_were_agreed_on),
};

int main(int argc, char **argv)
{
	return test_main(argc, argv, __FILE__, tests, COUNT(tests));
}
