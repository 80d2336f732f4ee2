/* SPDX-License-Identifier: MIT */
/* tests/connector/listener_queue_test.c -- what a listener writes, in real databases. */
#include <unistd.h>
#include "base/log.h"
#include "evm/eth_read.h"
#include "evm/kms_context.h"
#include "tests/connector/chain.h"
#include "tests/connector/queues.h"
#include "tests/evm/connector_vectors.h"
#include "tests/rpc/collector.h"

static const uint64_t FIRST = 1;

static tracing *told;

static listener *start(chain *c, queue *q)
{
	listener *l = NULL;
	assert_ok(listener_new(&l, &(listener_config){
		.chain = chain_watched(c), .name = "gateway", .range = 20, .poll_ms = 500, .max_errors = 3, .providers = chain_providers(c, 1, 0),
		.from = &FIRST, .store = listener_store_of(q), .clock = &c->clock, .random = test_rng(),
		.tracing = told,
	}));
	return l;
}

static void catch_up(listener *l)
{
	for (unsigned i = 0; i < 100; i++) {
		const listener_step s = listener_tick(l);
		if (s == LISTENER_IDLE) return;
		assert_int_equal(s, LISTENER_AGAIN);
	}
	fail_msg("it never rests");
}

/* Exactly the requests of the present blocks are there, in the chain's order. */
static void assert_picked(queue *q, const chain *c)
{
	AUTO(queue_batch) b = { 0 };
	size_t at = 0;

	assert_ok(queue_pick(&b, q, QUEUE_PUBLIC_DECRYPTION, QUEUE_PICK_MAX, 1000));
	assert_int_equal(b.broken, 0);
	for (uint64_t n = 1; n <= c->head; n++)
		for (unsigned i = 0; i < c->block[n].logs; i++, at++) {
			assert_true(at < b.n);
			assert_int_equal(b.item[at].id.b[31] | b.item[at].id.b[30] << 8, c->block[n].log[i].id);
			assert_int_equal(b.item[at].place.block_number, n);
			assert_true(hash32_eq_var(b.item[at].place.block_hash, c->block[n].hash));
			assert_true(b.item[at].otlp.n > 0);
		}
	assert_int_equal(at, b.n);
}

static void requests_are_there_once_after_blocks_were_taken_back(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state)), *other = second_queue(NULL, NULL);
	chain *c = chain_new(KMS_GATEWAY);
	uint64_t cursor;
	bool known;

	listener *a = start(c, q), *b = start(c, other);
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned i = 0; i < 8; i++) {
			(void)chain_ask(c);
			if (i % 3 == round % 3) chain_ask_more(c, 2), catch_up(i % 2 ? a : b);
		}
		chain_take_back(c, round);
		chain_mine(c, round + 1);
		catch_up(a), catch_up(b);
	}
	assert_ok(queue_cursor(&known, &cursor, q, QUEUE_GATEWAY));
	assert_true(known && cursor == c->head);
	assert_picked(q, c);
	listener_free(&a), listener_free(&b);
	chain_free(&c);
}

static void a_listener_that_comes_back_goes_on_in_the_real_database(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	chain *c = chain_new(KMS_GATEWAY);
	uint64_t aside;
	static const uint8_t WORD[32] = { 1 };

	for (unsigned i = 0; i < 5; i++) {
		listener *l = start(c, q);
		for (unsigned k = 0; k < 3; k++) (void)chain_ask(c);
		chain_log(c, "KeygenRequest(uint256,uint256)", slice_of(WORD, sizeof WORD), false);
		catch_up(l);
		listener_free(&l);
		c->block[c->head].logs--;               /* not a request: for the comparison */
		buf_free(&c->block[c->head].log[c->block[c->head].logs].data);
	}
	assert_ok(queue_set_aside_count(&aside, q));
	assert_int_equal(aside, 5);
	assert_picked(q, c);
	chain_free(&c);
}

