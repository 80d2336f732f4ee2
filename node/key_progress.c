/* SPDX-License-Identifier: MIT */
/* node/key_progress.c -- told often, said seldom. */
#include "node/key_progress.h"
#include "base/log.h"

enum { SAY_EVERY_MS = 2000, ESTIMATE_AFTER_MS = 200 };

const key_work KEY_MADE = { "made", "key", "bytes" }, KEY_DEALT = { "dealt", "key", "bytes" },
	KEY_RECEIVED = { "received", "key", "bytes" },
	KEY_UNPACKED = { "unpacked", "key", "bytes" },               /* for small formats (small_keys.h) */
	KEY_PREPARED = { "prepared", "preprocessing", "bits" };      /* of a key that is not there yet   */

key_step key_step_begin(key_progress *all, const clock_source *clock, const key_work *work, const id32 *key)
{
	key_step s = { .all = all, .clock = clock, .work = work };

	id_text(s.key, key);
	return s;
}

/* As long for the rest as for what was done since the first word, part by part. */
static int64_t left_ms(const key_step *s, uint64_t done, uint64_t of, int64_t so_far_ms)
{
	if (done <= s->first || so_far_ms < ESTIMATE_AFTER_MS) return -1;
	return (int64_t)((double)so_far_ms * (double)(of - done) / (double)(done - s->first));
}

static void tell(void *ctx, uint64_t done, uint64_t of)
{
	key_step *s = ctx;
	const int64_t now = clock_now_ms(s->clock);

	if (!s->telling) s->telling = true, s->first = done, s->began_ms = s->said_ms = now;
	const int64_t left = left_ms(s, done, of, now - s->began_ms);
	if (s->all) {
		pthread_mutex_lock(&s->all->lock);
		s->all->step = s->work->step, s->all->done = done, s->all->of = of, s->all->left_ms = left;
		pthread_mutex_unlock(&s->all->lock);
	}
	const bool whole = done >= of && s->said_ms > s->began_ms;       /* what was told of before has its end told, too */
	if (!whole && (done >= of || now - s->said_ms < SAY_EVERY_MS)) return;
	s->said_ms = now;
	if (whole)
		log_info("%s %s: all of %llu %s %s, after %.1f s", s->work->what, s->key, (unsigned long long)of, s->work->unit,
		         s->work->step, (double)(now - s->began_ms) / 1000);
	else
		log_info("%s %s: %llu %% of %llu %s %s, about %lld s left", s->work->what, s->key, (unsigned long long)(done * 100 / of),
		         (unsigned long long)of, s->work->unit, s->work->step, (long long)(left + 999) / 1000);
}

progress key_step_progress(key_step *s) { return (progress){ s, tell }; }

void key_step_end(key_step *s)
{
	if (!s->all) return;
	pthread_mutex_lock(&s->all->lock);
	s->all->step = NULL;
	pthread_mutex_unlock(&s->all->lock);
}

void key_progress_print(buf *out, key_progress *all)
{
	pthread_mutex_lock(&all->lock);
	const key_progress p = { .step = all->step, .done = all->done, .of = all->of, .left_ms = all->left_ms };
	pthread_mutex_unlock(&all->lock);
	if (!p.step || !p.of) return;
	buf_printf(out, "# HELP arca_key_ratio How much of a new key set is prepared, made, dealt or received.\n# TYPE arca_key_ratio gauge\n"
	           "arca_key_ratio{step=\"%s\"} %.3f\n", p.step, (double)p.done / (double)p.of);
	if (p.left_ms < 0) return;
	buf_printf(out, "# HELP arca_key_seconds_left How long this step may still take.\n# TYPE arca_key_seconds_left gauge\n"
	           "arca_key_seconds_left{step=\"%s\"} %.1f\n", p.step, (double)p.left_ms / 1000);
}
