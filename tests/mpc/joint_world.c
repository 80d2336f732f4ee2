/* SPDX-License-Identifier: MIT */
/* tests/mpc/joint_world.c -- stores in memory, programs of parties, a run of all of them. */
#include <stdlib.h>
#include "lattice/sample.h"
#include "share/shamir.h"
#include "tests/mpc/joint_world.h"

const lat_params SMALL = {
	.name = "small", .n = 3, .k = 1, .N = 256, .lwe_noise = 45, .glwe_noise = 17,
	.pbs = { .base_log = 23, .level = 1 }, .ks = { .base_log = 4, .level = 2 }, .ms = { .kind = MS_DRIFT, .zeros = 5 },
	.pke = { .n = 256, .noise = 17, .cast = { .base_log = 4, .level = 1 } },
	.comp = { .br = { .base_log = 23, .level = 1 }, .pks = { .base_log = 4, .level = 1 }, .k = 3, .N = 1, .noise = 43 },
	.sns = { .k = 2, .N = 256, .noise = 30, .br = { .base_log = 24, .level = 2 }, .ms = { .kind = MS_CENTERED_MEAN } },
	.snscomp = { .pks = { .base_log = 41, .level = 1 }, .k = 2, .N = 1, .noise = 3 },
};

/* ---- stores -------------------------------------------------------------------------------------------------------- */

static size_t element_bytes(const world *w, unsigned need) { return w->plan.need[need].k / 8 * w->d; }

static void *zeros(size_t n)
{
	void *p = calloc(n + 1, 1);

	assert_non_null(p);
	return p;
}

static err keep(void *ctx, unsigned need, uint64_t first, size_t count, const void *element)
{
	member *m = ctx;
	const size_t e = element_bytes(m->w, need);

	ASSERT(need < m->w->plan.needs && first <= m->w->plan.need[need].samples && count <= m->w->plan.need[need].samples - first);
	memcpy(m->sample[need] + first * e, element, count * e);
	for (size_t i = 0; i < count; i++) m->put[need][first + i]++;
	return OK;
}

static err take(void *ctx, unsigned need, uint64_t first, size_t count, void *element)
{
	member *m = ctx;
	const size_t e = element_bytes(m->w, need);

	ASSERT(need < m->w->plan.needs && first <= m->w->plan.need[need].samples && count <= m->w->plan.need[need].samples - first);
	memcpy(element, m->sample[need] + first * e, count * e);
	for (size_t i = 0; i < count; i++) m->taken[need][first + i]++;
	return OK;
}

static err record(void *ctx, const session_id *sid)
{
	member *m = ctx;

	for (size_t i = 0; i < m->used_count; i++)
		if (sid_eq_var(&m->used[i], sid)) return err_fail(ERR_EXISTS, "this session id was used");
	m->used = realloc(m->used, (m->used_count + 1) * sizeof *m->used);
	ASSERT(m->used);
	m->used[m->used_count++] = *sid;
	return OK;
}

/* ---- a world ------------------------------------------------------------------------------------------------------- */

static void member_new(world *w, party i)
{
	member *m = &w->m[i];

	*m = (member){ .w = w, .me = i };
	for (unsigned need = 0; need < w->plan.needs; need++) {
		const size_t samples = w->plan.need[need].samples;
		m->sample[need] = zeros(samples * element_bytes(w, need));
		m->put[need] = zeros(samples), m->taken[need] = zeros(samples);
	}
	for (secret_id id = 0; id < SECRETS; id++) m->word[id] = zeros(secret_length(w->params, id) * w->d * sizeof(u128));
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const size_t bytes = part_body_bytes(part_shape_of(w->params, part));
		if (bytes) m->where[part] = zeros(bytes);
	}
}

static void new_of_plan(world *w, const keygen_plan *plan, unsigned n, unsigned t)
{
	static const work_sizes USUAL = { .lanes = 2, .chunk = 1 << 15, .batch = 1 << 14, .slab = 1 << 13 };

	*w = (world){ .params = plan->params, .n = n, .t = t, .d = ring_degree(n), .plan = *plan, .size = USUAL };
	w->group = zeros(sizeof *w->group), w->tables = zeros((n + 1) * sizeof *w->tables), w->m = zeros((n + 1) * sizeof *w->m);
	group_new(w->group, n, t, parties_all(n));
	for (party i = 1; i <= n; i++) {
		assert_ok(prss_batch_new(&w->tables[i], w->group->p[i]));
		member_new(w, i);
	}
}

