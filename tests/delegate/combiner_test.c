/* SPDX-License-Identifier: MIT */
#include "tests/delegate/combiner_world.h"

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

static void the_answer_of_the_first_form_is_as_of_one_node_and_one_more_is_asked_than_needed(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (unsigned i = 0; i < 4; i++) {
		const delegate_ask a = question(&w);
		begin(&w, &a);
		answered_rightly(&w);
		assert_int_equal(total(&w, w.asked), 3 * (i + 1));
	}
	assert_int_equal(total(&w, w.lies), 0);
	assert_int_equal(w.asked[1], 0);
	close_world(&w);
}

static void who_lies_is_named_by_its_own_signature_and_another_is_asked(void **state)
{
	static const manner LIES[] = { WRONG_PROOF, WRONG_POINT, OTHER_PARTYS, GARBAGE, COPIED };
	world w;

	(void)state;
	for (size_t i = 0; i < COUNT(LIES); i++) {
		open_world(&w);
		for (party liar = 2; liar <= 3; liar++) w.how[liar] = LIES[i];
		/* With one's own and the two honest ones' there are just enough, whoever is asked first. */
		for (unsigned k = 0; k < 3; k++) {
			const delegate_ask a = question(&w);
			begin(&w, &a);
			answered_rightly(&w);
		}
		pool_free(&w.cores);                       /* what is under way ends */
		assert_int_equal(w.lies[4] + w.lies[5], 0);
		assert_true(w.lies[2] + w.lies[3] > 0);
		assert_false(w.convicted);                 /* the test spoils what the node had signed rightly: no proof of guilt */
		close_world(&w);
	}
}

/* Node 2 takes another's published share for its own: its proofs are of a share that nobody has published.  There is no answer before
 * it was judged: 3, who is needed, is asked when 2 has lied. */
static void open_world_with_a_liar(world *w)
{
	open_world(w);
	group_key key = w->x.key;
	group_share other = { 2, w->x.share[3].s };
	key.chain_id = KNOWN_CHAIN;
	key.Y[2] = key.Y[3];
	assert_ok(delegate_kms_put_share(w->kms[2], &key, KEY_ACTIVE, &other));
	w->down[3] = true, w->how[5] = SILENT;
}

static void a_wrong_part_that_its_node_signed_convicts_it(void **state)
{
	world w;

	(void)state;
	open_world_with_a_liar(&w);
	const delegate_ask a = question(&w);
	begin(&w, &a);
	answered_rightly(&w);
	assert_true(w.lies[2] > 0 && w.convicted);
	close_world(&w);
}

static void too_few_right_answers_are_503_at_once_if_nobody_is_left(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (party i = 2; i <= 4; i++) w.how[i] = i == 3 ? WRONG_PROOF : REFUSING;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "2 nodes answered rightly, and 3 are needed");
	assert_int_equal(total(&w, w.asked), 4);
	close_world(&w);
}

static void who_is_silent_is_replaced_after_a_while_and_after_the_limit_it_is_503(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (party i = 3; i <= 5; i++) w.how[i] = SILENT;
	w.down[2] = true;                                  /* thus asked last */
	const delegate_ask a = question(&w);
	begin(&w, &a);
	assert_int_equal(total(&w, w.asked), 3);
	w.clock.s += 1;
	combiner_look(w.c);
	assert_int_equal(total(&w, w.asked), 4);
	wait_right(&w, 1);
	w.clock.s += 3;
	combiner_look(w.c);
	assert_false(w.done);
	w.clock.s += 1;
	combiner_look(w.c);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "2 nodes answered rightly");
	w.how[4] = HONEST;
	begin(&w, &a);
	w.clock.s += 1;
	combiner_look(w.c);
	answered_rightly(&w);
	close_world(&w);
}

