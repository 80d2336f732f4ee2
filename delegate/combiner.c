/* SPDX-License-Identifier: MIT */
/* delegate/combiner.c -- a table of requests, each with whom was asked, who answered, and what is right. */
#include "delegate/combiner_internal.h"
#include <stdlib.h>
#include "base/wait.h"

/* ---- the life of a request: under the lock --------------------------------------------------------------------------- */

static void release(pending *p)
{
	if (--p->holders) return;
	kms_group_release(p->group);
	wipe(p, sizeof *p);
	free(p);
}

/* The table's hold is the caller's now. */
static void take_out(combiner *c, pending *p)
{
	c->slot[p->number % MAX_COMBINED] = NULL;
	c->waiting--;
	p->ended = true;
}

/* ---- ends ------------------------------------------------------------------------------------------------------------- */

/* Nobody else has it any more; e: why it ends without an answer. */
static void end(combiner *c, pending *p, err e)
{
	AUTO(buf) body = { 0 };
	unsigned status = e == OK ? 200 : 503;

	if (e == OK) {
		e = combiner_make_answer(&body, c, p);
		if (e != OK) status = kms_refuse(&body, e, 400);
	} else {
		atomic_fetch_add(&c->unanswered, 1);
		status = kms_refuse(&body, e, status);
	}
	p->done(p->arg, kms_count(c->p.kms, status), &body);
}

static err too_few(const pending *p)
{
	return err_fail(ERR_STATE, "%u nodes answered rightly, and %u are needed; ask later", p->goods, p->group->key.T + 1);
}

/* ---- answers of others --------------------------------------------------------------------------------------------------- */

typedef struct arrival {
	combiner *c;
	pending  *p;
	party     from;
	ask_answer a;
} arrival;

/* True: the request ends by this, with *e. */
static bool settle(combiner *c, pending *p, const arrival *v, const group_partial *part, bool good, bool is_signed, err *e)
{
	add_to(&p->heard, v->from);
	if (v->a.verdict == ASK_OTHER_EPOCH) add_to(&p->elsewhere, v->from);
	if (p->ended) return false;
	if (good) {
		p->signature[p->goods] = is_signed ? v->a.signature : (secp_rsig){ 0 };
		p->good[p->goods++] = *part;
	}
	*e = OK;
	if (p->goods > p->group->key.T) return true;
	if (!good) (void)combiner_ask_more(c, p, 1);
	if (!combiner_is_hopeless(c, p) || combiner_is_between(c, p)) return false;
	*e = too_few(p);
	return true;
}

static void work_on(void *arg)
{
	arrival *v = arg;
	combiner *c = v->c;
	group_partial part = { 0 };
	err e;

	const bool answered = v->a.verdict == ASK_ANSWERED, good = answered && combiner_part_is_right(&part, c, v->p, v->from, &v->a),
	           is_signed = good && v->p->q.once && combiner_part_is_signed(c, v->p, v->from, &v->a);
	pthread_mutex_lock(&c->lock);
	const bool ends = settle(c, v->p, v, &part, good, is_signed, &e);
	atomic_fetch_add(good ? &c->goods : answered ? &c->wrong : &c->refused, 1);
	if (ends) take_out(c, v->p);
	pthread_mutex_unlock(&c->lock);
	if (ends) end(c, v->p, e);
	pthread_mutex_lock(&c->lock);
	if (ends) release(v->p);
	release(v->p);
	pthread_mutex_unlock(&c->lock);
	wipe(&part, sizeof part);
	wipe(v, sizeof *v);
	free(v);
}

/* The request that the frame answers, held once more; each party is heard once. */
static pending *find(combiner *c, party from, const ask_answer *a)
{
	pending *p = c->slot[a->number % MAX_COMBINED];

	if (c->stopping || !p || p->number != a->number || !has(p->asked, from) || has(p->heard, from) || has(p->arrived, from)) return NULL;
	add_to(&p->arrived, from);
	p->holders++;
	return p;
}

bool combiner_take(combiner *c, party from, slice frame)
{
	arrival *v = calloc(1, sizeof *v);
	pending *p = NULL;

	if (!v) return true;
	const bool is = ask_answer_read(&v->a, frame);
	pthread_mutex_lock(&c->lock);
	if (is) p = find(c, from, &v->a);
	v->c = c;
	v->from = from;
	v->p = p;
	const bool sent = p && pool_submit(c->p.cores, work_on, v, 0) == OK;
	if (p && !sent) release(p);
	pthread_mutex_unlock(&c->lock);
	if (!sent) {
		if (is && !p) atomic_fetch_add(&c->late, 1);
		wipe(v, sizeof *v);
		free(v);
	}
	return is;
}

