/* SPDX-License-Identifier: MIT */
#include "tests/connector/desk.h"
#include <stdlib.h>
#include <unistd.h>
#include "tests/test.h"

int64_t time_ms = 1000000, wall_jump_ms;
fake_chain chain;
tracing *desk_tracing;
jrpc_transport *desk_first;
const struct store_driver *desk_driver;
bool desk_traces, desk_waits, desk_batches;
unsigned desk_confirmations;

static const int64_t WALL_MS = 1700000000000;
static int64_t fake_now(void *ctx) { (void)ctx; return time_ms; }
static int64_t fake_unix(void *ctx) { (void)ctx; return WALL_MS + time_ms + wall_jump_ms; }
static const clock_source CLOCK = { NULL, fake_now, fake_unix };

static char folder[64], url[96];
static atomic_bool stopped;

/* Two conversations with the same chain: one of who sends, one of who waits. */
static void connect_to(providers **out, const jrpc_transport *const *to, size_t n, const clock_source *clock)
{
	providers_config all = { .each = (jrpc *[MAX_PROVIDERS]){ 0 }, .chain_id = 31337, .clock = clock };

	for (size_t i = 0; i < n; i++) {
		if (!to[i]) continue;
		assert_ok(jrpc_new(&all.each[all.n++], &(jrpc_config){ .name = i ? "fake" : "first", .transport = *to[i], .clock = clock, .batch = 100 }));
	}
	assert_ok(providers_new(out, &all));
}

static void wake(void *ctx) { queue_bell_ring(((desk *)ctx)->bell, 1u << QUEUE_PUBLIC_DECRYPTION_RESPONSE); }

static void open_waiter(desk *d, const jrpc_transport *const *to, size_t n)
{
	providers *again = NULL;

	connect_to(&again, to, n, clock_system());               /* what this thread is told of time is no other's */
	assert_ok(waiter_new(&d->waiter, &again, wake, d));
}

void desk_open_by(desk *d, connector_config *keys, char **environment)
{
	queue_config c = { .store = { .url = url, .clock = &CLOCK, .driver = desk_driver } };
	const jrpc_transport *const to[] = { desk_first, &chain.transport };
	static const eth_address REGISTRY = { { 0xc0 } }, EXECUTOR = { { 0xba } };
	static lane_config way;

	*d = (desk){ .clock = &CLOCK };
	assert_ok(queue_open(&d->q, &c));
	assert_ok(queue_bell_new(&d->bell, &c, ~0u));
	connect_to(&d->chain, to, COUNT(to), &CLOCK);
	if (desk_waits) open_waiter(d, to, COUNT(to));
	assert_ok(wallet_new(&d->wallet, keys, environment, test_rng()));
	way = (lane_config){ .chain = d->chain, .waiter = d->waiter, .executor = desk_batches ? &EXECUTOR : NULL, .per_tx = BATCH, .wallet = d->wallet, .registry = &REGISTRY, .chain_id = 31337, .window = WINDOW, .gas_percent = 115, .most_fee = MOST_FEE, .trace = desk_traces, .tracing = desk_tracing, .random = rng_os(),
	                      .confirmations = desk_confirmations,
	                      .retry_ms = RETRY_MS, .lost_ms = LOST_MS, .stuck_ms = STUCK_MS };
	const sender_config s = { .queue = d->q, .bell = d->bell, .clock = &CLOCK, .lane = { &way, NULL }, .batch = 8, .poll_ms = 1000,
	                          .lease_ms = LEASE_MS, .gauge_ms = GAUGE_MS, .gc_interval_ms = 1 << 30, .gc_expiry_ms = 1 << 30, .stop = &stopped };
	assert_ok(sender_new(&d->s, &s));
}

void desk_open(desk *d)
{
	connector_config keys = { .sender = { .private_key_file = (char *)(uintptr_t)"", .private_key = strdup(
		"0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d") } };

	desk_open_by(d, &keys, NULL);
	assert_int_equal(strspn(keys.sender.private_key, "0123456789abcdefx"), 0);       /* wiped */
	free(keys.sender.private_key);
}

void desk_drop(desk *d)
{
	sender_free(&d->s);
	if (d->waiter) fake_chain_hang_up(&chain);
	waiter_free(&d->waiter);
	chain.hung_up = false;
	wallet_free(&d->wallet);
	providers_free(&d->chain);
	queue_bell_free(&d->bell);
	queue_close(&d->q);
}

