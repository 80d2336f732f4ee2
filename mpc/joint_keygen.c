/* SPDX-License-Identifier: MIT */
/* mpc/joint_keygen.c -- keys taken, seed opened, parts made one after the other by lanes of slabs. */
#include "mpc/joint_keygen.h"
#include <pthread.h>
#include "mpc/slab.h"

/* ---- how a part is cut ----------------------------------------------------------------------------------------------- */

typedef struct cut {
	part_shape shape;
	unsigned   d;
	size_t     rows, slabs;              /* rows of a slab, but for the last one */
	unsigned   lanes;
} cut;

static cut cut_of(const joint_keygen_job *job, key_part part, unsigned d)
{
	const part_shape s = part_shape_of(job->plan->params, part);
	const size_t samples = job->slab * d, record = job->from.record;

	ASSERT(job->lanes && job->slab && job->slab <= KEYGEN_SLAB_MOST);
	size_t unit = s.body == 1 ? d : 1;                       /* rows that share a word */
	while (unit * s.body < samples && record && unit * s.body % record) unit *= 2;
	cut c = { .shape = s, .d = d, .rows = size_max(1, samples / s.body / unit) * unit };
	c.slabs = (s.rows + c.rows - 1) / c.rows;
	c.lanes = (unsigned)size_min(job->lanes, c.slabs);
	return c;
}

static row_slab slab_of(const cut *c, size_t i)
{
	return (row_slab){ i * c->rows, size_min(c->rows, c->shape.rows - i * c->rows) };
}

/* ---- a part ---------------------------------------------------------------------------------------------------------- */

/* What all lanes of all parts tell and count. */
typedef struct tally {
	pthread_mutex_t lock;
	const progress *told;
	uint64_t        done, of, by_triples;
} tally;

typedef struct part_work {
	const joint_keygen_job *job;
	unsigned    need;                    /* its noise */
	cut         cut;
	row_shares *rows;
	uint8_t    *bodies;
	tally      *tally;
} part_work;

typedef struct lane_work { const part_work *part; unsigned lane; } lane_work;

static void count(tally *t, uint64_t bytes, uint64_t by_triples)
{
	pthread_mutex_lock(&t->lock);
	t->done += bytes, t->by_triples += by_triples;
	if (bytes) progress_tell(t->told, t->done, t->of);
	pthread_mutex_unlock(&t->lock);
}

static err make_slab(session *s, slab_maker *maker, const part_work *p, row_slab slab)
{
	IN_SCOPE(s);
	const part_shape *shape = &p->cut.shape;
	const size_t samples = slab.count * shape->body, body_bytes = shape->body * (shape->bits / 8);
	uint8_t *noise;

	TRY(arena_new(&s->arena, &noise, samples * s->R->bytes));
	TRY(p->job->from.take(p->job->from.ctx, p->need, slab.first * shape->body, samples, noise));
	TRY(slab_open(maker, p->bodies + slab.first * body_bytes, noise, slab));
	count(p->tally, slab.count * body_bytes, 0);
	return OK;
}

/* Every lanes-th slab. */
static err run_lane(session *s, void *arg)
{
	const lane_work *l = arg;
	const part_work *p = l->part;
	AUTO(slab_maker) maker = { 0 };

	ASSERT(s->R->k == p->cut.shape.bits);                    /* T-LEAK: not wider than what is published */
	TRY(slab_maker_init(&maker, s, p->rows, p->job->tables));
	size_t made = 0;
	for (size_t i = l->lane; i < p->cut.slabs; i += p->cut.lanes, made++) {
		if (made && made % MEET_EVERY == 0) TRY(meet(s));
		TRY(make_slab(s, &maker, p, slab_of(&p->cut, i)));
	}
	count(p->tally, 0, maker.by_triples);
	return OK;
}

/* Sub-session 0, then those of the parts. */
static uint64_t first_lane(const joint_keygen_job *job, key_part part) { return 1 + (uint64_t)part * job->lanes; }

static err run_lanes(session *s, const joint_keygen_job *job, unsigned lanes, uint64_t first, unsigned k,
                     err (*run)(session *s, void *arg), void *const *arg)
{
	return mpc_lanes(s, &(lane_plan){ .lanes = lanes, .first = first, .k = k, .prss = prss_batch_of(job->tables),
	                                  .record = job->record, .run = run, .arg = arg, .in_turn = job->in_turn });
}

static err make_part(session *s, const part_work *p)
{
	IN_SCOPE(s);
	lane_work *lane;
	void **arg;

	TRY(arena_new(&s->arena, &lane, p->cut.lanes));
	TRY(arena_new(&s->arena, &arg, p->cut.lanes));
	for (unsigned l = 0; l < p->cut.lanes; l++) lane[l] = (lane_work){ p, l }, arg[l] = &lane[l];
	return run_lanes(s, p->job, p->cut.lanes, first_lane(p->job, p->job->plan->need[p->need].part), p->cut.shape.bits, run_lane, arg);
}

