/* SPDX-License-Identifier: MIT */
/*
 * connector/worker_ask.c -- one request, in a thread of its own: its ciphertexts, its epoch, the node's answer, and whether that
 * is believed.
 */
#include "connector/worker_internal.h"
#include <stdio.h>
#include "base/log.h"

const histogram_scale WORKER_LATENCY = { 1000, 10, { 10, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000 } };

static err fetch(worker *w, fetched **f, const task *t)
{
	const err e = fetch_all(f, w->buckets, t->item, &t->from);

	if (*f) {
		atomic_fetch_add(&w->tally.fetched, (*f)->n);
		atomic_fetch_add(&w->tally.cache_hits, (*f)->kept);
		atomic_fetch_add(&w->tally.check_errors[CHECK_COPRO_CONSENSUS], (*f)->unattested);
	}
	atomic_fetch_add(&w->tally.fetch_errors, e != OK);
	return e;
}

static void count(worker *w, queue_kind kind, const core_counts *n)
{
	atomic_fetch_add(&w->tally.sent[kind], n->sent);
	atomic_fetch_add(&w->tally.sent_errors[kind], n->sent_errors);
	atomic_fetch_add(&w->tally.polled[kind], n->polled);
	atomic_fetch_add(&w->tally.polled_errors[kind], n->polled_errors);
}

/* Whom the contract will believe: for an epoch the nodes of its context, otherwise those whom the gateway knows. */
static ask_signers believed(worker *w, const task *t)
{
	ask_signers s = { 0 };

	if (t->item->kind == QUEUE_NEW_EPOCH && t->context) {
		for (size_t i = 0; i < t->context->is.n && s.n < MAX_ASK_SIGNERS; i++) s.address[s.n++] = t->context->is.member[i].signer;
		return s;
	}
	pthread_mutex_lock(&w->lock);
	s = w->signers;
	pthread_mutex_unlock(&w->lock);
	return s;
}

/* The node has answered: what it says is believed if the contract will believe it; else *why says why not. */
static void finish(worker *w, buf *why, const task *t, const queue_item *item, slice answer)
{
	arena memory = arena_with_limit(4 * answer.n + (4 << 20));
	queue_item response;
	bool wrong = false;

	const bool gave = ask_gave_only(item, answer);
	if (gave) log_info("the node gave its keys to an epoch of a context that it is not in: there is nothing to confirm");
	if (gave || queue_response_of(item->kind) == QUEUE_KINDS) {
		worker_complete(w, item);
		return;
	}
	const ask_signers signers = believed(w, t);
	const err e = ask_read(&response, &wrong, &memory, item, w->c.config, &signers, answer);
	if (e == OK) {
		response.created_ms = clock_unix_ms(w->c.clock);
		if (queue_is_decryption(item->kind))
			histogram_add(&w->tally.latency[item->kind], &WORKER_LATENCY, queue_age_ms(item->created_ms, response.created_ms));
		worker_submit(w, &(queue_change){ .verb = QUEUE_FINISH, .kind = item->kind, .seq = item->seq, .item = &response });
	} else {
		if (wrong) {
			atomic_fetch_add(&w->tally.wrong_signatures, 1);
			atomic_store(&w->stranger, true);        /* before it is postponed: a node that is new is believed at the next attempt */
		}
		buf_put_str(why, err_text());
		worker_postpone(w, item, true, false, buf_str(why));
		err_clear();
	}
	arena_free(&memory);
}

/* What became of asking the node. */
static void conclude(worker *w, const task *t, const queue_item *item, core_outcome o, bool sent, const buf *answer, buf *why)
{
	switch (o) {
	case CORE_DONE:    finish(w, why, t, item, buf_slice(answer)); break;
	case CORE_AWAY:
		if (atomic_load(&w->ending)) worker_give_back(w, item, sent);
		else worker_postpone(w, item, sent, true, buf_str(why));
		break;
	case CORE_LATER:   worker_postpone(w, item, sent, false, buf_str(why)); break;
	case CORE_NEVER:   worker_fail(w, item, buf_str(why)); break;
	case CORE_ABORTED:
		worker_submit(w, &(queue_change){ .verb = QUEUE_ABORT, .kind = item->kind, .seq = item->seq, .reason = buf_str(why) });
		break;
	}
}

enum { MOST_MISSED = 16, TRIES_FROM_ONE = 3 };

/*
 * From which epoch shares come must be the same at all parties.  It is the newest of the key, unless this node missed a resharing that the
 * others have done: then theirs.  Whether they have the chain does not say.  So what was not done here is believed to be done by the
 * others for some attempts, the last first, and this node's own epoch comes next: if nobody has done it, all parties come to that.
 */
static err shares_come_from(worker *w, queue_item *item, const id32 *newest)
{
	id32 epoch[MOST_MISSED + 1];
	size_t missed = MOST_MISSED, n = 0;
	char from[ID_TEXT];

	TRY(queue_reshares_left(epoch, &missed, w->c.queue, item));
	for (size_t i = 0; i < missed; i++) {
		const queue_item before = { .kind = QUEUE_KEY_RESHARE, .id = epoch[i] };
		const id32 made = ask_epoch_of(&before);
		if (memcmp(made.b, newest->b, sizeof made.b) > 0) epoch[n++] = made;
	}
	epoch[n++] = *newest;
	item->previous_epoch_id = epoch[item->errors / TRIES_FROM_ONE % n];
	id_text(from, &item->previous_epoch_id);
	if (n > 1) log_info("%zu earlier resharings of the key were not done here; attempt %u asks for shares from epoch %s", n - 1,
	                    item->errors + 1, from);
	return OK;
}