/* It is no liar, and a second later it answers again. */
static void who_has_given_as_much_as_it_may_is_replaced_and_503_if_nobody_is_left(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	const delegate_ask a = question(&w);
	for (party i = 2; i <= 3; i++) delegate_kms_limit(w.kms[i], 1);
	for (unsigned i = 0; i < 4; i++) {
		begin(&w, &a);
		answered_rightly(&w);
	}
	for (party i = 4; i <= 5; i++) delegate_kms_limit(w.kms[i], 1);
	for (unsigned second = 0; second < 2; second++) {
		unsigned right = 0;
		w.clock.s++;
		for (begin(&w, &a); wait_done(&w) == 200; begin(&w, &a)) right++;
		assert_in_range(right, 1, 2);                      /* each takes two of the four others, or three */
		says(&w, "nodes answered rightly, and 3 are needed");
	}
	assert_false(w.convicted);
	close_world(&w);
}

static void an_answer_that_comes_twice_counts_once(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (party i = 2; i <= 5; i++) w.how[i] = i == 2 ? TWICE : SILENT;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	combiner_look(w.c);
	for (unsigned i = 0; i < 3; i++) w.clock.s++, combiner_look(w.c);
	wait_right(&w, 1);
	w.clock.s += 3;
	combiner_look(w.c);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "2 nodes answered rightly");
	close_world(&w);
}

/* Its proof is of another request: who is slow would look like a liar. */
static void an_answer_to_a_request_that_is_over_is_passed_over(void **state)
{
	AUTO(buf) answer = { 0 }, text = { 0 };
	world w;

	(void)state;
	open_world(&w);
	w.how[2] = LATE, w.how[3] = SILENT;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	w.clock.s += 1;
	combiner_look(w.c);
	answered_rightly(&w);                                  /* by 1, 4 and 5 */
	assert_true(delegate_answer_ask(w.kms[2], &answer, true, buf_slice(&w.kept)));
	for (party i = 2; i <= N; i++) w.how[i] = SILENT;
	delegate_ask other = question(&w);
	other.text = TYPED_AS_SENT;
	begin(&w, &other);                                     /* in the same slot */
	for (unsigned i = 0; i < 3; i++) w.clock.s++, combiner_look(w.c);
	assert_true(combiner_take(w.c, 2, buf_slice(&answer)));
	w.clock.s += 3;
	combiner_look(w.c);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "1 nodes answered rightly");
	combiner_metrics(&text, w.c);
	assert_non_null(strstr(buf_str(&text), "{what=\"late\"} 1\n"));
	pool_free(&w.cores);                                   /* what is under way ends */
	assert_int_equal(w.lies[2], 0);
	close_world(&w);
}

static void stopping_answers_what_waits_and_refuses_what_comes(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	for (party i = 2; i <= 5; i++) w.how[i] = SILENT;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	assert_false(w.done);
	combiner_stop(w.c);
	assert_int_equal(wait_done(&w), 503);
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "stopping");
	close_world(&w);
}

static void a_key_that_is_not_made_yet_is_503_and_what_is_wrong_with_a_request_is_said_before(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	delegate_kms_drop_share(w.kms[1], KNOWN_CHAIN, NULL);
	delegate_ask a = question(&w);
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "not made yet");
	a.chain_id = 5;                                    /* signed for another chain */
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 401);
	assert_int_equal(total(&w, w.asked), 0);
	close_world(&w);
}

/* ---- the second form ------------------------------------------------------------------------------------------------------ */

static delegate_v1 once(const world *w, uint8_t nonce)
{
	delegate_v1 d = { .chain_id = KNOWN_CHAIN, .target_hash = keccak256(buf_slice(&w->spki)), .epoch = w->x.key.epoch, .nonce = { { nonce } },
	                  .not_before = NOW - 10, .expires_at = NOW + 200 };
	memcpy(d.key_id.b, w->x.key.key_id.b, sizeof d.key_id.b);
	memcpy(d.ephemeral, w->x.K.b, sizeof d.ephemeral);
	return d;
}

