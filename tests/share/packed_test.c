/* SPDX-License-Identifier: MIT */
/*
 * tests/share/packed_test.c -- the part of a party in decrypting a packed list: the definition, whichever way it is computed.
 *
 * Linked with --wrap=mmap64 and --wrap=calloc, so that memory can run out.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "tests/test.h"
#include "base/cpu.h"
#include "share/packed.h"

#define FOR_EACH_KERNEL(f) for (const ntt_kernel *const *at_ = NTT_ALL, *f; (f = *at_) != NULL; at_++) if (cpu_can(f->needs))

/* Allocations that still succeed, of those that can be refused; negative: all. */
static int left = -1;
/* No pages are given. */
static atomic_bool no_room;

void *__real_mmap64(void *at, size_t n, int protection, int flags, int file, off_t offset);
void *__wrap_mmap64(void *at, size_t n, int protection, int flags, int file, off_t offset);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static bool refused(void) { return left >= 0 && left-- == 0; }

void *__wrap_mmap64(void *at, size_t n, int protection, int flags, int file, off_t offset)
{
	return no_room || refused() ? MAP_FAILED : __real_mmap64(at, n, protection, flags, file, offset);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refused() ? NULL : __real_calloc(n, size);
}

typedef struct list {
	ntt_shape shape;
	u128     *words, *mask, *body, *right, *got;      /* right: the parts of all N blocks, by the definition */
} list;

static u128 *words_new(size_t n)
{
	u128 *w = malloc(n * sizeof *w);
	assert_non_null(w);
	rng_fill(test_rng(), w, n * sizeof *w);
	return w;
}

/* The next multiple of 2^44. */
static u128 rounded(u128 a)
{
	const u128 unit = (u128)1 << 44, rest = a % unit;
	return rest < unit / 2 ? a - rest : a + (unit - rest);
}

/* p_b = B_b - sum over j and i of (coefficient b of X^i A'_j) S_j,i, A' the words of A rounded; the body is a number, so it
 * enters coefficient 0 only. */
static void define(list *l, unsigned blocks)
{
	const ntt_shape s = l->shape;

	for (unsigned b = 0; b < blocks; b++)
		for (unsigned c = 0; c < s.d; c++) {
			u128 p = c ? 0 : l->body[b];
			for (unsigned j = 0; j < s.k; j++)
				for (unsigned i = 0; i < s.N; i++) {
					const u128 word = l->words[(j * s.N + i) * s.d + c];
					const u128 a = rounded(l->mask[j * s.N + (i <= b ? b - i : s.N + b - i)]);
					p -= (i <= b ? a : -a) * word;
				}
			l->right[b * s.d + c] = p;
		}
}

static list list_new(unsigned k, unsigned N, unsigned d, unsigned blocks)
{
	const size_t n = (size_t)k * N;
	list l = { packed_shape(d, k, N), words_new(n * d), words_new(n), words_new(N), words_new((size_t)N * d),
	           words_new((size_t)N * d) };
	for (size_t i = 0; i < n; i += 3) l.mask[i] = l.mask[i] >> 44 << 44 | (u128)1 << 43;           /* halfway */
	for (size_t i = 0; i < 40; i++) l.mask[test_below(n)] = i % 2 ? -((u128)1 << 43) : ~(u128)0;
	define(&l, blocks);
	return l;
}

static void list_free(list *l)
{
	free(l->words), free(l->mask), free(l->body), free(l->right), free(l->got);
}

static bool window_is_right(list *l, const glwe_key_share *key, unsigned first, unsigned count)
{
	const unsigned d = l->shape.d;

	memset(l->got, 0xee, (size_t)l->shape.N * d * 16);
	partial_packed(key, l->got, l->mask, l->body + first, first, count);
	return !memcmp(l->got, l->right + first * d, (size_t)count * d * 16) &&
	       (count == l->shape.N || (uint64_t)l->got[count * d] == 0xeeeeeeeeeeeeeeee);
}

