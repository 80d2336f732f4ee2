/* SPDX-License-Identifier: MIT */
/* tests/connector/worker_test.c -- requests through a worker: a database, a node, buckets and chains that behave well or badly. */
#include "connector/worker.h"
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "evm/kms712.h"
#include "rpc/pb.h"
#include "store/store.h"
#include "tests/connector/fake_kms.h"
#include "tests/rpc/collector.h"
#include "tests/store/faults.h"
#include "tests/test.h"

enum { GATEWAY = 54321, LEASE_MS = 60000 };

/* ---- a world ---------------------------------------------------------------------------------------------------- */

/* Real time and what is added to it: nobody waits for what may be skipped. */
static _Atomic int64_t SKIPPED_MS;
static int64_t now_ms(void *ctx) { (void)ctx; return clock_now_ms(clock_system()) + atomic_load(&SKIPPED_MS); }
static int64_t unix_ms(void *ctx) { (void)ctx; return clock_unix_ms(clock_system()) + atomic_load(&SKIPPED_MS); }
static const clock_source CLOCK = { NULL, now_ms, unix_ms };

static fake_web WEB;
static fake_node NODE;
static signer *KEY;
static hash32 OBJECT;
static char folder[64], url[96], gateway_url[96], host_url[96];
static char *URLS[1] = { gateway_url }, *NODES[1];
static host_chain_config HOST;
static connector_config C;
static tracing *TRACING;
static faults FAULTS;
static bool faulty;                             /* they are under the database */

typedef struct desk { queue *q; queue_bell *bell; worker *w; atomic_bool stop; pthread_t thread; struct desk *next; } desk;
static desk *OPEN;                              /* what a test that failed leaves is closed for the next */

static char *text(const char *s) { return (char *)(uintptr_t)s; }

static void *run(void *ctx)
{
	worker_run(ctx);
	return NULL;
}

static desk *desk_open(void)
{
	const queue_config c = { .store = { .url = url, .clock = &CLOCK, .driver = faulty ? &FAULTS.driver : NULL } };
	desk *d = calloc(1, sizeof *d);

	assert_non_null(d);
	assert_ok(queue_open(&d->q, &c));
	assert_ok(queue_bell_new(&d->bell, &c, (1u << QUEUE_REQUESTS) - 1));
	assert_ok(worker_new(&d->w, &(worker_config){ .queue = d->q, .bell = d->bell, .config = &C, .clock = &CLOCK, .random = rng_os(),
	                                                .tracing = TRACING, .stop = &d->stop }));
	assert_int_equal(pthread_create(&d->thread, NULL, run, d->w), 0);
	d->next = OPEN;
	return OPEN = d;
}

static void desk_close(desk *d)
{
	desk **at = &OPEN;

	while (*at != d) at = &(*at)->next;
	*at = d->next;
	atomic_store(&d->stop, true);
	queue_bell_ring(d->bell, 0);
	pthread_join(d->thread, NULL);
	worker_free(&d->w);
	queue_bell_free(&d->bell);
	queue_close(&d->q);
	free(d);
}

static void answer_of_node(bool right)
{
	Kms__V1__PublicDecryptionResponse m = KMS__V1__PUBLIC_DECRYPTION_RESPONSE__INIT;
	Kms__V1__PublicDecryptionResponsePayload payload = KMS__V1__PUBLIC_DECRYPTION_RESPONSE_PAYLOAD__INIT;
	Kms__V1__TypedPlaintext p = KMS__V1__TYPED_PLAINTEXT__INIT, *plain[] = { &p };
	const eip712_domain d = { .name = slice_str("Decryption"), .version = slice_str("1"), .chain_id = abi_u64(GATEWAY), .contract = C.decryption.address };
	const abi_word handle = { { 0xa0, [29] = 7, [30] = 2 } };
	const uint8_t value = 42;
	AUTO(buf) result = { 0 };

	p.fhe_type = 2, p.bytes = pb_bytes(slice_of(&value, 1));
	assert_ok(kms712_put_plaintext(&result, 2, slice_of(&value, 1)));
	const hash32 digest = kms712_public_decrypt(&d, &handle, 1, buf_slice(&result), (slice){ 0 });
	secp_rsig s = sign_external(KEY, &digest);
	if (!right) s.b[7] ^= 1;
	m.payload = &payload, payload.plaintexts = plain, payload.n_plaintexts = 1;
	m.external_signature = pb_bytes(slice_of(s.b, sizeof s.b));
	pthread_mutex_lock(&NODE.lock);
	buf_clear(&NODE.answer);
	pb_pack(&NODE.answer, &m.base);
	pthread_mutex_unlock(&NODE.lock);
}

static void hold(bool holds)
{
	pthread_mutex_lock(&NODE.lock);
	NODE.holds = holds;
	pthread_mutex_unlock(&NODE.lock);
}

static int set_up(void **state)
{
	const uint8_t bytes[SECP_SK] = { [31] = 77 };
	secp_sk sk;

	(void)state;
	log_setup(LOG_ERROR, false);
	snprintf(folder, sizeof folder, "/tmp/arca-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof url, "sqlite:%s/c.db", folder);
	fake_web_start(&WEB);
	fake_node_start(&NODE);
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&KEY, &sk, test_rng()));
	WEB.signer = *signer_address(KEY);
	OBJECT = fake_web_put(&WEB, slice_str("a ciphertext"));
	snprintf(WEB.bucket, sizeof WEB.bucket, "%s/cpu", WEB.url);
	snprintf(gateway_url, sizeof gateway_url, "%s/rpc/%d", WEB.url, GATEWAY);
	snprintf(host_url, sizeof host_url, "%s/rpc/7", WEB.url);
	HOST = (host_chain_config){ .url = host_url, .chain_id = 7, .acl = { { 0xac } } };
	NODES[0] = NODE.url;
	C = (connector_config){
		.profile = &PROFILE_GATEWAY, .gateway_url = { URLS, 1 }, .gateway_chain_id = GATEWAY, .task_limit = 100, .gateway_config = { .address = { { 0xc1 } } },
		.decryption = { true, NULL, text("Decryption"), text("1"), { { 0xd1 } } },
		.generation = { true, NULL, text("KMSGeneration"), text("1"), { { 0xe2 } } },
		.worker = { .endpoints = { NODES, 1 }, .fast_polling = 20, .long_polling = 20, .batch = 8, .grpc_retries = 1, .max_attempts = 3,
		            .lease = LEASE_MS, .s3_attempts = 1, .s3_connect_timeout = 60000, .s3_get_timeout = 60000, .s3_gets = 4,
		            .s3_max_bytes = 1 << 20, .host_timeout = 60000, .host_chains = { &HOST, 1 } },
	};
	answer_of_node(true);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const SUFFIX[] = { "", "-wal", "-shm", "-journal" };
	char path[128];

	(void)state;
	hold(false);
	atomic_store(&FAULTS.closed, false);
	while (OPEN) desk_close(OPEN);
	faulty = false;
	tracing_free(&TRACING);
	fake_node_stop(&NODE);
	fake_web_stop(&WEB);
	signer_free(&KEY);
	for (size_t i = 0; i < COUNT(SUFFIX); i++) {
		snprintf(path, sizeof path, "%s/c.db%s", folder, SUFFIX[i]);
		unlink(path);
	}
	return rmdir(folder);
}

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define EVENT "00f067aa0ba902b7"
static const char TRACEPARENT[] = "00-" TRACE "-" EVENT "-01";

