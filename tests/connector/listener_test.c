/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "tests/test.h"
#include "tests/connector/chain.h"

static chain *c;
static memory_store *m;
static listener *l, *other;

static int begin(void **state)
{
	(void)state;
	log_setup(LOG_ERROR + 1, false);
	c = chain_new(KMS_GATEWAY);
	m = calloc(1, sizeof *m);
	assert_non_null(m);
	return 0;
}

static int end(void **state)
{
	(void)state;
	listener_free(&l), listener_free(&other);
	chain_free(&c);
	free(m);
	return 0;
}

static listener_config config(unsigned n_providers)
{
	return (listener_config){
		.chain = chain_watched(c), .name = "gateway", .range = 100, .poll_ms = 500, .max_errors = 3, .providers = chain_providers(c, n_providers, 0),
		.store = memory_store_of(m), .clock = &c->clock, .random = test_rng(),
	};
}

static void follow_chain(const listener_config *with)
{
	listener_free(&l);
	assert_ok(listener_new(&l, with));
}

static void start(unsigned n_providers)
{
	const listener_config with = config(n_providers);
	follow_chain(&with);
}

/* Until there is nothing more to do; fails the test if there is a failure. */
static void catch_up(void)
{
	for (unsigned i = 0; i < 1000; i++) {
		const listener_step s = listener_tick(l);
		if (s == LISTENER_FAILED) {
			listener_view v;
			listener_look(l, &v);
			fail_msg("%s", v.reason);
		}
		if (s == LISTENER_IDLE) return;
	}
	fail_msg("it never rests");
}

static void fails(void) { assert_int_equal(listener_tick(l), LISTENER_FAILED); }

static listener_view view(void)
{
	listener_view v;
	listener_look(l, &v);
	return v;
}

/* ---- ranges and starts ------------------------------------------------------------------------------------------ */

static void requests_and_the_cursor_are_one_commit(void **state)
{
	(void)state;
	chain_mine(c, 10);
	start(1);
	catch_up();
	assert_int_equal(m->cursor, 10);
	const size_t before = m->commits;
	chain_ask(c);
	chain_ask_more(c, 3);
	chain_ask(c);
	catch_up();
	assert_int_equal(m->commits, before + 1);
	assert_int_equal(m->cursor, 12);
	assert_same(m, c, 1);
	assert_int_equal(view().received[KMS_PUBLIC_DECRYPTION], 5);
	assert_int_equal(m->kinds, (1 << KMS_ABORT_KEYGEN) - 1);
}

static void without_a_past_it_begins_at_the_head(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) chain_ask(c);
	start(1);
	catch_up();
	assert_int_equal(m->rows, 1);
	assert_same(m, c, 10);
}

static void after_a_pause_it_goes_on_where_it_was(void **state)
{
	(void)state;
	chain_mine(c, 5);
	start(1);
	catch_up();
	for (unsigned i = 0; i < 250; i++) chain_ask(c);
	start(1);
	assert_int_equal(listener_tick(l), LISTENER_AGAIN);
	assert_int_equal(m->cursor, 105);
	assert_int_equal(listener_tick(l), LISTENER_AGAIN);
	assert_int_equal(listener_tick(l), LISTENER_IDLE);
	assert_int_equal(m->cursor, 255);
	assert_same(m, c, 6);
}

static void a_configured_block_wins_over_the_cursor_at_each_start(void **state)
{
	static const uint64_t FROM = 3;

	(void)state;
	for (unsigned i = 0; i < 10; i++) chain_ask(c);
	for (unsigned i = 0; i < 2; i++) {
		listener_config with = config(1);
		with.from = &FROM;
		follow_chain(&with);
		catch_up();
		assert_same(m, c, 3);
		assert_int_equal(m->rows, 8);
	}
}