static void check_window(list *l, const glwe_key_share *key, unsigned first, unsigned count)
{
	if (!window_is_right(l, key, first, count))
		fail_msg("k %u N %u d %u, blocks %u to %u", l->shape.k, l->shape.N, l->shape.d, first, first + count);
}

static void the_part_is_the_body_minus_the_product_whatever_the_kernel_and_the_window(void **state)
{
	static const struct { unsigned k, N, d; } SHAPE[] = { { 6, 1024, 4 }, { 1, 256, 4 }, { 1, 256, 3 }, { 1, 256, 5 }, { 1, 256, 6 },
	                                                      { 1, 256, 7 }, { 2, 256, 8 }, { 6, 1024, 5 } };

	(void)state;
	for (unsigned x = 0; x < COUNT(SHAPE); x++) {
		list l = list_new(SHAPE[x].k, SHAPE[x].N, SHAPE[x].d, 150);
		const unsigned few = (unsigned)packed_few(l.shape), counts[] = { 0, 1, 2, few - 1, few, few + 1, 16, 32, 40, 128 };

		FOR_EACH_KERNEL(f) {
			AUTO(glwe_key_share) *key = NULL;
			assert_ok(packed_key_new(&key, f, l.shape, l.words));
			for (unsigned i = 0; i < COUNT(counts); i++)
				for (unsigned first = 0; first <= 22; first += 11) check_window(&l, key, first, counts[i]);
		}
		list_free(&l);
	}
}

static void the_last_blocks_of_a_full_list_are_as_good_as_the_first(void **state)
{
	list l = list_new(1, 256, 4, 256);
	AUTO(glwe_key_share) *key = NULL;

	(void)state;
	assert_ok(glwe_key_share_new(&key, 4, 1, 256, l.words));
	check_window(&l, key, 0, 256);
	check_window(&l, key, 255, 1);
	check_window(&l, key, 256, 0);
	check_window(&l, key, 200, 56);
	list_free(&l);
}

static void blocks_one_by_one_are_those_of_the_whole_list(void **state)
{
	list l = list_new(6, 1024, 4, 128);
	AUTO(glwe_key_share) *key = NULL;

	(void)state;
	assert_ok(glwe_key_share_new(&key, 4, 6, 1024, l.words));
	for (unsigned b = 0; b < 128; b++) check_window(&l, key, b, 1);
	check_window(&l, key, 0, 128);
	list_free(&l);
}

/* Block b of a list as a ciphertext of its own: the words of X^-b A, and shares of the key in the order that fits them. */
static void part_of_the_block_taken_out(u128 out[static 4], const list *l, unsigned b)
{
	const unsigned N = l->shape.N;
	AUTO(lwe_key_share) *key = NULL;
	u128 *row = words_new(N + 1), *T = words_new(N * 4);

	for (unsigned u = 0; u < N; u++) {
		row[u] = u + b < N ? l->mask[u + b] : -l->mask[u + b - N];
		for (unsigned c = 0; c < 4; c++) T[u * 4 + c] = u ? -l->words[(N - u) * 4 + c] : l->words[c];
	}
	row[N] = l->body[b];
	assert_ok(lwe_key_share_new(&key, 4, N, T));
	partial_lwe(key, out, row, 1);
	free(row), free(T);
}

/* To round and to take out commute, but for words halfway between two multiples, whose negation is rounded the other way. */
static void a_block_taken_out_first_has_the_same_part_unless_a_word_is_halfway(void **state)
{
	list l = list_new(1, 256, 4, 0);
	const u128 halfway = (u128)1 << 43;
	u128 out[4];

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		if (l.mask[i] % (2 * halfway) == halfway) l.mask[i] += i % 2 ? 1 : ~(u128)0;
	define(&l, 256);
	for (unsigned b = 0; b < 256; b += 5) {
		part_of_the_block_taken_out(out, &l, b);
		assert_memory_equal(out, l.right + b * 4, sizeof out);
	}
	l.mask[200] = 5 * halfway;
	define(&l, 256);
	part_of_the_block_taken_out(out, &l, 200);
	assert_memory_equal(out, l.right + 200 * 4, sizeof out);
	part_of_the_block_taken_out(out, &l, 201);
	assert_memory_not_equal(out, l.right + 201 * 4, sizeof out);
	list_free(&l);
}

