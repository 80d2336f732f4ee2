/* SPDX-License-Identifier: MIT */
/* delegate/combiner.c -- a table of requests, each with whom was asked, who answered, and what is right. */
#include "delegate/combiner.h"
#include <stdlib.h>
#include "base/wait.h"
#include "delegate/kms_internal.h"

typedef struct pending {
	uint64_t number;                           /* what frames call it: its slot, and how often that was used before */
	unsigned holders;                          /* under the lock, as everything that changes */
	bool     ended;
	kms_question q;
	kms_group *group;
	party_set asked, arrived, heard;           /* this node among all, if it has a share; arrived: and not judged yet */
	group_partial good[MAX_PARTIES];           /* secret */
	secp_rsig signature[MAX_PARTIES];          /* of the node whose good[i] it is; of our own: none */
	unsigned goods;
	int64_t  next_ms, limit_ms;
	combiner_done *done;
	void    *arg;
} pending;

struct combiner {
	combiner_parts p;
	pthread_mutex_t lock;
	pthread_cond_t  bell;
	pthread_t thread;
	bool      stopping;
	pending  *slot[MAX_COMBINED];
	uint64_t  used[MAX_COMBINED];
	unsigned  waiting, turn;                   /* turn: whom the next request asks first */
	_Atomic uint64_t asks, goods, wrong, refused, late, unanswered;
};

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

/* The next party that was not asked: those that are up first, and not always the same. */
static party whom_next(combiner *c, const pending *p)
{
	const unsigned n = p->group->key.n;
	party down = 0;

	for (unsigned i = 0; i < n; i++) {
		const party who = (party)(1 + (c->turn + i) % n);
		if (has(p->asked, who) || !group_has_share(&p->group->key, who)) continue;
		if (c->p.is_up(c->p.ctx, p->q.chain->c.id, who)) return who;
		if (!down) down = who;
	}
	return down;
}

static ask_frame ask_of(const pending *p)
{
	return (ask_frame){ .number = p->number, .chain_id = p->q.chain->c.id, .epoch = p->group->key.epoch, .authorization = p->q.authorization,
	          .form = p->q.once ? ASK_ONCE : p->q.text == TYPED_BARE ? ASK_TEXT_BARE : ASK_TEXT_AS_SENT, .v1 = p->q.v1,
	          .ephemeral = slice_of(p->q.ephemeral, sizeof p->q.ephemeral), .target = slice_of(p->q.target, p->q.target_n) };
}

/* Asks `more` others.  False: there are not so many. */
static bool ask_more(combiner *c, pending *p, unsigned more)
{
	AUTO(buf) frame = { 0 };
	const ask_frame a = ask_of(p);

	ask_write(&frame, &a);
	while (more) {
		const party who = whom_next(c, p);
		if (!who) return false;
		add_to(&p->asked, who);
		atomic_fetch_add(&c->asks, 1);
		c->p.ask(c->p.ctx, p->q.chain->c.id, who, buf_slice(&frame));
		more--;
	}
	return true;
}

static bool hopeless(combiner *c, const pending *p) { return p->asked == p->heard && whom_next(c, p) == 0; }

/* ---- ends ------------------------------------------------------------------------------------------------------------- */

/* JSON members that say which nodes took part, and their signatures. */
static void put_nodes(buf *out, const pending *p)
{
	uint8_t bytes[GROUP_PARTIAL_BYTES];
	bool first = true;

	buf_put_str(out, ",\"nodes\":[");
	for (unsigned i = 0; i < p->goods; i++) {
		if (p->signature[i].b[SECP_SIG] == 0) continue;
		group_partial_write(bytes, &p->good[i]);
		const hash32 h = keccak256(slice_of(bytes, sizeof bytes));
		buf_printf(out, "%s{\"index\":%u,\"partialHash\":\"", first ? "" : ",", p->good[i].index);
		kms_put_hex(out, h.b, sizeof h.b);
		buf_put_str(out, "\",\"signature\":\"");
		kms_put_hex(out, p->signature[i].b, sizeof p->signature[i].b);
		buf_put_str(out, "\"}");
		first = false;
	}
	wipe(bytes, sizeof bytes);
	buf_put_str(out, "]");
}