static void a_configured_block_beyond_the_cursor_is_begun_at(void **state)
{
	static const uint64_t FROM = 200;
	listener_config with;

	(void)state;
	chain_mine(c, 10);
	start(1);
	catch_up();
	for (unsigned i = 0; i < 300; i++) chain_ask(c);
	with = config(1);
	with.from = &FROM;
	follow_chain(&with);
	catch_up();
	assert_int_equal(m->cursor, 310);
	assert_int_equal(m->rows, 111);
	assert_same(m, c, FROM);
	with = config(1);
	with.from = &FROM;
	follow_chain(&with);                             /* once more, behind it */
	chain_ask(c);
	catch_up();
	assert_same(m, c, FROM);
}

static void what_a_provider_finds_too_much_is_asked_in_smaller_pieces(void **state)
{
	(void)state;
	start(1);
	catch_up();
	c->provider[0].range_most = 7;
	for (unsigned i = 0; i < 200; i++) chain_ask(c);
	catch_up();
	assert_same(m, c, 1);
	assert_int_equal(view().errors, 0);
	c->provider[0].range_most = 0;
	for (unsigned i = 0; i < 400; i++) chain_ask(c);
	catch_up();
	const unsigned asked = c->provider[0].asked;
	chain_mine(c, 100);
	catch_up();
	assert_true(c->provider[0].asked - asked <= 10);       /* ranges of 20 at least: a head and a range each */
	assert_same(m, c, 1);
}

static void confirmations_are_waited_for(void **state)
{
	listener_config with = config(1);

	(void)state;
	with.confirmations = 3;
	follow_chain(&with);
	chain_mine(c, 2);
	catch_up();
	assert_false(m->known);
	chain_mine(c, 2);
	catch_up();
	assert_int_equal(m->cursor, 1);
	chain_ask(c);
	catch_up();
	assert_int_equal(m->rows, 0);
	chain_mine(c, 3);
	catch_up();
	assert_same(m, c, 1);
}

static void finalized_blocks_are_followed_where_that_is_asked_for(void **state)
{
	listener_config with = config(1);

	(void)state;
	with.finalized = true;
	follow_chain(&with);
	for (unsigned i = 0; i < 10; i++) chain_ask(c);
	c->finalized = 4;
	catch_up();
	assert_int_equal(m->cursor, 4);
	c->finalized = 9;
	catch_up();
	assert_int_equal(m->cursor, 9);
	assert_int_equal(m->rows, 6);
}

/* ---- blocks that are taken back --------------------------------------------------------------------------------- */

static void requests_in_blocks_that_were_taken_back_are_replaced(void **state)
{
	(void)state;
	start(1);
	catch_up();
	for (unsigned i = 0; i < 8; i++) chain_ask(c), catch_up();
	chain_take_back(c, 3);
	for (unsigned i = 0; i < 4; i++) chain_ask(c);
	catch_up();
	assert_same(m, c, 1);
	assert_int_equal(m->rows, 9);
	assert_int_equal(view().reorgs, 1);
	assert_int_equal(m->cursor, 9);
}

static void what_was_completed_stays_when_its_block_is_taken_back(void **state)
{
	(void)state;
	start(1);
	catch_up();
	const uint32_t id = chain_ask(c);
	catch_up();
	memory_find(m, id)->completed = true;
	chain_take_back(c, 1);
	chain_ask(c), chain_ask(c);
	catch_up();
	assert_non_null(memory_find(m, id));
	assert_same(m, c, 1);
}

static void blocks_taken_back_while_it_was_away_are_noticed(void **state)
{
	(void)state;
	start(1);
	catch_up();
	for (unsigned i = 0; i < 5; i++) chain_ask(c), catch_up();
	chain_take_back(c, 2);
	for (unsigned i = 0; i < 6; i++) chain_ask(c);
	start(1);
	catch_up();
	assert_same(m, c, 1);
}