/* ---- requests --------------------------------------------------------------------------------------------------- */

static void ask(desk *d, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++) {
		const uint8_t who[20] = { 0xc0 };
		queue_material m = { .handle = { { 0xa0, [29] = 7, [30] = 2 } }, .key_id = { { 4 } }, .digest = OBJECT, .coprocessors = { who, 20 } };
		AUTO(buf) one = { 0 };
		queue_put_material(&one, &m);
		const slice material = buf_slice(&one);
		AUTO(buf) otlp = { 0 };
		queue_put_trace(&otlp, slice_str(TRACEPARENT), (slice){ 0 });
		queue_item item = { .kind = QUEUE_PUBLIC_DECRYPTION, .id = { { 1, [31] = (uint8_t)i } }, .materials = { &material, 1 }, .otlp = buf_slice(&otlp),
		                    .created_ms = clock_unix_ms(&CLOCK), .place = { .log_index = i, .tx_hash = { { (uint8_t)i } } } };
		assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = item.kind, .item = &item }, 1, NULL));
	}
}

static queue_found row(desk *d, queue_kind kind, unsigned i)
{
	queue_found *all = calloc(QUEUE_KINDS, sizeof *all), f = { .ref = { QUEUE_KINDS, 0 } };
	const id32 id = { { 1, [31] = (uint8_t)i } };
	size_t n = 0;

	assert_non_null(all);
	assert_ok(queue_find(all, &n, d->q, &id));
	for (size_t k = 0; k < n; k++)
		if (all[k].ref.kind == kind) f = all[k];
	free(all);
	return f;
}

static bool request_is(desk *d, unsigned i, queue_status status, unsigned errors)
{
	const queue_found f = row(d, QUEUE_PUBLIC_DECRYPTION, i);
	return f.ref.kind == QUEUE_PUBLIC_DECRYPTION && f.status == status && f.errors == errors;
}

/* Can the database be asked again? */
static bool request_seen(desk *d, unsigned i)
{
	queue_found all[QUEUE_KINDS];
	const id32 id = { { 1, [31] = (uint8_t)i } };
	size_t n = 0;

	const err e = queue_find(all, &n, d->q, &id);
	if (e != OK) err_clear();
	return e == OK && n > 0;
}

static bool is_answered(desk *d, unsigned i)
{
	return row(d, QUEUE_PUBLIC_DECRYPTION_RESPONSE, i).ref.kind == QUEUE_PUBLIC_DECRYPTION_RESPONSE;
}

static unsigned polled(void)
{
	pthread_mutex_lock(&NODE.lock);
	const unsigned n = NODE.polled;
	pthread_mutex_unlock(&NODE.lock);
	return n;
}

static unsigned sent(void)
{
	pthread_mutex_lock(&NODE.lock);
	const unsigned n = NODE.sent;
	pthread_mutex_unlock(&NODE.lock);
	return n;
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void a_request_goes_through(void **state)
{
	desk *d = desk_open();
	queue_batch b = { 0 };

	(void)state;
	ask(d, 1, 20);
	for (unsigned i = 1; i <= 20; i++) UNTIL(request_is(d, i, QUEUE_COMPLETED, 0) && is_answered(d, i));
	assert_ok(queue_pick(&b, d->q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, 1, 1000));
	assert_int_equal(b.n, 1);
	assert_int_equal(b.item[0].result.n, 32), assert_int_equal(b.item[0].result.p[31], 42);
	assert_int_equal(b.item[0].signature.n, 65);
	queue_batch_free(&b);
	const worker_tally *t = worker_tallied(d->w);
	assert_int_equal(atomic_load(&t->received[QUEUE_PUBLIC_DECRYPTION]), 20), assert_int_equal(atomic_load(&t->sent[QUEUE_PUBLIC_DECRYPTION]), 20);
	assert_int_equal(atomic_load(&t->fetched), 20);
	assert_true(atomic_load(&t->cache_hits) > 0);
	uint64_t timed = 0;
	for (unsigned i = 0; i <= WORKER_LATENCY.n; i++) timed += atomic_load(&t->latency[QUEUE_PUBLIC_DECRYPTION].step[i]);
	assert_int_equal(timed, 20);
	Kms__V1__PublicDecryptionRequest *m = NULL;
	arena a = arena_with_limit(1 << 20);
	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_request__descriptor, buf_slice(&NODE.request)));
	assert_true(slice_eq_var(pb_slice(m->ciphertexts[0]->ciphertext), slice_str("a ciphertext")));
	assert_int_equal(m->ciphertexts[0]->ciphertext_format, ASK_BIG_COMPRESSED);
	arena_free(&a);
	desk_close(d);
}

static void the_node_is_asked_in_the_trace_that_began_with_the_event(void **state)
{
	static const grpc_status REFUSED = GRPC_INVALID_ARGUMENT;
	char path[64], parent[TRACE_TEXT];
	collector c;

	(void)state;
	collector_open(&c);
	TRACING = tracing_to(&c);
	desk *d = desk_open();
	for (unsigned i = 1; i <= 2; i++) {
		ask(d, i, 1);
		json_t *request = collector_take(&c, path, "200 OK"), *got = json_array_get(spans_of(request), 0);
		assert_string_equal(text_of(got, "traceId"), TRACE);
		assert_string_equal(text_of(got, "parentSpanId"), EVENT);
		assert_string_equal(text_of(got, "name"), "public_decryption_request");
		snprintf(parent, sizeof parent, "00-" TRACE "-%s-01", text_of(got, "spanId"));
		assert_string_equal(NODE.traceparent, parent);
		const char *why = json_string_value(json_object_get(json_object_get(got, "status"), "message"));
		if (i == 1) assert_null(why);
		else assert_non_null(strstr(why, "INVALID_ARGUMENT"));
		json_decref(request);
		fake_node_script(&NODE, &REFUSED, 1, NULL, 0);
	}
	desk_close(d);
	tracing_free(&TRACING);
	close(c.listener);
}

/* ---- the profile of attestations -------------------------------------------------------------------------------- */

static void ask_by_handle_in(desk *d, unsigned i, slice extra)
{
	static const uint8_t HANDLE[32] = { 0xa0, [29] = 7, [30] = 2 };
	static const slice HANDLES[1] = { { HANDLE, sizeof HANDLE } };
	queue_item item = { .kind = QUEUE_PUBLIC_DECRYPTION, .id = { { 1, [31] = (uint8_t)i } }, .handles = { HANDLES, 1 }, .extra_data = extra,
	                    .created_ms = clock_unix_ms(&CLOCK), .place = { .log_index = i, .tx_hash = { { (uint8_t)i } } } };
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = item.kind, .item = &item }, 1, NULL));
}