static void call_v1(delegate_call *out, buf *body, buf *authorization, const world *w, const delegate_v1 *d)
{
	delegate_v1_body(body, d, buf_slice(&w->spki));
	delegate_v1_authorization(authorization, d, w->gateway);
	*out = (delegate_call){ .authorization = buf_str(authorization), .content_type = "application/json", .body = buf_slice(body) };
}

static void it_does_so_in_the_domain_of_any_contract(void **state)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };
	delegate_call call;
	world w;

	(void)state;
	open_world_with_a_liar(&w);
	delegate_v1 d = once(&w, 1);
	d.has_contract = true;
	d.contract.b[0] = 7;
	call_v1(&call, &body, &authorization, &w, &d);
	combiner_begin(w.c, &call, true, done, &w);
	assert_int_equal(wait_done(&w), 200);
	assert_true(w.lies[2] > 0 && w.convicted);
	close_world(&w);
}

static void the_second_form_is_answered_once_with_the_signatures_of_those_who_took_part(void **state)
{
	AUTO(buf) body = { 0 }, authorization = { 0 }, sealed = { 0 };
	delegate_call call;
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 d = once(&w, 1);
	call_v1(&call, &body, &authorization, &w, &d);
	combiner_begin(w.c, &call, true, done, &w);
	assert_int_equal(wait_done(&w), 200);
	assert_ok(delegate_v1_reply_read(&sealed, &d, signer_address(w.wallet[1]), buf_slice(&w.body)));
	check_secret(&w, buf_slice(&sealed));
	json_t *j = json_loadb((const char *)w.body.p, w.body.n, 0, NULL), *nodes = json_member(j, "nodes");
	assert_int_equal(json_array_size(nodes), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *of = json_array_get(nodes, i);
		const hash32 request = typed_v1_authorization(&d), what = known_hash(of, "partialHash"),
		             digest = typed_v1_response(&d, &request, &what);
		secp_rsig sig;
		eth_address by;
		json_bytes_of(sig.b, sizeof sig.b, of, "signature");
		assert_true(sign_external_by_var(&by, &sig, &digest));
		assert_true(eth_address_eq_var(by, *signer_address(w.wallet[json_integer_value(json_member(of, "index"))])));
	}
	json_decref(j);
	w.done = false;
	combiner_begin(w.c, &call, true, done, &w);
	assert_int_equal(wait_done(&w), 409);
	close_world(&w);
}

static void a_signature_that_is_not_its_nodes_is_not_handed_on(void **state)
{
	AUTO(buf) body = { 0 }, authorization = { 0 };
	delegate_call call;
	world w;

	(void)state;
	open_world(&w);
	for (party i = 2; i <= N; i++) w.how[i] = SIGNED_BY_ANOTHER;
	const delegate_v1 d = once(&w, 9);
	call_v1(&call, &body, &authorization, &w, &d);
	combiner_begin(w.c, &call, true, done, &w);
	assert_int_equal(wait_done(&w), 200);
	assert_non_null(strstr(buf_str(&w.body), "\"nodes\":[]"));
	assert_int_equal(w.lies[2] + w.lies[3] + w.lies[4] + w.lies[5], 0);
	close_world(&w);
}

static void a_reader_combines_parts_that_nodes_seal_to_it(void **state)
{
	group_partial part[N];
	secp_pk S;
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 d = once(&w, 2);
	const hash32 request = typed_v1_authorization(&d);
	for (party i = 1; i <= N; i++) {
		AUTO(buf) body = { 0 }, authorization = { 0 }, answer = { 0 }, sealed = { 0 };
		uint8_t bytes[GROUP_PARTIAL_BYTES];
		delegate_call call;
		call_v1(&call, &body, &authorization, &w, &d);
		assert_int_equal(delegate_answer_partial(w.kms[i], &answer, &call), 200);
		assert_ok(delegate_v1_partial_read(&sealed, &d, signer_address(w.wallet[i]), buf_slice(&answer)));
		assert_ok(rsa_open(bytes, sizeof bytes, w.reader, buf_slice(&sealed)));
		assert_ok(group_partial_read(&part[i - 1], slice_of(bytes, sizeof bytes)));
		assert_int_equal(part[i - 1].index, i);
		assert_true(group_partial_ok_var(&part[i - 1], &w.x.key, &w.x.K, &request));
		buf_clear(&answer);
		assert_int_equal(delegate_answer_partial(w.kms[i], &answer, &call), 409);
	}
	assert_ok(group_combine(&S, &w.x.key, part + 1, 3));
	const shared_x x = shared_x_of(&S);
	uint8_t expected[ECIES_X];
	json_bytes_of(expected, sizeof expected, json_member(w.nox, "ecies"), "sharedX");
	assert_memory_equal(x.b, expected, sizeof expected);
	close_world(&w);
}