static void a_chain_that_took_back_everything_is_read_again(void **state)
{
	(void)state;
	chain_mine(c, 3);
	start(1);
	catch_up();
	for (unsigned i = 0; i < 5; i++) chain_ask(c), catch_up();
	chain_take_back(c, 7);
	for (unsigned i = 0; i < 12; i++) chain_ask(c);
	catch_up();
	assert_same(m, c, 2);                   /* the block below the first one that was read is remembered too */
}

/* ---- two listeners ---------------------------------------------------------------------------------------------- */

static void start_other(void)
{
	const listener_config with = config(1);
	listener_free(&other);
	assert_ok(listener_new(&other, &with));
}

static void other_takes_another_branch(void)
{
	chain_take_back(c, 2);
	chain_ask(c), chain_ask(c), chain_ask(c);
	while (listener_tick(other) == LISTENER_AGAIN) {}
}

static void chain_changes(void)
{
	chain_take_back(c, 2);
	chain_ask(c), chain_ask(c), chain_ask(c);
}

static void two_listeners_read_each_block_once(void **state)
{
	(void)state;
	start(1), start_other();
	catch_up();
	for (unsigned i = 0; i < 20; i++) {
		chain_ask(c);
		if (i % 3) catch_up();
		else while (listener_tick(other) == LISTENER_AGAIN) {}
	}
	catch_up();
	assert_same(m, c, 1);
	assert_int_equal(m->reorgs, 0);
}

/* One reads, the chain changes, the other reads that and is quicker: then the first one writes what is no longer so. */
static void two_listeners_on_two_branches_end_on_one(void **state)
{
	(void)state;
	chain_mine(c, 3);
	start(1), start_other();
	catch_up();
	for (unsigned i = 0; i < 4; i++) {
		chain_ask(c), chain_ask(c), chain_ask(c);
		m->before = other_takes_another_branch;
		catch_up();
		assert_same(m, c, 4);
	}
	assert_true(m->reorgs >= 4);
}

static void a_change_between_reading_and_writing_is_noticed_with_the_next_block(void **state)
{
	(void)state;
	chain_mine(c, 3);
	start(1);
	catch_up();
	chain_ask(c), chain_ask(c), chain_ask(c);
	m->before = chain_changes;
	catch_up();
	chain_mine(c, 1);
	catch_up();
	assert_same(m, c, 4);
}

/* ---- logs that nobody understands -------------------------------------------------------------------------------- */

static void a_log_that_cannot_be_read_is_set_aside_alone(void **state)
{
	static const uint8_t WORD[32] = { 0xff };

	(void)state;
	start(1);
	catch_up();
	chain_ask(c);
	chain_log(c, "KeygenRequest(uint256,uint256)", slice_of(WORD, 32), false);
	chain_ask_more(c, 2);
	catch_up();
	assert_int_equal(m->rows, 3);
	assert_int_equal(m->set_aside, 1);
	assert_non_null(strstr(m->reason, "KeygenRequest"));
	assert_int_equal(view().set_aside, 1);
	assert_int_equal(view().errors, 0);
	assert_int_equal(m->cursor, 1);
}

static void a_request_that_the_database_refuses_is_set_aside_alone(void **state)
{
	(void)state;
	start(1);
	catch_up();
	chain_ask(c);
	m->refuse = chain_ask(c);
	chain_ask_more(c, 2);
	catch_up();
	assert_int_equal(m->rows, 3);
	assert_int_equal(m->set_aside, 1);
	assert_non_null(strstr(m->reason, "out of range"));
	assert_int_equal(m->cursor, 2);
	assert_int_equal(view().received[KMS_PUBLIC_DECRYPTION], 3);
}