static void ask_by_handle(desk *d, unsigned i) { ask_by_handle_in(d, i, (slice){ 0 }); }

/* One coprocessor, whose bucket is the only one. */
static void attested_world(void)
{
	const abi_word handle = { { 0xa0, [29] = 7, [30] = 2 } };
	attested_claim c = { .key_id = { { 4 } }, .format = ATTESTED_COMPRESSED_CPU };

	C.profile = &PROFILE_V015;
	C.ethereum_url = C.gateway_url, C.ethereum_chain_id = GATEWAY, C.protocol_config = (contract_config){ true, NULL, text("ProtocolConfig"), text("1"), { { 0xc2 } } };
	C.worker.s3_head_timeout = 60000, C.worker.s3_heads = 4, C.worker.registry_refresh = 60000;
	WEB.coprocessors = 1;
	WEB.coprocessor[0].who = *signer_address(KEY);
	snprintf(WEB.coprocessor[0].url, sizeof WEB.coprocessor[0].url, "%s/good", WEB.url);
	atomic_store(&WEB.majority, 1);
	fake_web_attest(&WEB, &handle, slice_str("what is attested"), &c, KEY);
}

static void what_coprocessors_attest_goes_to_the_node(void **state)
{
	Kms__V1__PublicDecryptionRequest *m = NULL;
	arena a = arena_with_limit(1 << 20);

	(void)state;
	attested_world();
	desk *d = desk_open();
	ask_by_handle(d, 1);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0) && is_answered(d, 1));
	assert_true(atomic_load(&WEB.heads) > 0);
	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_request__descriptor, buf_slice(&NODE.request)));
	assert_true(slice_eq_var(pb_slice(m->ciphertexts[0]->ciphertext), slice_str("what is attested")));
	assert_int_equal(m->ciphertexts[0]->ciphertext_format, ASK_BIG_COMPRESSED);
	arena_free(&a);
	desk_close(d);
}

static void what_is_not_attested_is_tried_again_and_given_up(void **state)
{
	(void)state;
	attested_world();
	WEB.object[WEB.objects - 1].attestation.n = 0;
	desk *d = desk_open();
	ask_by_handle(d, 1);
	UNTIL(request_is(d, 1, QUEUE_PENDING, 1));
	assert_non_null(strstr(row(d, QUEUE_PUBLIC_DECRYPTION, 1).reason, "do not agree on ct128/a0"));
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(request_is(d, 1, QUEUE_PENDING, 2));
	atomic_fetch_add(&SKIPPED_MS, 4001);
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 1).status == QUEUE_FAILED);
	assert_int_equal(sent(), 0);
	assert_int_equal(atomic_load(&worker_tallied(d->w)->check_errors[CHECK_COPRO_CONSENSUS]), 3);
	desk_close(d);
}

static void without_coprocessors_no_decryption_is_picked_but_all_else_is(void **state)
{
	static const grpc_status REFUSES = GRPC_INVALID_ARGUMENT;
	queue_item crs = { .kind = QUEUE_CRSGEN, .id = { { 5, [31] = 1 } }, .max_bit_length = { { [30] = 8 } } };

	(void)state;
	attested_world();
	atomic_store(&WEB.majority, 2);                                   /* of one */
	fake_node_script(&NODE, &REFUSES, 1, NULL, 0);
	desk *d = desk_open();
	ask_by_handle(d, 1);
	crs.created_ms = clock_unix_ms(&CLOCK);
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = crs.kind, .item = &crs }, 1, NULL));
	UNTIL(sent() == 1);                                               /* the CRS */
	assert_true(request_is(d, 1, QUEUE_PENDING, 0));
	fake_node_script(&NODE, NULL, 0, NULL, 0);
	atomic_store(&WEB.majority, 1);
	atomic_fetch_add(&SKIPPED_MS, 5001);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0));
	desk_close(d);
}

/* Requests of a context that is not there wait; once it was destroyed they fail, and the node hears of its end. */
static void requests_of_a_context_live_and_end_with_it(void **state)
{
	static const uint8_t EXTRA[33] = { 1, 7, [32] = 2 };
	queue_item crs = { .kind = QUEUE_CRSGEN, .id = { { 5, [31] = 1 } }, .max_bit_length = { { [30] = 8 } }, .extra_data = { EXTRA, sizeof EXTRA } };
	queue_item end = { .kind = QUEUE_CONTEXT_DESTROYED, .id = { { 7, [31] = 2 } } };
	queue_found all[QUEUE_KINDS] = { 0 };

	(void)state;
	attested_world();
	atomic_store(&WEB.says[READ_CONTEXT_VALID], false);
	desk *d = desk_open();
	crs.created_ms = end.created_ms = clock_unix_ms(&CLOCK);
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = crs.kind, .item = &crs }, 1, NULL));
	size_t n = 0;
	UNTIL(queue_find(all, &n, d->q, &crs.id) == OK && n == 1 && all[0].status == QUEUE_PENDING && all[0].errors == 1);
	assert_non_null(strstr(all[0].reason, "ProtocolConfig does not know"));
	assert_int_equal(sent(), 0);
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = end.kind, .item = &end }, 1, NULL));
	UNTIL(queue_find(all, &n, d->q, &end.id) == OK && n == 1 && all[0].status == QUEUE_COMPLETED);
	pthread_mutex_lock(&NODE.lock);
	assert_non_null(strstr(NODE.path, "DestroyMpcContext"));
	pthread_mutex_unlock(&NODE.lock);
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(queue_find(all, &n, d->q, &crs.id) == OK && n == 1 && all[0].status == QUEUE_FAILED);
	assert_non_null(strstr(all[0].reason, "was destroyed"));
	desk_close(d);
}

/* On Ethereum that takes a quarter of an hour, and three attempts are all that there are. */
static void a_context_that_is_not_final_yet_costs_no_attempt(void **state)
{
	static const uint8_t EXTRA[33] = { 1, 7, [32] = 2 };

	(void)state;
	attested_world();
	atomic_store(&WEB.not_final, true);
	desk *d = desk_open();
	ask_by_handle_in(d, 1, slice_of(EXTRA, sizeof EXTRA));
	for (unsigned i = 1; i <= 5; i++) {
		UNTIL(atomic_load(&worker_tallied(d->w)->check_errors[CHECK_NETWORK]) >= i && request_is(d, 1, QUEUE_PENDING, 0));
		assert_non_null(strstr(row(d, QUEUE_PUBLIC_DECRYPTION, 1).reason, "not in a final block yet"));
		atomic_fetch_add(&SKIPPED_MS, 2001);
	}
	assert_int_equal(sent(), 0);
	atomic_store(&WEB.not_final, false);
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(sent() == 1);
	desk_close(d);
}