static void put_part(world *w, buf *sealed, const delegate_v1 *d, party i)
{
	AUTO(buf) body = { 0 }, authorization = { 0 }, answer = { 0 };
	delegate_call call;

	call_v1(&call, &body, &authorization, w, d);
	assert_int_equal(delegate_answer_partial(w->kms[i], &answer, &call), 200);
	assert_ok(delegate_v1_partial_read(sealed, d, signer_address(w->wallet[i]), buf_slice(&answer)));
}

static void a_file_of_parts_is_opened_by_its_reader_whatever_some_of_them_are(void **state)
{
	AUTO(buf) request = { 0 }, description = { 0 }, file = { 0 };
	buf sealed[N] = { 0 };
	uint8_t expected[ECIES_X];
	shared_x x;
	parts_file p;
	world w;

	(void)state;
	open_world(&w);
	const delegate_v1 d = once(&w, 3);
	delegate_v1_body(&request, &d, buf_slice(&w.spki));
	assert_int_equal(delegate_describe(w.kms[2], &description, NULL), 200);
	for (party i = 1; i <= N; i++) put_part(&w, &sealed[i - 1], &d, i);
	sealed[0].p[9] ^= 1;                               /* not to be opened */
	buf_clear(&sealed[3]);
	buf_put_slice(&sealed[3], buf_slice(&sealed[2]));  /* twice the same */
	parts_write(&file, KNOWN_CHAIN, buf_slice(&request), buf_slice(&description), sealed, N);
	assert_ok(parts_read(&p, buf_slice(&file)));
	assert_ok(parts_open(&x, &p, w.reader, &w.x.K));
	json_bytes_of(expected, sizeof expected, json_member(w.nox, "ecies"), "sharedX");
	assert_memory_equal(x.b, expected, sizeof expected);
	assert_err(ERR_REQUEST, parts_open(&x, &p, w.reader, &w.x.key.P));       /* another record */
	p.key.Y[2] = p.key.Y[3];
	assert_err(ERR_REQUEST, parts_open(&x, &p, w.reader, &w.x.K));           /* two are right, three are needed */
	parts_free(&p);
	for (party i = 1; i <= N; i++) buf_free(&sealed[i - 1]);
	for (size_t n = 0; n < file.n; n += 1 + n / 16) assert_err(ERR_REQUEST, parts_read(&p, slice_of(file.p, n)));
	close_world(&w);
}

static void each_node_describes_the_key_alike_under_its_own_signature(void **state)
{
	group_key first, other;
	eth_address by;
	party index;
	world w;

	(void)state;
	open_world(&w);
	for (party i = 1; i <= N; i++) {
		AUTO(buf) text = { 0 };
		assert_int_equal(delegate_describe(w.kms[i], &text, "31337"), 200);
		assert_ok(description_read(&other, &index, &by, KNOWN_CHAIN, buf_slice(&text)));
		assert_true(eth_address_eq_var(by, *signer_address(w.wallet[i])));
		assert_int_equal(index, i);
		if (i == 1) first = other;
		assert_true(description_eq_var(&first, &other));
		text.p[text.n / 2] ^= 1;                   /* somewhere among the shares */
		if (description_read(&other, &index, &by, KNOWN_CHAIN, buf_slice(&text)) == OK)
			assert_false(eth_address_eq_var(by, *signer_address(w.wallet[i])));
		err_clear();
	}
	assert_true(first.n == N && first.T == 2 && first.epoch == w.x.key.epoch);
	assert_memory_equal(first.P.b, w.x.key.P.b, SECP_PK);
	close_world(&w);
}