static void every_kind_of_the_seed_finds_its_queue(void **state)
{
	static const uint64_t WORDS[] = { 100, 101, 102, 1, 200, 4096, 0, 300, 4096, 2 };
	AUTO(buf) words = { 0 };

	(void)state;
	start(1);
	catch_up();
	abi_frame f = abi_tuple(&words, COUNT(WORDS));
	for (size_t i = 0; i < COUNT(WORDS); i++) abi_put_u64(&f, WORDS[i]);
	chain_mine(c, 1);
	chain_log(c, "KeygenRequest(uint256,uint256)", slice_of(words.p, 64), false);
	chain_log(c, "KeyReshareSameSet(uint256,uint256,uint256,uint8)", slice_of(words.p, 128), false);
	chain_log(c, "PRSSInit()", (slice){ 0 }, false);
	chain_log(c, "CrsgenRequest(uint256,uint256,uint8)", slice_of(words.p + 128, 96), false);
	chain_log(c, "CrsgenRequest(uint256,uint256,uint8)", slice_of(words.p + 224, 96), false);
	catch_up();
	assert_int_equal(m->set_aside, 1);                      /* parameters of 2 do not exist */
	assert_int_equal(memory_find(m, 200)->kind, QUEUE_CRSGEN);
	assert_int_equal(memory_find(m, 101)->kind, QUEUE_KEYGEN);
	assert_int_equal(memory_find(m, 102)->kind, QUEUE_KEY_RESHARE);
	assert_int_equal(memory_find(m, 0)->kind, QUEUE_PRSS_INIT);
}

/* Contracts of v0.15 emit each request in the older shape as well, and say of themselves how they were deployed. */
static void what_is_emitted_twice_is_stored_once(void **state)
{
	AUTO(buf) old = { 0 };

	(void)state;
	chain_free(&c);
	c = chain_new(KMS_V015);
	start(1);
	catch_up();
	abi_frame f = abi_tuple(&old, 2);
	(void)abi_put_list(&f, 0, 1);
	abi_put_bytes(&f, (slice){ 0 });
	chain_ask(c);
	chain_log(c, "PublicDecryptionRequest(uint256,(bytes32,uint256,bytes32,address[])[],bytes)", buf_slice(&old), true);
	catch_up();
	assert_int_equal(m->rows, 1);
	assert_int_equal(m->set_aside, 0);
}

/* ---- providers -------------------------------------------------------------------------------------------------- */

static void the_next_provider_is_asked_when_one_fails(void **state)
{
	chain_provider *const p = &c->provider[0];
	bool *const faults[] = { &p->down, &p->garbage, &p->half, &p->limited, &p->other_logs };

	(void)state;
	start(2);
	catch_up();
	for (size_t i = 0; i < COUNT(faults); i++) {
		*faults[i] = true;
		chain_ask(c);
		catch_up();
		assert_same(m, c, 1);
		*faults[i] = false;
		c->now_ms += 600000;
	}
	assert_int_equal(view().errors, 0);
}

/* Its names of blocks are right: what it adds is known by the others only. */
static void who_threw_old_blocks_away_is_passed_over_until_they_are_read(void **state)
{
	static const uint64_t FROM = 1;
	listener_config with = config(2);

	(void)state;
	with.from = &FROM;
	c->provider[0].keeps_from = 250;
	for (unsigned i = 0; i < 300; i++) chain_ask(c);
	follow_chain(&with);
	catch_up();
	assert_same(m, c, FROM);
	assert_int_equal(view().pruned, 1);              /* not asked for each of the three ranges */
	assert_false(view().stalled || view().gone);
	const unsigned asked = c->provider[0].asked;
	c->now_ms += PROVIDER_ASIDE_MOST_MS;
	chain_ask(c);
	catch_up();
	assert_true(c->provider[0].asked > asked);       /* what is new it has */
	assert_int_equal(view().pruned, 1);
	assert_same(m, c, FROM);
}

