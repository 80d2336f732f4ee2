/* SPDX-License-Identifier: MIT */
/*
 * rpc/tls_memory.c -- what libcrypto allocates.  Keys that it knows for private go to its own locked pages; what it reads them
 * from and computes them with does not, and is given back as it is: here it is wiped first.
 */
#include "rpc/tls.h"
#include "rpc/tls_openssl.h"
#include <malloc.h>
#include <stdlib.h>

/* For the private keys of a process, of which a node has one. */
enum { GUARDED = 1 << 16, LEAST_PIECE = 32 };

static void *take(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return n ? malloc(n) : NULL;
}

static void give(void *p, const char *file, int line)
{
	(void)file, (void)line;
	if (p) wipe(p, malloc_usable_size(p));
	free(p);
}

/* Not realloc, which leaves the old bytes where they were. */
static void *resize(void *p, size_t n, const char *file, int line)
{
	void *q = take(n, file, line);

	if (n && !q) return NULL;
	if (p && q) memcpy(q, p, size_min(malloc_usable_size(p), n));
	give(p, file, line);
	return q;
}

bool tls_guard_keys(void)
{
	return CRYPTO_set_mem_functions(take, resize, give) == 1 && CRYPTO_secure_malloc_init(GUARDED, LEAST_PIECE) != 0;
}
