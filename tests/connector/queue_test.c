/* SPDX-License-Identifier: MIT */
/* tests/connector/queue_test.c -- what is kept, who may take it, and what becomes of it; on both databases. */
#include <pthread.h>
#include "tests/connector/queues.h"

static slice random_bytes(arena *a, size_t n)
{
	uint8_t *p;
	assert_ok(arena_new(a, &p, n + 1));
	rng_fill(test_rng(), p, n);
	return slice_of(p, n);
}

static store_list random_list(arena *a, size_t n, size_t size)
{
	slice *item;
	assert_ok(arena_new(a, &item, n + 1));
	for (size_t i = 0; i < n; i++) item[i] = random_bytes(a, size);
	return (store_list){ item, n };
}

static void random_id(id32 *id) { rng_fill(test_rng(), id->b, sizeof id->b); }

/* Everything that an item of any kind may hold. */
static queue_item random_item(arena *a, queue_kind kind)
{
	queue_item x = { .kind = kind, .created_ms = TIME_MS - 5000, .otlp = random_bytes(a, 20) };

	random_id(&x.id), random_id(&x.prep_keygen_id), random_id(&x.key_id), random_id(&x.epoch_id), random_id(&x.context_id);
	random_id(&x.previous_context_id), random_id(&x.previous_epoch_id);
	rng_fill(test_rng(), x.max_bit_length.b, 32), rng_fill(test_rng(), x.material_block.b, 32);
	x.place = (queue_place){ .chain = kind >= QUEUE_ABORT_KEYGEN ? QUEUE_ETHEREUM : QUEUE_GATEWAY, .block_number = 1ull << 40, .log_index = 0xfffffff0 };
	rng_fill(test_rng(), x.place.block_hash.b, 32), rng_fill(test_rng(), x.place.tx_hash.b, 32);
	x.materials = random_list(a, 2, 96 + 40), x.handles = random_list(a, 3, 32);
	x.owners = random_list(a, 3, 20), x.contracts = random_list(a, 3, 20), x.allowed_contracts = random_list(a, 0, 20);
	x.digests = random_list(a, 2, 33);
	x.extra_data = random_bytes(a, 33), x.user = random_bytes(a, 20), x.public_key = random_bytes(a, 800), x.signature = random_bytes(a, 65);
	x.result = random_bytes(a, 64), x.keys = random_bytes(a, 500), x.crs_list = random_bytes(a, 0);
	x.node_params = random_bytes(a, 3000), x.thresholds = random_bytes(a, 128), x.pcr_values = random_bytes(a, 96);
	x.software_version = slice_str("v0.15.0");
	x.params = QUEUE_PARAMS_TEST, x.rfc016 = true, x.start_s = 1763786000, x.duration_s = 86400;
	return x;
}

#define SAME(member) assert_true(slice_eq_var(got->member, want->member))
#define SAME_BYTES(member) assert_memory_equal(&got->member, &want->member, sizeof got->member)

static void assert_same_list(store_list got, store_list want)
{
	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < got.n; i++) assert_true(slice_eq_var(got.item[i], want.item[i]));
}

static void assert_same_request(const queue_item *got, const queue_item *want)
{
	SAME_BYTES(place.tx_hash), SAME_BYTES(place.block_hash);
	assert_int_equal(got->place.chain, want->place.chain);
	assert_int_equal(got->place.block_number, want->place.block_number);
	assert_int_equal(got->place.log_index, want->place.log_index);
	assert_int_equal(got->created_ms, want->created_ms);
	assert_false(got->already_sent);
	SAME(otlp);
	if (got->kind == QUEUE_PUBLIC_DECRYPTION || got->kind == QUEUE_USER_DECRYPTION) {
		assert_same_list(got->materials, want->materials), assert_same_list(got->handles, want->handles);
		SAME(extra_data);
	}
	if (got->kind == QUEUE_USER_DECRYPTION) {
		assert_same_list(got->owners, want->owners), assert_same_list(got->contracts, want->contracts);
		assert_same_list(got->allowed_contracts, want->allowed_contracts);
		SAME(user), SAME(public_key), SAME(signature), SAME_BYTES(start_s), SAME_BYTES(duration_s), SAME_BYTES(rfc016);
	}
	if (got->kind == QUEUE_PREP_KEYGEN) SAME_BYTES(params), SAME_BYTES(epoch_id), SAME(extra_data);
	if (got->kind == QUEUE_KEYGEN) SAME_BYTES(prep_keygen_id), SAME(extra_data);
	if (got->kind == QUEUE_CRSGEN) SAME_BYTES(max_bit_length), SAME_BYTES(params), SAME(extra_data);
	if (got->kind == QUEUE_KEY_RESHARE) SAME_BYTES(key_id), SAME_BYTES(prep_keygen_id), SAME_BYTES(params);
	if (got->kind == QUEUE_NEW_CONTEXT)
		SAME_BYTES(previous_context_id), SAME(node_params), SAME(thresholds), SAME(pcr_values), SAME(software_version);
	if (got->kind == QUEUE_NEW_EPOCH)
		SAME_BYTES(context_id), SAME_BYTES(previous_context_id), SAME_BYTES(previous_epoch_id), SAME_BYTES(material_block);
}

