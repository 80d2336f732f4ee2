/* SPDX-License-Identifier: MIT */
/*
 * tests/evm/scripted.h -- a provider that says what the script says, one line a message: "@0", "@1" in a line stand for the
 * ids of the first and second question.  What it was asked is kept.
 */
#ifndef ARCA_TESTS_EVM_SCRIPTED_H
#define ARCA_TESTS_EVM_SCRIPTED_H

#include <stdlib.h>
#include "tests/test.h"
#include "evm/jrpc.h"
#include "rpc/post.h"

typedef struct scripted_line {
	const char *body;
	unsigned    status;              /* 0: 200 */
	err         fails;               /* instead of an answer */
	bool        too_long;
	int64_t     retry_after_ms;
} scripted_line;

typedef struct scripted {
	const scripted_line *line;
	size_t  lines, at;
	buf     asked;                   /* the last message */
	int64_t now_ms;
	clock_source clock;
} scripted;

static inline int64_t scripted_now(void *ctx) { return ((scripted *)ctx)->now_ms; }

static inline err scripted_post(void *ctx, post_answer *out, slice message)
{
	scripted *s = ctx;
	const scripted_line *l = &s->line[s->at];

	if (s->at >= s->lines) fail_msg("more was asked than the script answers: %.*s", (int)message.n, (const char *)message.p);
	s->at++;
	buf_clear(&s->asked);
	buf_put_slice(&s->asked, message);
	if (l->fails != OK) return err_fail(l->fails, "as the script says");
	const char *id = strstr(buf_str(&s->asked), "\"id\":");
	const unsigned long long first = id ? strtoull(id + 5, NULL, 10) : 0;
	for (const char *p = l->body; p && *p; p++)
		if (*p == '@') buf_printf(&out->body, "%llu", first + (unsigned)(*++p - '0'));
		else buf_put_u8(&out->body, (uint8_t)*p);
	out->status = l->status ? l->status : 200;
	out->retry_after_ms = l->retry_after_ms ? l->retry_after_ms : -1;
	out->too_long = l->too_long;
	return OK;
}

static inline jrpc *scripted_start(scripted *s, const scripted_line *line, size_t lines, unsigned batch)
{
	jrpc *r = NULL;

	*s = (scripted){ .line = line, .lines = lines, .now_ms = 1000 };
	s->clock = (clock_source){ s, scripted_now, scripted_now };
	assert_ok(jrpc_new(&r, &(jrpc_config){ .name = "scripted", .transport = { s, scripted_post }, .clock = &s->clock, .batch = batch }));
	return r;
}

static inline void scripted_end(scripted *s, jrpc **r)
{
	assert_int_equal(s->at, s->lines);
	buf_free(&s->asked);
	jrpc_free(r);
}

#endif
