/* SPDX-License-Identifier: MIT */
/*
 * bench/bootstrap.c -- bootstraps and squashes with keys of production size, and the file of prepared keys.
 *
 * Keys and ciphertexts are random words: these are functions of integers, whose cost does not depend on them.  What a row
 * measures was compared with another engine first: the exact ones bit for bit, over a whole rotation.
 */
#include "bench/bench.h"
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include "lattice/bootstrap.h"
#include "lattice/derived.h"
#include "lattice/engine.h"
#include "lattice/memory.h"
#include "lattice/squash.h"
#include "sym/mask.h"

#define PARAMS (&PARAMS_DEFAULT)

enum { BATCH = 8, BLOCKS = 32, NODE_PARTS = SQUASH_PARTS | PART_BIT(PART_DECOMP_BSK) };

typedef struct state {
	seeded_keyset set;
	uint8_t  *bodies;
	eval_keys squash;               /* made by the first row that needs it */
	bool      has_squash;
	pool     *cores;
} state;

/* ---- keys and words of no meaning ---------------------------------------------------------------------------------- */

static void random_bytes(void *out, size_t n, unsigned seed)
{
	const mask_seed from = mask_seed_ctr(seed);
	AUTO(mask_stream) stream = mask_open(&from);
	mask_fill_bytes(&stream, out, n);
}

static void *random_words(size_t bytes, unsigned seed)
{
	void *w = malloc(bytes);

	ASSERT(w);
	random_bytes(w, bytes, seed);
	return w;
}

static uint32_t *random_turns(size_t n, unsigned seed)
{
	uint32_t *turn = random_words(n * sizeof *turn, seed);

	for (size_t i = 0; i < n; i++) turn[i] %= 2 * LIMBS_N;
	return turn;
}

static err open_state(void **out, const bench_options *o)
{
	static const key_part parts[] = { PART_KSK, PART_DECOMP_BSK, PART_BSK, PART_SNS_BSK };
	state *s = calloc(1, sizeof *s);
	size_t bytes = 0;

	ASSERT(s);
	if (o->tell) o->tell("key material of production size");
	for (size_t i = 0; i < COUNT(parts); i++) bytes += part_body_bytes(part_shape_of(PARAMS, parts[i]));
	s->set.params = PARAMS;
	s->bodies = random_words(bytes, 1);
	uint8_t *at = s->bodies;
	for (size_t i = 0; i < COUNT(parts); i++) {
		const size_t n = part_body_bytes(part_shape_of(PARAMS, parts[i]));
		s->set.part[parts[i]] = (seeded_part){ .bodies = slice_of(at, n), .seed = mask_seed_ctr(2 + parts[i]) };
		at += n;
	}
	*out = s;
	return pool_new(&s->cores, o->threads);
}

static void close_state(void *state_)
{
	state *s = state_;

	if (s->has_squash) eval_keys_free(&s->squash);
	pool_free(&s->cores);
	free(s->bodies);
	free(s);
}

/* ---- bootstraps ---------------------------------------------------------------------------------------------------- */

typedef struct rotation {
	boot_key *key;
	const uint32_t *switched;
	const uint64_t *lut;
	lwe64_run out;
} rotation;

static err rotate(void *ctx)
{
	const rotation *r = ctx;

	TRY(boot_rotate64(r->out, r->key, r->switched, r->lut, NULL));
	bench_keep(r->out.w);
	return OK;
}

/* The first ciphertext by transforms modulo primes.  The engine that rounds is near it only for one step, since the digits
 * of random words differ after that. */
static err check_rotation(const rotation *r, const state *s, uint32_t *switched)
{
	const boot_form form = boot_form_of(PARAMS, PART_BSK, ENGINE_NTT, NULL);
	const bool exact = boot_key_form(r->key)->engine != ENGINE_F64;
	const size_t dim = r->out.dim, steps = form.steps;
	uint64_t *right = random_words((dim + 1) * sizeof *right, 1);
	uint32_t *turn = malloc((steps + 1) * sizeof *turn);
	boot_key *k;

	ASSERT(turn);
	memcpy(turn, switched, (steps + 1) * sizeof *turn);
	if (!exact) memset(turn + 1, 0, (steps - 1) * sizeof *turn);
	err e = boot_key_new(&k, &form, NULL, NULL, &s->set.part[PART_BSK]);
	if (e == OK) e = boot_rotate64((lwe64_run){ 1, r->out.dim, right }, k, turn, r->lut, NULL);
	if (e == OK) e = boot_rotate64((lwe64_run){ 1, r->out.dim, r->out.w }, r->key, turn, r->lut, NULL);
	const uint64_t near = exact ? 0 : (uint64_t)1 << 45;
	for (size_t i = 0; e == OK && i <= dim; i++)
		if (right[i] - r->out.w[i] + near > 2 * near) e = err_fail(ERR_INTERNAL, "two engines disagree about a bootstrap");
	boot_key_free(&k);
	free(right);
	free(turn);
	return e;
}

