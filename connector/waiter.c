/* SPDX-License-Identifier: MIT */
/* connector/waiter.c -- a thread with one place for what it has to do, and one for how that ended. */
#include "connector/waiter.h"
#include <pthread.h>
#include <stdlib.h>
#include "base/log.h"

struct waiter {
	providers  *chain;                           /* the thread's */
	const jrpc *lacks[MAX_PROVIDERS];            /* have not the method */
	void      (*wake)(void *ctx);
	void       *ctx;
	pthread_t   thread;
	bool        runs;

	pthread_mutex_t lock;                        /* of what follows */
	pthread_cond_t  more;
	buf         raw;                             /* empty: nothing to do */
	hash32      hash;                            /* of raw, or of what ended */
	waiter_end  end;
	size_t      n_lacks;
	bool        over;
};

/* ---- saying one ------------------------------------------------------------------------------------------------- */

typedef struct saying { waiter *w; waiter_end end; bool doubtful; } saying;

static bool lacks(const waiter *w, const jrpc *r)
{
	for (size_t i = 0; i < w->n_lacks; i++)
		if (w->lacks[i] == r) return true;
	return false;
}

static void note_lack(waiter *w, const jrpc *r)
{
	log_info("%s does not wait for transactions (eth_sendRawTransactionSync): receipts are asked for", jrpc_name(r));
	pthread_mutex_lock(&w->lock);
	w->lacks[w->n_lacks++] = r;
	pthread_mutex_unlock(&w->lock);
}

/* Another provider may be told the same: it is one transaction wherever it is said. */
static err say_to(void *ctx, jrpc *r)
{
	saying *s = ctx;
	const slice raw = buf_slice(&s->w->raw);
	eth_receipt receipt;
	err e = ERR_UNSUPPORTED;

	if (!lacks(s->w, r)) {
		e = eth_send_sync(r, &receipt, raw);
		if (e == OK) s->end = WAITER_MINED;
		if (jrpc_last(r)->kind == JRPC_UNSUPPORTED) note_lack(s->w, r);
	}
	if (lacks(s->w, r)) {
		jrpc_forget(r);
		e = eth_send(r, raw);
		if (e == OK) s->end = WAITER_TAKEN;
	}
	if (e == OK) return OK;
	const jrpc_kind kind = jrpc_last(r)->kind;
	s->doubtful |= kind == JRPC_UNREACHABLE || kind == JRPC_GARBAGE;
	if (kind != JRPC_ACCEPTED && kind != JRPC_KNOWN) return e;
	err_clear();
	s->end = WAITER_TAKEN;
	return OK;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void *work(void *ctx)
{
	waiter *w = ctx;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->raw.n && !w->over) pthread_cond_wait(&w->more, &w->lock);
		if (w->over) break;
		pthread_mutex_unlock(&w->lock);
		saying s = { .w = w };
		if (providers_try(w->chain, say_to, &s) != OK) {
			s.end = s.doubtful ? WAITER_UNKNOWN : WAITER_REFUSED;
			err_clear();
		}
		pthread_mutex_lock(&w->lock);
		buf_clear(&w->raw);
		w->end = s.end;
		pthread_mutex_unlock(&w->lock);
		w->wake(w->ctx);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

err waiter_new(waiter **out, providers **chain, void (*wake)(void *), void *ctx)
{
	waiter *w = calloc(1, sizeof *w);

	if (!w) {
		providers_free(chain);
		return err_fail(ERR_NOMEM, "no memory for who waits for transactions");
	}
	w->chain = *chain, *chain = NULL;
	w->wake = wake, w->ctx = ctx;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	w->runs = pthread_create(&w->thread, NULL, work, w) == 0;
	if (w->runs) *out = w;
	else waiter_free(&w);
	return w ? OK : err_fail(ERR_NOMEM, "no thread for who waits for transactions");
}

void waiter_free(waiter **wp)
{
	waiter *w = *wp;

	if (!w) return;
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	if (w->runs) pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	providers_free(&w->chain);
	buf_free(&w->raw);
	free(w);
	*wp = NULL;
}

/* ---- the lane's side -------------------------------------------------------------------------------------------- */

bool waiter_is_free(waiter *w)
{
	pthread_mutex_lock(&w->lock);
	const bool is = !w->raw.n && w->end == WAITER_NOTHING && w->n_lacks < providers_count(w->chain);
	pthread_mutex_unlock(&w->lock);
	return is;
}

void waiter_say(waiter *w, slice raw)
{
	pthread_mutex_lock(&w->lock);
	ASSERT(!w->raw.n);
	buf_put_slice(&w->raw, raw);
	w->hash = keccak256(raw);
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

waiter_end waiter_ended(waiter *w, hash32 *hash)
{
	pthread_mutex_lock(&w->lock);
	const waiter_end end = w->end;
	*hash = w->hash;
	w->end = WAITER_NOTHING;
	pthread_mutex_unlock(&w->lock);
	return end;
}

bool waiter_has(waiter *w, const hash32 *hash)
{
	pthread_mutex_lock(&w->lock);
	const bool has = w->raw.n && hash32_eq_var(w->hash, *hash);
	pthread_mutex_unlock(&w->lock);
	return has;
}