static void a_share_that_was_not_published_is_not_taken(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	group_key key = w.x.key;
	group_share wrong = { 2, w.x.share[3].s };
	assert_err(ERR_REQUEST, delegate_kms_put_share(w.kms[2], &key, KEY_ACTIVE, &w.x.share[2]));       /* of another chain */
	key.chain_id = KNOWN_CHAIN;
	assert_err(ERR_STATE, delegate_kms_put_share(w.kms[2], &key, KEY_ACTIVE, &wrong));
	wrong.index = 6;
	assert_err(ERR_STATE, delegate_kms_put_share(w.kms[2], &key, KEY_ACTIVE, &wrong));
	close_world(&w);
}

static void a_key_that_a_node_has_suspended_gets_no_part_of_it_and_other_nodes_are_asked(void **state)
{
	world w;

	(void)state;
	open_world(&w);
	group_key key = w.x.key;
	key.chain_id = KNOWN_CHAIN;
	assert_ok(delegate_kms_put_share(w.kms[2], &key, KEY_SUSPENDED, &w.x.share[2]));
	assert_ok(delegate_kms_put_share(w.kms[3], &key, KEY_DEACTIVATED, &w.x.share[3]));
	w.how[4] = REFUSING;
	const delegate_ask a = question(&w);
	begin(&w, &a);
	answered_rightly(&w);                                  /* by 1, 3 and 5 */
	assert_int_equal(w.lies[2], 0);
	assert_ok(delegate_kms_put_share(w.kms[3], &key, KEY_COMPROMISED, &w.x.share[3]));
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "2 nodes answered rightly");
	assert_err(ERR_REQUEST, delegate_kms_put_share(w.kms[3], &key, 0, &w.x.share[3]));
	assert_ok(delegate_kms_put_share(w.kms[1], &key, KEY_SUSPENDED, &w.x.share[1]));
	const unsigned before = total(&w, w.asked);
	begin(&w, &a);
	assert_int_equal(wait_done(&w), 503);
	says(&w, "suspended");
	assert_int_equal(total(&w, w.asked), before);
	close_world(&w);
}

static const struct CMUnitTest tests[] = {
	TEST(the_answer_of_the_first_form_is_as_of_one_node_and_one_more_is_asked_than_needed),
	TEST(who_lies_is_named_by_its_own_signature_and_another_is_asked), TEST(a_wrong_part_that_its_node_signed_convicts_it), TEST(it_does_so_in_the_domain_of_any_contract),
	TEST(too_few_right_answers_are_503_at_once_if_nobody_is_left),
	TEST(who_is_silent_is_replaced_after_a_while_and_after_the_limit_it_is_503),
	TEST(who_has_given_as_much_as_it_may_is_replaced_and_503_if_nobody_is_left), TEST(an_answer_that_comes_twice_counts_once),
	TEST(an_answer_to_a_request_that_is_over_is_passed_over),
	TEST(stopping_answers_what_waits_and_refuses_what_comes),
	TEST(a_key_that_is_not_made_yet_is_503_and_what_is_wrong_with_a_request_is_said_before),
	TEST(the_second_form_is_answered_once_with_the_signatures_of_those_who_took_part),
	TEST(a_signature_that_is_not_its_nodes_is_not_handed_on), TEST(a_reader_combines_parts_that_nodes_seal_to_it),
	TEST(a_file_of_parts_is_opened_by_its_reader_whatever_some_of_them_are), TEST(each_node_describes_the_key_alike_under_its_own_signature),
	TEST(a_share_that_was_not_published_is_not_taken),
	TEST(a_key_that_a_node_has_suspended_gets_no_part_of_it_and_other_nodes_are_asked),
};
int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, tear_down); }
