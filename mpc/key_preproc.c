/* SPDX-License-Identifier: MIT */
/*
 * mpc/key_preproc.c -- a stream of random bits a lane, cut into samples as it comes.                              t < n/3
 *
 * What a bit is for follows from its place in the lane's stream, and which samples a lane makes from the plan: so all honest
 * parties put the same samples, and any party can say beforehand what everything will cost.
 *
 * A lane is one session for all of its chunks: no lane waits for another one but at the end of a ring, when they are within a
 * chunk of each other, and a liar spoils one batch a lane, not one a chunk (mpc/random_bits.c).
 *
 * Rule O1: a session knows one ring, that of the words which its needs serve; nothing wider is ever opened of them.
 */
#include "mpc/key_preproc.h"
#include <pthread.h>
#include "mpc/mpc.h"
#include "mpc/random_bits.h"
#include "share/tuniform.h"

/* ---- whose samples are whose ------------------------------------------------------------------------------------- */

/* A lane's way through the needs of a ring; begins with the first three. */
typedef struct walk {
	const preproc_job *job;
	unsigned k, lane;
	uint64_t chunks;                     /* so many were passed                                       */
	unsigned need;
	uint64_t first, end;                 /* samples of the chunk that are still to be made            */
} walk;

/* The next chunk of the ring, whoever makes it. */
static bool next_chunk(walk *w)
{
	const keygen_plan *plan = w->job->plan;

	w->first = w->end;
	while (w->need < plan->needs && (plan->need[w->need].k != w->k || w->first == plan->need[w->need].samples))
		w->need++, w->first = 0;
	if (w->need == plan->needs) return false;
	const uint64_t left = plan->need[w->need].samples - w->first;
	w->end = w->first + (left < w->job->chunk ? left : w->job->chunk);
	w->chunks++;
	return true;
}

static bool next_of_lane(walk *w)
{
	while (next_chunk(w)) if ((w->chunks - 1) % w->job->lanes == w->lane) return true;
	return false;
}

static unsigned bits_a_sample(const keygen_need *need) { return need->is_key ? 1 : tuniform_bits(need->noise); }

static uint64_t bits_of_lane(walk w)
{
	uint64_t sum = 0;

	while (next_of_lane(&w)) sum += (w.end - w.first) * bits_a_sample(&w.job->plan->need[w.need]);
	return sum;
}

/* ---- a lane ------------------------------------------------------------------------------------------------------ */

typedef struct tally { pthread_mutex_t lock; uint64_t done, of; } tally;

typedef struct lane {
	walk     at;
	tally   *made;                       /* by all lanes                                              */
	uint8_t *sample;                     /* of a batch                                                */
	uint8_t *begun;                      /* the first bits of a sample whose others are in the next batch */
	size_t   have;                       /* so many                                                   */
} lane;

static void tell(lane *x, size_t bits)
{
	pthread_mutex_lock(&x->made->lock);
	x->made->done += bits;
	progress_tell(x->at.job->told, x->made->done, x->made->of);
	pthread_mutex_unlock(&x->made->lock);
}

/* bit: those of the next `count` samples, which are of the same chunk. */
static err put_samples(lane *x, const ring *R, const void *bit, size_t count)
{
	const preproc_job *job = x->at.job;
	const keygen_need *need = &job->plan->need[x->at.need];

	if (!need->is_key) tuniform_from_bits(R, x->sample, bit, need->noise, count);
	TRY(job->to.put(job->to.ctx, x->at.need, x->at.first, count, need->is_key ? bit : x->sample));
	x->at.first += count;
	if (x->at.first == x->at.end) (void)next_of_lane(&x->at);
	return OK;
}