static void assert_same_response(const queue_item *got, const queue_item *want)
{
	if (queue_is_decryption(got->kind)) SAME(result), SAME(signature), SAME(extra_data);
	if (got->kind == QUEUE_PREP_KEYGEN_RESPONSE) SAME(signature);
	if (got->kind == QUEUE_KEYGEN_RESPONSE) SAME(signature), assert_same_list(got->digests, want->digests);
	if (got->kind == QUEUE_CRSGEN_RESPONSE) SAME(signature), SAME(result);
	if (got->kind == QUEUE_EPOCH_RESULT_RESPONSE) SAME_BYTES(context_id), SAME(keys), SAME(crs_list);
}

/* ---- keeping ------------------------------------------------------------------------------------------------------ */

static void every_kind_comes_back_as_it_was(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	arena a = arena_with_limit(1 << 24);

	for (queue_kind k = 0; k < QUEUE_REQUESTS; k++) {
		queue_item want = random_item(&a, k), answer = random_item(&a, queue_response_of(k));
		assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &want }));
		queue_batch b = pick(q, k, 10);
		assert_int_equal(b.n, 1);
		assert_memory_equal(&b.item[0].id, k == QUEUE_PRSS_INIT ? (const void *)&want.place.tx_hash : &want.id, 32);
		assert_same_request(&b.item[0], &want);
		if (answer.kind == QUEUE_KINDS) {
			assert_true(change(q, (queue_change){ .verb = QUEUE_COMPLETE, .kind = k, .seq = b.item[0].seq }));
		} else {
			assert_true(change(q, (queue_change){ .verb = QUEUE_FINISH, .kind = k, .seq = b.item[0].seq, .item = &answer }));
			queue_batch r = pick(q, answer.kind, 10);
			assert_int_equal(r.n, 1);
			assert_memory_equal(&r.item[0].id, &want.id, 32);
			assert_true(slice_eq_var(r.item[0].otlp, want.otlp));
			assert_same_response(&r.item[0], &answer);
			queue_batch_free(&r);
		}
		assert_int_equal(rows_in(q, k, QUEUE_COMPLETED), 1);
		queue_batch_free(&b);
	}
	arena_free(&a);
}

static void a_request_of_the_older_shape_has_no_parts_of_the_newer(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	arena a = arena_with_limit(1 << 20);
	queue_item want = random_item(&a, QUEUE_USER_DECRYPTION), prep = random_item(&a, QUEUE_PREP_KEYGEN);

	want.rfc016 = false;
	prep.epoch_id = (id32){ 0 };
	assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &want }));
	assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &prep }));
	queue_batch b = pick(q, QUEUE_USER_DECRYPTION, 1);
	assert_false(b.item[0].rfc016);
	assert_int_equal(b.item[0].signature.n + b.item[0].owners.n, 0);
	assert_int_equal(b.item[0].start_s, 0);
	queue_batch_free(&b);
	b = pick(q, QUEUE_PREP_KEYGEN, 1);
	assert_true(id_is_zero_var(&b.item[0].epoch_id));
	queue_batch_free(&b);
	arena_free(&a);
}

static void what_is_known_is_not_added_again(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	queue_item a = public_request(1), b = public_request(2);
	queue_change c[] = { { .verb = QUEUE_ADD, .item = &a }, { .verb = QUEUE_ADD, .item = &b }, { .verb = QUEUE_ADD, .item = &a } };

	assert_ok(queue_apply(q, c, 3, NULL));
	assert_true(c[0].done && c[1].done && !c[2].done);
	assert_false(change(q, c[0]));
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_PENDING), 2);

	/* A second set-up, and a second resharing of one key, are requests of their own. */
	queue_item init = { .kind = QUEUE_PRSS_INIT }, again = init;
	again.place.tx_hash.b[3] = 1;
	assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &init }));
	assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &again }));
	queue_item share = { .kind = QUEUE_KEY_RESHARE, .id.b = { 6, 1 }, .key_id.b = { 4 } }, more = share;
	more.id.b[1] = 2;
	assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &share }));
	assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &more }));
}

static void resharings_that_were_not_done_are_found(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	queue_batch b = { 0 };
	id32 left[4];
	size_t n = COUNT(left);

	for (uint8_t i = 1; i <= 5; i++) {
		queue_item item = { .kind = QUEUE_KEY_RESHARE, .id.b = { 6, [31] = i }, .key_id.b = { 4, [31] = i == 3 } };
		assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &item }));
	}
	assert_ok(queue_pick(&b, q, QUEUE_KEY_RESHARE, 5, 1000));
	assert_int_equal(b.n, 5);
	assert_true(change(q, (queue_change){ .verb = QUEUE_COMPLETE, .kind = QUEUE_KEY_RESHARE, .seq = b.item[0].seq }));
	assert_true(change(q, (queue_change){ .verb = QUEUE_FAIL, .kind = QUEUE_KEY_RESHARE, .seq = b.item[1].seq, .reason = "missed" }));
	assert_ok(queue_reshares_left(left, &n, q, &b.item[4]));          /* 4 is under way, 3 is of another key, 1 is done */
	assert_int_equal(n, 2);
	assert_int_equal(left[0].b[31], 4), assert_int_equal(left[1].b[31], 2), assert_int_equal(left[1].b[0], 6);
	n = 1;
	assert_ok(queue_reshares_left(left, &n, q, &b.item[4]));
	assert_int_equal(n, 1);
	n = COUNT(left);
	assert_ok(queue_reshares_left(left, &n, q, &b.item[1]));
	assert_int_equal(n, 0);
	queue_batch_free(&b);
}

