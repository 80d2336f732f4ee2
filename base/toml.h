/* SPDX-License-Identifier: MIT */
/*
 * base/toml.h -- a TOML document as a list of its leaves, in the order of their keys.  The parsing is toml++'s.
 *
 *   [service]
 *   listen_port = 50051          ->  "service.listen_port", integer, line 2
 *
 * An array gives one leaf an element, all under the array's key; a table inside an array continues that key, and its leaves
 * stand together.  Empty tables give one leaf of kind TOML_TABLE, so that even an empty section can be refused.
 */
#ifndef ARCA_BASE_TOML_H
#define ARCA_BASE_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum toml_kind { TOML_TEXT, TOML_INTEGER, TOML_FLOAT, TOML_BOOL, TOML_TIME, TOML_TABLE, TOML_KINDS } toml_kind;

typedef struct toml_leaf {
	const char *key;                 /* dotted, valid during the call */
	unsigned    line;
	unsigned    arrays;              /* that it lies in */
	size_t      list, row;           /* if any: how much of the key names the outermost one, and which element of it */
	toml_kind   kind;
	const char *text;                /* TOML_TEXT; zero-terminated; a zero inside is refused before */
	int64_t     integer;             /* TOML_INTEGER, TOML_BOOL */
} toml_leaf;

/*
 * Calls each(ctx, leaf) until it returns false.  False with a sentence in `why` (at most room bytes, zero-terminated)
 * if the text is not TOML, a key has more than sixteen parts, or a key or a text holds a zero character; otherwise true,
 * whatever `each` said.
 */
bool toml_walk(char *why, size_t room, const char *text, size_t n, bool (*each)(void *ctx, const toml_leaf *leaf), void *ctx);

#ifdef __cplusplus
}
#endif

#endif
