/* SPDX-License-Identifier: MIT */
/*
 * The alarm of the constant-time tests, tried: a branch and an address that depend on a secret must be reported.
 *
 * Valgrind spoils the exit code of a program in which it found something, and here it must find something; so the
 * last step hands the process to true(1), which valgrind does not follow.
 */
#include <stdio.h>
#include "base/base.h"

#ifdef ARCA_CT
#include <unistd.h>
#include <valgrind/valgrind.h>

static volatile unsigned sink;

static void branch(const uint8_t *secret)
{
	if (*secret == 7) sink++;
}

static void address(const uint8_t *secret)
{
	static const uint8_t TABLE[256] = { 1, 2, 3 };
	sink += ((const volatile uint8_t *)TABLE)[*secret];
}

static bool reported(void (*leak)(const uint8_t *secret))
{
	volatile uint8_t secret = 3;
	const unsigned before = VALGRIND_COUNT_ERRORS;
	SECRET(&secret, sizeof secret);
	leak((const uint8_t *)&secret);
	return VALGRIND_COUNT_ERRORS > before;
}

static void say(int n, bool well, const char *what)
{
	printf("%s %d - %s\n", well ? "ok" : "not ok", n, what);
}

int main(void)
{
	printf("1..2\n");
	if (!RUNNING_ON_VALGRIND) {
		printf("ok 1 - the alarm rings # SKIP without valgrind\nok 2 - the alarm rings # SKIP without valgrind\n");
		return 0;
	}
	const bool first = reported(branch), second = reported(address);
	say(1, first, "a branch on a secret is reported");
	say(2, second, "an address made of a secret is reported");
	fflush(stdout);
	return first && second ? execl("/bin/true", "true", (char *)NULL) : 1;
}
#else
int main(void)
{
	printf("1..1\nok 1 - the alarm rings # SKIP this build has no marks (meson option ct)\n");
	return 0;
}
#endif