static unsigned confirmed(desk *d, const id32 *context)
{
	queue_found all[QUEUE_KINDS];
	unsigned yes = 0;
	size_t n = 0;

	assert_ok(queue_find(all, &n, d->q, context));
	for (size_t i = 0; i < n; i++)
		yes += (all[i].ref.kind == QUEUE_NEW_CONTEXT && all[i].status == QUEUE_COMPLETED) || all[i].ref.kind == QUEUE_NEW_CONTEXT_RESPONSE;
	return yes == 2;
}

/* The context before the new one goes first; a node that was in it knows it, or takes no notice of an odd one. */
static void new_context_after(grpc_status first)
{
	const grpc_status SAYS[] = { first, GRPC_OK };
	Kms__V1__NewMpcContextRequest *m = NULL;
	arena a = arena_with_limit(1 << 20);
	fake_context f;

	attested_world();
	fake_context_fill(&f);
	fake_web_announce(&WEB, &C.protocol_config.address, &f.before);
	fake_node_script(&NODE, SAYS, 2, NULL, 0);
	desk *d = desk_open();
	f.item.created_ms = clock_unix_ms(&CLOCK);
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = f.item.kind, .item = &f.item }, 1, NULL));
	UNTIL(confirmed(d, &f.item.id));
	assert_int_equal(sent(), 2);
	pthread_mutex_lock(&NODE.lock);
	assert_ok(pb_unpack(&a, &m, &kms__v1__new_mpc_context_request__descriptor, buf_slice(&NODE.request)));
	assert_non_null(strstr(NODE.path, "NewMpcContext"));
	pthread_mutex_unlock(&NODE.lock);
	assert_int_equal(m->new_context->context_id->request_id[63], '2');
	arena_free(&a);
	fake_context_free(&f);
	desk_close(d);
}

static void a_new_context_is_told_and_confirmed(void **state)
{
	(void)state;
	new_context_after(GRPC_ALREADY_EXISTS);
}

static void a_node_that_cannot_take_the_context_before_is_told_the_new_one(void **state)
{
	(void)state;
	new_context_after(GRPC_INVALID_ARGUMENT);
}

/* With the reason, and `arca connector retry` begins anew. */
static void a_context_that_a_node_refuses_fails_and_can_be_revived(void **state)
{
	static const grpc_status REFUSED = GRPC_INVALID_ARGUMENT;
	queue_found all[QUEUE_KINDS] = { 0 };
	fake_context f;
	size_t n = 0;

	(void)state;
	attested_world();
	fake_context_fill(&f);
	fake_web_announce(&WEB, &C.protocol_config.address, &f.before);
	fake_node_script(&NODE, &REFUSED, 1, NULL, 0);
	desk *d = desk_open();
	f.item.created_ms = clock_unix_ms(&CLOCK);
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = f.item.kind, .item = &f.item }, 1, NULL));
	UNTIL(queue_find(all, &n, d->q, &f.item.id) == OK && n == 1 && all[0].status == QUEUE_FAILED);
	assert_non_null(strstr(all[0].reason, "INVALID_ARGUMENT"));
	fake_node_script(&NODE, NULL, 0, NULL, 0);
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_REVIVE, .kind = f.item.kind, .seq = all[0].ref.seq }, 1, NULL));
	UNTIL(confirmed(d, &f.item.id));
	fake_context_free(&f);
	desk_close(d);
}

static const queue_item EPOCH = { .kind = QUEUE_NEW_EPOCH, .id = { { 8, [31] = 2 } }, .context_id = { { 7, [31] = 1 } },
                                  .previous_context_id = { { 7, [31] = 1 } }, .previous_epoch_id = { { 8, [31] = 1 } }, .material_block = { { [31] = 9 } } };

static void node_says_of_the_epoch(const signer *by, fake_fault f)
{
	pthread_mutex_lock(&NODE.lock);
	buf_clear(&NODE.answer);
	fake_epoch_answer(&NODE.answer, &EPOCH, GATEWAY, by, f);
	pthread_mutex_unlock(&NODE.lock);
}

static void announce_epoch(desk *d)
{
	queue_item epoch = EPOCH;

	epoch.created_ms = clock_unix_ms(&CLOCK);
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = epoch.kind, .item = &epoch }, 1, NULL));
}

/* The gateway does not know it yet, and ProtocolConfig takes its answer. */
static void a_node_that_is_new_signs_for_the_epoch_of_its_context(void **state)
{
	const uint8_t bytes[SECP_SK] = { [31] = 99 };
	queue_found all[QUEUE_KINDS] = { 0 };
	signer *fresh = NULL;
	fake_context f;
	secp_sk sk;
	size_t n = 0;

	(void)state;
	attested_world();
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&fresh, &sk, test_rng()));
	fake_context_fill(&f);
	kms_member member[2] = { f.before.member[0], f.before.member[1] };
	f.before.member = member;
	member[1].signer = *signer_address(fresh);
	fake_web_announce(&WEB, &C.protocol_config.address, &f.before);
	fake_web_generated(&WEB, 1, 0);
	node_says_of_the_epoch(KEY, FAKE_RIGHT);                          /* of the gateway's, and not of this context */
	desk *d = desk_open();
	announce_epoch(d);
	UNTIL(queue_find(all, &n, d->q, &EPOCH.id) == OK && n == 1 && all[0].errors == 1 && all[0].status == QUEUE_PENDING);
	assert_non_null(strstr(all[0].reason, "whom the contracts do not know"));
	node_says_of_the_epoch(fresh, FAKE_RIGHT);
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(queue_find(all, &n, d->q, &EPOCH.id) == OK && n == 2 && all[0].status == QUEUE_COMPLETED);
	assert_int_equal(all[1].ref.kind, QUEUE_EPOCH_RESULT_RESPONSE);
	desk_close(d);
	fake_context_free(&f);
	signer_free(&fresh);
}

/* Its context may be unknown, too: the chain has no such event. */
static void a_node_that_leaves_has_nothing_to_confirm(void **state)
{
	queue_found all[QUEUE_KINDS] = { 0 };
	size_t n = 0;

	(void)state;
	attested_world();
	fake_web_generated(&WEB, 1, 0);
	node_says_of_the_epoch(KEY, FAKE_NOTHING);
	desk *d = desk_open();
	announce_epoch(d);
	UNTIL(queue_find(all, &n, d->q, &EPOCH.id) == OK && all[0].status == QUEUE_COMPLETED);
	assert_int_equal(n, 1);
	desk_close(d);
}

static void the_older_profile_refuses_requests_that_name_handles_only(void **state)
{
	desk *d = desk_open();

	(void)state;
	ask_by_handle(d, 1);
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 1).status == QUEUE_FAILED);
	assert_non_null(strstr(row(d, QUEUE_PUBLIC_DECRYPTION, 1).reason, "profile = \"v0.15\""));
	desk_close(d);
}

