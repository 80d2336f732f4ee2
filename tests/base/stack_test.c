/* SPDX-License-Identifier: MIT */
#include "base/stack.h"
#include "tests/test.h"
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>

static const uint8_t SECRET_BYTES[32] = "a share that nobody may ever see";

enum { DEPTH = 300, IN_A_FRAME = 3000 / sizeof SECRET_BYTES };       /* nearly 1 MB, of the 8 that a stack has */

/* ASan's frames would be on the heap. */
#define ON_THE_STACK __attribute__((noinline, no_sanitize_address))

static ON_THE_STACK uintptr_t leave_secret(unsigned depth)
{
	volatile uint8_t here[IN_A_FRAME * sizeof SECRET_BYTES];

	for (unsigned i = 0; i < sizeof here; i++) here[i] = SECRET_BYTES[i % sizeof SECRET_BYTES];
	const uintptr_t lowest = depth > 1 ? leave_secret(depth - 1) : (uintptr_t)__builtin_frame_address(0);
	here[0] = SECRET_BYTES[0];
	return lowest;
}

/* How many copies lie between this address and here. */
static ON_THE_STACK unsigned copies_above(uintptr_t lowest)
{
	const volatile uint8_t *b = (const volatile uint8_t *)lowest, *top = __builtin_frame_address(0);
	unsigned found = 0;

	for (size_t match = 0; b < top; b++) {
		match = *b == SECRET_BYTES[match] ? match + 1 : *b == SECRET_BYTES[0];
		if (match == sizeof SECRET_BYTES) found++, match = 0;
	}
	return found;
}

typedef struct copies { unsigned before, after; } copies;

/* The last frame is below what is looked at; what looks and forgets overwrites less than two others. */
static void *leave_and_forget(void *arg)
{
	copies *c = arg;
	const uintptr_t lowest = leave_secret(DEPTH);

	c->before = copies_above(lowest);
	stack_forget();
	c->after = copies_above(lowest);
	return NULL;
}

static void assert_forgotten(const copies *c)
{
	assert_in_range(c->before, (DEPTH - 3) * IN_A_FRAME, DEPTH * IN_A_FRAME);
	assert_int_equal(c->after, 0);
}

static void a_thread_forgets(void **state)
{
	copies c = { 0 };
	pthread_t other;

	(void)state;
	assert_int_equal(pthread_create(&other, NULL, leave_and_forget, &c), 0);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_forgotten(&c);
}

static void the_first_thread_forgets(void **state)
{
	copies c = { 0 };

	(void)state;
	leave_and_forget(&c);
	assert_forgotten(&c);
}

/* As in a chroot without /proc, and in a sandbox. */
static void the_first_thread_forgets_where_no_file_can_be_opened(void **state)
{
	struct rlimit files;
	copies c = { 0 };

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, files.rlim_max }), 0);
	FILE *maps = fopen("/proc/self/maps", "re");
	leave_and_forget(&c);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_null(maps);
	assert_forgotten(&c);
}

/* What the caller and those above it have stays, on either stack. */
static void *forget_under_values(void *arg)
{
	volatile uint8_t own[64];
	bool *kept = arg;

	for (unsigned i = 0; i < sizeof own; i++) own[i] = (uint8_t)(i + 1);
	stack_forget();
	*kept = true;
	for (unsigned i = 0; i < sizeof own; i++) *kept = *kept && own[i] == i + 1;
	return NULL;
}

static void what_the_caller_has_stays(void **state)
{
	bool kept[2] = { false };
	pthread_t other;

	(void)state;
	forget_under_values(&kept[0]);
	assert_int_equal(pthread_create(&other, NULL, forget_under_values, &kept[1]), 0);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_true(kept[0] && kept[1]);
}

TESTS(
	TEST(a_thread_forgets),
	TEST(the_first_thread_forgets),
	TEST(the_first_thread_forgets_where_no_file_can_be_opened),
	TEST(what_the_caller_has_stays)
)