static void events_and_cursor_are_one_commit(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	queue_item good = public_request(1), wrong = public_request(2);
	const slice short_handle = slice_str("short");
	const uint32_t kinds = 1u << QUEUE_PUBLIC_DECRYPTION;
	queue_change c[] = { { .verb = QUEUE_ADD, .item = &good }, { .verb = QUEUE_ADD, .item = &wrong },
	                     { .verb = QUEUE_CURSOR, .chain = QUEUE_GATEWAY, .block = 120, .kinds = kinds } };
	uint64_t block = 0;
	size_t bad = 9;
	bool known = true;

	assert_ok(queue_cursor(&known, &block, q, QUEUE_GATEWAY));
	assert_false(known);
	wrong.handles = (store_list){ &short_handle, 1 };
	assert_err(ERR_REQUEST, queue_apply(q, c, 3, &bad));
	assert_int_equal(bad, 1);
	wrong = public_request(2), wrong.place.block_number = UINT64_MAX;
	assert_err(ERR_REQUEST, queue_apply(q, c, 3, &bad));
	assert_int_equal(bad, 1);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_PENDING), 0);
	assert_ok(queue_cursor(&known, &block, q, QUEUE_GATEWAY));
	assert_false(known);

	wrong.place.block_number = 5;
	assert_ok(queue_apply(q, c, 3, &bad));
	assert_ok(queue_cursor(&known, &block, q, QUEUE_GATEWAY));
	assert_true(known);
	assert_int_equal(block, 120);
	c[2].block = 90;                                         /* a listener that is behind */
	assert_ok(queue_apply(q, c, 3, &bad));
	assert_ok(queue_cursor(&known, &block, q, QUEUE_GATEWAY));
	assert_int_equal(block, 120);
	assert_ok(queue_cursor(&known, &block, q, QUEUE_ETHEREUM));
	assert_false(known);
}

/* ---- leases ------------------------------------------------------------------------------------------------------- */

static void rows_are_taken_in_the_order_in_which_they_came(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	AUTO_QUEUE *other = second_queue("second", NULL);

	add_requests(q, 1, 10);
	queue_batch a = pick(q, QUEUE_PUBLIC_DECRYPTION, 4), b = pick(other, QUEUE_PUBLIC_DECRYPTION, 100);
	assert_int_equal(a.n, 4);
	assert_int_equal(b.n, 6);
	for (size_t i = 0; i < 4; i++) assert_int_equal(a.item[i].id.b[31], 1 + i);
	for (size_t i = 0; i < 6; i++) assert_int_equal(b.item[i].id.b[31], 5 + i);
	assert_int_equal(pick_count(q, QUEUE_PUBLIC_DECRYPTION), 0);
	queue_batch_free(&a), queue_batch_free(&b);
}

static void a_lease_that_ran_out_is_anybodys(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	AUTO_QUEUE *other = second_queue("second", NULL);
	queue_change renew = { .verb = QUEUE_RENEW, .kind = QUEUE_PUBLIC_DECRYPTION, .delay_ms = 60000 };
	const queue_item answer = public_answer();

	add_requests(q, 1, 1);
	renew.seq = pick_one(q, QUEUE_PUBLIC_DECRYPTION);
	TIME_MS += 50000;
	assert_true(change(q, renew));
	TIME_MS += 50000;
	assert_int_equal(pick_count(other, QUEUE_PUBLIC_DECRYPTION), 0);
	TIME_MS += 10001;
	queue_batch b = pick(other, QUEUE_PUBLIC_DECRYPTION, 1);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.item[0].errors, 1);
	queue_batch_free(&b);

	/* Whoever lost it is not heeded any more, unless with an answer. */
	assert_false(change(q, renew));
	for (queue_verb v = QUEUE_RELEASE; v <= QUEUE_RETRY; v++)
		assert_false(change(q, (queue_change){ .verb = v, .kind = renew.kind, .seq = renew.seq, .reason = "late" }));
	assert_false(change(q, (queue_change){ .verb = QUEUE_FAIL, .kind = renew.kind, .seq = renew.seq, .reason = "late" }));
	assert_true(change(q, (queue_change){ .verb = QUEUE_FINISH, .kind = renew.kind, .seq = renew.seq, .item = &answer }));
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_COMPLETED), 1);
}

static void what_is_released_or_tried_later_is_pending_again(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	queue_change c = { .kind = QUEUE_PUBLIC_DECRYPTION };

	add_requests(q, 1, 1);
	c.verb = QUEUE_RELEASE, c.seq = pick_one(q, c.kind);
	assert_true(change(q, c));
	assert_int_equal(pick_one(q, c.kind), c.seq);
	c.verb = QUEUE_RETRY, c.delay_ms = 3000, c.already_sent = true, c.reason = "the node is busy";
	assert_true(change(q, c));
	assert_int_equal(pick_count(q, c.kind), 0);
	TIME_MS += 3000;
	queue_batch b = pick(q, c.kind, 1);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.item[0].errors, 1);
	assert_true(b.item[0].already_sent);
	queue_batch_free(&b);
	c.delay_ms = 0, c.already_sent = false;
	assert_true(change(q, c));
	b = pick(q, c.kind, 1);
	assert_int_equal(b.item[0].errors, 2);
	assert_false(b.item[0].already_sent);
	queue_batch_free(&b);
	c.verb = QUEUE_MARK_SENT;
	assert_true(change(q, c));
	c.verb = QUEUE_RELEASE;
	assert_true(change(q, c));
	b = pick(q, c.kind, 1);
	assert_true(b.item[0].already_sent);
	queue_batch_free(&b);
}