static err pbs_row(bench *b)
{
	state *s = b->state;
	const boot_form form = boot_form_of(PARAMS, PART_BSK, b->row->arg[0], NULL);
	const size_t dim = (size_t)PARAMS->k * PARAMS->N, key_bytes = form.steps * form.step_bytes;
	uint32_t *switched = random_turns(BATCH * (form.steps + 1), 30);
	uint64_t *lut = random_words(PARAMS->N * sizeof *lut, 31);
	uint64_t *out = malloc(BATCH * (dim + 1) * sizeof *out);
	rotation r = { .switched = switched, .lut = lut, .out = { BATCH, (unsigned)dim, out } };
	uint8_t *memory = NULL;

	ASSERT(out);
	err e = memory_take((void **)&memory, key_bytes + form.steps * form.check_bytes, "the bootstrap key");
	if (e == OK) e = boot_make(memory, memory + key_bytes, &form, &s->set.part[PART_BSK], 0, form.steps);
	if (e == OK) e = boot_key_new(&r.key, &form, memory, memory + key_bytes, &s->set.part[PART_BSK]);
	if (e == OK) e = check_rotation(&r, s, switched);
	bench_variant(b, "%s", form.kernel->name);
	if (e == OK) e = bench_measure(b, BENCH_THREAD, BATCH, rotate, &r);
	boot_key_free(&r.key);
	memory_give_back(memory, key_bytes + form.steps * form.check_bytes);
	free(switched), free(lut), free(out);
	return e;
}

/* ---- the file ------------------------------------------------------------------------------------------------------ */

static err open_file(derived **out, const state *s, const char *folder)
{
	const hash32 digest = sha256(slice_str("bench"));
	return derived_open(out, folder, &digest, &s->set, NODE_PARTS, EXACT, s->cores, NULL, NULL);
}

static err open_and_close(const state *s, const char *folder)
{
	derived *d = NULL;

	TRY(open_file(&d, s, folder));
	derived_close(&d);
	return OK;
}

/* Room for 200 bytes. */
static err make_folder(char folder[static 200])
{
	const char *where = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";

	if (snprintf(folder, 200, "%s/arca-bench-XXXXXX", where) < 200 && mkdtemp(folder)) return OK;
	return err_fail(ERR_IO, "cannot make a folder in %.100s", where);
}

static void empty(const char *folder)
{
	DIR *dir = opendir(folder);

	if (!dir) return;
	for (struct dirent *f; (f = readdir(dir)); )
		if (f->d_name[0] != '.') unlinkat(dirfd(dir), f->d_name, 0);
	closedir(dir);
}

static void remove_folder(const char *folder)
{
	empty(folder);
	rmdir(folder);
}

static err file_row(bench *b)
{
	state *s = b->state;
	const bool made = b->row->arg[0];
	char folder[200];

	TRY(make_folder(folder));
	err e = made ? OK : open_and_close(s, folder);
	for (unsigned i = 0; e == OK && i < 3; i++) {
		if (made) empty(folder);
		const double began = bench_seconds(BENCH_WALL);
		e = open_and_close(s, folder);
		bench_take(b, bench_seconds(BENCH_WALL) - began);
	}
	b->threads = pool_threads(s->cores);
	bench_variant(b, "%s, %zu MB", limbs_chosen()->name, derived_bytes(PARAMS, NODE_PARTS, EXACT) / 1000000);
	remove_folder(folder);
	return e;
}

/* ---- squashes ------------------------------------------------------------------------------------------------------ */

typedef struct squashing { const eval_keys *keys; lwe64_run in; lwe128_run out; pool *cores; } squashing;

static err squash(void *ctx)
{
	const squashing *q = ctx;

	TRY(squash_var(q->out, q->keys, q->in, q->cores));
	bench_keep(q->out.w);
	return OK;
}

