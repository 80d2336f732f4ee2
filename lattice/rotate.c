/* SPDX-License-Identifier: MIT */
/*
 * lattice/rotate.c -- blind rotation of many ciphertexts: in batches, each a job of lattice/crew.h.
 *
 *   start    acc_b = X^-b~ lut, for each b
 *   step i   turn; multiply and add, all polynomials or one after the other (lattice/limbs.h); then, where needed, settle
 *            and look
 *   settle   b whose guard spoke, or all if the key has no room for the GGSW: the step is taken back and redone by transforms
 *            modulo primes
 *   look     b that is sampled: the step is checked.  If a sample is wrong, what was not sampled cannot be believed either,
 *            and the whole batch is done over by transforms
 *   finish   sample extraction, for each b
 *
 * A block alone waits for the key, 2.1 or 2.4 GB for a squash, more than for arithmetic.  Then threads that turn and add
 * fetch what they will multiply with: pieces in the lower half of the row the beginning of the GGSW, the others that of its
 * second half, as lattice/crew.h gives them to the same threads.
 *
 * Of each batch the first step is sampled, and every SAMPLE_STEPS'th one, for one ciphertext, all having their turns.  Work
 * memory comes from the key and goes back to it, so a rotation allocates nothing but its list of batches.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include "lattice/crew.h"
#include "lattice/engine_internal.h"
#include "lattice/exact.h"
#include "lattice/lwe.h"

enum { SAMPLE_STEPS = 64, NOBODY = LIMBS_BATCH, MULTIPLY_PIECES = 8, FETCH_ADD = 64 << 10, FETCH_TURN = 108 << 10 };

typedef enum phase { BEGIN, START, TURN, MULTIPLY, ADD, SETTLE, LOOK, FINISH, DO_OVER } phase;

typedef struct batch {
	size_t      first;              /* of its ciphertexts */
	unsigned    n;
	boot_bench *bench;
	phase       phase;
	size_t      i;                  /* the step                       */
	unsigned    c;                  /* the first of its `columns` ... */
	unsigned    columns;            /* polynomials under way          */
	bool        fetches;
	unsigned    sampled;            /* b, or NOBODY                   */
	limb_look   look;               /* what was seen of it            */
} batch;

/* What differs between words of 64 and 128 bits; `out` is where the results of the whole rotation go. */
typedef struct word_size {
	void (*start)(limb_work *w, unsigned b, const void *lut, unsigned e);
	void (*get)(void *poly, const limb_work *w, unsigned b, unsigned c);
	void (*look)(limb_look *look, const limb_work *w, unsigned b, unsigned a, const void *before, const int64_t *products,
	             unsigned piece);
	void (*redo)(limb_work *w, exact *x, void *acc, unsigned b, unsigned a);
	void (*finish)(void *out, size_t at, const void *acc, part_shape s);
	err  (*rotate)(void *out, size_t at, size_t count, exact *x, const uint32_t *switched, const void *lut);
} word_size;

typedef struct rotation {
	boot_key *key;
	boot_form form;
	const word_size *words;
	void     *out;
	size_t    count;
	const uint32_t *switched;
	const void *lut;
	batch    *batch;
	size_t    batches;

	pthread_mutex_t lock;
	atomic_bool failed;
	err  why;
	char sentence[256];
} rotation;

static const uint32_t *switched_of(const rotation *r, size_t at)
{
	return r->switched + at * (r->form.steps + 1);
}

/* The failure that is told is the first one. */
static void fail(rotation *r, err e)
{
	pthread_mutex_lock(&r->lock);
	if (!r->failed) {
		r->why = e;
		snprintf(r->sentence, sizeof r->sentence, "%s", err_text());
		r->failed = true;
	}
	pthread_mutex_unlock(&r->lock);
	err_clear();
}

/* ---- phases ------------------------------------------------------------------------------------------------------ */

static bool all_stand_still(const rotation *r, const batch *t, size_t i)
{
	for (unsigned b = 0; b < t->n; b++)
		if (switched_of(r, t->first + b)[i] != 0) return false;
	return true;
}