static void the_trace_of_a_request_begins_with_its_event_once(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	AUTO(queue_batch) b = { 0 };
	chain *c = chain_new(KMS_GATEWAY);
	char path[64], parent[TRACE_TEXT];
	collector who;

	collector_open(&who);
	told = tracing_to(&who);
	for (unsigned i = 0; i < 2; i++) {                  /* the second one reads the first request again, and tells nothing of it */
		listener *l = start(c, q);
		(void)chain_ask(c);
		catch_up(l);
		listener_free(&l);
	}
	assert_ok(queue_pick(&b, q, QUEUE_PUBLIC_DECRYPTION, 10, 1000));
	assert_int_equal(b.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		slice stored, none;
		json_t *request = collector_take(&who, path, "200 OK"), *got = json_array_get(spans_of(request), 0);
		assert_ok(queue_read_trace(&stored, &none, b.item[i].otlp));
		snprintf(parent, sizeof parent, "00-%s-%s-01", text_of(got, "traceId"), text_of(got, "spanId"));
		assert_true(slice_eq_var(stored, slice_str(parent)));
		assert_string_equal(text_of(got, "name"), "handle_gateway_event");
		assert_string_equal(text_of(got, "parentSpanId"), "");
		json_decref(request);
	}
	tracing_free(&told);
	close(who.listener);
	chain_free(&c);
}

/* ---- recordings ------------------------------------------------------------------------------------------------- */

static eth_address address_named(const json_t *all, const char *type)
{
	const json_t *params = json_member(json_member(json_member(all, type), "request"), "params");
	return address_of_json(json_member(json_array_get(params, 0), "address"));
}

static void take_recorded(queue *q)
{
	json_t *all = json_vector("connector/v0.11-seed/eth_getLogs_by_event_type.json"), *entry, *one;
	arena memory = arena_with_limit(1 << 22);
	const clock_source *clock = test_clock();
	evm_log log[16];
	const char *type;
	size_t n = 0, i;
	intake in;

	const intake_chain c = {
		.chain = QUEUE_GATEWAY, .profile = KMS_GATEWAY, .watched = { true, true },
		.contract = { address_named(all, "PublicDecryptionRequest"), address_named(all, "KeygenRequest") },
	};
	json_object_foreach(all, type, entry)
		json_array_foreach(json_member(json_member(entry, "response"), "result"), i, one)
			assert_true(n < COUNT(log) && eth_read_log(&log[n++], &memory, one));
	assert_int_equal(n, 8);
	assert_ok(intake_read(&in, &memory, &c, log, n, clock, test_rng()));
	assert_int_equal(in.n, n);
	assert_int_equal(in.set_aside, 0);
	assert_ok(queue_apply(q, in.change, in.n, NULL));
	for (i = 0; i < n; i++) assert_true(in.change[i].done);
	assert_ok(queue_apply(q, in.change, in.n, NULL));
	for (i = 0; i < n; i++) assert_false(in.change[i].done);
	arena_free(&memory);
	json_decref(all);
}

/* Who the nodes are at first is what they are configured with; contexts that follow are requests. */
static void the_first_context_of_a_deployment_is_no_request(void **state)
{
	const intake_chain c = { .chain = QUEUE_ETHEREUM, .profile = KMS_V015, .watched = { [KMS_PROTOCOL_CONFIG] = true }, .contract = { [KMS_PROTOCOL_CONFIG] = { { 0xc2 } } } };
	const kms_member member = { .party = 1 };
	const kms_context context = { .member = &member, .n = 1 };
	evm_log log[2] = { { .address = c.contract[KMS_PROTOCOL_CONFIG], .n_topics = 3 } };
	arena memory = arena_with_limit(1 << 20);
	AUTO(buf) data = { 0 };
	size_t row = 0;
	intake in;

	(void)state;
	while (KMS_EVENTS[row].kind != KMS_NEW_CONTEXT) row++;
	kms_context_put(&data, &context);
	memcpy(log[0].topic[0].b, KMS_EVENTS[row].topic, 32);
	log[0].topic[1] = (hash32){ { 7, [31] = 1 } }, log[0].topic[2] = (hash32){ { 7 } };
	log[0].data = buf_slice(&data);
	log[1] = log[0];
	log[1].topic[1].b[31] = 2, log[1].topic[2].b[31] = 1;
	assert_ok(intake_read(&in, &memory, &c, log, 2, test_clock(), test_rng()));
	assert_int_equal(in.n, 1);
	assert_int_equal(in.set_aside, 0);
	assert_int_equal(in.change[0].kind, QUEUE_NEW_CONTEXT);
	assert_int_equal(in.change[0].item->id.b[31], 2);
	arena_free(&memory);
}