bool combiner_chain_of(combiner *c, uint32_t *chain_id, slice frame)
{
	uint64_t number;

	if (!ask_answer_number(&number, frame)) return false;
	pthread_mutex_lock(&c->lock);
	const pending *p = c->slot[number % MAX_COMBINED];
	const bool waits = p && p->number == number;
	if (waits) *chain_id = p->q.chain->c.id;
	pthread_mutex_unlock(&c->lock);
	return waits;
}

/* ---- new requests ---------------------------------------------------------------------------------------------------------- */

static err enter(combiner *c, pending *p)
{
	unsigned i = 0;

	if (c->stopping) return err_fail(ERR_STATE, "this node is stopping");
	while (i < MAX_COMBINED && c->slot[i]) i++;
	if (i == MAX_COMBINED) return err_fail(ERR_EXHAUSTED, "%d requests are being answered; ask later", MAX_COMBINED);
	p->number = ++c->used[i] * MAX_COMBINED + i;
	c->slot[i] = p;
	p->holders++;
	c->waiting++;
	c->turn++;
	p->next_ms = clock_now_ms(c->p.clock) + COMBINE_NEXT_MS;
	p->limit_ms = clock_now_ms(c->p.clock) + COMBINE_LIMIT_MS;
	if (c->waiting == 1) pthread_cond_signal(&c->bell);
	return OK;
}

/* True: it has ended already, with *e. */
static bool start(combiner *c, pending *p, err *e)
{
	pthread_mutex_lock(&c->lock);
	*e = enter(c, p);
	const bool entered = *e == OK;
	if (entered && p->goods <= p->group->key.T) (void)combiner_ask_more(c, p, p->group->key.T + 2 - p->goods);
	const bool ends = entered && (p->goods > p->group->key.T || combiner_is_hopeless(c, p));
	if (ends) {
		*e = p->goods > p->group->key.T ? OK : too_few(p);
		take_out(c, p);
		p->holders--;                      /* the caller has another */
	}
	pthread_mutex_unlock(&c->lock);
	return ends || !entered;
}

static void discard(pending *p)
{
	kms_group_release(p->group);
	wipe(p, sizeof *p);
	free(p);
}

/* group stays NULL where the key is whole. */
static err read_question(pending *p, combiner *c, unsigned *status, const delegate_call *call, bool once)
{
	delegate_kms *k = c->p.kms;

	TRY(once ? kms_read_v1(&p->q, k, status, call) : kms_read(&p->q, k, status, call));
	*status = 503;
	p->group = kms_group_hold(k, p->q.chain);
	if (kms_group_is_whole(p->group)) {
		kms_group_release(p->group);
		p->group = NULL;
		return OK;
	}
	if (!p->group) return kms_no_group(k, p->q.chain);
	return once ? kms_use_nonce(k, status, &p->q.v1) : OK;
}

static err prepare(pending **out, combiner *c, unsigned *status, const delegate_call *call, bool once)
{
	pending *p = calloc(1, sizeof *p);

	*status = 500;
	if (!p) return err_fail(ERR_NOMEM, "no memory for a delegation");
	p->holders = 1;
	const err e = read_question(p, c, status, call, once);
	if (e == OK) *out = p;
	else discard(p);
	return e;
}

void combiner_begin(combiner *c, const delegate_call *call, bool once, combiner_done *done, void *arg)
{
	AUTO(buf) body = { 0 };
	unsigned status;
	pending *p = NULL;

	err e = prepare(&p, c, &status, call, once);
	if (e != OK) {
		done(arg, kms_count(c->p.kms, kms_refuse(&body, e, status)), &body);
		return;
	}
	p->done = done;
	p->arg = arg;
	if (!p->group) {
		status = once ? delegate_answer_v1(c->p.kms, &body, call) : delegate_answer(c->p.kms, &body, call);
		done(arg, status, &body);
	} else {
		combiner_add_own(p);
		if (start(c, p, &e)) end(c, p, e);
	}
	pthread_mutex_lock(&c->lock);
	release(p);
	pthread_mutex_unlock(&c->lock);
}