/* ---- what goes wrong -------------------------------------------------------------------------------------------- */

static void attempts_are_counted_and_a_decryption_is_given_up(void **state)
{
	static const grpc_status UNKNOWN = GRPC_UNKNOWN;
	desk *d = desk_open();

	(void)state;
	fake_node_script(&NODE, &UNKNOWN, 1, NULL, 0);
	ask(d, 1, 1);
	UNTIL(request_is(d, 1, QUEUE_PENDING, 1));
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(request_is(d, 1, QUEUE_PENDING, 2));
	atomic_fetch_add(&SKIPPED_MS, 4001);
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 1).status == QUEUE_FAILED);
	assert_non_null(strstr(row(d, QUEUE_PUBLIC_DECRYPTION, 1).reason, "UNKNOWN"));
	assert_false(is_answered(d, 1));
	desk_close(d);
}

/* Nobody but an operator gives up a key. */
static void what_makes_a_key_is_tried_as_often_as_it_takes(void **state)
{
	static const grpc_status FAILS = GRPC_INTERNAL;
	const queue_item item = { .kind = QUEUE_PREP_KEYGEN, .id = { { 3, [31] = 1 } }, .created_ms = clock_unix_ms(&CLOCK), .place = { .tx_hash = { { 1 } } } };
	queue_found all[QUEUE_KINDS] = { 0 };
	size_t n = 0;

	(void)state;
	fake_node_script(&NODE, &FAILS, 1, NULL, 0);
	desk *d = desk_open();
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = item.kind, .item = &item }, 1, NULL));
	for (unsigned errors = 1; errors <= 22; errors++) {
		UNTIL(queue_find(all, &n, d->q, &item.id) == OK && n == 1 && all[0].errors == errors && all[0].status == QUEUE_PENDING);
		atomic_fetch_add(&SKIPPED_MS, 64001);
		queue_bell_ring(d->bell, 0);
	}
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_KILL, .kind = item.kind, .seq = all[0].ref.seq, .reason = "enough" }, 1, NULL));
	UNTIL(queue_find(all, &n, d->q, &item.id) == OK && all[0].status == QUEUE_FAILED);
	desk_close(d);
}

/* However long the node is full or away, and three attempts are all that there are. */
static void an_outage_costs_no_attempt(void **state)
{
	static const grpc_status FULL = GRPC_RESOURCE_EXHAUSTED;
	desk *d = desk_open();

	(void)state;
	fake_node_script(&NODE, &FULL, 1, NULL, 0);
	ask(d, 1, 1);
	for (unsigned i = 1; i <= 5; i++) {
		UNTIL(sent() >= i && request_is(d, 1, QUEUE_PENDING, 0));
		atomic_fetch_add(&SKIPPED_MS, 2001);
	}
	fake_node_script(&NODE, NULL, 0, NULL, 0);
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0));
	assert_true(is_answered(d, 1));
	desk_close(d);
}

static void a_wrong_signature_costs_nothing_and_is_counted(void **state)
{
	desk *d = desk_open();

	(void)state;
	answer_of_node(false);
	ask(d, 1, 1);
	UNTIL(request_is(d, 1, QUEUE_PENDING, 1));
	assert_false(is_answered(d, 1));
	assert_int_equal(atomic_load(&worker_tallied(d->w)->wrong_signatures), 1);
	answer_of_node(true);
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 1));
	assert_int_equal(NODE.sent, 1);                                   /* only the result was asked for again */
	desk_close(d);
}

/* Long before the list of signers is read again by itself. */
static void a_signer_whom_the_gateway_has_just_got_to_know_is_believed_soon(void **state)
{
	const uint8_t bytes[SECP_SK] = { [31] = 99 };
	signer *fresh = NULL, *const known = KEY;
	desk *d = desk_open();
	secp_sk sk;

	(void)state;
	ask(d, 1, 1);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0));
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&fresh, &sk, test_rng()));
	WEB.signer = *signer_address(fresh);
	KEY = fresh;
	answer_of_node(true);
	KEY = known;
	ask(d, 2, 1);
	UNTIL(request_is(d, 2, QUEUE_PENDING, 1));
	assert_non_null(strstr(row(d, QUEUE_PUBLIC_DECRYPTION, 2).reason, "whom the contracts do not know"));
	atomic_fetch_add(&SKIPPED_MS, 5001);
	UNTIL(request_is(d, 2, QUEUE_COMPLETED, 1) || request_is(d, 2, QUEUE_PENDING, 2));      /* it may be picked before they are read */
	atomic_fetch_add(&SKIPPED_MS, 5001);
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 2).status == QUEUE_COMPLETED);
	desk_close(d);
	signer_free(&fresh);
}

static void what_the_acl_does_not_allow_never_comes_to_the_node(void **state)
{
	desk *d = desk_open();

	(void)state;
	atomic_store(&WEB.says[READ_ALLOWED_FOR_DECRYPTION], false);
	ask(d, 1, 1);
	UNTIL(request_is(d, 1, QUEUE_PENDING, 1));
	assert_int_equal(NODE.sent, 0);
	assert_int_equal(atomic_load(&WEB.gets), 0);
	assert_int_equal(atomic_load(&worker_tallied(d->w)->check_errors[CHECK_ACL]), 1);
	atomic_store(&WEB.says[READ_DECRYPTION_DONE], true);             /* others were allowed and answered */
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 1));
	assert_false(is_answered(d, 1));
	assert_int_equal(NODE.sent, 0);
	desk_close(d);
}

static void nothing_is_picked_before_the_signers_are_known(void **state)
{
	WEB.signers = 0;
	desk *d = desk_open();

	(void)state;
	ask(d, 1, 1);
	UNTIL(atomic_load(&WEB.posts) >= 2);
	assert_true(request_is(d, 1, QUEUE_PENDING, 0));
	desk_close(d);
	WEB.signers = 1;
	d = desk_open();
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0));
	desk_close(d);
}

static void nothing_is_asked_where_there_are_no_contracts(void **state)
{
	atomic_store(&WEB.no_contracts, true);
	desk *d = desk_open();

	(void)state;
	ask(d, 1, 1);
	UNTIL(atomic_load(&WEB.posts) >= 1);
	assert_true(request_is(d, 1, QUEUE_PENDING, 0));
	assert_int_equal(sent(), 0);
	atomic_store(&WEB.no_contracts, false);
	atomic_fetch_add(&SKIPPED_MS, 5001);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0));
	desk_close(d);
}

static desk *answered_while_the_database_is_away(void)
{
	FAULTS = faults_around(STORE_SQLITE);
	faulty = true;
	desk *d = desk_open();
	hold(true);
	ask(d, 1, 1);
	UNTIL(polled() > 0);
	atomic_store(&FAULTS.closed, true);
	hold(false);
	return d;
}