void world_new(world *w, const lat_params *params, unsigned n, unsigned t)
{
	const keygen_plan plan = keygen_plan_of(params);
	new_of_plan(w, &plan, n, t);
}

void world_new_public(world *w, const world *of)
{
	const keygen_plan plan = keygen_plan_of_public(of->params);

	new_of_plan(w, &plan, of->n, of->t);
	w->size = of->size;
	for (party i = 1; i <= w->n; i++) for (secret_id id = 0; id < SECRETS; id++)
		memcpy(w->m[i].word[id], of->m[i].word[id], secret_length(w->params, id) * w->d * sizeof(u128));
}

void world_new_between(world *w, const world *from, const world *to)
{
	const keygen_plan plan = keygen_plan_of_decompression(from->params);

	new_of_plan(w, &plan, from->n, from->t);
	w->size = from->size;
	for (party i = 1; i <= w->n; i++) for (secret_id id = 0; id < SECRETS; id++) {
		const world *of = id == SECRET_COMP ? from : id == SECRET_BIG ? to : NULL;
		if (of) memcpy(w->m[i].word[id], of->m[i].word[id], secret_length(w->params, id) * w->d * sizeof(u128));
		else free(w->m[i].word[id]), w->m[i].word[id] = NULL;
	}
}

void world_free(world *w)
{
	for (party i = 1; i <= w->n; i++) {
		member *m = &w->m[i];
		for (unsigned need = 0; need < w->plan.needs; need++) free(m->sample[need]), free(m->put[need]), free(m->taken[need]);
		for (secret_id id = 0; id < SECRETS; id++) free(m->word[id]);
		for (key_part part = 0; part < KEY_PARTS; part++) free(m->where[part]);
		free(m->used);
		prss_batch_free(&w->tables[i]);
	}
	group_free(w->group);
	free(w->group), free(w->tables), free(w->m);
}

void world_forget_generation(world *w)
{
	for (party i = 1; i <= w->n; i++) {
		member *m = &w->m[i];
		for (unsigned need = 0; need < w->plan.needs; need++) memset(m->taken[need], 0, w->plan.need[need].samples);
		for (secret_id id = 0; id < SECRETS; id++) memset(m->word[id], 0, secret_length(w->params, id) * w->d * sizeof(u128));
		for (key_part part = 0; part < KEY_PARTS; part++)
			if (m->where[part]) memset(m->where[part], 0, part_body_bytes(part_shape_of(w->params, part)));
		m->set = (seeded_keyset){ 0 };
		m->used_count = 0, m->by_triples = 0;
	}
}

void world_forget(world *w)
{
	world_forget_generation(w);
	for (party i = 1; i <= w->n; i++) for (unsigned need = 0; need < w->plan.needs; need++) {
		memset(w->m[i].put[need], 0, w->plan.need[need].samples);
		memset(w->m[i].sample[need], 0, w->plan.need[need].samples * element_bytes(w, need));
	}
}

void world_rekey(world *w, unsigned set, const uint8_t r[static PRSS_KEY])
{
	memcpy(w->group->r[set], r, PRSS_KEY);
	FOR_EACH_IN(i, w->group->A[set]) {
		prss_batch_free(&w->tables[i]);
		prss_free(&w->group->p[i]);
		assert_ok(group_join(&w->group->p[i], w->group, i, &ID_DEFAULT_EPOCH));
		assert_ok(prss_batch_new(&w->tables[i], w->group->p[i]));
	}
}

void world_deal(world *w)
{
	for (unsigned need = 0; need < w->plan.needs; need++) {
		const keygen_need *what = &w->plan.need[need];
		const ring *R = ring_of(what->k, w->d);
		for (uint64_t s = 0; s < what->samples; s++) {
			share y[MAX_PARTIES + 1];
			uint8_t bit = 0;
			int64_t e = 0;
			if (what->is_key) sample_bits(&bit, 1, test_rng());
			else sample_tuniform(&e, 1, what->noise, test_rng());
			shamir_deal(y, R, w->n, w->t, gr_scalar(R, (u128)(i128)(bit + e)), test_rng());
			for (party i = 1; i <= w->n; i++) {
				gr_write(R, w->m[i].sample[need] + s * R->bytes, y[i].v);
				w->m[i].put[need][s]++;
			}
		}
	}
}

/* ---- a run --------------------------------------------------------------------------------------------------------- */