/* ---- what takes too long ------------------------------------------------------------------------------------------------ */

/* What is to end now; all of it if this node stops. */
static size_t overdue(combiner *c, pending *out[static MAX_COMBINED])
{
	const int64_t now = clock_now_ms(c->p.clock);
	size_t n = 0;

	for (unsigned i = 0; i < MAX_COMBINED && c->waiting; i++) {
		pending *p = c->slot[i];
		if (!p) continue;
		if (c->stopping || now >= p->limit_ms) {
			take_out(c, p);
			out[n++] = p;
		} else if (combiner_is_between(c, p)) {
			combiner_ask_anew(c, p, ++c->used[i] * MAX_COMBINED + i);
			p->next_ms = now + COMBINE_NEXT_MS;
		} else if (now >= p->next_ms) {
			(void)combiner_ask_more(c, p, 1);
			p->next_ms = now + COMBINE_NEXT_MS;
		}
	}
	return n;
}

void combiner_look(combiner *c)
{
	pending *ends[MAX_COMBINED];

	pthread_mutex_lock(&c->lock);
	const size_t n = overdue(c, ends);
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < n; i++) end(c, ends[i], too_few(ends[i]));
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < n; i++) release(ends[i]);
	pthread_mutex_unlock(&c->lock);
}

static void *keep_looking(void *arg)
{
	combiner *c = arg;

	pthread_mutex_lock(&c->lock);
	while (!c->stopping) {
		if (c->waiting == 0) {
			pthread_cond_wait(&c->bell, &c->lock);
			continue;
		}
		(void)wait_until(&c->bell, &c->lock, clock_now_ms(clock_system()) + COMBINE_LOOK_MS);
		pthread_mutex_unlock(&c->lock);
		combiner_look(c);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------------------------------ */

err combiner_new(combiner **out, const combiner_parts *parts)
{
	combiner *c = calloc(1, sizeof *c);

	if (!c) return err_fail(ERR_NOMEM, "no memory to combine delegations");
	c->p = *parts;
	pthread_mutex_init(&c->lock, NULL);
	wait_init(&c->bell);
	if (pthread_create(&c->thread, NULL, keep_looking, c) != 0) {
		pthread_cond_destroy(&c->bell);
		pthread_mutex_destroy(&c->lock);
		free(c);
		return err_fail(ERR_NOMEM, "no thread to combine delegations");
	}
	*out = c;
	return OK;
}

void combiner_stop(combiner *c)
{
	pthread_mutex_lock(&c->lock);
	const bool before = c->stopping;
	c->stopping = true;
	pthread_cond_signal(&c->bell);
	pthread_mutex_unlock(&c->lock);
	if (before) return;
	pthread_join(c->thread, NULL);
	combiner_look(c);
}

void combiner_free(combiner **cp)
{
	combiner *c = *cp;

	if (!c) return;
	ASSERT(c->stopping && c->waiting == 0);
	pthread_cond_destroy(&c->bell);
	pthread_mutex_destroy(&c->lock);
	free(c);
	*cp = NULL;
}

void combiner_metrics(buf *out, combiner *c)
{
	static const char *const WHAT[] = { "right", "wrong", "refused", "late" };
	const uint64_t count[] = { atomic_load(&c->goods), atomic_load(&c->wrong), atomic_load(&c->refused), atomic_load(&c->late) };

	buf_printf(out, "# HELP arca_delegate_asks_total Partial answers that this node asked others for.\n"
	                "# TYPE arca_delegate_asks_total counter\narca_delegate_asks_total %ju\n"
	                "# HELP arca_delegate_partials_total What others answered; wrong: with a proof that is none.\n"
	                "# TYPE arca_delegate_partials_total counter\n", (uintmax_t)atomic_load(&c->asks));
	for (size_t i = 0; i < COUNT(WHAT); i++)
		buf_printf(out, "arca_delegate_partials_total{what=\"%s\"} %ju\n", WHAT[i], (uintmax_t)count[i]);
	buf_printf(out, "# HELP arca_delegate_unanswered_total Requests that too few nodes answered rightly.\n"
	                "# TYPE arca_delegate_unanswered_total counter\narca_delegate_unanswered_total %ju\n",
	           (uintmax_t)atomic_load(&c->unanswered));
}