/* ---- the set --------------------------------------------------------------------------------------------------------- */

static err take_keys(const joint_keygen_job *job)
{
	for (unsigned i = 0; i < job->plan->needs; i++) {
		const keygen_need *need = &job->plan->need[i];
		if (need->is_key) TRY(job->from.take(job->from.ctx, i, 0, need->samples, job->word[need->secret]));
	}
	return OK;
}

/* A random element, which nobody knew. */
static err open_seed(session *s, void *seed)
{
	uint8_t bytes[GR_MAX_BYTES];
	const share x = prss_next(s->prss, s->R, s->sid.b, 0);
	gr v;

	TRY(s->p->open(s, &v, NULL, &x, NULL, 1, s->t));
	gr_write(s->R, bytes, v);
	memcpy(seed, bytes, PUBLIC_SEED_BYTES);
	return OK;
}

static err make_parts(session *s, seeded_keyset *set, const joint_keygen_job *job, tally *t,
                      const uint8_t seed[static PUBLIC_SEED_BYTES])
{
	for (unsigned i = 0; i < job->plan->needs; i++) {
		const keygen_need *need = &job->plan->need[i];
		if (need->is_key) continue;
		const unsigned d = ring_degree(s->n);
		part_work p = { .job = job, .need = i, .cut = cut_of(job, need->part, d), .bodies = job->where[need->part], .tally = t };
		AUTO(row_shares) *rows = NULL;
		seeded_part *part = &set->part[need->part];

		*part = (seeded_part){ .bodies = { p.bodies, part_body_bytes(p.cut.shape) },
		                       .seed = keygen_masks_among(set->params, seed, job->plan->parts, need->part) };
		TRY(row_shares_new(&rows, set->params, need->part, d, job->word, &part->seed));
		p.rows = rows;
		TRY(make_part(s, &p));
	}
	return OK;
}

static err make(session *s, seeded_keyset *set, const joint_keygen_job *job, tally *t)
{
	uint8_t seed[PUBLIC_SEED_BYTES];
	void *arg = seed;

	TRY(take_keys(job));
	TRY(run_lanes(s, job, 1, 0, 128, open_seed, &arg));
	return make_parts(s, set, job, t, seed);
}

err joint_keygen(session *s, seeded_keyset *set, const joint_keygen_job *job)
{
	const lat_params *params = job->plan->params;
	seeded_keyset made = { .params = params };
	tally t = { .lock = PTHREAD_MUTEX_INITIALIZER, .told = job->told, .of = keygen_plan_bodies(job->plan) };

	const err e = make(s, &made, job, &t);
	pthread_mutex_destroy(&t.lock);
	if (job->by_triples) *job->by_triples = t.by_triples;
	if (e == OK) {
		*set = made;
		return OK;
	}
	for (secret_id id = 0; id < SECRETS; id++) {
		if (!job->word[id]) continue;
		wipe(job->word[id], secret_length(params, id) * ring_degree(s->n) * sizeof *job->word[id]);
	}
	return err_at(e, __FILE__, __LINE__);
}

/* ---- what it costs --------------------------------------------------------------------------------------------------- */

static void add_slab(joint_keygen_cost *sum, const cut *c, row_slab slab)
{
	const part_shape *s = &c->shape;
	const size_t wide = s->bits == 128, words = s->body == 1 ? (slab.count + c->d - 1) / c->d : slab.count * ((s->body + c->d - 1) / c->d);
	size_t products = 0;

	if (s->kind == KIND_BSK)
		for (size_t row = slab.first; row < slab.first + slab.count; row++)
			if (row % (s->k + 1) < s->k) products += words / slab.count;
	sum->opened[wide] += words, sum->zeros[wide] += products;
	sum->messages++, sum->votes += products > 0;
}

joint_keygen_cost joint_keygen_costs(const joint_keygen_job *job, unsigned n, unsigned d)
{
	joint_keygen_cost sum = { .opened = { 0, 1 }, .messages = 1 };           /* the seed */

	for (unsigned i = 0; i < job->plan->needs; i++) {
		if (job->plan->need[i].is_key) continue;
		const cut c = cut_of(job, job->plan->need[i].part, d);
		for (size_t slab = 0; slab < c.slabs; slab++) {
			add_slab(&sum, &c, slab_of(&c, slab));
			sum.meetings += slab >= c.lanes && slab / c.lanes % MEET_EVERY == 0;
		}
	}
	sum.bytes = (n - 1) * d * (sum.opened[0] * 8 + sum.opened[1] * 16);
	return sum;
}