static void where_nobody_keeps_the_next_blocks_it_says_what_to_do_and_waits(void **state)
{
	static const uint64_t FROM = 1;
	listener_config with = config(1);
	buf page = { 0 };

	(void)state;
	with.from = &FROM;
	c->provider[0].keeps_from = 50;
	for (unsigned i = 0; i < 100; i++) chain_ask(c);
	follow_chain(&with);
	fails();
	assert_true(view().stalled && view().gone);      /* at once */
	assert_non_null(strstr(view().reason, "no provider keeps block 1 any more: name one that does in gateway_url"));
	assert_non_null(strstr(view().reason, "decryption_from_block_number"));
	assert_int_equal(listener_pause_ms(l, LISTENER_FAILED), LISTENER_GONE_MS);
	c->now_ms += PROVIDER_ASIDE_MOST_MS;
	fails();
	assert_int_equal(view().pruned, 2);
	listener_metrics(&page, l);
	assert_non_null(strstr(buf_str(&page), "kms_connector_gw_listener_pruned_answers{chain=\"gateway\"} 2\n"));
	buf_free(&page);
	c->provider[0].down = true;
	c->now_ms += PROVIDER_ASIDE_MOST_MS;
	fails();
	assert_false(view().gone);                       /* it is another trouble now */
	c->provider[0].down = false, c->provider[0].keeps_from = 0;
	c->now_ms += PROVIDER_ASIDE_MOST_MS;
	catch_up();
	assert_false(view().stalled || view().gone);
	assert_same(m, c, FROM);
}

static void of_three_of_whom_two_must_agree_one_may_invent_and_hide(void **state)
{
	(void)state;
	c->agree = 2;
	chain_mine(c, 5);
	start(3);
	catch_up();
	for (unsigned liar = 0; liar < 3; liar++) {
		c->provider[liar].invents = 5000;
		for (unsigned i = 0; i < 3; i++) chain_ask(c);
		catch_up();
		c->provider[liar].invents = 0, c->provider[liar].hides = true;
		for (unsigned i = 0; i < 3; i++) chain_ask(c);
		catch_up();
		c->provider[liar].hides = false;
	}
	assert_same(m, c, 1);
	assert_int_equal(m->rows, 18);
}

static void where_too_few_agree_nothing_is_read_and_nothing_lost(void **state)
{
	(void)state;
	c->agree = 2;
	chain_mine(c, 5);
	start(2);
	catch_up();
	c->provider[0].invents = 5000;
	chain_ask(c);
	fails();
	assert_non_null(strstr(view().reason, "says otherwise"));
	c->provider[0].invents = 0, c->provider[1].down = true;
	fails();
	assert_non_null(strstr(view().reason, "cannot be asked"));
	assert_int_equal(m->rows, 0);
	c->provider[1].down = false;
	catch_up();
	assert_same(m, c, 1);
}

static void who_must_agree_may_be_late_and_want_smaller_pieces(void **state)
{
	(void)state;
	c->agree = 2;
	chain_mine(c, 5);
	start(2);
	catch_up();
	for (unsigned i = 0; i < 60; i++) chain_ask(c);
	c->provider[1].late = 3, c->provider[1].range_most = 7;
	catch_up();
	assert_int_equal(m->cursor, c->head - 3);
	assert_int_equal(view().errors, 0);
	c->provider[1].late = 0;
	catch_up();
	assert_same(m, c, 1);
}

static void a_machine_that_is_behind_its_own_head_loses_nothing(void **state)
{
	(void)state;
	start(1);
	catch_up();
	c->provider[0].behind = 2;
	for (unsigned i = 0; i < 5; i++) {
		chain_ask(c);
		fails();
		assert_int_equal(m->cursor, 0);
		c->now_ms += 60000;
	}
	assert_non_null(strstr(view().reason, "does not know block"));
	c->provider[0].behind = 0;
	catch_up();
	assert_same(m, c, 1);
}

static void a_provider_that_is_late_waits_for_the_others(void **state)
{
	listener_config with = config(1);

	(void)state;
	providers_free(&with.providers);
	with.providers = chain_providers(c, 2, 1000);
	follow_chain(&with);
	catch_up();
	c->provider[0].late = 20;
	for (unsigned i = 0; i < 30; i++) chain_ask(c);
	c->now_ms += 1000;
	catch_up();
	assert_int_equal(m->cursor, 30);
	assert_same(m, c, 1);
}

