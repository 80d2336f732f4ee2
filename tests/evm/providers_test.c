/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "tests/test.h"
#include "evm/providers.h"
#include "rpc/post.h"

/* A provider with a head and names for its blocks; it may be down, limited, or of another chain. */
typedef struct fake {
	uint64_t head, chain;
	uint8_t  branch;                 /* of which blocks from 50 on are */
	bool     down, limited;
	unsigned asked;                  /* for heads and blocks by the work, not by comparisons: all messages are counted */
} fake;

static fake fakes[3];
static int64_t now_ms;

static int64_t read_now(void *ctx)
{
	(void)ctx;
	return now_ms;
}

static const clock_source CLOCK = { NULL, read_now, read_now };

static void put_name(buf *out, const char *member, uint64_t number, uint8_t branch)
{
	buf_printf(out, ",\"%s\":\"0x", member);
	for (unsigned i = 0; i < 31; i++) buf_printf(out, "%02x", number >= 50 ? branch : 0);
	buf_printf(out, "%02x\"", (unsigned)(number & 0xff));
}

static void put_block(buf *out, const fake *f, uint64_t number)
{
	if (number > f->head) {
		buf_put_str(out, "null");
		return;
	}
	buf_printf(out, "{\"number\":\"0x%llx\",\"timestamp\":\"0x1\"", (unsigned long long)number);
	put_name(out, "hash", number, f->branch);
	put_name(out, "parentHash", number - 1, f->branch);
	buf_put_str(out, "}");
}

static err answer(void *ctx, post_answer *out, slice message)
{
	fake *f = ctx;
	AUTO(buf) text = { 0 };

	f->asked++;
	if (f->down) return err_fail(ERR_IO, "down");
	out->status = f->limited ? 429 : 200;
	out->retry_after_ms = -1;
	buf_put_slice(&text, message);
	const char *t = buf_str(&text), *params = strstr(t, "\"params\":[\"0x");
	buf_printf(&out->body, "{\"id\":%llu,\"result\":", strtoull(strstr(t, "\"id\":") + 5, NULL, 10));
	if (strstr(t, "eth_chainId")) buf_printf(&out->body, "\"0x%llx\"", (unsigned long long)f->chain);
	else if (strstr(t, "eth_blockNumber")) buf_printf(&out->body, "\"0x%llx\"", (unsigned long long)f->head);
	else put_block(&out->body, f, strtoull(params + 11, NULL, 16));
	buf_put_str(&out->body, "}");
	return OK;
}

static providers *start(size_t n, int64_t look_ms, size_t agree)
{
	static const char *const NAMES[] = { "first", "second", "third" };
	jrpc *each[3] = { 0 };
	providers *p = NULL;

	now_ms = 1000;
	for (size_t i = 0; i < n; i++) {
		fakes[i] = (fake){ .head = 100, .chain = 7 };
		assert_ok(jrpc_new(&each[i], &(jrpc_config){ .name = NAMES[i], .transport = { &fakes[i], answer }, .clock = &CLOCK, .batch = 1 }));
	}
	assert_ok(providers_new(&p, &(providers_config){ .each = each, .n = n, .chain_id = 7, .clock = &CLOCK, .lag_most = 5, .depth = 2, .look_ms = look_ms,
	                                                 .agree = agree }));
	return p;
}

/* Work: who is asked, and its head. */
typedef struct job { const char *by; uint64_t head; err own; unsigned times; } job;

static err work(void *ctx, jrpc *r)
{
	job *j = ctx;
	j->times++;
	j->by = jrpc_name(r);
	TRY(eth_block_number(r, &j->head));
	return j->own == OK ? OK : err_fail(j->own, "of its own");
}

static void assert_by(providers *p, const char *name)
{
	job j = { 0 };
	assert_ok(providers_try(p, work, &j));
	assert_string_equal(j.by, name);
}

static void the_preferred_one_is_asked_while_it_answers(void **state)
{
	AUTO(providers) *p = start(3, 0, 1);

	(void)state;
	for (unsigned i = 0; i < 5; i++) assert_by(p, "first");
	assert_true(fakes[1].asked == 0 && fakes[2].asked == 0);
}

static void one_that_fails_is_put_aside_and_taken_back(void **state)
{
	AUTO(providers) *p = start(2, 0, 1);

	(void)state;
	fakes[0].down = true;
	assert_by(p, "second");
	assert_int_equal(providers_view(p, 0).state, PROVIDER_ASIDE);
	assert_non_null(strstr(providers_view(p, 0).reason, "down"));
	fakes[0].down = false;
	assert_by(p, "second");
	now_ms += PROVIDER_ASIDE_MS;
	assert_by(p, "first");
	assert_int_equal(providers_view(p, 0).state, PROVIDER_GOOD);
}

static void one_that_is_aside_is_better_than_none(void **state)
{
	AUTO(providers) *p = start(2, 0, 1);
	job j = { 0 };

	(void)state;
	fakes[0].down = fakes[1].down = true;
	assert_err(ERR_IO, providers_try(p, work, &j));
	fakes[1].down = false;
	assert_by(p, "second");
}