static err combine(buf *body, const combiner *c, const pending *p)
{
	AUTO(buf) sealed = { 0 }, nodes = { 0 };
	secp_pk S;

	TRY(group_combine(&S, &p->group->key, p->good, p->goods));
	shared_x x = shared_x_of(&S);
	kms_seal(&sealed, c->p.kms, &p->q, slice_of(x.b, sizeof x.b));
	wipe(&S, sizeof S);
	wipe(&x, sizeof x);
	if (p->q.once) put_nodes(&nodes, p);
	kms_put_answer(body, c->p.kms, &p->q, buf_slice(&sealed), buf_str(&nodes));
	return OK;
}

/* Nobody else has it any more; e: why it ends without an answer. */
static void end(combiner *c, pending *p, err e)
{
	AUTO(buf) body = { 0 };
	unsigned status = e == OK ? 200 : 503;

	if (e == OK) {
		e = combine(&body, c, p);
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

static bool judge(group_partial *out, const combiner *c, const arrival *v)
{
	const pending *p = v->p;
	const bool read = group_partial_read(out, slice_of(v->a.partial, sizeof v->a.partial)) == OK;

	AUTO(buf) ask = { 0 };

	err_clear();
	if (read && out->index == v->from && group_partial_ok_var(out, &p->group->key, &p->q.K, &p->q.request)) return true;
	const ask_frame a = ask_of(p);
	ask_write(&ask, &a);
	c->p.lied(c->p.ctx, &(combiner_evidence){ v->from, buf_slice(&ask), slice_of(v->a.partial, sizeof v->a.partial), v->a.signature });
	return false;
}

/* What a node signed of a part is handed on only if it is right. */
static bool signed_rightly(const combiner *c, const arrival *v)
{
	const hash32 what = keccak256(slice_of(v->a.partial, sizeof v->a.partial)),
	             digest = typed_v1_response(&v->p->q.v1, &v->p->q.request, &what);
	eth_address by, wanted;

	return c->p.wallet(c->p.ctx, &wanted, v->p->q.chain->c.id, v->from) && sign_external_by_var(&by, &v->a.signature, &digest) && eth_address_eq_var(by, wanted);
}

/* True: the request ends by this, with *e. */
static bool settle(combiner *c, pending *p, const arrival *v, const group_partial *part, bool good, bool is_signed, err *e)
{
	add_to(&p->heard, v->from);
	if (p->ended) return false;
	if (good) {
		p->signature[p->goods] = is_signed ? v->a.signature : (secp_rsig){ 0 };
		p->good[p->goods++] = *part;
	}
	*e = OK;
	if (p->goods > p->group->key.T) return true;
	if (!good) (void)ask_more(c, p, 1);
	if (!hopeless(c, p)) return false;
	*e = too_few(p);
	return true;
}

static void work_on(void *arg)
{
	arrival *v = arg;
	combiner *c = v->c;
	group_partial part = { 0 };
	err e;

	const bool answered = v->a.verdict == ASK_ANSWERED, good = answered && judge(&part, c, v),
	           is_signed = good && v->p->q.once && signed_rightly(c, v);
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

/* Its own part needs no proof. */
static void add_own(pending *p)
{
	const group_share *own = &p->group->share;

	if (!own->index) return;
	p->good[p->goods++] = (group_partial){ .index = own->index, .epoch = p->group->key.epoch, .D = secp_pk_times(&p->q.K, &own->s) };
	add_to(&p->asked, own->index);
	add_to(&p->heard, own->index);
}

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
	if (entered && p->goods <= p->group->key.T) (void)ask_more(c, p, p->group->key.T + 2 - p->goods);
	const bool ends = entered && (p->goods > p->group->key.T || hopeless(c, p));
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
		add_own(p);
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
		} else if (now >= p->next_ms) {
			(void)ask_more(c, p, 1);
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