static unsigned sample_for(const rotation *r, const batch *t, bool first)
{
	if (!r->form.check_bytes) return NOBODY;
	if (first) return 0;
	return t->i % SAMPLE_STEPS == 0 ? (unsigned)(t->i / SAMPLE_STEPS % t->n) : NOBODY;
}

static unsigned turn_pieces(const rotation *r, const batch *t) { return t->n * (r->form.shape.k + 1); }
static unsigned add_pieces(const batch *t)                     { return t->n * t->columns * LIMBS_HALVES; }

static unsigned step_from(rotation *r, batch *t, size_t i)
{
	while (i < r->form.steps && all_stand_still(r, t, i)) i++;
	t->i = i;
	if (i == r->form.steps) {
		t->phase = FINISH;
		return t->n;
	}
	t->sampled = sample_for(r, t, t->phase == START);
	t->phase = TURN;
	t->c = 0;
	return turn_pieces(r, t) + t->fetches;
}

static bool guard_spoke(const batch *t, unsigned b)
{
	return !(limbs_guard(t->bench->work, b) < LIMBS_GUARD);
}

static limb_check check_of(const rotation *r, const batch *t)
{
	limb_check check;

	memcpy(&check, r->key->checks + t->i * sizeof check, sizeof check);
	return check;
}

static bool must_settle(const rotation *r, const batch *t)
{
	if (!r->form.check_bytes) return false;
	if (!check_of(r, t).fits) return true;
	for (unsigned b = 0; b < t->n; b++)
		if (guard_spoke(t, b)) return true;
	return false;
}

static unsigned settled(rotation *r, batch *t)
{
	if (t->sampled == NOBODY) return step_from(r, t, t->i + 1);
	t->phase = LOOK;
	return 2 * (r->form.shape.k + 1);
}

static unsigned looked(rotation *r, batch *t)
{
	const limb_check check = check_of(r, t);

	boot_happened(BOOT_SAMPLE);
	if (limbs_look_right(&t->look, r->form.limb, &check)) return step_from(r, t, t->i + 1);
	boot_happened(BOOT_WRONG);
	t->phase = DO_OVER;
	return t->n;
}

static unsigned begin(rotation *r, batch *t)
{
	err e = boot_bench_take(&t->bench, r->key);

	if (e != OK) {
		fail(r, e);
		return 0;
	}
	limbs_use(t->bench->work, t->n);
	t->columns = limbs_columns(t->bench->work);
	t->fetches = t->n == 1;
	t->phase = START;
	return t->n;
}

static unsigned end(rotation *r, batch *t)
{
	boot_bench_give(r->key, t->bench);
	return 0;
}

static unsigned next(void *ctx, size_t job)
{
	rotation *r = ctx;
	batch *t = &r->batch[job];

	if (r->failed) return t->phase == BEGIN ? 0 : end(r, t);
	switch (t->phase) {
	case BEGIN:    return begin(r, t);
	case START:    return step_from(r, t, 0);
	case TURN:     t->phase = MULTIPLY; return MULTIPLY_PIECES;
	case MULTIPLY: t->phase = ADD; return add_pieces(t);
	case ADD:
		t->c += t->columns;
		if (t->c <= r->form.shape.k) {
			t->phase = MULTIPLY;
			return MULTIPLY_PIECES;
		}
		if (!must_settle(r, t)) return settled(r, t);
		t->phase = SETTLE;
		return 1;
	case SETTLE:   return settled(r, t);
	case LOOK:     return looked(r, t);
	case FINISH:
	case DO_OVER:  break;
	}
	return end(r, t);
}

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

static void *poly_at(void *glwe, part_shape s, unsigned c)
{
	return (uint8_t *)glwe + (size_t)c * s.N * (s.bits / 8);
}

/* What a piece fetches of GGSW i: so many bytes, of its half and behind `done` that were fetched there before. */
static limb_ahead ahead(const rotation *r, const batch *t, size_t i, unsigned piece, unsigned pieces, size_t done, size_t each)
{
	const size_t half = r->form.step_bytes / 2;
	const bool lower = piece < pieces / 2;
	const size_t at = done + (lower ? piece : pieces - 1 - piece) * each;

	if (!t->fetches || i >= r->form.steps || at >= half) return (limb_ahead){ NULL, NULL };
	const char *from = (const char *)r->key->key + i * r->form.step_bytes + (lower ? 0 : half);
	return (limb_ahead){ from + at, from + size_min(at + each, half) };
}