static void one_that_asked_for_peace_is_left_in_peace(void **state)
{
	AUTO(providers) *p = start(1, 0, 1);
	job j = { 0 };

	(void)state;
	fakes[0].limited = true;
	assert_err(ERR_EXHAUSTED, providers_try(p, work, &j));
	const unsigned asked = fakes[0].asked;
	assert_err(ERR_IO, providers_try(p, work, &j));
	assert_int_equal(fakes[0].asked, asked);
	fakes[0].limited = false;
	now_ms += JRPC_PATIENCE_MS;
	assert_by(p, "first");
}

static void a_failure_of_the_work_itself_is_not_the_providers(void **state)
{
	AUTO(providers) *p = start(2, 0, 1);
	job j = { .own = ERR_IO };

	(void)state;
	assert_err(ERR_IO, providers_try(p, work, &j));
	assert_int_equal(j.times, 1);
	assert_int_equal(providers_view(p, 0).state, PROVIDER_GOOD);
}

static void one_of_another_chain_is_never_asked_for_more(void **state)
{
	AUTO(providers) *p = start(2, 0, 1);

	(void)state;
	fakes[0].chain = 1;
	for (unsigned i = 0; i < 3; i++, now_ms += 100000) assert_by(p, "second");
	assert_int_equal(fakes[0].asked, 1);
	assert_int_equal(providers_view(p, 0).state, PROVIDER_OTHER_CHAIN);
	assert_non_null(strstr(providers_view(p, 0).reason, "chain 1 instead of 7"));
}

static void one_that_is_behind_waits_until_it_caught_up(void **state)
{
	AUTO(providers) *p = start(2, 100, 1);

	(void)state;
	fakes[0].head = 94;
	assert_by(p, "second");
	assert_int_equal(providers_view(p, 0).state, PROVIDER_BEHIND);
	fakes[1].down = true;
	assert_by(p, "first");                  /* better than none */
	fakes[1].down = false, fakes[0].head = 95;
	now_ms += 2000;
	assert_by(p, "first");
}

static void one_of_three_with_another_opinion_is_not_asked(void **state)
{
	AUTO(providers) *p = start(3, 100, 1);

	(void)state;
	fakes[0].branch = 9;
	assert_by(p, "second");
	assert_int_equal(providers_view(p, 0).state, PROVIDER_DISAGREES);
	fakes[0].branch = 0;
	now_ms += 100;
	assert_by(p, "first");
}

static void nobody_is_believed_where_opinions_are_even(void **state)
{
	AUTO(providers) *p = start(2, 100, 1);
	job j = { 0 };

	(void)state;
	fakes[1].branch = 9;
	assert_err(ERR_STATE, providers_try(p, work, &j));
	assert_int_equal(j.times, 0);
	now_ms += 100;
	fakes[1].branch = 0;
	assert_by(p, "first");
}

/* Work, and whether others have the same head. */
static err same_head(void *ctx, jrpc *r)
{
	const job *j = ctx;
	uint64_t head;

	TRY(eth_block_number(r, &head));
	return head == j->head ? OK : err_fail(ERR_STATE, "another head");
}

static providers *ALL;

static err confirmed_work(void *ctx, jrpc *r)
{
	TRY(work(ctx, r));
	return providers_confirm(ALL, r, same_head, ctx);
}

static void what_must_be_confirmed_is_said_by_as_many_as_wanted(void **state)
{
	AUTO(providers) *p = ALL = start(3, 0, 2);
	job j = { 0 };

	(void)state;
	assert_ok(providers_try(p, confirmed_work, &j));
	assert_true(strcmp(j.by, "first") == 0 && fakes[1].asked && !fakes[2].asked);
	fakes[0].head = 99;                                          /* alone with that: the second does the work */
	assert_ok(providers_try(p, confirmed_work, &j));
	assert_string_equal(j.by, "second");
	assert_non_null(strstr(providers_view(p, 0).reason, "third says otherwise"));
	fakes[2].head = 101;                                         /* three opinions */
	assert_err(ERR_IO, providers_try(p, confirmed_work, &j));
	fakes[0].head = fakes[2].head = 100, fakes[1].down = fakes[2].down = true;
	now_ms += PROVIDER_ASIDE_MOST_MS;
	assert_int_equal(providers_try(p, confirmed_work, &j), ERR_IO);
	assert_non_null(strstr(err_text(), "2 providers must say the same, and 1 of them"));
	err_clear();
	fakes[2].down = false;
	assert_ok(providers_try(p, confirmed_work, &j));
	assert_string_equal(j.by, "first");
}

static void blocks_near_the_head_may_differ_for_a_moment(void **state)
{
	AUTO(providers) *p = start(2, 100, 1);

	(void)state;
	fakes[0].head = fakes[1].head = 51;                /* names differ from 50 on, 49 is compared */
	fakes[1].branch = 9;
	assert_by(p, "first");
}

TESTS(TEST(the_preferred_one_is_asked_while_it_answers), TEST(one_that_fails_is_put_aside_and_taken_back),
      TEST(one_that_is_aside_is_better_than_none), TEST(one_that_asked_for_peace_is_left_in_peace),
      TEST(a_failure_of_the_work_itself_is_not_the_providers), TEST(one_of_another_chain_is_never_asked_for_more),
      TEST(one_that_is_behind_waits_until_it_caught_up), TEST(one_of_three_with_another_opinion_is_not_asked),
      TEST(nobody_is_believed_where_opinions_are_even), TEST(what_must_be_confirmed_is_said_by_as_many_as_wanted), TEST(blocks_near_the_head_may_differ_for_a_moment))
