/* SPDX-License-Identifier: MIT */
/*
 * tests/sym/leftover.h -- what a function leaves behind: known secrets are looked for on its stack, after it returned,
 * and in every block of memory that it frees.
 *
 *   leftover_forget();
 *   leftover_watch("key", key, 16);
 *   assert_null(leftover_after(make_key));            the name of the first secret found, or NULL
 *
 * The program is linked with --wrap=free.  Secrets and results live in static memory, which is not searched.
 *
 * Only what LEFTOVERS_SEEN says of tests/test.h is searched.
 */
#ifndef ARCA_TESTS_SYM_LEFTOVER_H
#define ARCA_TESTS_SYM_LEFTOVER_H

#include <malloc.h>
#include <pthread.h>
#include "tests/test.h"

enum { LEFTOVER_STACK = 1 << 18, LEFTOVER_SECRETS = 32, LEFTOVER_BYTES = 32 };

static struct { const char *name; uint8_t b[LEFTOVER_BYTES]; size_t n; } leftover_secret[LEFTOVER_SECRETS];
static size_t leftover_secrets;
static const char *leftover_freed;                       /* found in freed memory */
static uint8_t leftover_stack[LEFTOVER_STACK] __attribute__((aligned(4096))), leftover_seen[LEFTOVER_STACK];
static _Thread_local bool leftover_watching;

static const char *leftover_in(const void *memory, size_t n)
{
	for (size_t i = 0; i < leftover_secrets; i++)
		if (memmem(memory, n, leftover_secret[i].b, leftover_secret[i].n)) return leftover_secret[i].name;
	return NULL;
}

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
	if (p && leftover_watching && !leftover_freed) leftover_freed = leftover_in(p, malloc_usable_size(p));
	__real_free(p);
}

/* For a wrapped function in the middle of what is searched: keeps what it finds, which later calls may cover.  Copying
 * needs next to no stack; searching would cover it. */
static inline void leftover_look(void)
{
	if (leftover_watching) memcpy(leftover_seen, leftover_stack, sizeof leftover_seen);
}

/* Forgets what was watched.  A test calls it first: where nothing can be seen, it ends here. */
static void leftover_forget(void)
{
	if (!LEFTOVERS_SEEN) skip();
	leftover_secrets = 0;
}

/* Requires: n is at least 8, so that nothing is found by chance; at most LEFTOVER_BYTES of it are looked for. */
static void leftover_watch(const char *name, const void *secret, size_t n)
{
	assert_true(n >= 8 && leftover_secrets < LEFTOVER_SECRETS);
	leftover_secret[leftover_secrets].name = name;
	leftover_secret[leftover_secrets].n = size_min(n, LEFTOVER_BYTES);
	memcpy(leftover_secret[leftover_secrets].b, secret, size_min(n, LEFTOVER_BYTES));
	leftover_secrets++;
}

/* The compiler must believe that these bytes are read. */
static inline void leftover_keep(const void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

/* The end of a thread uses some stack of its own: f works below it. */
static void *leftover_run(void *f)
{
	uint8_t above[8192] = { 0 };

	leftover_keep(above);
	leftover_watching = true;
	((void (*)(void))f)();
	leftover_watching = false;
	leftover_keep(above);
	return NULL;
}

static const char *leftover_after(void (*f)(void))
{
	pthread_attr_t attributes;
	pthread_t thread;

	memset(leftover_stack, 0, sizeof leftover_stack);
	memset(leftover_seen, 0, sizeof leftover_seen);
	leftover_freed = NULL;
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstack(&attributes, leftover_stack, sizeof leftover_stack), 0);
	assert_int_equal(pthread_create(&thread, &attributes, leftover_run, (void *)f), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attributes);
	if (leftover_freed) return leftover_freed;
	const char *early = leftover_in(leftover_seen, sizeof leftover_seen);
	return early ? early : leftover_in(leftover_stack, sizeof leftover_stack);
}

/* The search itself, tried: two functions that leave a watched secret behind. */
static const uint8_t LEFTOVER_BAIT[16] = "sixteen bytes...";

static void leftover_on_stack(void)
{
	uint8_t copy[sizeof LEFTOVER_BAIT];
	memcpy(copy, LEFTOVER_BAIT, sizeof copy);
	leftover_keep(copy);
}

static void leftover_on_heap(void)
{
	uint8_t *copy = malloc(sizeof LEFTOVER_BAIT);
	assert_non_null(copy);
	memcpy(copy, LEFTOVER_BAIT, sizeof LEFTOVER_BAIT);
	leftover_keep(copy);
	free(copy);
}

static void what_is_left_behind_is_found(void **state)
{
	(void)state;
	leftover_forget();
	leftover_watch("bait", LEFTOVER_BAIT, sizeof LEFTOVER_BAIT);
	assert_non_null(leftover_after(leftover_on_heap));
	assert_non_null(leftover_after(leftover_on_stack));
}

#endif
