/* SPDX-License-Identifier: MIT */
/* cli/key_watch.c */
#include "cli/key_watch.h"
#include <stdio.h>
#include <stdlib.h>
#include "base/base.h"
#include "base/clock.h"
#include "rpc/fetch.h"

enum { ASK_EVERY_MS = 1000, ANSWER_MS = 500, MAX_METRICS = 1 << 20 };

/* The line of a gauge with a label: name{step="..."} value.  NULL if there is none. */
static const char *line_of(const char *metrics, const char *name)
{
	const size_t n = strlen(name);

	for (const char *at = metrics; (at = strstr(at, name)); at += n)
		if ((at == metrics || at[-1] == '\n') && at[n] == '{') return at + n;
	return NULL;
}

key_step_seen key_step_read(const char *metrics)
{
	key_step_seen out = { .left_s = -1 };
	const char *ratio = line_of(metrics, "arca_key_ratio"), *left = line_of(metrics, "arca_key_seconds_left");
	char step[sizeof out.step];
	double value;

	if (!ratio || sscanf(ratio, "{step=\"%15[a-z]\"} %lf", step, &value) != 2 || !(value >= 0 && value <= 1)) return out;
	memcpy(out.step, step, sizeof step);
	out.done = value;
	if (left && sscanf(left, "{step=\"%*[a-z]\"} %lf", &value) == 1 && value >= 0 && value < 1e6) out.left_s = value;
	return out;
}

key_watch key_watch_begin(const char *http)
{
	return (key_watch){ .http = http, .asked_ms = clock_now_ms(clock_system()), .seen = { .left_s = -1 } };
}

void key_watch_show(key_watch *w, const ticker *t)
{
	const int64_t now = clock_now_ms(clock_system());

	if (!t->shown) return;
	if (w->http && now - w->asked_ms >= ASK_EVERY_MS) {
		AUTO(buf) url = { 0 }, text = { 0 };
		buf_printf(&url, "%s/metrics", w->http);
		if (fetch_url(&text, buf_str(&url), MAX_METRICS, ANSWER_MS) != OK) err_clear();
		w->seen = key_step_read(buf_str(&text));
		w->asked_ms = now;
	}
	if (w->seen.step[0]) ticker_step(t, w->seen.step, w->seen.done, w->seen.left_s);
	else ticker_time(t);
}