void desk_stop(desk *d)
{
	atomic_store(&stopped, true);
	sender_run(d->s);
	atomic_store(&stopped, false);
	desk_drop(d);
}

int desk_set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/arca-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof url, "sqlite:%s/c.db", folder);
	fake_chain_init(&chain);
	desk_first = NULL, desk_driver = NULL, desk_traces = true, desk_waits = desk_batches = false, desk_confirmations = 0, wall_jump_ms = 0;
	atomic_store(&stopped, false);
	return 0;
}

int desk_tear_down(void **state)
{
	(void)state;
	static const char *const SUFFIX[] = { "", "-wal", "-shm", "-journal" };
	char path[128];
	for (size_t i = 0; i < COUNT(SUFFIX); i++) {
		snprintf(path, sizeof path, "%s/c.db%s", folder, SUFFIX[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static id32 id_of(unsigned i)
{
	id32 id = { .b = { 1 } };
	id.b[30] = (uint8_t)(i >> 8), id.b[31] = (uint8_t)i;
	return id;
}

void answer_requests(desk *d, unsigned first, unsigned n)
{
	static const uint8_t HANDLE[32], RESULT[32], SIGNATURE[65] = { 1 };
	const slice handle = slice_of(HANDLE, sizeof HANDLE);

	for (unsigned i = first; i < first + n; i++) {
		queue_item request = { .kind = QUEUE_PUBLIC_DECRYPTION, .id = id_of(i), .handles = { &handle, 1 }, .created_ms = WALL_MS + time_ms + wall_jump_ms };
		queue_item response = { .kind = QUEUE_PUBLIC_DECRYPTION_RESPONSE, .id = id_of(i), .result = slice_of(RESULT, sizeof RESULT),
		                        .signature = slice_of(SIGNATURE, sizeof SIGNATURE), .created_ms = WALL_MS + time_ms + wall_jump_ms };
		queue_batch b = { 0 };
		char parent[TRACE_TEXT];
		AUTO(buf) otlp = { 0 };
		const trace event = { .id = { 1, [15] = (uint8_t)i }, .span = { 2, [7] = (uint8_t)i }, .flags = TRACE_SAMPLED };
		trace_write(parent, &event);
		queue_put_trace(&otlp, slice_str(parent), (slice){ 0 });
		request.otlp = buf_slice(&otlp);
		request.place.log_index = i;
		memcpy(request.place.tx_hash.b, request.id.b, sizeof request.id.b);
		assert_ok(queue_apply(d->q, &(queue_change){ .verb = QUEUE_ADD, .kind = request.kind, .item = &request }, 1, NULL));
		assert_ok(queue_pick(&b, d->q, QUEUE_PUBLIC_DECRYPTION, 1, LEASE_MS));
		assert_int_equal(b.n, 1);
		queue_change finish = { .verb = QUEUE_FINISH, .kind = request.kind, .seq = b.item[0].seq, .item = &response };
		assert_ok(queue_apply(d->q, &finish, 1, NULL));
		assert_true(finish.done);
		queue_batch_free(&b);
	}
}

queue_count counted(desk *d, queue_kind kind)
{
	static queue_count all[QUEUE_KINDS];
	assert_ok(queue_counts(all, d->q));
	return all[kind];
}

queue_found found(desk *d, unsigned i)
{
	static queue_found all[QUEUE_KINDS];
	const id32 id = id_of(i);
	size_t n = 0;
	assert_ok(queue_find(all, &n, d->q, &id));
	while (n && all[n - 1].ref.kind != QUEUE_PUBLIC_DECRYPTION_RESPONSE) n--;
	assert_int_not_equal(n, 0);
	return all[n - 1];
}

uint64_t done(desk *d)
{
	return counted(d, QUEUE_PUBLIC_DECRYPTION_RESPONSE).rows[QUEUE_COMPLETED];
}

void turns(desk *d, unsigned n, int64_t step_ms)
{
	while (n--) {
		sender_turn(d->s, 0);
		time_ms += step_ms;
	}
}

void until_done(desk *d, uint64_t want)
{
	for (unsigned i = 0; i < 400 && done(d) < want; i++) {
		turns(d, 1, 1000);
		fake_chain_mine(&chain);
	}
	assert_int_equal(done(d), want);
	assert_int_equal(chain.doubled, 0);
}
