/* SPDX-License-Identifier: MIT */
/* node/epoch_grace.c -- a thread that looks at every epoch, and what it has said of each. */
#include "node/epoch_grace.h"
#include <stdlib.h>
#include "base/log.h"
#include "base/wait.h"
#include "node/superseded.h"

enum { LOOK_MS = 1000, AFTER_FAILURE_MS = 60000 };

/* What was said of an epoch, so that it is said once. */
enum { SAID_SUPERSEDED = 1, SAID_STAYS = 2 };

typedef struct said { struct said *next; id32 epoch; unsigned what; } said;

struct epoch_grace {
	epoch_grace_parts p;
	pthread_t       thread;
	pthread_mutex_t lock;
	pthread_cond_t  wake;
	bool            stopping;            /* under the lock; the rest is the thread's */
	said           *said;
	int64_t         not_before_ms;       /* on the monotonic clock */
};

/* ---- what is said ------------------------------------------------------------------------------------------------- */

/* Is it the first time? */
static bool first_time(epoch_grace *g, const id32 *old, unsigned what)
{
	said *s = g->said;

	while (s && !id_eq_var(&s->epoch, old)) s = s->next;
	if (!s) {
		s = calloc(1, sizeof *s);
		if (!s) return false;
		*s = (said){ g->said, *old, 0 };
		g->said = s;
	}
	const bool first = !(s->what & what);
	s->what |= what;
	return first;
}

static void say_superseded(epoch_grace *g, const id32 *old, int64_t left_ms)
{
	char id[ID_TEXT];

	if (!first_time(g, old, SAID_SUPERSEDED)) return;
	id_text(id, old);
	if (left_ms > 0)
		log_info("epoch %s is superseded: it answers for %jd s more, then its shares are erased", id, (intmax_t)(left_ms + 999) / 1000);
	else log_info("epoch %s is superseded, and its time is over: its shares are erased", id);
}

static void say_stays(epoch_grace *g, const id32 *old, const succession *s)
{
	char id[ID_TEXT], key[ID_TEXT];

	if (!first_time(g, old, SAID_STAYS)) return;
	id_text(id, old);
	id_text(key, &s->stays);
	log_warn("epoch %s stays, with the old shares of all its keys: %zu of %zu, such as %s, did not come to a later epoch; reshare them, "
	         "or destroy the epoch", id, s->left, s->keys, key);
}

/* ---- what is done --------------------------------------------------------------------------------------------------- */

static void destroy(epoch_grace *g, const id32 *old)
{
	char id[ID_TEXT], what[ID_TEXT + 64];

	err e = cluster_destroy_superseded(g->p.cluster, old);
	if (e == ERR_STATE || e == ERR_NOT_FOUND) {      /* something else is being made or destroyed, perhaps this */
		err_clear();
		return;
	}
	metrics_ended(g->p.metrics, OPERATION_DESTROY_MPC_EPOCH, e == OK ? GRPC_OK : grpc_status_of_err(e));
	if (e == OK) return;
	g->not_before_ms = clock_now_ms(clock_system()) + AFTER_FAILURE_MS;
	id_text(id, old);
	snprintf(what, sizeof what, "superseded epoch %s is not erased; tried again in %d s", id, AFTER_FAILURE_MS / 1000);
	log_err(LOG_ERROR, what, e);
}

static void look_at(epoch_grace *g, const id32 *old)
{
	cluster *c = g->p.cluster;
	const succession s = succession_of(old, c->keys, c->epochs);
	const int64_t left_ms = s.since_ms + g->p.grace_ms - clock_unix_ms(g->p.clock);

	if (!is_superseded(&s)) {
		epochs_reopen(c->epochs, old);         /* what took its place was destroyed */
		if (s.left < s.keys && left_ms <= 0) say_stays(g, old, &s);
		return;
	}
	say_superseded(g, old, left_ms);
	if (left_ms <= 0 && epochs_close(c->epochs, old)) destroy(g, old);
}

static void list(void *ctx, const epoch *x)
{
	buf_put_slice(ctx, id_slice(&x->id));
}

static void look(epoch_grace *g)
{
	buf ids = { 0 };

	if (clock_now_ms(clock_system()) < g->not_before_ms) return;
	epochs_each(g->p.cluster->epochs, list, &ids);
	for (size_t at = 0; at < ids.n; at += sizeof(id32)) {
		id32 id;
		memcpy(id.b, ids.p + at, sizeof id.b);
		look_at(g, &id);
	}
	buf_free(&ids);
}

/* ---- what others see ------------------------------------------------------------------------------------------------ */

void epoch_grace_metrics(buf *out, cluster *c)
{
	const int64_t grace_s = c->config->threshold.epoch_grace;
	buf ids = { 0 };

	buf_printf(out, "# HELP arca_epoch_answers_until_seconds When the shares of a superseded epoch are erased, since 1970.\n"
	           "# TYPE arca_epoch_answers_until_seconds gauge\n");
	epochs_each(c->epochs, list, &ids);
	for (size_t at = 0; at < ids.n; at += sizeof(id32)) {
		id32 id;
		char text[ID_TEXT];
		memcpy(id.b, ids.p + at, sizeof id.b);
		const succession s = succession_of(&id, c->keys, c->epochs);
		if (!is_superseded(&s)) continue;
		id_text(text, &id);
		buf_printf(out, "arca_epoch_answers_until_seconds{epoch=\"%s\"} ", text);
		if (grace_s) buf_printf(out, "%jd\n", (intmax_t)(s.since_ms / 1000 + grace_s));
		else buf_put_str(out, "+Inf\n");            /* until somebody destroys it */
	}
	buf_free(&ids);
}

/* ---- the thread ------------------------------------------------------------------------------------------------------- */

static bool is_time_to_stop(epoch_grace *g)
{
	const int64_t until = clock_now_ms(clock_system()) + LOOK_MS;

	pthread_mutex_lock(&g->lock);
	while (!g->stopping && wait_until(&g->wake, &g->lock, until)) {}
	const bool stopping = g->stopping;
	pthread_mutex_unlock(&g->lock);
	return stopping;
}

static void *run(void *arg)
{
	do look(arg); while (!is_time_to_stop(arg));
	return NULL;
}

static void release(epoch_grace *g)
{
	for (said *s = g->said, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	pthread_cond_destroy(&g->wake);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

err epoch_grace_start(epoch_grace **out, const epoch_grace_parts *parts)
{
	epoch_grace *g = calloc(1, sizeof *g);

	if (!g) return err_fail(ERR_NOMEM, "no memory to watch epochs");
	ASSERT(parts->grace_ms > 0);
	g->p = *parts;
	pthread_mutex_init(&g->lock, NULL);
	wait_init(&g->wake);
	if (pthread_create(&g->thread, NULL, run, g)) {
		release(g);
		return err_fail(ERR_NOMEM, "no thread to watch epochs");
	}
	*out = g;
	return OK;
}

void epoch_grace_stop(epoch_grace **gp)
{
	epoch_grace *g = *gp;
	if (!g) return;
	pthread_mutex_lock(&g->lock);
	g->stopping = true;
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	release(g);
	*gp = NULL;
}