/* The last piece only fetches. */
static void turn(rotation *r, batch *t, boot_desk *d, unsigned piece)
{
	const unsigned columns = r->form.shape.k + 1, pieces = turn_pieces(r, t), b = piece / columns, c = piece % columns;
	const limb_ahead next = ahead(r, t, t->i, piece, pieces + t->fetches, add_pieces(t) / 2 * (size_t)FETCH_ADD, FETCH_TURN);

	if (piece == pieces) {
		limbs_fetch(next);
		return;
	}
	if (b == t->sampled) r->words->get(poly_at(t->bench->before, r->form.shape, c), t->bench->work, b, c);
	r->form.kernel->turn(t->bench->work, d->scratch, b, c, switched_of(r, t->first + b)[t->i], next);
}

static const void *ggsw(const rotation *r, const batch *t)
{
	return r->key->key + t->i * r->form.step_bytes;
}

/* Which stretch of the key.  Each has to be fetched from far away at its beginning, unless it is the next one of the same thread:
 * where the key is waited for, the upper half begins in the middle, though its pieces are taken from the end on. */
static unsigned stretch_of(const batch *t, unsigned piece)
{
	const unsigned half = MULTIPLY_PIECES / 2;
	return t->fetches && piece >= half ? half + (MULTIPLY_PIECES - 1 - piece) : piece;
}

static void multiply(rotation *r, batch *t, boot_desk *d, unsigned piece)
{
	const unsigned chunks = r->form.kernel->chunks, all = chunks * t->columns, stretch = stretch_of(t, piece);
	const unsigned end = all * (stretch + 1) / MULTIPLY_PIECES;

	for (unsigned at = all * stretch / MULTIPLY_PIECES, count; at < end; at += count) {
		const unsigned first = at % chunks;
		count = chunks - first < end - at ? chunks - first : end - at;
		r->form.kernel->multiply(t->bench->work, d->scratch, ggsw(r, t), t->c + at / chunks, first, count);
	}
}

static void add(rotation *r, batch *t, boot_desk *d, unsigned piece)
{
	const unsigned half = piece % LIMBS_HALVES, b = piece / LIMBS_HALVES / t->columns;
	const unsigned c = t->c + piece / LIMBS_HALVES % t->columns;
	limb_work *w = t->bench->work;

	r->form.kernel->add(w, d->scratch, b, c, half, ahead(r, t, t->i + 1, piece, add_pieces(t), 0, FETCH_ADD));
	if (b == t->sampled && half == 0)
		r->form.kernel->products(w, d->scratch, b, c, t->bench->products + c * r->form.limb.limbs * LIMBS_N);
}

static void redo(rotation *r, batch *t, boot_desk *d, unsigned b, unsigned a)
{
	limb_work *w = t->bench->work;
	exact *x;
	err e = exact_new(&x, &r->form, &r->key->from, NULL);

	if (e != OK) {
		fail(r, e);
		return;
	}
	for (unsigned c = 0; c <= r->form.shape.k; c++) {
		r->form.kernel->multiply(w, d->scratch, ggsw(r, t), c, 0, r->form.kernel->chunks);
		r->form.kernel->take_back(w, d->scratch, b, c);
	}
	exact_load(x, t->i);
	r->words->redo(w, x, d->acc, b, a);
	limbs_guard_reset(w, b);
	exact_free(&x);
	boot_happened(BOOT_GUARDED);
}

/* One after the other, since redo makes sums again.  What was done again needs no look. */
static void settle(rotation *r, batch *t, boot_desk *d)
{
	const bool fits = check_of(r, t).fits;

	for (unsigned b = 0; b < t->n; b++) {
		if (fits && !guard_spoke(t, b)) continue;
		redo(r, t, d, b, switched_of(r, t->first + b)[t->i]);
		if (b == t->sampled) t->sampled = NOBODY;
	}
}

static void look(const rotation *r, batch *t, unsigned piece)
{
	const unsigned a = switched_of(r, t->first + t->sampled)[t->i];
	r->words->look(&t->look, t->bench->work, t->sampled, a, t->bench->before, t->bench->products, piece);
}

