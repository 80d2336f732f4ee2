/* SPDX-License-Identifier: MIT */
/*
 * connector/worker.c -- one thread picks, checks and renews leases; many threads fetch, ask and verify, a request each.
 *
 * A picked batch lives until the last of its requests is done with.
 */
#include "connector/worker.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/log.h"
#include "connector/checks.h"
#include "connector/fetch.h"
#include "connector/standing.h"

enum {
	WORKER_THREADS = 128, SOON_MS = 2000, LATE_MS = 60000, DRAIN_MS = 5000, TICK_MS = 250, SERVE_NICE = 5,
	MOST_EPOCH_ATTEMPTS = 20,                /* with the pauses between them about a quarter of an hour */
};

typedef struct batch { queue_batch b; atomic_uint left; } batch;

typedef struct task {
	struct task *next, *after;               /* waiting; all that are under way */
	struct task **before;
	batch       *of;
	const queue_item *item;
	fetch_from   from;                       /* its ciphertexts */
	epoch_material *takes_over;              /* of a new epoch  */
	int64_t      lease_until_ms;
} task;

struct worker {
	worker_config c;
	worker_tally  tally;
	checks    *checks;
	buckets   *buckets;
	core      *core;
	standings *standings;
	pthread_t  thread[WORKER_THREADS];
	unsigned   threads;
	pthread_mutex_t lock;                    /* of what follows */
	pthread_cond_t  wake;
	task      *first, **end;                 /* waiting for a thread */
	task      *under_way;
	size_t     n;
	atomic_bool ending;                      /* what is under way is given back */
	ask_signers signers;
	int64_t    picked_ms;                    /* when decryptions were picked last: of the thread that picks */
	int64_t    due_ms[QUEUE_REQUESTS];       /* when the first that was postponed may be picked again; 0: none was */
	coprocessors *attesting;                 /* the picking thread's, as the next */
	bool       told, told_attesting;         /* that they are not known: nothing is picked then, or no decryption */
};

const histogram_scale WORKER_LATENCY = { 1000, 10, { 10, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000 } };

static int64_t now(const worker *w)
{
	return clock_now_ms(w->c.clock);
}

/* ---- what becomes of a request ---------------------------------------------------------------------------------- */