static void a_database_that_is_away_when_the_answer_comes_has_it_when_it_is_back(void **state)
{
	desk *d = answered_while_the_database_is_away();

	(void)state;
	UNTIL(atomic_load(&worker_tallied(d->w)->polled[QUEUE_PUBLIC_DECRYPTION]) == 1);       /* the answer is there, and cannot be kept */
	assert_false(request_seen(d, 1));
	atomic_store(&FAULTS.closed, false);
	UNTIL(request_seen(d, 1));
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0) && is_answered(d, 1));          /* within its lease: by what was kept */
	assert_int_equal(sent(), 1);
	desk_close(d);
}

/* Nothing can be picked because something is to be written first.  Requires: the database is away. */
static bool is_behind(desk *d)
{
	queue_batch b;

	assert_int_equal(queue_pick(&b, d->q, QUEUE_PUBLIC_DECRYPTION, 1, LEASE_MS), ERR_IO);
	const bool behind = strstr(err_text(), "goes before anything is picked");
	err_clear();
	return behind;
}

static void a_database_that_was_away_for_longer_than_a_lease_gets_the_answer_before_the_request_is_looked_at(void **state)
{
	desk *d = answered_while_the_database_is_away();

	(void)state;
	UNTIL(is_behind(d));
	atomic_fetch_add(&SKIPPED_MS, LEASE_MS + 1);
	atomic_store(&FAULTS.closed, false);
	UNTIL(request_seen(d, 1));
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 1).status == QUEUE_COMPLETED);
	assert_true(request_is(d, 1, QUEUE_COMPLETED, 0) && is_answered(d, 1));
	assert_int_equal(sent(), 1);
	desk_close(d);
}

static int64_t lease_until(store *s)
{
	static const store_sql SQL = { "lease", "SELECT lease_until FROM public_decryption_requests" };
	store_rows rows = { 0 };

	assert_ok(store_query(&rows, s, &SQL, NULL, 0));
	assert_int_equal(rows.n, 1);
	store_row r = store_row_of(&rows, 0);
	const int64_t t = row_int(&r);
	assert_true(row_ok(&r));
	store_rows_free(&rows);
	return t;
}

static void leases_are_renewed_while_a_node_is_slow(void **state)
{
	desk *d = desk_open();
	queue_batch b = { 0 };
	queue *other = NULL;
	store *s = NULL;

	(void)state;
	hold(true);
	ask(d, 1, 1);
	UNTIL(polled() >= 1);
	assert_ok(store_open(&s, &(store_config){ .url = url }));
	assert_ok(queue_open(&other, &(queue_config){ .store = { .url = url, .clock = &CLOCK }, .owner = "other" }));
	for (int i = 0; i < 4; i++) {                                     /* twice the lease, in steps of a half */
		atomic_fetch_add(&SKIPPED_MS, LEASE_MS / 2 + 1000);
		queue_bell_ring(d->bell, 0);
		UNTIL(lease_until(s) > clock_unix_ms(&CLOCK) + LEASE_MS / 2);
		assert_ok(queue_pick(&b, other, QUEUE_PUBLIC_DECRYPTION, 1, LEASE_MS));
		assert_int_equal(b.n, 0);
		queue_batch_free(&b);
	}
	hold(false);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0));
	store_free(&s);
	queue_close(&other);
	desk_close(d);
}

/* The worker's clock goes on fast until it has ended. */
static void *skip_the_drain(void *ctx)
{
	const atomic_bool *ended = ctx;

	for (; !atomic_load(ended); usleep(1000)) atomic_fetch_add(&SKIPPED_MS, 500);
	return NULL;
}

static void an_end_in_the_middle_gives_back_what_is_under_way(void **state)
{
	atomic_bool ended = false;
	pthread_t t;

	(void)state;
	C.task_limit = 6;                                                 /* there is no thread for the others */
	desk *d = desk_open();
	hold(true);
	ask(d, 1, 9);
	UNTIL(polled() >= 6);
	assert_int_equal(pthread_create(&t, NULL, skip_the_drain, &ended), 0);
	desk_close(d);                                                    /* though the node holds on to its answers */
	atomic_store(&ended, true);
	pthread_join(t, NULL);
	hold(false);
	d = desk_open();
	for (unsigned i = 1; i <= 9; i++) UNTIL(request_is(d, i, QUEUE_COMPLETED, 0) && is_answered(d, i));
	desk_close(d);
}

static void little_room_is_used_too_while_a_node_is_slow(void **state)
{
	(void)state;
	C.task_limit = 6;
	desk *d = desk_open();
	hold(true);
	ask(d, 1, 4);
	UNTIL(polled() >= 4);
	ask(d, 5, 2);                                                     /* less than half of what may be under way */
	for (unsigned i = 5; i <= 6; i++) UNTIL(request_is(d, i, QUEUE_UNDER_PROCESS, 0));
	hold(false);
	for (unsigned i = 1; i <= 6; i++) UNTIL(request_is(d, i, QUEUE_COMPLETED, 0));
	desk_close(d);
}

static void room_that_becomes_free_is_used_at_once(void **state)
{
	(void)state;
	C.task_limit = 2;
	C.worker.fast_polling = 3600000;                                  /* nobody comes to look */
	desk *d = desk_open();
	ask(d, 1, 12);
	for (unsigned i = 1; i <= 12; i++) UNTIL(request_is(d, i, QUEUE_COMPLETED, 0));
	desk_close(d);
}

/* What a process held that was killed is done by the next, once the lease has run out. */
static void what_a_lost_worker_held_is_finished_by_the_next(void **state)
{
	queue_batch b = { 0 };
	queue *lost = NULL;

	(void)state;
	assert_ok(queue_open(&lost, &(queue_config){ .store = { .url = url, .clock = &CLOCK }, .owner = "lost" }));
	desk only = { .q = lost };
	ask(&only, 1, 1);
	assert_ok(queue_pick(&b, lost, QUEUE_PUBLIC_DECRYPTION, 1, LEASE_MS));
	assert_int_equal(b.n, 1);
	queue_batch_free(&b);
	queue_close(&lost);
	desk *d = desk_open();
	ask(d, 2, 1);
	UNTIL(request_is(d, 2, QUEUE_COMPLETED, 0));                      /* the next has looked, and did not take it */
	assert_true(request_is(d, 1, QUEUE_UNDER_PROCESS, 0));
	atomic_fetch_add(&SKIPPED_MS, LEASE_MS + 1000);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 1) && is_answered(d, 1));
	desk_close(d);
}

static void a_node_that_refuses_fails_the_request_at_once(void **state)
{
	static const grpc_status BAD = GRPC_INVALID_ARGUMENT, GIVEN_UP = GRPC_ABORTED;
	desk *d = desk_open();

	(void)state;
	fake_node_script(&NODE, &BAD, 1, NULL, 0);
	ask(d, 1, 1);
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 1).status == QUEUE_FAILED);
	fake_node_script(&NODE, &GIVEN_UP, 1, NULL, 0);
	ask(d, 2, 1);
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 2).status == QUEUE_ABORTED);
	desk_close(d);
}