/* ---- ends --------------------------------------------------------------------------------------------------------- */

static void a_request_is_answered_once(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	const queue_item answer = public_answer();
	queue_change finish = { .verb = QUEUE_FINISH, .kind = QUEUE_PUBLIC_DECRYPTION, .item = &answer };

	add_requests(q, 1, 2);
	finish.seq = pick_one(q, finish.kind);
	assert_true(change(q, finish));
	assert_false(change(q, finish));
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_PENDING), 1);

	/* There is an answer already, but nobody said so to the request. */
	const int64_t seq = pick_one(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE);
	assert_true(change(q, (queue_change){ .verb = QUEUE_COMPLETE, .kind = QUEUE_PUBLIC_DECRYPTION_RESPONSE, .seq = seq }));
	AUTO(store) *s = NULL;
	static const store_sql REOPEN = { "reopen", "UPDATE public_decryption_requests SET status = 'under_process'" };
	assert_ok(store_open(&s, &(store_config){ .url = queue_url() }));
	assert_ok(store_batch(s, &(store_op){ .sql = &REOPEN }, 1, NULL));
	assert_true(change(q, finish));
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_PENDING), 0);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_COMPLETED), 1);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_COMPLETED), 1);
}

static void what_failed_says_why_and_can_be_revived(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	const queue_item want = public_request(1);
	queue_found found[QUEUE_KINDS];
	queue_count counts[QUEUE_KINDS];
	char too_long[2000];
	size_t n = 0;

	add_requests(q, 1, 1);
	memset(too_long, 'x', sizeof too_long - 1), too_long[sizeof too_long - 1] = 0;
	memcpy(too_long, "no\xffway", 6);
	const int64_t seq = pick_one(q, QUEUE_PUBLIC_DECRYPTION);
	assert_true(change(q, (queue_change){ .verb = QUEUE_FAIL, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = seq, .reason = too_long }));
	assert_ok(queue_find(found, &n, q, &want.id));
	assert_int_equal(n, 1);
	assert_int_equal(found[0].status, QUEUE_FAILED);
	assert_int_equal(strlen(found[0].reason), MAX_LAST_REASON);
	assert_memory_equal(found[0].reason, "no?way", 6);
	assert_ok(queue_counts(counts, q));
	assert_string_equal(counts[QUEUE_PUBLIC_DECRYPTION].last_reason, found[0].reason);
	assert_memory_equal(&counts[QUEUE_PUBLIC_DECRYPTION].last_failed, &want.id, sizeof want.id);
	assert_memory_equal(&counts[QUEUE_USER_DECRYPTION].last_failed, &(id32){ 0 }, sizeof(id32));
	assert_int_equal(counts[QUEUE_PUBLIC_DECRYPTION].rows[QUEUE_FAILED], 1);
	assert_int_equal(pick_count(q, QUEUE_PUBLIC_DECRYPTION), 0);

	static queue_trouble troubles[QUEUE_KINDS * QUEUE_TROUBLES];
	assert_ok(queue_troubles(troubles, &n, q));
	assert_int_equal(n, 0);                          /* it does not wait any more */

	assert_true(change(q, (queue_change){ .verb = QUEUE_REVIVE, .kind = found[0].ref.kind, .seq = found[0].ref.seq }));
	assert_false(change(q, (queue_change){ .verb = QUEUE_REVIVE, .kind = found[0].ref.kind, .seq = found[0].ref.seq }));
	assert_int_equal(pick_one(q, QUEUE_PUBLIC_DECRYPTION), seq);
	assert_true(change(q, (queue_change){ .verb = QUEUE_ABORT, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = seq, .reason = "aborted" }));
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_ABORTED), 1);
	assert_ok(queue_find(found, &n, q, &(id32){ { 99 } }));
	assert_int_equal(n, 0);
}

static void what_the_operator_failed_is_not_answered(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	const queue_item answer = public_answer();

	add_requests(q, 1, 1);
	const int64_t seq = pick_one(q, QUEUE_PUBLIC_DECRYPTION);
	assert_true(change(q, (queue_change){ .verb = QUEUE_KILL, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = seq, .reason = "as the operator said" }));
	assert_false(change(q, (queue_change){ .verb = QUEUE_FINISH, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = seq, .item = &answer }));
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_FAILED), 1);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_PENDING), 0);
}