static queue_item *take_row(queue_batch *b, queue *q, queue_kind kind, size_t n)
{
	assert_ok(queue_pick(b, q, kind, 10, 1000));
	assert_int_equal(b->n, n);
	assert_int_equal(b->broken, 0);
	return b->item;
}

static void recorded_events_become_rows_that_say_the_same(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	json_t *asked = json_vector("connector/v0.11-seed/requests_txs.json");
	const json_t *args = json_member(json_array_get(asked, 2), "args");
	AUTO(buf) key = json_hex(json_array_get(args, 4));
	const eth_address user = address_of_json(json_array_get(args, 3));
	const id32 prep = counted_id(3, 1), key_id = counted_id(4, 1), reshare = counted_id(6, 1);
	queue_batch b[7] = { 0 };
	queue_material m;

	take_recorded(q);
	const queue_item *x = take_row(&b[0], q, QUEUE_PUBLIC_DECRYPTION, 2);
	assert_true(x[0].materials.n == 1 && x[1].materials.n == 3 && x[0].extra_data.n == 1 && x[0].place.block_number == 0x38);
	assert_ok(queue_read_material(&m, x[1].materials.item[2]));
	uint8_t handle[32];
	json_bytes(handle, sizeof handle, json_array_get(json_array_get(json_member(json_array_get(asked, 1), "args"), 0), 2));
	assert_memory_equal(m.handle.b, handle, sizeof handle);
	assert_true(id_eq_var(&m.key_id, &key_id) && m.coprocessors.n % 20 == 0 && m.coprocessors.n > 0);
	x = take_row(&b[1], q, QUEUE_USER_DECRYPTION, 1);
	assert_true(slice_eq_var(x->user, slice_of(user.b, 20)) && slice_eq_var(x->public_key, buf_slice(&key)) && !x->rfc016);
	x = take_row(&b[2], q, QUEUE_PREP_KEYGEN, 1);
	assert_true(id_eq_var(&x->id, &prep) && x->params == QUEUE_PARAMS_TEST);
	x = take_row(&b[3], q, QUEUE_KEYGEN, 1);
	assert_true(id_eq_var(&x->id, &key_id) && id_eq_var(&x->prep_keygen_id, &prep));
	x = take_row(&b[4], q, QUEUE_CRSGEN, 1);
	assert_true(x->max_bit_length.b[30] == 0x10 && x->params == QUEUE_PARAMS_TEST);
	x = take_row(&b[5], q, QUEUE_PRSS_INIT, 1);
	assert_int_equal(x->place.block_number, 0x3d);
	x = take_row(&b[6], q, QUEUE_KEY_RESHARE, 1);
	assert_true(id_eq_var(&x->id, &reshare) && id_eq_var(&x->key_id, &key_id));
	for (size_t i = 0; i < COUNT(b); i++) queue_batch_free(&b[i]);
	json_decref(asked);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		BOTH(requests_are_there_once_after_blocks_were_taken_back), BOTH(a_listener_that_comes_back_goes_on_in_the_real_database),
		BOTH(the_trace_of_a_request_begins_with_its_event_once),
		BOTH(recorded_events_become_rows_that_say_the_same), TEST(the_first_context_of_a_deployment_is_no_request),
	};
	log_setup(LOG_ERROR + 1, false);
	return test_main(argc, argv, __FILE__, tests, COUNT(tests));
}