/* ---- what the node says of its keys ----------------------------------------------------------------------------- */

/* The key of ask()'s requests, in the epochs that end with these bytes. */
static void key_is_in(const uint8_t *epoch, size_t n, bool insecure)
{
	Kms__V1__KeyMaterialAvailabilityResponse m = KMS__V1__KEY_MATERIAL_AVAILABILITY_RESPONSE__INIT;
	Kms__V1__KeyStanding one[4], *list[COUNT(one)];
	char key[ID_TEXT], id[COUNT(one)][ID_TEXT];

	assert_true(n <= COUNT(one));
	id_text(key, &(id32){ { 4 } });
	for (size_t i = 0; i < n; i++) {
		id_text(id[i], &(id32){ { 8, [31] = epoch[i] } });
		kms__v1__key_standing__init(&one[i]);
		one[i].key_id = key, one[i].epoch_id = id[i], one[i].insecure = insecure;
		list[i] = &one[i];
	}
	m.standings = list, m.n_standings = n;
	pthread_mutex_lock(&NODE.lock);
	buf_clear(&NODE.keys);
	pb_pack(&NODE.keys, &m.base);
	pthread_mutex_unlock(&NODE.lock);
}

static void a_key_that_a_dealer_knew_is_not_used_unless_that_is_allowed(void **state)
{
	static const uint8_t FIRST[] = { 1 };
	desk *d = desk_open();

	(void)state;
	key_is_in(FIRST, 1, true);
	ask(d, 1, 1);
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 1).status == QUEUE_FAILED);
	assert_non_null(strstr(row(d, QUEUE_PUBLIC_DECRYPTION, 1).reason, "allow_insecure_key"));
	assert_int_equal(sent(), 0);
	desk_close(d);
	C.worker.allow_insecure_key = true;
	d = desk_open();
	ask(d, 2, 1);
	UNTIL(request_is(d, 2, QUEUE_COMPLETED, 0));
	assert_int_equal(sent(), 1);
	desk_close(d);
}

/* A node that does not say whose its keys were is not believed to have good ones. */
static void a_node_that_keeps_its_marks_to_itself_is_asked_for_nothing(void **state)
{
	desk *d = desk_open();

	(void)state;
	NODE.standing = GRPC_UNIMPLEMENTED;
	ask(d, 1, 1);
	UNTIL(row(d, QUEUE_PUBLIC_DECRYPTION, 1).status == QUEUE_FAILED);
	assert_non_null(strstr(row(d, QUEUE_PUBLIC_DECRYPTION, 1).reason, "UNIMPLEMENTED"));
	assert_int_equal(sent(), 0);
	desk_close(d);
	C.worker.allow_insecure_key = true;
	d = desk_open();
	ask(d, 2, 1);
	UNTIL(request_is(d, 2, QUEUE_COMPLETED, 0));
	desk_close(d);
}

static id32 epoch_asked(void)
{
	Kms__V1__PublicDecryptionRequest *m = NULL;
	arena a = arena_with_limit(1 << 20);
	id32 id = { { 0 } };

	pthread_mutex_lock(&NODE.lock);
	assert_ok(pb_unpack(&a, &m, &kms__v1__public_decryption_request__descriptor, buf_slice(&NODE.request)));
	if (m->epoch_id) assert_ok(id_parse(&id, "epoch_id", slice_str(m->epoch_id->request_id)));
	pthread_mutex_unlock(&NODE.lock);
	arena_free(&a);
	return id;
}

static void a_key_that_left_the_first_epoch_is_asked_for_where_it_is(void **state)
{
	static const uint8_t BOTH[] = { 2, 1 }, LATER[] = { 4, 3 };
	static const grpc_status GONE = GRPC_NOT_FOUND;
	desk *d = desk_open();

	(void)state;
	key_is_in(BOTH, 2, false);
	ask(d, 1, 1);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0));
	assert_true(id_is_zero_var((const id32[]){ epoch_asked() }));
	ask(d, 2, 1);
	UNTIL(request_is(d, 2, QUEUE_COMPLETED, 0));
	assert_int_equal(NODE.looked, 1);                                 /* the node is not asked for what is known */
	key_is_in(LATER, 2, false);
	fake_node_script(&NODE, &GONE, 1, NULL, 0);
	ask(d, 3, 1);
	UNTIL(request_is(d, 3, QUEUE_PENDING, 1));
	fake_node_script(&NODE, NULL, 0, NULL, 0);
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(request_is(d, 3, QUEUE_COMPLETED, 1));
	assert_true(id_eq_var((const id32[]){ epoch_asked() }, &(id32){ { 8, [31] = 3 } }));
	assert_int_equal(NODE.looked, 2);
	desk_close(d);
}

/* From the epoch in which the key is, to the one that the number of the resharing says. */
static void shares_are_dealt_anew_from_where_they_are(void **state)
{
	static const uint8_t BOTH[] = { 3, 1 };
	const queue_item item = { .kind = QUEUE_KEY_RESHARE, .id = { { 6, [31] = 4 } }, .key_id = { { 4 } }, .prep_keygen_id = { { 3 } },
	                          .params = QUEUE_PARAMS_TEST, .place = { .tx_hash = { { 1 } } } };
	Kms__V1__NewMpcEpochRequest *m = NULL;
	arena a = arena_with_limit(1 << 20);
	char makes[ID_TEXT], from[ID_TEXT];
	queue_count *all = calloc(QUEUE_KINDS, sizeof *all);

	(void)state;
	assert_non_null(all);
	key_is_in(BOTH, 2, false);
	desk *d = desk_open();
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = item.kind, .item = &item }, 1, NULL));
	UNTIL(queue_counts(all, d->q) == OK && all[QUEUE_KEY_RESHARE].rows[QUEUE_COMPLETED] == 1);
	assert_ok(pb_unpack(&a, &m, &kms__v1__new_mpc_epoch_request__descriptor, buf_slice(&NODE.request)));
	id_text(makes, &(id32){ { 8, [31] = 5 } });
	id_text(from, &(id32){ { 8, [31] = 3 } });
	assert_string_equal(m->epoch_id->request_id, makes);
	assert_string_equal(m->previous_epoch->epoch_id->request_id, from);
	assert_int_equal(polled(), 1);
	desk_close(d);
	arena_free(&a);
	free(all);
}

static void reshare(desk *d, unsigned i)
{
	const queue_item item = { .kind = QUEUE_KEY_RESHARE, .id = { { 6, [31] = (uint8_t)i } }, .key_id = { { 4 } }, .prep_keygen_id = { { 3 } },
	                          .created_ms = clock_unix_ms(&CLOCK), .place = { .tx_hash = { { (uint8_t)i } } } };
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = item.kind, .item = &item }, 1, NULL));
}

static queue_found resharing(desk *d, unsigned i)
{
	const id32 id = { { 6, [31] = (uint8_t)i } };
	queue_found all[QUEUE_KINDS];
	size_t n = 0;

	assert_ok(queue_find(all, &n, d->q, &id));
	assert_int_equal(n, 1);
	return all[0];
}