/* One row is broken by another hand; the others come. */
static void a_row_that_cannot_be_read_fails_alone(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	AUTO(store) *s = NULL;
	static const store_sql BREAK = { "break", "UPDATE public_decryption_requests SET block_hash = $1 WHERE seq = 2" };
	store_op op = { &BREAK, (store_value[]){ store_bytes(slice_str("short")) }, 1, 0 };

	add_requests(q, 1, 3);
	assert_ok(store_open(&s, &(store_config){ .url = queue_url() }));
	assert_ok(store_batch(s, &op, 1, NULL));
	assert_int_equal(op.changed, 1);
	queue_batch b = pick(q, QUEUE_PUBLIC_DECRYPTION, 10);
	assert_int_equal(b.n, 2);
	assert_int_equal(b.broken, 1);
	assert_int_equal(b.item[0].id.b[31], 1);
	assert_int_equal(b.item[1].id.b[31], 3);
	queue_batch_free(&b);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_FAILED), 1);
}

/* ---- chains ------------------------------------------------------------------------------------------------------- */

static void a_reorganisation_erases_what_is_not_answered(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	const queue_item answer = public_answer();
	const uint32_t kinds = 1u << QUEUE_PUBLIC_DECRYPTION;
	queue_log log = { .place = { .block_number = 104 }, .reason = "too short" };
	queue_block blocks[QUEUE_BLOCKS_KEPT];
	queue_change c[10] = { { .verb = QUEUE_SET_ASIDE, .log = &log }, { .verb = QUEUE_CURSOR, .block = 105, .kinds = kinds } };
	uint64_t block, aside;
	bool known;
	size_t n = COUNT(blocks);

	add_requests(q, 1, 5);                                   /* in blocks 101 to 105 */
	for (uint64_t i = 0; i < 5; i++) c[2 + i] = (queue_change){ .verb = QUEUE_BLOCK, .block = 101 + i, .hash.b = { (uint8_t)i } };
	assert_ok(queue_apply(q, c, 7, NULL));
	queue_batch b = pick(q, QUEUE_PUBLIC_DECRYPTION, 4);
	const int64_t done = b.item[3].seq, held = b.item[2].seq;
	queue_batch_free(&b);
	assert_true(change(q, (queue_change){ .verb = QUEUE_FINISH, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = done, .item = &answer }));
	assert_ok(queue_set_aside_count(&aside, q));
	assert_int_equal(aside, 1);

	assert_true(change(q, (queue_change){ .verb = QUEUE_REORG, .block = 103, .kinds = kinds }));
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_UNDER_PROCESS), 2);       /* 101, 102 */
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_PENDING), 0);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_COMPLETED), 1);
	assert_ok(queue_set_aside_count(&aside, q));
	assert_int_equal(aside, 0);
	assert_ok(queue_cursor(&known, &block, q, QUEUE_GATEWAY));
	assert_int_equal(block, 102);
	assert_ok(queue_blocks(blocks, &n, q, QUEUE_GATEWAY));
	assert_int_equal(n, 2);
	assert_int_equal(blocks[0].number, 102);
	assert_int_equal(blocks[0].hash.b[0], 1);

	/* The id comes again and means something else: an answer to what it meant before is not for it. */
	add_requests(q, 3, 1);
	assert_false(change(q, (queue_change){ .verb = QUEUE_FINISH, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = held, .item = &answer }));
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_PENDING), 1);
}

