/* SPDX-License-Identifier: MIT */
/*
 * base/err.h -- three kinds of failure, never one type.
 *
 *   our bug                ASSERT(x) prints and aborts.  Always on.
 *   our world failed, or   an `err`: the function that meets it says  return err_fail(ERR_IO, "sentence"),
 *   a client asked wrong   its callers say TRY(...), the boundary prints the sentence once and clears it
 *   a peer lies            data, never an err (see mpc/)
 *
 * The sentence says what, where, and if possible what to try next.  It never holds a secret.  It and the trail
 * of the lines it passed through belong to the thread.
 */
#ifndef ARCA_BASE_ERR_H
#define ARCA_BASE_ERR_H

#include <stdbool.h>
#include <stdio.h>

typedef enum [[nodiscard]] err {
	OK = 0,
	ERR_NOMEM,        /* no memory, or a limit on it was reached                   */
	ERR_IO,           /* disk, socket or operating system                          */
	ERR_CANCELLED,    /* somebody asked us to stop                                 */
	ERR_REQUEST,      /* malformed or contradictory input: the asker must change it */
	ERR_NOT_FOUND,    /* well-formed, but we know no such thing                    */
	ERR_EXISTS,       /* the id is taken                                           */
	ERR_STATE,        /* right request, wrong moment                               */
	ERR_BUSY,         /* not finished yet: ask again                               */
	ERR_EXHAUSTED,    /* over capacity: ask later                                  */
	ERR_UNSUPPORTED,  /* known, but not built or not in this mode                  */
	ERR_INTERNAL,     /* a job of ours failed                                      */
	ERR_COUNT
} err;

/* Return from the caller if e is an error, noting where.  The only macro that hides control flow. */
#define TRY(e) do { err try_ = (e); if (try_ != OK) return err_at(try_, __FILE__, __LINE__); } while (0)

/* An error is born: records the sentence (replacing any older one) and returns e.  Requires: e != OK. */
#define err_fail(e, ...) err_fail_at((e), __FILE__, __LINE__, __VA_ARGS__)

/* Puts context in front of the present sentence: "key 04…: " + "file is truncated". */
void err_context(const char *format, ...) __attribute__((format(printf, 1, 2)));

err err_at(err e, const char *file, int line);
err err_fail_at(err e, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));

const char *err_name(err e);          /* "not found": static text                                         */
const char *err_text(void);           /* the sentence; "" if there is none.  Valid until the next err_*() */
void        err_print_trail(FILE *to); /* file:line, innermost first                                       */
void        err_clear(void);

/* Our bug: print and abort. */
#define ASSERT(x) ((x) ? (void)0 : assert_failed(#x, __FILE__, __LINE__))
void assert_failed(const char *what, const char *file, int line) __attribute__((noreturn));

/* A costly invariant: checked in debug and test builds (meson option `checks`). */
#ifdef ARCA_CHECKS
#define CHECK(x) ASSERT(x)
#else
#define CHECK(x) ((void)sizeof(x))
#endif

#endif
