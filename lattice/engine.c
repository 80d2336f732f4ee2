/* SPDX-License-Identifier: MIT */
/* lattice/engine.c -- which engine serves which part, keys in its form, and the memory that rotations reuse. */
#include "lattice/engine_internal.h"
#include "lattice/bootstrap.h"
#include "lattice/memory.h"
#include "ring/ntt.h"
#include <stdatomic.h>
#include <stdlib.h>

/* ---- which engine ------------------------------------------------------------------------------------------------ */

/* The shapes for which the limb kernels are written. */
static const struct { const limb_shape *shape; boot_engine engine; } LIMBS[] = {
	{ &LIMBS_SQUASH, ENGINE_LIMBS }, { &LIMBS_EXACT64, ENGINE_LIMBS }, { &LIMBS_FLOAT64, ENGINE_F64 },
};

static const limb_shape *limbs_for(const lat_params *p, key_part part, boot_engine engine)
{
	const part_shape s = part_shape_of(p, part);

	for (size_t i = 0; i < COUNT(LIMBS); i++) {
		const limb_shape *l = LIMBS[i].shape;
		if (LIMBS[i].engine == engine && s.N == LIMBS_N && l->bits == s.bits && l->k == s.k &&
		    l->decomp.base_log == s.decomp.base_log && l->decomp.level == s.decomp.level && l->dropped == part_dropped(p, part))
			return l;
	}
	return NULL;
}

bool engine_can(const lat_params *p, key_part part, boot_engine engine)
{
	const part_shape s = part_shape_of(p, part);

	if (s.kind != KIND_BSK) return false;
	if (engine == ENGINE_SCHOOLBOOK) return true;
	if (engine == ENGINE_NTT)
		return s.decomp.level * (s.k + 1) <= NTT_MAX_K && s.k + 1 <= NTT_MAX_D && (s.N & (s.N - 1)) == 0 && s.N >= 256 &&
		       s.N <= NTT_MAX_N;
	return limbs_for(p, part, engine);
}

/* Production and mini have limbs; the polynomials of the test set are small and its digits large. */
boot_engine engine_for(const lat_params *p, key_part part, exactness how)
{
	if (how == APPROXIMATE && engine_can(p, part, ENGINE_F64)) return ENGINE_F64;
	return engine_can(p, part, ENGINE_LIMBS) ? ENGINE_LIMBS : ENGINE_SCHOOLBOOK;
}

/* ---- the form of a key ------------------------------------------------------------------------------------------- */

boot_form boot_form_of(const lat_params *p, key_part part, boot_engine engine, const limb_kernel *kernel)
{
	const part_shape s = part_shape_of(p, part);
	const size_t rows = s.decomp.level * (s.k + 1);
	boot_form f = { .engine = engine, .shape = s, .dropped = part_dropped(p, part), .steps = s.rows / rows };

	ASSERT(engine_can(p, part, engine));
	if (engine == ENGINE_SCHOOLBOOK) f.step_bytes = rows * (s.mask + s.body) * (s.bits / 8);
	if (engine == ENGINE_LIMBS || engine == ENGINE_F64) {
		f.limb = *limbs_for(p, part, engine);
		f.kernel = kernel ? kernel : limbs_chosen();
		f.step_bytes = f.kernel->key_bytes(f.limb);
	}
	if (engine == ENGINE_LIMBS) f.check_bytes = sizeof(limb_check);
	return f;
}

static void expand(uint8_t *rows, const boot_form *f, const seeded_part *from, size_t i)
{
	const size_t count = f->shape.decomp.level * (f->shape.k + 1);

	if (f->shape.bits == 64) part_rows64((uint64_t *)rows, f->shape, from, i * count, count);
	else part_rows128((u128 *)rows, f->shape, from, f->dropped, i * count, count);
}

static void load(uint8_t *key, uint8_t *check, const boot_form *f, const uint8_t *rows, uint8_t *scratch)
{
	const bool narrow = f->shape.bits == 64;
	limb_check values;

	const bool fits = narrow ? f->kernel->load64(f->limb, key, scratch, (const uint64_t *)rows)
	                         : f->kernel->load128(f->limb, key, scratch, (const u128 *)rows);
	ASSERT(fits || f->check_bytes);
	if (!f->check_bytes) return;
	memset(&values, 0, sizeof values);      /* all bytes of a file are defined */
	if (narrow) limbs_check64(f->limb, &values, (const uint64_t *)rows);
	else limbs_check128(f->limb, &values, (const u128 *)rows);
	values.fits = fits;
	memcpy(check, &values, sizeof values);
}

err boot_make(uint8_t *key, uint8_t *checks, const boot_form *f, const seeded_part *from, size_t first, size_t count)
{
	const part_shape s = f->shape;
	const size_t ggsw = round_up(s.decomp.level * (s.k + 1) * (s.mask + s.body) * (s.bits / 8), LIMBS_ALIGN);
	const bool words = f->engine == ENGINE_SCHOOLBOOK;      /* these are expanded in place */
	uint8_t *memory = NULL;

	if (f->engine == ENGINE_NTT) return OK;
	if (!words) memory = aligned_alloc(LIMBS_ALIGN, ggsw + LIMBS_SCRATCH);
	if (!words && !memory) return err_fail(ERR_NOMEM, "no memory for the %zu bytes of a step of the %s", ggsw, s.name);
	for (size_t i = 0; i < count; i++) {
		uint8_t *here = key + i * f->step_bytes;
		expand(words ? here : memory, f, from, first + i);
		if (!words) load(here, checks + i * f->check_bytes, f, memory, memory + ggsw);
	}
	free(memory);
	return OK;
}