/* ---- bad days --------------------------------------------------------------------------------------------------- */

static void while_the_database_is_away_nothing_is_lost(void **state)
{
	(void)state;
	start(1);
	catch_up();
	chain_ask(c);
	m->fail = 2;
	fails();
	chain_ask(c);
	fails();
	assert_non_null(strstr(view().reason, "away"));
	catch_up();
	assert_same(m, c, 1);
	assert_string_equal(view().reason, "");
}

static void after_some_failures_it_is_stalled_until_one_step_works(void **state)
{
	AUTO(buf) text = { 0 };

	(void)state;
	start(1);
	catch_up();
	c->provider[0].down = true;
	for (unsigned i = 1; i <= 5; i++) {
		fails();
		assert_int_equal(view().errors_in_row, i);
		assert_int_equal(view().stalled, i >= 3);
		assert_int_equal(listener_pause_ms(l, LISTENER_FAILED), i >= 3 ? LISTENER_STALLED_MS : 500);
	}
	listener_metrics(&text, l);
	assert_non_null(strstr(buf_str(&text), "kms_connector_gw_listener_stalled{chain=\"gateway\"} 1\n"));
	assert_non_null(strstr(buf_str(&text), "kms_connector_gw_listener_event_received_errors{event_type=\"prss_init\"} 5\n"));
	c->provider[0].down = false;
	chain_ask(c);
	catch_up();
	assert_false(view().stalled);
	assert_same(m, c, 1);
}

/* Some thousands of tries an hour say no more than the first. */
static void a_chain_that_stays_away_is_told_once_and_again_for_another_reason(void **state)
{
	FILE *said = tmpfile();
	const int before = dup(STDERR_FILENO);
	char line[1024];
	unsigned warned = 0, stalled = 0;

	(void)state;
	assert_true(said && before >= 0);
	start(1);
	catch_up();
	log_setup(LOG_WARN, false);
	fflush(stderr);
	dup2(fileno(said), STDERR_FILENO);
	for (unsigned i = 0; i < 10; i++) {
		c->provider[0].down = i < 6, c->provider[0].garbage = i >= 6;
		fails();
	}
	fflush(stderr);
	dup2(before, STDERR_FILENO);
	log_setup(LOG_ERROR + 1, false);
	rewind(said);
	while (fgets(line, sizeof line, said)) warned += strstr(line, " warn ") != NULL, stalled += strstr(line, "stalled after") != NULL;
	fclose(said);
	close(before);
	assert_int_equal(warned, 2);
	assert_int_equal(stalled, 1);
}

static void stir(chain_provider *p)
{
	*p = (chain_provider){ .chain = c };
	switch (test_below(12)) {
	case 0: p->down = true; break;
	case 1: p->garbage = true; break;
	case 2: p->half = true; break;
	case 3: p->limited = true; break;
	case 4: p->other_logs = true; break;
	case 5: p->behind = 1 + test_below(4); break;
	case 6: p->late = 1 + test_below(9); break;
	case 7: p->range_most = 1 + test_below(5); break;
	default: break;
	}
}