/* The first result again, its blind rotation by transforms modulo primes. */
static err check_squash(const squashing *q, const state *s)
{
	const boot_form form = boot_form_of(PARAMS, PART_SNS_BSK, ENGINE_NTT, NULL);
	const size_t dim = q->out.dim;
	u128 *right = random_words((dim + 1) * sizeof *right, 1);
	eval_keys keys = *q->keys;
	squashing slow = { &keys, { 2, q->in.dim, q->in.w }, { 1, q->out.dim, right }, NULL };

	TRY(squash(&(squashing){ q->keys, slow.in, { 1, q->out.dim, q->out.w }, q->cores }));
	err e = boot_key_new(&keys.boot[PART_SNS_BSK], &form, NULL, NULL, &s->set.part[PART_SNS_BSK]);
	if (e == OK) e = squash(&slow);
	if (e == OK && memcmp(right, q->out.w, (dim + 1) * sizeof *right) != 0)
		e = err_fail(ERR_INTERNAL, "two engines disagree about a squash");
	if (keys.boot[PART_SNS_BSK] != q->keys->boot[PART_SNS_BSK]) boot_key_free(&keys.boot[PART_SNS_BSK]);
	free(right);
	return e;
}

static err squash_key(state *s, const bench_options *o)
{
	if (s->has_squash) return OK;
	if (o->tell) o->tell("squash key");
	TRY(eval_keys_new(&s->squash, &s->set, SQUASH_PARTS, EXACT, s->cores, NULL));
	s->has_squash = true;
	return OK;
}

/* arg: results, and whether all threads take part. */
static err squash_with(bench *b, const eval_keys *keys)
{
	state *s = b->state;
	const size_t results = b->row->arg[0], dim = (size_t)PARAMS->k * PARAMS->N, sns = (size_t)PARAMS->sns.k * PARAMS->sns.N;
	const bool all = b->row->arg[1];

	squashing q = {
		.keys = keys, .cores = all ? s->cores : NULL,
		.in = { 2 * results, (unsigned)dim, random_words(2 * results * (dim + 1) * sizeof(uint64_t), 40) },
		.out = { results, (unsigned)sns, malloc(results * (sns + 1) * sizeof(u128)) },
	};
	ASSERT(q.out.w);
	const boot_counts before = boot_counters();
	err e = check_squash(&q, s);
	if (all) b->threads = pool_threads(s->cores);
	bench_variant(b, "%s", boot_key_form(keys->boot[PART_SNS_BSK])->kernel->name);
	const bool whole = b->row->arg[0] == BLOCKS / 2;
	if (e == OK) e = bench_measure(b, all ? BENCH_WALL : BENCH_THREAD, whole ? 1 : results, squash, &q);
	const boot_counts after = boot_counters();
	if (e == OK && (after.guarded != before.guarded || after.wrong != before.wrong))
		e = err_fail(ERR_INTERNAL, "%" PRIu64 " steps were done again",
		             after.guarded - before.guarded + after.wrong - before.wrong);
	free(q.in.w);
	free(q.out.w);
	return e;
}

static err squash_row(bench *b)
{
	state *s = b->state;

	TRY(squash_key(s, b->options));
	return squash_with(b, &s->squash);
}

/* As a node does it: the key is in a file, whose pages are as large as its file system makes them. */
static err mapped_row(bench *b)
{
	char folder[200];
	derived *d = NULL;

	TRY(make_folder(folder));
	err e = open_file(&d, b->state, folder);
	if (e == OK) e = squash_with(b, derived_keys(d));
	derived_close(&d);
	remove_folder(folder);
	return e;
}

static const bench_row ROWS[] = {
	{ "pbs64", "ms", "a bootstrap, rounded, eight passing the key together", pbs_row, { ENGINE_F64 } },
	{ "pbs64-exact", "ms", "... with the same bits everywhere", pbs_row, { ENGINE_LIMBS } },
	{ "squash/8", "ms", "a block squashed, eight passing the key together, one thread", squash_row, { BATCH, false } },
	{ "squash/mapped", "ms", "... with the key in a file that processes share", mapped_row, { BATCH, false } },
	{ "squash/1", "ms", "one block squashed, by all threads", squash_row, { 1, true } },
	{ "sns-request", "s", "a SmallExpanded euint64, 32 blocks to 16 squashed ones: all threads", squash_row, { BLOCKS / 2, true } },
	{ "derived-file/make", "s", "prepared keys of a node: made and stored, by all threads", file_row, { true } },
	{ "derived-file/open", "s", "... opened and verified", file_row, { false } },
};
const bench_group BENCH_BOOTSTRAP = { ROWS, COUNT(ROWS), open_state, close_state };