static void only_the_last_blocks_are_remembered(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	static queue_change c[QUEUE_BLOCKS_KEPT + 20];
	queue_block blocks[QUEUE_BLOCKS_KEPT];
	size_t n = COUNT(blocks);

	for (size_t i = 0; i < COUNT(c); i++) c[i] = (queue_change){ .verb = QUEUE_BLOCK, .block = 1000 + 3 * i };
	assert_ok(queue_apply(q, c, COUNT(c), NULL));
	assert_ok(queue_blocks(blocks, &n, q, QUEUE_GATEWAY));
	assert_int_equal(n, QUEUE_BLOCKS_KEPT);
	assert_int_equal(blocks[n - 1].number, 1000 + 3 * 20);
	c[0] = (queue_change){ .verb = QUEUE_BLOCK, .block = blocks[0].number, .hash.b = { 5 } };
	assert_ok(queue_apply(q, c, 1, NULL));
	n = 1;
	assert_ok(queue_blocks(blocks, &n, q, QUEUE_GATEWAY));
	assert_int_equal(blocks[0].hash.b[0], 0);               /* another name does not replace the one that was read first */
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

static void transactions_are_known_until_they_are_mined(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	const queue_item answer = public_answer();
	queue_tx a = { .chain_id = 54321, .wallet.b = { 9 }, .nonce = 8, .hash.b = { 1 }, .raw = slice_str("raw a") }, b = a, other = a;
	queue_txs txs = { 0 };
	queue_tx_count under_way;

	add_requests(q, 1, 1);
	const int64_t request = pick_one(q, QUEUE_PUBLIC_DECRYPTION);
	assert_true(change(q, (queue_change){ .verb = QUEUE_FINISH, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = request, .item = &answer }));
	const queue_ref ref = { QUEUE_PUBLIC_DECRYPTION_RESPONSE, pick_one(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE) };
	a.response = &ref, a.responses = 1;
	b.nonce = 7, b.hash.b[0] = 2, b.raw = slice_str("raw b");
	other.wallet.b[0] = 10, other.hash.b[0] = 3;
	assert_true(change(q, (queue_change){ .verb = QUEUE_TX, .tx = &a }));
	assert_false(change(q, (queue_change){ .verb = QUEUE_TX, .tx = &a }));
	assert_true(change(q, (queue_change){ .verb = QUEUE_TX, .tx = &b }));
	assert_true(change(q, (queue_change){ .verb = QUEUE_TX, .tx = &other }));
	a.state = QUEUE_TX_SENT;
	assert_true(change(q, (queue_change){ .verb = QUEUE_TX_STATE, .tx = &a }));

	TIME_MS += 3000;
	assert_ok(queue_tx_counts(&under_way, q));
	assert_int_equal(under_way.made, 2);
	assert_int_equal(under_way.sent, 1);
	assert_int_equal(under_way.oldest_ms, 3000);
	assert_ok(queue_outbox(&txs, q, 54321, &a.wallet));
	assert_int_equal(txs.n, 2);
	assert_int_equal(txs.tx[0].nonce, 7);
	assert_int_equal(txs.tx[0].state, QUEUE_TX_SIGNED);
	assert_int_equal(txs.tx[1].nonce, 8);
	assert_int_equal(txs.tx[1].state, QUEUE_TX_SENT);
	assert_true(slice_eq_var(txs.tx[1].raw, slice_str("raw a")));
	assert_int_equal(txs.tx[1].responses, 1);
	assert_int_equal(txs.tx[1].response[0].kind, ref.kind);
	assert_int_equal(txs.tx[1].response[0].seq, ref.seq);
	queue_txs_free(&txs);

	a.state = QUEUE_TX_MINED;
	queue_change end[] = { { .verb = QUEUE_TX_STATE, .tx = &a }, { .verb = QUEUE_COMPLETE, .kind = ref.kind, .seq = ref.seq } };
	assert_ok(queue_apply(q, end, 2, NULL));
	assert_true(end[0].done && end[1].done);
	assert_ok(queue_outbox(&txs, q, 54321, &a.wallet));
	assert_int_equal(txs.n, 1);
	queue_txs_free(&txs);
	assert_int_equal(rows_in(q, ref.kind, QUEUE_COMPLETED), 1);
}

static void a_role_has_one_holder(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	AUTO_QUEUE *other = second_queue("second", NULL);
	bool held;

	assert_ok(queue_hold(&held, q, "sender", 10000));
	assert_true(held);
	assert_ok(queue_hold(&held, other, "sender", 10000));
	assert_false(held);
	assert_ok(queue_hold(&held, other, "collector", 10000));
	assert_true(held);
	TIME_MS += 9000;
	assert_ok(queue_hold(&held, q, "sender", 10000));        /* renewed */
	assert_true(held);
	TIME_MS += 9000;
	assert_ok(queue_hold(&held, other, "sender", 10000));
	assert_false(held);
	TIME_MS += 1001;
	assert_ok(queue_hold(&held, other, "sender", 10000));
	assert_true(held);
	assert_ok(queue_let_go(q, "sender"));                    /* not ours any more */
	assert_ok(queue_hold(&held, q, "sender", 10000));
	assert_false(held);
	assert_ok(queue_let_go(other, "sender"));
	assert_ok(queue_hold(&held, q, "sender", 10000));
	assert_true(held);
}

static void who_lost_a_role_writes_nothing_under_it(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	AUTO_QUEUE *other = second_queue("second", NULL);
	queue_tx a = { .chain_id = 54321, .wallet.b = { 9 }, .nonce = 8, .hash.b = { 1 }, .raw = slice_str("raw a") };
	queue_change c[] = { { .verb = QUEUE_TX, .tx = &a }, { .verb = QUEUE_STILL_HELD, .name = "sender" } };
	queue_txs txs = { 0 };
	size_t bad = 7;
	bool held;

	assert_int_equal(queue_apply(q, c, 2, NULL), ERR_EXISTS);                /* nobody has it */
	assert_ok(queue_hold(&held, q, "sender", 10000));
	assert_ok(queue_apply(q, c, 2, NULL));
	assert_true(c[0].done);
	assert_false(c[1].done);
	TIME_MS += 10001;
	a.hash.b[0] = 2;
	assert_ok(queue_apply(q, c, 2, NULL));                                   /* the lease ran out, but it is still ours */
	assert_ok(queue_hold(&held, other, "sender", 10000));
	assert_true(held);
	a.hash.b[0] = 3;
	assert_int_equal(queue_apply(q, c, 2, &bad), ERR_EXISTS);
	assert_int_equal(bad, 1);
	assert_non_null(strstr(err_text(), "another process is \"sender\" now"));
	err_clear();
	assert_ok(queue_outbox(&txs, other, 54321, &a.wallet));
	assert_int_equal(txs.n, 2);
	queue_txs_free(&txs);
	assert_ok(queue_let_go(other, "sender"));
	assert_int_equal(queue_apply(q, c, 2, NULL), ERR_EXISTS);
	err_clear();
}

typedef struct heir { queue *q; eth_address wallet; atomic_bool goes; size_t found; } heir;

/* Takes the role as soon as it can, and looks at once what was written. */
static void *takes_the_role(void *ctx)
{
	heir *h = ctx;
	queue_txs txs = { 0 };
	bool held = false;

	while (!atomic_load(&h->goes)) sched_yield();
	while (!held) assert_ok(queue_hold(&held, h->q, "sender", 10000));
	assert_ok(queue_outbox(&txs, h->q, 54321, &h->wallet));
	h->found = txs.n;
	queue_txs_free(&txs);
	return NULL;
}

static void who_takes_a_role_finds_all_that_was_written_under_it(void **state)
{
	enum { AT_ONCE = 3000 };                                         /* so many that the other is sure to come in between */
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	AUTO_QUEUE *other = second_queue("second", NULL);
	static queue_tx tx[AT_ONCE];
	static queue_change c[AT_ONCE + 1];
	heir h = { .q = other, .wallet.b = { 9 } };
	size_t written = 0;
	pthread_t t;
	bool held;
	err e = OK;

	assert_ok(queue_hold(&held, q, "sender", 10000));
	assert_true(held);
	TIME_MS += 10001;                                                /* and the other may take it */
	assert_int_equal(pthread_create(&t, NULL, takes_the_role, &h), 0);
	while (e == OK) {
		c[0] = (queue_change){ .verb = QUEUE_STILL_HELD, .name = "sender" };
		for (size_t i = 0; i < AT_ONCE; i++) {
			tx[i] = (queue_tx){ .chain_id = 54321, .wallet.b = { 9 }, .raw = slice_str("raw"), .nonce = written + i };
			store64(tx[i].hash.b, written + i);
			c[i + 1] = (queue_change){ .verb = QUEUE_TX, .tx = &tx[i] };
		}
		e = queue_apply(q, c, AT_ONCE + 1, NULL);
		if (e == OK) written += AT_ONCE;
		atomic_store(&h.goes, true);                             /* while the next one is written */
	}
	assert_int_equal(e, ERR_EXISTS);
	err_clear();
	pthread_join(t, NULL);
	assert_int_equal(h.found, written);
}

/* ---- cleaning up -------------------------------------------------------------------------------------------------- */

static void old_decryptions_that_ended_are_deleted(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	const queue_item answer = public_answer();
	queue_item crs = { .kind = QUEUE_CRSGEN, .id.b = { 5 } };
	uint64_t n;

	add_requests(q, 1, 3);
	assert_true(change(q, (queue_change){ .verb = QUEUE_ADD, .item = &crs }));
	assert_true(change(q, (queue_change){ .verb = QUEUE_FAIL, .kind = QUEUE_CRSGEN, .seq = pick_one(q, QUEUE_CRSGEN), .reason = "x" }));
	int64_t seq = pick_one(q, QUEUE_PUBLIC_DECRYPTION);
	assert_true(change(q, (queue_change){ .verb = QUEUE_FINISH, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = seq, .item = &answer }));
	seq = pick_one(q, QUEUE_PUBLIC_DECRYPTION);
	assert_true(change(q, (queue_change){ .verb = QUEUE_FAIL, .kind = QUEUE_PUBLIC_DECRYPTION, .seq = seq, .reason = "x" }));
	TIME_MS += 24 * 3600000;
	assert_ok(queue_collect(&n, q, 24 * 3600000));
	assert_int_equal(n, 0);
	TIME_MS += 1;
	assert_ok(queue_collect(&n, q, 24 * 3600000));
	assert_int_equal(n, 2);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_PENDING), 1);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION_RESPONSE, QUEUE_PENDING), 1);    /* not sent yet */
	assert_int_equal(rows_in(q, QUEUE_CRSGEN, QUEUE_FAILED), 1);                         /* never deleted */
	assert_ok(queue_expire(&n, q, 24 * 3600000));
	assert_int_equal(n, 2);
	assert_int_equal(rows_in(q, QUEUE_PUBLIC_DECRYPTION, QUEUE_FAILED), 1);
}