/* Whatever happens on the way: in the end exactly those requests are stored that stand in the chain. */
static void after_any_storm_the_chain_and_the_database_say_the_same(void **state)
{
	(void)state;
	for (unsigned run = 0; run < (test_is_long() ? 400u : 15u); run++) {
		end(NULL), begin(NULL);
		chain_mine(c, 2);
		start(2);
		catch_up();
		start_other();
		const uint64_t from = m->cursor;
		for (unsigned i = 0; i < 150; i++) {
			switch (test_below(8)) {
			case 0: chain_mine(c, 1 + (unsigned)test_below(5)); break;
			case 1:
			case 2: chain_ask(c); break;
			case 3: stir(&c->provider[test_below(2)]); break;
			case 4: m->fail = (unsigned)test_below(3); break;
			case 5: {
				const uint64_t most = c->head > from ? c->head - from : 0;
				const unsigned n = (unsigned)test_below(most < 6 ? most + 1 : 6);
				chain_take_back(c, n);
				chain_mine(c, n + 1);
				break;
			}
			case 6: if (test_below(8) == 0) start(2); break;
			default: c->now_ms += (int64_t)test_below(3000); break;
			}
			for (unsigned k = 0; k < 4; k++) (void)listener_tick(test_below(2) ? l : other);
			if (test_below(10) == 0) m->before = other_takes_another_branch;
			err_clear();
		}
		c->provider[0] = c->provider[1] = (chain_provider){ .chain = c };
		m->fail = 0, m->before = NULL;
		c->now_ms += 3600000;
		chain_mine(c, 1);
		catch_up();
		assert_same(m, c, from);
	}
}

static void a_listener_stops_when_it_is_told_to(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		start(1);
		assert_ok(listener_start(l));
		listener_free(&l);
	}
	assert_null(l);
}

/* A chain that began anew under its old name would be waited for in silence. */
static void a_chain_far_behind_what_was_read_is_doubted(void **state)
{
	(void)state;
	chain_mine(c, 10);
	m->known = true, m->cursor = 1010;
	start(1);
	catch_up();                                      /* that may be: its provider is behind */
	m->cursor = 1011;
	fails();
	assert_non_null(strstr(view().reason, "it is more than 1000 blocks below 1011, which was read already"));
	assert_int_equal(m->cursor, 1011);
	chain_mine(c, 1);
	c->now_ms += 600000;
	catch_up();
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, begin, end)
TESTS(WITH(requests_and_the_cursor_are_one_commit), WITH(without_a_past_it_begins_at_the_head), WITH(after_a_pause_it_goes_on_where_it_was),
      WITH(a_configured_block_wins_over_the_cursor_at_each_start), WITH(a_configured_block_beyond_the_cursor_is_begun_at),
      WITH(what_a_provider_finds_too_much_is_asked_in_smaller_pieces),
      WITH(confirmations_are_waited_for), WITH(finalized_blocks_are_followed_where_that_is_asked_for),
      WITH(requests_in_blocks_that_were_taken_back_are_replaced), WITH(what_was_completed_stays_when_its_block_is_taken_back),
      WITH(blocks_taken_back_while_it_was_away_are_noticed), WITH(a_chain_that_took_back_everything_is_read_again),
      WITH(two_listeners_read_each_block_once), WITH(two_listeners_on_two_branches_end_on_one),
      WITH(a_change_between_reading_and_writing_is_noticed_with_the_next_block), WITH(a_log_that_cannot_be_read_is_set_aside_alone), WITH(a_request_that_the_database_refuses_is_set_aside_alone),
      WITH(every_kind_of_the_seed_finds_its_queue), WITH(what_is_emitted_twice_is_stored_once), WITH(the_next_provider_is_asked_when_one_fails),
      WITH(who_threw_old_blocks_away_is_passed_over_until_they_are_read), WITH(where_nobody_keeps_the_next_blocks_it_says_what_to_do_and_waits),
      WITH(of_three_of_whom_two_must_agree_one_may_invent_and_hide), WITH(where_too_few_agree_nothing_is_read_and_nothing_lost),
      WITH(who_must_agree_may_be_late_and_want_smaller_pieces), WITH(a_machine_that_is_behind_its_own_head_loses_nothing), WITH(a_provider_that_is_late_waits_for_the_others),
      WITH(while_the_database_is_away_nothing_is_lost), WITH(after_some_failures_it_is_stalled_until_one_step_works), WITH(a_chain_that_stays_away_is_told_once_and_again_for_another_reason),
      WITH(after_any_storm_the_chain_and_the_database_say_the_same), WITH(a_chain_far_behind_what_was_read_is_doubted),
      WITH(a_listener_stops_when_it_is_told_to))