static err take_bits(void *ctx, const session *s, const void *bit, size_t count)
{
	lane *x = ctx;
	const size_t e = s->R->bytes, all = count;

	for (const uint8_t *p = bit; count;) {
		const unsigned each = bits_a_sample(&x->at.job->plan->need[x->at.need]);
		size_t used;
		if (x->have || count < each) {
			used = size_min(each - x->have, count);
			memcpy(x->begun + x->have * e, p, used * e);
			x->have += used;
			if (x->have == each) {
				x->have = 0;
				TRY(put_samples(x, s->R, x->begun, 1));
			}
		} else {
			const uint64_t left = x->at.end - x->at.first, whole = count / each;
			const size_t samples = (size_t)(whole < left ? whole : left);
			used = samples * each;
			TRY(put_samples(x, s->R, p, samples));
		}
		p += used * e, count -= used;
	}
	tell(x, all);
	return OK;
}

static err run_lane(session *s, void *arg)
{
	lane *x = arg;
	const preproc_job *job = x->at.job;
	const bits_job bits = { .tables = job->tables, .wanted = bits_of_lane(x->at), .batch = job->batch, .to = { x, take_bits } };

	/* A sample of noise takes two bits at least, and fewer than the ring has. */
	TRY(arena_new(&s->arena, &x->sample, (job->batch / 2 + 1) * s->R->bytes));
	TRY(arena_new(&s->arena, &x->begun, s->R->k * s->R->bytes));
	(void)next_of_lane(&x->at);
	return random_bits(s, &bits);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static err run_ring(session *s, const preproc_job *job, tally *made, unsigned k, uint64_t first)
{
	lane *x;
	void **arg;

	IN_SCOPE(s);
	TRY(arena_new(&s->arena, &x, job->lanes));
	TRY(arena_new(&s->arena, &arg, job->lanes));
	for (unsigned l = 0; l < job->lanes; l++) {
		x[l] = (lane){ .at = { .job = job, .k = k, .lane = l }, .made = made };
		arg[l] = &x[l];
	}
	return mpc_lanes(s, &(lane_plan){ .lanes = job->lanes, .first = first, .k = k, .prss = prss_batch_of(job->tables),
	                                  .record = job->record, .run = run_lane, .arg = arg, .in_turn = job->in_turn });
}

err key_preproc(session *s, const preproc_job *job)
{
	tally made = { .of = keygen_plan_bits(job->plan, 0) };

	ASSERT(job->lanes && job->chunk && job->batch && job->batch % s->R->d == 0);
	pthread_mutex_init(&made.lock, NULL);
	err e = run_ring(s, job, &made, 64, 0);
	if (e == OK) e = run_ring(s, job, &made, 128, job->lanes);
	pthread_mutex_destroy(&made.lock);
	return e;
}

/* ---- what it costs ----------------------------------------------------------------------------------------------- */

/* A broadcast of a byte by all, at one that is never a king: to each other party the byte, an echo with all bytes in it, and
 * digests in the other rounds. */
static uint64_t bytes_of_verdict(unsigned n, unsigned t)
{
	const uint64_t head = ENVELOPE_HEADER + BCAST_HEADER;

	if (!t) return (n - 1) * (ENVELOPE_HEADER + 1ull);
	return (n - 1) * (ENVELOPE_HEADER + 1ull + head + n * (BCAST_LENGTH + 1ull) + (2 * t - 1) * (head + n * (uint64_t)sizeof(hash32)));
}

uint64_t key_preproc_bytes(const preproc_job *job, unsigned n, unsigned t, unsigned d)
{
	uint64_t sum = 0;

	for (unsigned k = 64; k <= 128; k += 64) for (unsigned l = 0; l < job->lanes; l++) {
		const walk at = { .job = job, .k = k, .lane = l };
		const uint64_t words = (bits_of_lane(at) + d - 1) / d;
		const uint64_t batches = (words * d + job->batch - 1) / job->batch;
		sum += words * d * (k / 8) * (n - 1) + batches * ((n - 1) * (uint64_t)ENVELOPE_HEADER + bytes_of_verdict(n, t)) +
		       random_bits_meetings(batches) * (n - 1) * (ENVELOPE_HEADER + 1ull);
	}
	return sum;
}
