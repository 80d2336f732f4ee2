/* SPDX-License-Identifier: MIT */
/*
 * base/base.h -- what C forgot.  The ground floor: every other room may include it, it includes none.
 *
 * Read in this order:
 *   err.h     three kinds of failure and how each one travels
 *   slice.h   borrowed bytes, readers that cannot overrun, buffers that grow
 *   arena.h   memory that lives exactly as long as a request, wiped at its end
 *   ct.h      the only place where constant-time tricks are played
 *   secret.h  locked pages, wiping, and the marks of the constant-time tests
 *   rng.h     randomness is an argument
 * and, when needed, hex.h, utf8.h, id.h, list.h, file.h, secret_file.h, draft.h, toml.h, config.h, clock.h, duration.h, wait.h, stop.h,
 * pool.h, progress.h, log.h, trace.h, histogram.h, notify.h, undumpable.h, sandbox.h, stack.h, cpu.h.
 */
#ifndef ARCA_BASE_BASE_H
#define ARCA_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef unsigned __int128 u128;
typedef __int128 i128;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* AUTO(vault) *v = NULL;  calls vault_free(&v) when v leaves its scope.  x_free is NULL-safe and sets *v to NULL. */
#define AUTO(type) __attribute__((cleanup(type##_free))) type

#include "base/err.h"
#include "base/slice.h"
#include "base/arena.h"
#include "base/secret.h"
#include "base/rng.h"

static inline size_t size_min(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t size_max(size_t a, size_t b) { return a > b ? a : b; }

#endif