static const sid_record *record_of(member *m)
{
	static sid_record where[MAX_PARTIES + 1];

	where[m->me] = (sid_record){ m, record };
	return &where[m->me];
}

preproc_job world_preproc_job(world *w, party i)
{
	return (preproc_job){
		.plan = &w->plan, .tables = w->tables[i], .record = record_of(&w->m[i]), .to = { &w->m[i], keep },
		.lanes = w->size.lanes, .chunk = w->size.chunk, .batch = w->size.batch, .in_turn = true,
	};
}

joint_keygen_job world_keygen_job(world *w, party i)
{
	member *m = &w->m[i];

	return (joint_keygen_job){
		.plan = &w->plan, .tables = w->tables[i], .record = record_of(m), .from = { .ctx = m, .take = take },
		.word = m->word, .where = m->where,
		.lanes = w->size.lanes, .slab = w->size.slab, .in_turn = true, .by_triples = &m->by_triples,
	};
}

static err run_preproc(session *s, void *arg)
{
	const member *m = arg;
	const preproc_job job = world_preproc_job(m->w, m->me);

	return key_preproc(s, &job);
}

static err run_keygen(session *s, void *arg)
{
	member *m = arg;
	const joint_keygen_job job = world_keygen_job(m->w, m->me);

	return joint_keygen(s, &m->set, &job);
}

/* A sub-session has as many rounds as its last message says. */
static void count_round(play *x, const envelope *e)
{
	size_t i = x->parts;

	while (i && !sid_eq_var(&x->part[i - 1].sid, &e->sid)) i--;
	if (!i) {
		x->part = realloc(x->part, (x->parts + 1) * sizeof *x->part);
		ASSERT(x->part);
		i = ++x->parts;
		x->part[i - 1].sid = e->sid, x->part[i - 1].last = 0;
	}
	if (e->round <= x->part[i - 1].last) return;
	x->rounds += e->round - x->part[i - 1].last;
	x->part[i - 1].last = e->round;
}

static void count_bytes(void *ctx, sim *s, const envelope *e)
{
	play *x = ctx;

	if (e->from != e->to) x->bytes[e->from] += ENVELOPE_HEADER + e->body.n;
	count_round(x, e);
	sim_pass(s, e);
}

static void play_run(play *x, world *w, program all)
{
	const session_id sid = sim_sid(x->session);

	x->w = w, x->p = zeros((w->n + 1) * sizeof *x->p);
	assert_ok(sim_new(&x->sim, &(sim_setup){ .n = w->n, .t = w->t, .k = 128, .corrupt = x->corrupt, .seed = x->session,
	                                         .transcript = x->transcript }));
	sim_set_tap(x->sim, count_bytes, x);
	if (x->rush) sim_set_rush(x->sim, x->rush, x);
	for (party i = 1; i <= w->n; i++) {
		const bool lies = has(x->corrupt, i);
		x->p[i] = (sim_party){ .run = lies && x->silent ? NULL : lies && x->liar ? x->liar : all, .arg = &w->m[i],
		                       .p = lies ? x->table : NULL };
	}
	sim_run(x->sim, x->p, &sid);
	const char *what = sim_complaint(w->n, x->corrupt, x->p);
	for (party i = 1; what && i <= w->n; i++)
		print_error("%s %s (%u): P%u %s %s, corrupt=%llx suspects=%llx rounds=%llu\n", x->name ? x->name : "", what, x->variant, i,
		            err_name(x->p[i].result), x->p[i].text, (unsigned long long)x->p[i].corrupt,
		            (unsigned long long)x->p[i].suspects, (unsigned long long)x->p[i].rounds);
	assert_null(what);
}

unsigned play_part_of(const play *x, const envelope *e, unsigned most)
{
	enum { MOST = 64 };
	static session_id sub[MOST];
	static uint64_t of;
	const session_id sid = sim_sid(x->session);

	ASSERT(most <= MOST);
	if (of != x->session + 1) for (unsigned i = 0; i < MOST; i++) sub[i] = sid_sub(&sid, i);
	of = x->session + 1;
	for (unsigned i = 0; i < most; i++) if (sid_eq_var(&sub[i], &e->sid)) return i;
	return NO_PART;
}

void world_prepare(world *w, play *x) { play_run(x, w, run_preproc); }
void world_generate(world *w, play *x) { play_run(x, w, run_keygen); }

void play_end(play *x)
{
	sim_free(&x->sim);
	free(x->part);
	free(x->p);
}