static void ages_are_those_of_the_oldest(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	queue_count c[QUEUE_KINDS];

	add_requests(q, 1, 1);
	TIME_MS += 5000;
	add_requests(q, 2, 1);
	TIME_MS += 2000;
	assert_ok(queue_counts(c, q));
	assert_int_equal(c[QUEUE_PUBLIC_DECRYPTION].oldest_pending_ms, 7000);
	assert_int_equal(c[QUEUE_PUBLIC_DECRYPTION].oldest_under_process_ms, -1);
	(void)pick_one(q, QUEUE_PUBLIC_DECRYPTION);
	assert_ok(queue_counts(c, q));
	assert_int_equal(c[QUEUE_PUBLIC_DECRYPTION].oldest_pending_ms, 2000);
	assert_int_equal(c[QUEUE_PUBLIC_DECRYPTION].oldest_under_process_ms, 7000);
	assert_int_equal(c[QUEUE_USER_DECRYPTION].oldest_pending_ms, -1);
	assert_string_equal(c[QUEUE_USER_DECRYPTION].last_reason, "");
}

static void what_waits_after_an_error_says_which_and_until_when(void **state)
{
	AUTO_QUEUE *q = fresh_queue(DIALECT(state));
	queue_change c = { .verb = QUEUE_RETRY, .kind = QUEUE_PUBLIC_DECRYPTION, .delay_ms = 4000 };
	static queue_trouble t[QUEUE_KINDS * QUEUE_TROUBLES];
	size_t n;

	add_requests(q, 1, 4);
	TIME_MS += 5000;
	assert_ok(queue_troubles(t, &n, q));
	assert_int_equal(n, 0);
	for (unsigned i = 0; i < 3; i++) {
		c.seq = pick_one(q, c.kind), c.reason = i ? "the bucket is away" : "no such thing";
		c.blameless = i > 0;
		assert_true(change(q, c));
		TIME_MS += 1000;
	}
	assert_ok(queue_troubles(t, &n, q));
	assert_int_equal(n, 2);
	assert_string_equal(t[0].reason, "the bucket is away");      /* of most of them */
	assert_int_equal(t[0].rows, 2);
	assert_int_equal(t[0].oldest.b[31], 2);
	assert_int_equal(t[0].age_ms, 8000);
	assert_int_equal(t[0].errors, 0);                            /* what is away is no attempt */
	assert_int_equal(t[0].next_ms, 2000);
	assert_int_equal(t[1].errors, 1);
	assert_int_equal(t[1].next_ms, 1000);
	TIME_MS += 1000;
	(void)pick_one(q, c.kind);                                   /* the first, which is in work now */
	assert_ok(queue_troubles(t, &n, q));
	assert_int_equal(n, 2);
	assert_string_equal(t[1].reason, "no such thing");
	assert_int_equal(t[1].next_ms, -1);
	TIME_MS += 10000;
	assert_ok(queue_troubles(t, &n, q));
	assert_int_equal(t[0].next_ms, 0);
}