/* ---- a key ------------------------------------------------------------------------------------------------------- */

err boot_key_new(boot_key **out, const boot_form *form, const void *key, const void *checks, const seeded_part *from)
{
	boot_key *k = calloc(1, sizeof *k);

	ASSERT((uintptr_t)key % LIMBS_ALIGN == 0 && (uintptr_t)checks % _Alignof(limb_check) == 0);
	if (!k) return err_fail(ERR_NOMEM, "no memory for a bootstrap key");
	*k = (boot_key){ .form = *form, .key = key, .checks = checks, .from = *from };
	pthread_mutex_init(&k->lock, NULL);
	*out = k;
	return OK;
}

static void desk_free(boot_desk *d)
{
	free(d->scratch);
	free(d->acc);
	free(d);
}

static void bench_free(boot_bench *b)
{
	limbs_work_free(&b->work);
	free(b->before);
	free(b->products);
	free(b);
}

void boot_key_free(boot_key **kp)
{
	boot_key *k = *kp;

	if (!k) return;
	for (boot_desk *d = k->desks, *next; d; d = next) next = d->next, desk_free(d);
	for (boot_bench *b = k->benches, *next; b; b = next) next = b->next, bench_free(b);
	pthread_mutex_destroy(&k->lock);
	free(k);
	*kp = NULL;
}

const boot_form *boot_key_form(const boot_key *k)
{
	return &k->form;
}

/* ---- what rotations reuse ---------------------------------------------------------------------------------------- */

/* After a rush of requests, so many stay: five megabytes each. */
enum { KEPT = 8 };

static size_t glwe_bytes(const boot_key *k)
{
	return (k->form.shape.k + 1) * (size_t)k->form.shape.N * (k->form.shape.bits / 8);
}

err boot_desk_take(boot_desk **out, boot_key *k)
{
	pthread_mutex_lock(&k->lock);
	boot_desk *d = k->desks;
	if (d) k->desks = d->next, k->free_desks--;
	pthread_mutex_unlock(&k->lock);
	if (!d) {
		d = calloc(1, sizeof *d);
		if (!d) return err_fail(ERR_NOMEM, "no memory for a bootstrap");
		d->scratch = aligned_alloc(LIMBS_ALIGN, LIMBS_SCRATCH);
		d->acc = aligned_alloc(LIMBS_ALIGN, glwe_bytes(k));
		if (!d->scratch || !d->acc) {
			desk_free(d);
			return err_fail(ERR_NOMEM, "no memory for the %zu bytes that a thread needs for a bootstrap", LIMBS_SCRATCH + glwe_bytes(k));
		}
	}
	*out = d;
	return OK;
}

void boot_desk_give(boot_key *k, boot_desk *d)
{
	pthread_mutex_lock(&k->lock);
	const bool keep = k->free_desks < KEPT;
	if (keep) {
		d->next = k->desks;
		k->desks = d;
		k->free_desks++;
	}
	pthread_mutex_unlock(&k->lock);
	if (!keep) desk_free(d);
}

err boot_bench_take(boot_bench **out, boot_key *k)
{
	pthread_mutex_lock(&k->lock);
	boot_bench *b = k->benches;
	if (b) k->benches = b->next, k->free_benches--;
	pthread_mutex_unlock(&k->lock);
	if (!b) {
		b = calloc(1, sizeof *b);
		if (!b) return err_fail(ERR_NOMEM, "no memory for a bootstrap");
		err e = limbs_work_new(&b->work, k->form.kernel, k->form.limb, LIMBS_BATCH);
		b->before = aligned_alloc(LIMBS_ALIGN, glwe_bytes(k));
		b->products = aligned_alloc(LIMBS_ALIGN, LIMBS_PRODUCTS * sizeof *b->products);
		if (e == OK && (!b->before || !b->products)) e = err_fail(ERR_NOMEM, "no memory for a step of a bootstrap");
		if (e != OK) {
			bench_free(b);
			return e;
		}
	}
	*out = b;
	return OK;
}

void boot_bench_give(boot_key *k, boot_bench *b)
{
	pthread_mutex_lock(&k->lock);
	const bool keep = k->free_benches < KEPT;
	if (keep) {
		b->next = k->benches;
		k->benches = b;
		k->free_benches++;
	}
	pthread_mutex_unlock(&k->lock);
	if (!keep) bench_free(b);
}

/* ---- counters ---------------------------------------------------------------------------------------------------- */

static _Atomic uint64_t happened[BOOT_EVENTS];

void boot_happened(boot_event what)
{
	atomic_fetch_add_explicit(&happened[what], 1, memory_order_relaxed);
}

boot_counts boot_counters(void)
{
	return (boot_counts){ .samples = happened[BOOT_SAMPLE], .guarded = happened[BOOT_GUARDED], .wrong = happened[BOOT_WRONG] };
}