static void finish(rotation *r, batch *t, boot_desk *d, unsigned b)
{
	for (unsigned c = 0; c <= r->form.shape.k; c++)
		r->words->get(poly_at(d->acc, r->form.shape, c), t->bench->work, b, c);
	r->words->finish(r->out, t->first + b, d->acc, r->form.shape);
}

static void do_over(rotation *r, size_t at, size_t count, const uint8_t *rows)
{
	exact *x = NULL;
	err e = exact_new(&x, &r->form, &r->key->from, rows);

	if (e == OK) e = r->words->rotate(r->out, at, count, x, switched_of(r, at), r->lut);
	exact_free(&x);
	if (e != OK) fail(r, e);
}

static void piece(void *ctx, void *desk, size_t job, unsigned i)
{
	rotation *r = ctx;
	batch *t = &r->batch[job];
	const size_t at = t->first + i;

	switch (t->phase) {
	case BEGIN:    break;
	case START:
		r->words->start(t->bench->work, i, r->lut, (2 * LIMBS_N - switched_of(r, at)[r->form.steps]) % (2 * LIMBS_N));
		break;
	case TURN:     turn(r, t, desk, i); break;
	case MULTIPLY: multiply(r, t, desk, i); break;
	case ADD:      add(r, t, desk, i); break;
	case SETTLE:   settle(r, t, desk); break;
	case LOOK:     look(r, t, i); break;
	case FINISH:   finish(r, t, desk, i); break;
	case DO_OVER:  do_over(r, at, 1, NULL); break;
	}
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void *sit(void *ctx)
{
	boot_desk *d;

	if (boot_desk_take(&d, ((rotation *)ctx)->key) == OK) return d;
	err_clear();
	return NULL;
}

static void leave(void *ctx, void *desk)
{
	boot_desk_give(((rotation *)ctx)->key, desk);
}

static err by_limbs(rotation *r, pool *p)
{
	const crew_task task = { r, next, piece, sit, leave };
	boot_desk *d;

	TRY(boot_desk_take(&d, r->key));
	err e = crew_run(p, &task, r->batches, d);
	boot_desk_give(r->key, d);
	return e;
}

/* The exact engines: a batch is a job of its own thread. */
static void one_batch(void *ctx, size_t i)
{
	rotation *r = ctx;
	do_over(r, r->batch[i].first, r->batch[i].n, r->form.engine == ENGINE_SCHOOLBOOK ? r->key->key : NULL);
}

static err rotate(rotation *r, pool *p)
{
	/* As many as pass the key together; of equal size, so that none is slow for nothing.  By the definition nothing is
	 * shared, so each goes alone. */
	const size_t most = r->form.engine == ENGINE_SCHOOLBOOK ? 1 : LIMBS_BATCH;
	err e = OK;

	if (r->count == 0) return OK;
	r->batches = (r->count + most - 1) / most;
	r->batch = calloc(r->batches, sizeof *r->batch);
	if (!r->batch) return err_fail(ERR_NOMEM, "no memory for the batches of a bootstrap");
	for (size_t i = 0; i < r->batches; i++) {
		r->batch[i].first = r->count * i / r->batches;
		r->batch[i].n = (unsigned)(r->count * (i + 1) / r->batches - r->batch[i].first);
	}
	pthread_mutex_init(&r->lock, NULL);
	if (r->form.kernel) e = by_limbs(r, p);
	else pool_each(p, r->batches, one_batch, r);
	pthread_mutex_destroy(&r->lock);
	free(r->batch);
	TRY(e);
	return r->failed ? err_fail(r->why, "%s", r->sentence) : OK;
}

#define WORD uint64_t
#define OWN(name) name##64
#define RUN lwe64_run
#define GET limbs_get64
#define PUT limbs_put64
#define EXTRACT glwe64_extract
#include "lattice/rotate.inc"

#define WORD u128
#define OWN(name) name##128
#define RUN lwe128_run
#define GET limbs_get128
#define PUT limbs_put128
#define EXTRACT glwe128_extract
#include "lattice/rotate.inc"