/* Alternating lists and keys: nothing of one call enters the next. */
static void calls_do_not_disturb_each_other(void **state)
{
	list l = list_new(1, 256, 4, 256), m = list_new(1, 256, 4, 256);
	AUTO(glwe_key_share) *one = NULL;
	AUTO(glwe_key_share) *two = NULL;

	(void)state;
	assert_ok(glwe_key_share_new(&one, 4, 1, 256, l.words));
	assert_ok(glwe_key_share_new(&two, 4, 1, 256, m.words));
	for (unsigned round = 0; round < 50; round++) {
		const unsigned first = (unsigned)test_below(256);
		check_window(&l, one, first, (unsigned)test_below(257 - first));
		check_window(&m, two, first, (unsigned)test_below(257 - first));
	}
	list_free(&l), list_free(&m);
}

typedef struct visitor {
	pthread_t             thread;
	list                  list;
	const glwe_key_share *key;
	unsigned              right;
} visitor;

enum { VISITS = 30 };

static void *decrypt_often(void *arg)
{
	visitor *v = arg;
	for (unsigned i = 0; i < VISITS; i++) v->right += window_is_right(&v->list, v->key, i % 2, i % 3 ? 128 : 1);
	return NULL;
}

/* Thirty visitors; those of the second kind find no memory for scratch of their own. */
static void threads_share_a_key_and_wait_for_each_other_when_memory_is_out(void **state)
{
	list l = list_new(1, 256, 4, 130);
	visitor v[30];

	(void)state;
	for (unsigned poor = 0; poor < 2; poor++) {
		AUTO(glwe_key_share) *key = NULL;
		assert_ok(glwe_key_share_new(&key, 4, 1, 256, l.words));
		for (unsigned i = 0; i < COUNT(v); i++) {
			v[i] = (visitor){ .list = l, .key = key };
			v[i].list.got = words_new(256 * 4);
		}
		no_room = poor;
		for (unsigned i = 0; i < COUNT(v); i++) assert_int_equal(pthread_create(&v[i].thread, NULL, decrypt_often, &v[i]), 0);
		for (unsigned i = 0; i < COUNT(v); i++) pthread_join(v[i].thread, NULL);
		no_room = false;
		for (unsigned i = 0; i < COUNT(v); i++) {
			assert_int_equal(v[i].right, VISITS);
			free(v[i].list.got);
		}
	}
	list_free(&l);
}

static void a_key_that_finds_no_memory_leaves_nothing_behind(void **state)
{
	list l = list_new(1, 256, 4, 0);
	glwe_key_share *key = NULL;
	int tries = 0;

	(void)state;
	for (;; tries++) {
		left = tries;
		const err e = glwe_key_share_new(&key, 4, 1, 256, l.words);
		left = -1;
		if (e == OK) break;
		assert_err(ERR_NOMEM, e);
		assert_null(key);
	}
	assert_true(tries >= 5);
	glwe_key_share_free(&key);
	assert_null(key);
	glwe_key_share_free(&key);
	list_free(&l);
}

TESTS(TEST(the_part_is_the_body_minus_the_product_whatever_the_kernel_and_the_window),
      TEST(the_last_blocks_of_a_full_list_are_as_good_as_the_first), TEST(blocks_one_by_one_are_those_of_the_whole_list),
      TEST(a_block_taken_out_first_has_the_same_part_unless_a_word_is_halfway),
      TEST(calls_do_not_disturb_each_other),
      TEST(threads_share_a_key_and_wait_for_each_other_when_memory_is_out),
      TEST(a_key_that_finds_no_memory_leaves_nothing_behind))