/* ---- parts of items ----------------------------------------------------------------------------------------------- */

static void materials_digests_and_traces_are_read_as_written(void **state)
{
	(void)state;
	buf b = { 0 };
	queue_material m = { .handle.b = { 1 }, .key_id.b = { 2 }, .digest.b = { 3 }, .coprocessors = slice_str("twenty bytes of text") }, got;
	slice parent, tracestate, digest;
	uint8_t type;

	queue_put_material(&b, &m);
	assert_ok(queue_read_material(&got, buf_slice(&b)));
	assert_memory_equal(&got.handle, &m.handle, 32), assert_memory_equal(&got.key_id, &m.key_id, 32), assert_memory_equal(&got.digest, &m.digest, 32);
	assert_true(slice_eq_var(got.coprocessors, m.coprocessors));
	assert_err(ERR_REQUEST, queue_read_material(&got, slice_of(b.p, b.n - 1)));
	assert_err(ERR_REQUEST, queue_read_material(&got, slice_of(b.p, 95)));
	buf_clear(&b);
	queue_put_digest(&b, 3, slice_str("digest"));
	assert_ok(queue_read_digest(&type, &digest, buf_slice(&b)));
	assert_int_equal(type, 3);
	assert_true(slice_eq_var(digest, slice_str("digest")));
	assert_err(ERR_REQUEST, queue_read_digest(&type, &digest, slice_of(b.p, 1)));

	/* An empty map is eight zero bytes; otherwise count, then length and bytes of each key and value. */
	buf_clear(&b);
	queue_put_trace(&b, slice_of(NULL, 0), slice_of(NULL, 0));
	assert_int_equal(b.n, 8);
	assert_int_equal(load64(b.p), 0);
	buf_clear(&b);
	queue_put_trace(&b, slice_str("00-aa-bb-01"), slice_str("x=y"));
	assert_int_equal(b.n, 8 + 8 + 11 + 8 + 11 + 8 + 10 + 8 + 3);
	assert_int_equal(load64(b.p), 2);
	assert_ok(queue_read_trace(&parent, &tracestate, buf_slice(&b)));
	assert_true(slice_eq_var(parent, slice_str("00-aa-bb-01")));
	assert_true(slice_eq_var(tracestate, slice_str("x=y")));
	for (size_t n = 1; n < b.n; n++) assert_err(ERR_REQUEST, queue_read_trace(&parent, &tracestate, slice_of(b.p, n)));
	assert_ok(queue_read_trace(&parent, &tracestate, slice_of(NULL, 0)));
	assert_int_equal(parent.n, 0);
	buf_free(&b);
}

TESTS(
	BOTH(every_kind_comes_back_as_it_was),
	BOTH(a_request_of_the_older_shape_has_no_parts_of_the_newer),
	BOTH(what_is_known_is_not_added_again),
	BOTH(resharings_that_were_not_done_are_found),
	BOTH(events_and_cursor_are_one_commit),
	BOTH(rows_are_taken_in_the_order_in_which_they_came),
	BOTH(a_lease_that_ran_out_is_anybodys),
	BOTH(what_is_released_or_tried_later_is_pending_again),
	BOTH(a_request_is_answered_once),
	BOTH(what_failed_says_why_and_can_be_revived),
	BOTH(what_the_operator_failed_is_not_answered),
	BOTH(a_row_that_cannot_be_read_fails_alone),
	BOTH(a_reorganisation_erases_what_is_not_answered),
	BOTH(only_the_last_blocks_are_remembered),
	BOTH(transactions_are_known_until_they_are_mined),
	BOTH(a_role_has_one_holder), BOTH(who_lost_a_role_writes_nothing_under_it), BOTH(who_takes_a_role_finds_all_that_was_written_under_it),
	BOTH(old_decryptions_that_ended_are_deleted),
	BOTH(ages_are_those_of_the_oldest), BOTH(what_waits_after_an_error_says_which_and_until_when),
	TEST(materials_digests_and_traces_are_read_as_written))