/* The number of the epoch that shares shall come from. */
static unsigned from_which(void)
{
	Kms__V1__NewMpcEpochRequest *m = NULL;
	arena a = arena_with_limit(1 << 20);
	id32 id;

	pthread_mutex_lock(&NODE.lock);
	assert_ok(pb_unpack(&a, &m, &kms__v1__new_mpc_epoch_request__descriptor, buf_slice(&NODE.request)));
	assert_ok(id_parse(&id, "epoch_id", slice_str(m->previous_epoch->epoch_id->request_id)));
	pthread_mutex_unlock(&NODE.lock);
	arena_free(&a);
	return id.b[31];
}

/* The others have done what this node was not there for; if they have not, its own epoch is theirs, too, and they come to the same. */
static void who_missed_a_resharing_takes_part_in_the_next(void **state)
{
	static const grpc_status REFUSED = GRPC_INVALID_ARGUMENT, FAILS = GRPC_INTERNAL;
	static const uint8_t FIRST[] = { 1 };

	(void)state;
	key_is_in(FIRST, 1, false);
	fake_node_script(&NODE, &REFUSED, 1, NULL, 0);
	desk *d = desk_open();
	reshare(d, 1);
	UNTIL(resharing(d, 1).status == QUEUE_FAILED);
	assert_int_equal(from_which(), 1);
	fake_node_script(&NODE, &FAILS, 1, NULL, 0);
	reshare(d, 2);
	for (unsigned errors = 1; errors <= 4; errors++) {
		UNTIL(resharing(d, 2).errors == errors && resharing(d, 2).status == QUEUE_PENDING);
		assert_int_equal(from_which(), errors <= 3 ? 2 : 1);
		atomic_fetch_add(&SKIPPED_MS, (2000 << (errors - 1)) + 1);
	}
	fake_node_script(&NODE, NULL, 0, NULL, 0);
	atomic_fetch_add(&SKIPPED_MS, 16001);
	UNTIL(resharing(d, 2).status == QUEUE_COMPLETED);
	desk_close(d);
}

/* So is a new key made where the others are. */
static void a_new_key_is_made_in_the_epoch_of_the_others(void **state)
{
	static const uint8_t LATER[] = { 4, 3 };
	static const grpc_status RUNS = GRPC_UNAVAILABLE;
	const queue_item item = { .kind = QUEUE_PREP_KEYGEN, .id = { { 3, [31] = 9 } }, .params = QUEUE_PARAMS_TEST, .place = { .tx_hash = { { 2 } } } };
	Kms__V1__KeyGenPreprocRequest *m = NULL;
	arena a = arena_with_limit(1 << 20);
	char epoch[ID_TEXT];

	(void)state;
	key_is_in(LATER, 2, true);                                        /* whoever knew those does not know the new one */
	fake_node_script(&NODE, NULL, 0, &RUNS, 1);
	desk *d = desk_open();
	assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = item.kind, .item = &item }, 1, NULL));
	UNTIL(polled() > 0);
	assert_ok(pb_unpack(&a, &m, &kms__v1__key_gen_preproc_request__descriptor, buf_slice(&NODE.request)));
	id_text(epoch, &(id32){ { 8, [31] = 3 } });
	assert_string_equal(m->epoch_id->request_id, epoch);
	desk_close(d);
	arena_free(&a);
}

/* What was postponed is due when it is due: nobody rings for it, and to look every minute were too late. */
static void what_was_postponed_is_picked_when_its_time_has_come(void **state)
{
	static const grpc_status FULL = GRPC_RESOURCE_EXHAUSTED;

	(void)state;
	C.worker.fast_polling = 3600000;
	desk *d = desk_open();
	fake_node_script(&NODE, &FULL, 1, NULL, 0);
	ask(d, 1, 1);
	UNTIL(sent() == 1 && request_is(d, 1, QUEUE_PENDING, 0));
	fake_node_script(&NODE, NULL, 0, NULL, 0);
	atomic_fetch_add(&SKIPPED_MS, 2001);
	UNTIL(request_is(d, 1, QUEUE_COMPLETED, 0));
	desk_close(d);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(WORLD(a_request_goes_through), WORLD(the_node_is_asked_in_the_trace_that_began_with_the_event),
      WORLD(attempts_are_counted_and_a_decryption_is_given_up), WORLD(what_makes_a_key_is_tried_as_often_as_it_takes), WORLD(an_outage_costs_no_attempt),
      WORLD(a_wrong_signature_costs_nothing_and_is_counted), WORLD(a_signer_whom_the_gateway_has_just_got_to_know_is_believed_soon),
      WORLD(what_the_acl_does_not_allow_never_comes_to_the_node), WORLD(nothing_is_picked_before_the_signers_are_known),
      WORLD(nothing_is_asked_where_there_are_no_contracts),
      WORLD(a_database_that_is_away_when_the_answer_comes_has_it_when_it_is_back),
      WORLD(a_database_that_was_away_for_longer_than_a_lease_gets_the_answer_before_the_request_is_looked_at), WORLD(leases_are_renewed_while_a_node_is_slow),
      WORLD(an_end_in_the_middle_gives_back_what_is_under_way),
      WORLD(little_room_is_used_too_while_a_node_is_slow), WORLD(room_that_becomes_free_is_used_at_once),
      WORLD(what_a_lost_worker_held_is_finished_by_the_next), WORLD(a_node_that_refuses_fails_the_request_at_once),
      WORLD(what_coprocessors_attest_goes_to_the_node),
      WORLD(a_new_context_is_told_and_confirmed), WORLD(a_node_that_cannot_take_the_context_before_is_told_the_new_one),
      WORLD(a_context_that_a_node_refuses_fails_and_can_be_revived), WORLD(a_node_that_is_new_signs_for_the_epoch_of_its_context),
      WORLD(a_node_that_leaves_has_nothing_to_confirm),
      WORLD(what_is_not_attested_is_tried_again_and_given_up), WORLD(without_coprocessors_no_decryption_is_picked_but_all_else_is),
      WORLD(requests_of_a_context_live_and_end_with_it), WORLD(a_context_that_is_not_final_yet_costs_no_attempt),
      WORLD(the_older_profile_refuses_requests_that_name_handles_only),
      WORLD(a_key_that_a_dealer_knew_is_not_used_unless_that_is_allowed),
      WORLD(a_node_that_keeps_its_marks_to_itself_is_asked_for_nothing),
      WORLD(a_key_that_left_the_first_epoch_is_asked_for_where_it_is), WORLD(shares_are_dealt_anew_from_where_they_are),
      WORLD(who_missed_a_resharing_takes_part_in_the_next),
      WORLD(a_new_key_is_made_in_the_epoch_of_the_others),
      WORLD(what_was_postponed_is_picked_when_its_time_has_come))