/*
 * In which epoch: that of the key, or for a new key that of the others; as item names it then.  The first one is named by nobody, as long
 * as it is there, and the oldest is the one that all parties have longest.  And whether the key may be used at all.
 */
static core_outcome place(worker *w, queue_item *item, buf *why, const id32 *key_id)
{
	const bool reshare = item->kind == QUEUE_KEY_RESHARE, allowed = w->c.config->worker.allow_insecure_key;
	const bool makes = item->kind == QUEUE_PREP_KEYGEN || item->kind == QUEUE_KEYGEN;
	key_standing s = { 0 };

	if (!reshare && !makes && !queue_is_decryption(item->kind)) return CORE_DONE;
	if (reshare) standings_forget(w->standings, key_id);
	const core_outcome o = standings_find(w->standings, &s, why, w->core, item, makes ? NULL : key_id);
	if (o == CORE_NEVER && allowed) buf_clear(why);
	if (o != CORE_DONE) return o == CORE_NEVER && allowed ? CORE_DONE : o;
	if (s.insecure && !makes && !allowed) {
		buf_put_str(why, "its key is insecure: a dealer who made it had it whole; allow_insecure_key = true uses it all the same");
		return CORE_NEVER;
	}
	if (reshare && shares_come_from(w, item, &s.newest) != OK) {
		buf_put_str(why, err_text());
		err_clear();
		return CORE_AWAY;
	}
	if (!reshare && s.there && !s.in_default) item->epoch_id = s.oldest;
	return CORE_DONE;
}

/* The message that asks for it. */
static err write(worker *w, buf *out, const task *t, const queue_item *item, const fetched *f)
{
	if (t->takes_over) return ask_write_epoch(out, item, w->c.config, t->takes_over);
	if (item->kind == QUEUE_NEW_CONTEXT) return ask_write_context(out, &t->context->is);
	return ask_write(out, item, w->c.config, &f->key_id, f->ct, f->n);
}

/*
 * A node that was not in the context before the new one learns of it first: its parties are those who have the keys.  What was announced
 * once cannot be put right, and nodes that were in it know it by their configuration: so what no node takes is told in the log, and to
 * those that miss it when keys shall come from there.
 */
static core_outcome introduce(worker *w, buf *why, const task *t)
{
	AUTO(buf) request = { 0 }, none = { 0 };
	core_outcome o = CORE_NEVER;
	core_counts counts = { 0 };
	bool sent = false;

	if (ask_write_context(&request, &t->context->before) == OK) o = core_ask(w->core, &none, why, &sent, &counts, t->item, buf_slice(&request));
	else buf_put_str(why, err_text());
	err_clear();
	count(w, t->item->kind, &counts);
	if (o == CORE_NEVER) log_warn("the context before the new one could not be told to the node, which may know it: %s", buf_str(why));
	if (o == CORE_DONE || o == CORE_NEVER) return buf_clear(why), CORE_DONE;
	buf_put_str(why, " (of the context before it)");
	return o;
}

/* *why: what went wrong, if anything did. */
static void pursue(worker *w, buf *why, const task *t)
{
	queue_item item = *t->item;
	AUTO(fetched) *f = NULL;
	AUTO(buf) request = { 0 }, answer = { 0 };
	bool sent = item.already_sent;
	core_outcome o = CORE_DONE;
	core_counts counts = { 0 };

	err e = sent ? OK : fetch(w, &f, t);
	if (e == OK && !sent) o = place(w, &item, why, item.kind == QUEUE_KEY_RESHARE ? &item.key_id : &f->key_id);
	if (e == OK && !sent && o == CORE_DONE) e = write(w, &request, t, &item, f);
	if (e == OK && !sent && o == CORE_DONE && item.kind == QUEUE_NEW_CONTEXT) o = introduce(w, why, t);
	if (e != OK) {
		buf_put_str(why, err_text());
		err_clear();
		if (e == ERR_REQUEST || e == ERR_UNSUPPORTED) worker_fail(w, &item, buf_str(why));
		else if (atomic_load(&w->ending)) worker_give_back(w, &item, false);
		else worker_postpone(w, &item, false, false, buf_str(why));
	} else {
		if (o == CORE_DONE) o = core_ask(w->core, &answer, why, &sent, &counts, &item, buf_slice(&request));
		if (o == CORE_LATER && f && f->n) standings_forget(w->standings, &f->key_id);       /* the key may have left its epoch */
		conclude(w, t, &item, o, sent, &answer, why);
	}
	count(w, item.kind, &counts);
}

/* What this thread logs and asks of the node belongs to the request's trace. */
void worker_ask(worker *w, const task *t)
{
	const trace above = queue_trace_of(t->item);
	span s = { .at = trace_below(&above, w->c.random), .name = queue_label(t->item->kind), .request = t->item->id, .from_ns = tracing_now_ns() };
	AUTO(buf) why = { 0 };

	const trace before = trace_enter(&s.at);
	pursue(w, &why, t);
	trace_enter(&before);
	s.to_ns = tracing_now_ns();
	snprintf(s.why, sizeof s.why, "%s", buf_str(&why));
	tracing_tell(w->c.tracing, &s);
}