static void submit(worker *w, const queue_change *change)
{
	while (queue_submit(w->c.queue, change, 1, NULL, NULL) == ERR_EXHAUSTED) {         /* the database is slower than the nodes */
		err_clear();
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	err_clear();
}

/* Nobody rings for what was postponed: it is looked for when it may be picked. */
static void look_again(worker *w, queue_kind kind, int64_t at_ms)
{
	pthread_mutex_lock(&w->lock);
	if (!w->due_ms[kind] || at_ms < w->due_ms[kind]) w->due_ms[kind] = at_ms;
	pthread_mutex_unlock(&w->lock);
}

/* 0: as often as it takes, until an operator gives it up. */
static unsigned most_attempts(const worker *w, queue_kind kind)
{
	return queue_is_decryption(kind) ? (unsigned)w->c.config->worker.max_attempts : ask_makes_epoch(kind) ? MOST_EPOCH_ATTEMPTS : 0;
}

/* Later, unless it had its chances.  blameless: what it needs is away, which says nothing against it. */
static void postpone(worker *w, const queue_item *item, bool already_sent, bool blameless, const char *why)
{
	const unsigned most = most_attempts(w, item->kind);
	const bool last = most && !blameless && item->errors + 1 >= most;
	const bool paused = queue_is_decryption(item->kind) || !blameless;
	int64_t delay_ms = SOON_MS;                      /* ceremonies take their time, and are only asked how they stand */

	for (unsigned i = 0; paused && i < item->errors && delay_ms < LATE_MS; i++) delay_ms *= 2;
	if (last) log_warn("%s is given up after %u attempts: %s", queue_label(item->kind), item->errors + 1, why);
	submit(w, &(queue_change){ .verb = last ? QUEUE_FAIL : QUEUE_RETRY, .kind = item->kind, .seq = item->seq, .delay_ms = delay_ms,
	                           .already_sent = already_sent, .blameless = blameless, .reason = why });
	if (!last) look_again(w, item->kind, now(w) + delay_ms);
}

static void fail(worker *w, const queue_item *item, const char *why)
{
	log_warn("%s fails: %s", queue_label(item->kind), why);
	submit(w, &(queue_change){ .verb = QUEUE_FAIL, .kind = item->kind, .seq = item->seq, .reason = why });
}

/* For others, or for the next start: as if it had not been picked. */
static void give_back(worker *w, const queue_item *item, bool sent)
{
	if (sent && !item->already_sent) submit(w, &(queue_change){ .verb = QUEUE_MARK_SENT, .kind = item->kind, .seq = item->seq });
	submit(w, &(queue_change){ .verb = QUEUE_RELEASE, .kind = item->kind, .seq = item->seq });
}

static void complete(worker *w, const queue_item *item)
{
	submit(w, &(queue_change){ .verb = QUEUE_COMPLETE, .kind = item->kind, .seq = item->seq });
}

/* ---- one request ------------------------------------------------------------------------------------------------ */

static err fetch(worker *w, fetched **f, const task *t)
{
	const err e = fetch_all(f, w->buckets, t->item, &t->from);

	if (*f) {
		atomic_fetch_add(&w->tally.fetched, (*f)->n);
		atomic_fetch_add(&w->tally.cache_hits, (*f)->kept);
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

/* The node has answered: what it says is believed if the contract will believe it; else *why says why not. */
static void finish(worker *w, buf *why, const queue_item *item, slice answer)
{
	arena memory = arena_with_limit(4 * answer.n + (4 << 20));
	queue_item response;
	ask_signers signers;
	bool wrong = false;

	if (queue_response_of(item->kind) == QUEUE_KINDS) {
		complete(w, item);
		return;
	}
	pthread_mutex_lock(&w->lock);
	signers = w->signers;
	pthread_mutex_unlock(&w->lock);
	const err e = ask_read(&response, &wrong, &memory, item, w->c.config, &signers, answer);
	if (e == OK) {
		response.created_ms = clock_unix_ms(w->c.clock);
		if (queue_is_decryption(item->kind))
			histogram_add(&w->tally.latency[item->kind], &WORKER_LATENCY, queue_age_ms(item->created_ms, response.created_ms));
		submit(w, &(queue_change){ .verb = QUEUE_FINISH, .kind = item->kind, .seq = item->seq, .item = &response });
	} else {
		if (wrong) atomic_fetch_add(&w->tally.wrong_signatures, 1);
		buf_put_str(why, err_text());
		postpone(w, item, true, false, buf_str(why));
		err_clear();
	}
	arena_free(&memory);
}

/* What became of asking the node. */
static void conclude(worker *w, const queue_item *item, core_outcome o, bool sent, const buf *answer, buf *why)
{
	switch (o) {
	case CORE_DONE:    finish(w, why, item, buf_slice(answer)); break;
	case CORE_AWAY:
		if (atomic_load(&w->ending)) give_back(w, item, sent);
		else postpone(w, item, sent, true, buf_str(why));
		break;
	case CORE_LATER:   postpone(w, item, sent, false, buf_str(why)); break;
	case CORE_NEVER:   fail(w, item, buf_str(why)); break;
	case CORE_ABORTED:
		submit(w, &(queue_change){ .verb = QUEUE_ABORT, .kind = item->kind, .seq = item->seq, .reason = buf_str(why) });
		break;
	}
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
	if (reshare) item->previous_epoch_id = s.newest;
	else if (s.there && !s.in_default) item->epoch_id = s.oldest;
	return CORE_DONE;
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
	if (e == OK && !sent && o == CORE_DONE)
		e = t->takes_over ? ask_write_epoch(&request, &item, w->c.config, t->takes_over) : ask_write(&request, &item, w->c.config, &f->key_id, f->ct, f->n);
	if (e != OK) {
		buf_put_str(why, err_text());
		err_clear();
		if (e == ERR_REQUEST || e == ERR_UNSUPPORTED) fail(w, &item, buf_str(why));
		else if (atomic_load(&w->ending)) give_back(w, &item, false);
		else postpone(w, &item, false, false, buf_str(why));
	} else {
		if (o == CORE_DONE) o = core_ask(w->core, &answer, why, &sent, &counts, &item, buf_slice(&request));
		if (o == CORE_LATER && f && f->n) standings_forget(w->standings, &f->key_id);       /* the key may have left its epoch */
		conclude(w, &item, o, sent, &answer, why);
	}
	count(w, item.kind, &counts);
}

/* What this thread logs and asks of the node belongs to the request's trace. */
static void work(worker *w, const task *t)
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

/* ---- threads ---------------------------------------------------------------------------------------------------- */

static void release(batch *b)
{
	if (atomic_fetch_sub(&b->left, 1) != 1) return;
	queue_batch_free(&b->b);
	free(b);
}

/* Decryptions are picked, and contracts asked, for many at once: for a batch, or half of what may be under way; for fewer only when
 * nothing was picked for a moment, as while a node is slow. */
static size_t enough_room(const worker *w)
{
	return size_min((size_t)w->c.config->worker.batch, ((size_t)w->c.config->task_limit + 1) / 2);
}

/* Not under the lock. */
static void end_task(worker *w, task *t)
{
	pthread_mutex_lock(&w->lock);
	*t->before = t->after;
	if (t->after) t->after->before = t->before;
	w->n--;
	const size_t free_ = (size_t)w->c.config->task_limit - w->n;
	atomic_store(&w->tally.under_way, w->n);
	pthread_mutex_unlock(&w->lock);
	release(t->of);
	coprocessors_release(&t->from.attesting);
	epoch_material_free(&t->takes_over);
	free(t);
	if (free_ == 1 || free_ == enough_room(w)) queue_bell_ring(w->c.bell, 0);
}

static void *serve(void *ctx)
{
	worker *w = ctx;

	(void)!nice(SERVE_NICE);                     /* of this thread alone: there are many, and the few that pick, send and commit feed them */
	for (;;) {
		pthread_mutex_lock(&w->lock);
		while (!w->first && !atomic_load(&w->ending)) pthread_cond_wait(&w->wake, &w->lock);
		task *t = w->first;
		if (t) {
			w->first = t->next;
			if (!w->first) w->end = &w->first;
		}
		pthread_mutex_unlock(&w->lock);
		if (!t) return NULL;
		if (atomic_load(&w->ending)) give_back(w, t->item, false);
		else work(w, t);
		end_task(w, t);
	}
}

static void start_task(worker *w, batch *b, const queue_item *item, const task *like, int64_t picked_ms)
{
	task *t = malloc(sizeof *t);

	if (!t) {
		epoch_material *none = like->takes_over;
		epoch_material_free(&none);
		submit(w, &(queue_change){ .verb = QUEUE_RELEASE, .kind = item->kind, .seq = item->seq });
		return;
	}
	*t = *like;
	t->of = b, t->item = item, t->next = NULL;
	coprocessors_hold(t->from.attesting);
	t->lease_until_ms = picked_ms + w->c.config->worker.lease;
	atomic_fetch_add(&b->left, 1);
	pthread_mutex_lock(&w->lock);
	t->after = w->under_way;
	t->before = &w->under_way;
	if (t->after) t->after->before = &t->after;
	w->under_way = t;
	*w->end = t;
	w->end = &t->next;
	w->n++;
	atomic_store(&w->tally.under_way, w->n);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

/* ---- picking ---------------------------------------------------------------------------------------------------- */

/* Where its ciphertexts are: all materials of a request have the same coprocessors, who agreed on them; without materials all are asked. */
static err find_buckets(worker *w, task *like, const queue_item *item)
{
	queue_material m;

	like->from = (fetch_from){ 0 };
	if (!queue_is_decryption(item->kind) || item->already_sent) return OK;
	if (w->c.config->profile->attested) {
		like->from.attesting = w->attesting;
		return OK;
	}
	if (item->materials.n == 0)
		return err_fail(ERR_UNSUPPORTED, "a request that names handles only is of contracts that this profile does not serve: set profile = \"v0.15\"");
	TRY(queue_read_material(&m, item->materials.item[0]));
	like->from.urls = MAX_BUCKET_URLS;
	return checks_buckets(w->checks, like->from.url, &like->from.urls, &m);
}

static void start(worker *w, batch *b, const queue_item *item, const checked *c, int64_t picked_ms)
{
	task like = { 0 };

	switch (c->verdict) {
	case CHECK_DONE:
		complete(w, item);
		return;
	case CHECK_AWAY:
	case CHECK_LATER:
		atomic_fetch_add(&w->tally.check_errors, 1);
		postpone(w, item, item->already_sent, c->verdict == CHECK_AWAY, c->why);
		return;
	case CHECK_NEVER:
		atomic_fetch_add(&w->tally.check_errors, 1);
		fail(w, item, c->why);
		return;
	case CHECK_GO:
		break;
	}
	err e = find_buckets(w, &like, item);
	if (e == OK && item->kind == QUEUE_NEW_EPOCH && !item->already_sent) e = checks_epoch_material(w->checks, &like.takes_over, item);
	if (e == OK) start_task(w, b, item, &like, picked_ms);
	else if (e == ERR_REQUEST || e == ERR_UNSUPPORTED) fail(w, item, err_text());
	else postpone(w, item, item->already_sent, true, err_text());
	err_clear();
}

static size_t room(worker *w, queue_kind kind, int64_t now_ms)
{
	pthread_mutex_lock(&w->lock);
	const size_t limit = (size_t)w->c.config->task_limit, free_ = w->n < limit ? limit - w->n : 0;
	pthread_mutex_unlock(&w->lock);
	if (w->told || (w->told_attesting && queue_is_decryption(kind))) return 0;
	if (!queue_is_decryption(kind)) return size_min(free_, 1);
	if (free_ < enough_room(w) && now_ms - w->picked_ms < TICK_MS) return 0;
	w->picked_ms = now_ms;
	return size_min(free_, (size_t)w->c.config->worker.batch);
}

/* True if there may be more of this kind. */
static bool pick(worker *w, queue_kind kind, size_t n)
{
	batch *b = calloc(1, sizeof *b);
	checked *verdicts = b ? calloc(n, sizeof *verdicts) : NULL;

	if (!verdicts) return free(b), false;
	atomic_init(&b->left, 1);
	const int64_t picked_ms = now(w);
	err e = queue_pick(&b->b, w->c.queue, kind, n, w->c.config->worker.lease);
	const bool more = e == OK && b->b.n + b->b.broken == n;
	if (e == OK) {
		atomic_fetch_add(&w->tally.received[kind], b->b.n);
		atomic_fetch_add(&w->tally.received_errors[kind], b->b.broken);
		if (b->b.n) e = checks_run(w->checks, verdicts, b->b.item, b->b.n);
		for (size_t i = 0; e == OK && i < b->b.n; i++) start(w, b, &b->b.item[i], &verdicts[i], picked_ms);
	}
	if (e != OK) log_err(LOG_WARN, "requests could not be picked", e);
	free(verdicts);
	release(b);
	return more && e == OK;
}

static void renew(worker *w)
{
	const int64_t lease = w->c.config->worker.lease, t0 = now(w);
	queue_change change[64];
	task *renewed[COUNT(change)];
	size_t n = 0;

	pthread_mutex_lock(&w->lock);
	for (task *t = w->under_way; t && n < COUNT(change); t = t->after) {
		if (t->lease_until_ms - t0 > lease / 2) continue;
		change[n] = (queue_change){ .verb = QUEUE_RENEW, .kind = t->item->kind, .seq = t->item->seq, .delay_ms = lease };
		renewed[n++] = t;
	}
	const bool asked = n && queue_submit(w->c.queue, change, n, NULL, NULL) == OK;
	for (size_t i = 0; asked && i < n; i++) renewed[i]->lease_until_ms = t0 + lease;       /* or the next time round */
	pthread_mutex_unlock(&w->lock);
	err_clear();
}

static void learn_signers(worker *w)
{
	ask_signers fresh;

	err e = checks_domains(w->checks);
	if (e == OK) e = checks_signers(w->checks, &fresh);
	if (e != OK && !w->told) log_err(LOG_WARN, "no answer of a node could be checked, so none is asked", e);
	w->told = e != OK;
	err_clear();
	if (e != OK) return;
	pthread_mutex_lock(&w->lock);
	w->signers = fresh;
	pthread_mutex_unlock(&w->lock);
}

/* Whose attestations count. */
static void learn_attesting(worker *w)
{
	coprocessors *fresh = NULL;

	if (!w->c.config->profile->attested) return;
	const err e = checks_coprocessors(w->checks, &fresh);
	if (e != OK && !w->told_attesting) log_err(LOG_WARN, "the coprocessors are not known, and nothing can be decrypted", e);
	w->told_attesting = e != OK;
	err_clear();
	coprocessors_release(&w->attesting);
	w->attesting = fresh;
}

/* The kinds of which something was postponed until now. */
static uint32_t come_due(worker *w, int64_t now_ms)
{
	uint32_t kinds = 0;

	pthread_mutex_lock(&w->lock);
	for (queue_kind k = 0; k < QUEUE_REQUESTS; k++) {
		if (!w->due_ms[k] || w->due_ms[k] > now_ms) continue;
		w->due_ms[k] = 0;
		kinds |= 1u << k;
	}
	pthread_mutex_unlock(&w->lock);
	return kinds;
}

/* What is under way has some seconds; the rest is given back. */
static void end(worker *w)
{
	const int64_t until_ms = now(w) + DRAIN_MS;

	for (bool busy = true; busy && now(w) < until_ms; nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL)) {
		pthread_mutex_lock(&w->lock);
		busy = w->n > 0;
		pthread_mutex_unlock(&w->lock);
	}
	pthread_mutex_lock(&w->lock);
	atomic_store(&w->ending, true);
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	buckets_stop(w->buckets);
	for (bool busy = true; busy; nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL)) {
		core_stop(w->core);
		pthread_mutex_lock(&w->lock);
		busy = w->n > 0 && w->threads > 0;
		pthread_mutex_unlock(&w->lock);
	}
	for (unsigned i = 0; i < w->threads; i++) pthread_join(w->thread[i], NULL);
	w->threads = 0;
}

void worker_run(worker *w)
{
	const int64_t fast = w->c.config->worker.fast_polling, slow = w->c.config->worker.long_polling;
	int64_t fast_ms = 0, slow_ms = 0;
	uint32_t rang = ~0u;

	while (w->threads < WORKER_THREADS && (int64_t)w->threads < w->c.config->task_limit &&
	       pthread_create(&w->thread[w->threads], NULL, serve, w) == 0) w->threads++;
	while (!atomic_load(w->c.stop)) {
		const int64_t t0 = now(w);
		const bool all_fast = t0 - fast_ms >= fast || !fast_ms, all_slow = t0 - slow_ms >= slow || !slow_ms;
		bool more = false;
		if (all_fast) fast_ms = t0;
		if (all_slow) slow_ms = t0;
		learn_signers(w);
		learn_attesting(w);
		rang |= come_due(w, t0);
		for (queue_kind k = 0; k < QUEUE_REQUESTS; k++) {
			if (queue_is_decryption(k) ? all_fast : all_slow) rang |= 1u << k;
			const size_t n = rang >> k & 1 ? room(w, k, t0) : 0;         /* without room it is looked at when there is */
			if (!n) continue;
			const bool again = pick(w, k, n);
			if (again) more = true;
			else rang &= ~(1u << k);
		}
		renew(w);
		if (!more) rang |= queue_bell_wait(w->c.bell, TICK_MS);
	}
	end(w);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

err worker_new(worker **out, const worker_config *c)
{
	worker *w = calloc(1, sizeof *w);

	if (!w) return err_fail(ERR_NOMEM, "no memory for a worker");
	w->c = *c;
	w->end = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	err e = core_new(&w->core, c->config);
	if (e == OK) e = standings_new(&w->standings);
	if (e == OK) e = buckets_new(&w->buckets, c->config, &w->tally.buckets);
	if (e == OK) e = checks_new(&w->checks, c->config, c->clock, c->stop);
	if (e == OK) *out = w;
	else worker_free(&w);
	return e;
}

void worker_free(worker **w)
{
	if (!*w) return;
	checks_free(&(*w)->checks);
	coprocessors_release(&(*w)->attesting);
	buckets_free(&(*w)->buckets);
	standings_free(&(*w)->standings);
	core_free(&(*w)->core);
	pthread_mutex_destroy(&(*w)->lock);
	pthread_cond_destroy(&(*w)->wake);
	free(*w);
	*w = NULL;
}

const worker_tally *worker_tallied(const worker *w)
{
	return &w->tally;
}

bool worker_healthy(buf *why, worker *w, int64_t timeout_ms)
{
	return core_healthy(w->core, why, timeout_ms);
}
